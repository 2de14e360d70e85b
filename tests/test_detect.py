"""Which buildpack takes an app, what Heroku prints, and how a rejected push is explained."""

from itertools import combinations

import pytest

from parity.facts.buildpacks import BUILDPACKS
from parity.facts.python import DETECTED_BY, MISSPELT_REQUIREMENTS
from parity.records import Ignored
from parity.rules.engine import RULES, manual
from parity.rules.push.failure_reasons import REASONS
from tests.trees import FLASK, findings, planned, tree

SIGNS = {
    "heroku/ruby": "Gemfile",
    "heroku/nodejs": "package.json",
    "heroku/clojure": "project.clj",
    "heroku/python": "requirements.txt",
    "heroku/java": "pom.xml",
    "heroku/gradle": "build.gradle.kts",
    "heroku/scala": "build.sbt",
    "heroku/php": "index.php",
    "heroku/go": "go.mod",
    "heroku/dotnet": "shop.csproj",
}
WEB = {"Procfile": "web: x\n"}


def detected(*names: str, **options: object) -> tuple[str, ...]:
    """The buildpacks that would take a tree with these files."""
    return planned(tree(dict.fromkeys(names, "")), **options)[0].detected  # type: ignore[arg-type]


@pytest.mark.parametrize(("first", "second"), list(combinations(SIGNS, 2)))
def test_pairs_in_herokus_order(first: str, second: str) -> None:
    """Where two buildpacks match, the one that Heroku asks first takes the app, with a warning."""
    made, said = planned(tree({SIGNS[second]: "", SIGNS[first]: "", **WEB}))
    assert made.detected == (first, second)
    assert made.buildpack == first
    names = f"{BUILDPACKS[first].name},{BUILDPACKS[second].name}"
    assert f"\t\t\tDetected buildpacks: {names}" in said
    assert f"-----> {BUILDPACKS[first].name} app detected" in said


@pytest.mark.parametrize(
    ("path", "buildpack"),
    [
        ("pom.yml", "heroku/java"), ("gradlew", "heroku/gradle"), (".sbtrc", "heroku/scala"),
        ("project/Build.scala", "heroku/scala"), ("composer.json", "heroku/php"),
        ("src/shop/main.go", "heroku/go"), ("Godeps/Godeps.json", "heroku/go"),
        ("Program.cs", "heroku/dotnet"), ("shop.slnx", "heroku/dotnet"),
        ("__pycache__/x.pyc", "heroku/python"), (".venv/x", "heroku/python"),
        ("requirements/base.txt", "heroku/python"),
        *((name, "heroku/python") for name in DETECTED_BY),
    ],
)  # fmt: skip
def test_what_selects_a_buildpack(path: str, buildpack: str) -> None:
    """Each file that a buildpack looks for selects it."""
    assert detected(path) == (buildpack,)


@pytest.mark.parametrize(
    "path",
    ["Gemfile.lock", "wsgi.py", "application.py", "environment.yml", "pylock.toml", "Procfile",
     "index.html", "back/requirements.txt", "back/package.json", "src/main.go", "back/x.csproj",
     "venv", "__pycache__", "gemfile", "static.json", "Aptfile", "a/project/x.scala"],
)  # fmt: skip
def test_what_selects_none(path: str) -> None:
    """Files in sub-folders, in another case, or of no official buildpack select nothing."""
    assert detected(path) == ()


def test_links() -> None:
    """A link to a file of the tree selects; one that leads out, or nowhere, does not."""
    inside = tree({"etc/Gemfile": ""}, links={"Gemfile": "etc/Gemfile"})
    assert planned(inside)[0].detected == ("heroku/ruby",)
    for target in ("/etc/passwd", "../Gemfile", "gone", "Gemfile", "etc"):
        made, _ = planned(tree({"etc/x": ""}, links={"Gemfile": target}))
        assert made.detected == ()


def test_transcript_of_a_python_app() -> None:
    """The lines are those of a push, up to the Python version."""
    assert planned(tree({**FLASK, **WEB}))[1] == [
        "Compressing source files... done.",
        "Building source:",
        "",
        "-----> Building on the Heroku-26 stack",
        "-----> Determining which buildpack to use for this app",
        "-----> Python app detected",
        "-----> Using Python 3.14 specified in .python-version",
    ]


def test_transcript_of_a_refusal() -> None:
    """A refused build ends like every rejected push, with the app's name."""
    said = planned(tree({**FLASK, "runtime.txt": "python-3.6.1"}), stack="heroku-24")[1]
    assert said[3:] == [
        "-----> Building on the Heroku-24 stack",
        "-----> Determining which buildpack to use for this app",
        "-----> Python app detected",
        "-----> Using Python 3.6.1 specified in runtime.txt",
        "",
        " !     Error: The requested Python version has reached end-of-life.",
        "",
        " !     Push rejected, failed to compile Python app.",
        "",
        " !     Push failed",
        "Verifying deploy...",
        "",
        "!\tPush rejected to shop.",
        "",
    ]


def test_transcript_of_nothing_detected() -> None:
    """No language: today's text, and no line about compiling."""
    made, said = planned(tree({"README": ""}))
    assert made.refusal
    assert made.refusal.reason == "no-default-language"
    assert said[5:] == [
        " !     No default language could be detected for this app.",
        "\t\t\tHINT: This occurs when Heroku cannot detect the buildpack to use"
        " for this application automatically.",
        "\t\t\tSee https://devcenter.heroku.com/articles/buildpacks",
        "",
        " !     Push failed",
        "Verifying deploy...",
        "",
        "!\tPush rejected to shop.",
        "",
    ]


@pytest.mark.parametrize(
    "name",
    ["heroku/python", "python", "https://github.com/heroku/heroku-buildpack-python",
     "https://github.com/heroku/heroku-buildpack-python.git", "urn:buildpack:heroku/python"],
)  # fmt: skip
def test_buildpack_that_is_set(name: str) -> None:
    """A buildpack set on the app is used as it is, and nothing else is looked for."""
    made, said = planned(tree({**FLASK, "package.json": "{}", "Gemfile": ""}), buildpacks=[name])
    assert (made.detected, made.buildpack) == (("heroku/python",), "heroku/python")
    assert made.runtime("heroku/python")
    assert f"-----> Using buildpack: {name}" in said
    assert not any("Determining" in line for line in said)


def test_buildpack_that_does_not_take_the_app() -> None:
    """A buildpack that is set but finds nothing rejects the push."""
    made, said = planned(tree({"README": ""}), buildpacks=["heroku/python"])
    assert made.refusal
    assert made.refusal.reason == "buildpack-not-compatible"
    start = said.index(
        "-----> App not compatible with buildpack: "
        "https://buildpack-registry.s3.amazonaws.com/buildpacks/heroku/python.tgz"
    )
    assert " !     Error: Your app is configured to use the Python buildpack," in said[start:]
    assert findings(tree({"README": ""}), buildpacks=["heroku/nodejs"])["push-rejected"]


def test_several_buildpacks_that_are_set() -> None:
    """All are listed; what a later one refuses is decided when the earlier ones have run."""
    source = tree({**FLASK, "package.json": "{}", "runtime.txt": "python-3.6"})
    made, said = planned(source, buildpacks=["heroku/nodejs", "heroku/python"])
    assert said[4:7] == [
        "-----> Using buildpacks:",
        "       1. heroku/nodejs",
        "       2. heroku/python",
    ]
    assert made.refusal is None
    assert made.unsupported is None
    assert made.runs == ("heroku/nodejs", "heroku/python")
    assert made.buildpack == "heroku/python"
    made, _ = planned(source, buildpacks=["heroku/python", "heroku/nodejs"])
    assert made.refusal
    assert made.unsupported is None


def test_buildpack_of_others_may_write_a_procfile() -> None:
    """What a stranger's buildpack makes of the tree is not known: no H14 is foretold."""
    told = findings(tree(FLASK), buildpacks=["https://example.com/subdir.git", "heroku/python"])
    assert [f.effect for f in told.values()] == ["unknown"]


def test_python_twice() -> None:
    """The second Python buildpack refuses, unless the first does."""
    made, _ = planned(tree(FLASK), buildpacks=["heroku/python", "heroku/python"])
    assert made.refusal
    assert made.refusal.reason == "checks::duplicate-python-buildpack"
    made, _ = planned(tree({"app.py": ""}), buildpacks=["heroku/python", "heroku/python"])
    assert made.refusal
    assert made.refusal.reason == "package-manager::none-found"


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"Gemfile": "", "Gemfile.lock": ""}, "heroku/ruby"),
    ],
)
def test_what_is_not_emulated_is_unknown(files: dict[str, str], what: str) -> None:
    """What parity cannot follow is said, and is neither success nor the app's fault."""
    made, _ = planned(tree(files))
    assert made.unsupported == f"{what} is not emulated yet"
    told = findings(tree(files))
    assert told["not-emulated"].effect == "unknown"
    assert not any(f.effect in ("fail", "reject") for f in told.values())


def test_unsupported_managers_are_still_decided() -> None:
    """A wrong version refuses a Poetry app as well, and no web process fails it."""
    assert findings(tree({"poetry.lock": "", ".python-version": "3.8"}))["python-version-eol"]
    assert findings(tree({"poetry.lock": "", ".python-version": "3.13"}))["H14"].effect == "fail"


def test_hook_before_the_decisions_leaves_them_open() -> None:
    """bin/pre_compile runs first and may write what is missing: then nothing is refused."""
    app = tree({"app.py": "", "bin/pre_compile": "touch requirements.txt"})
    made, said = planned(app)
    assert made.refusal is None and made.unsupported is None
    assert not any("Push rejected" in line for line in said)
    made, _ = planned(app, builds=False)
    assert made.refusal is None
    assert made.unsupported and "bin/pre_compile" in made.unsupported
    assert "parity run" in findings(app, builds=False)["not-emulated"].fix
    accepted = tree({**FLASK, **WEB, "bin/pre_compile": "true"})
    assert planned(accepted, builds=False)[0].unsupported is None


def test_unread_procfile_is_unknown() -> None:
    """A Procfile that could not be read is neither there nor missing."""
    source = tree(FLASK)._replace(unread={"Procfile": "Permission denied"})
    assert planned(source)[0].unsupported == "the Procfile was not read (Permission denied)"
    assert [f.effect for f in findings(source).values()] == ["unknown"]


def cause(files: dict[str, str], **options: object) -> tuple[str, str, str]:
    """Id, file and fix of the first cause of a rejected push."""
    absent = options.pop("absent", None)
    told = findings(tree(files, absent=absent), **options)  # type: ignore[arg-type]
    assert told["push-rejected"].effect == "reject"
    found = next(f for f in told.values() if f.kind == "cause" and f.symptom == "push-rejected")
    return found.id, found.evidence[0].file or "", found.fix


@pytest.mark.parametrize(
    "name", [*MISSPELT_REQUIREMENTS, "REQUIREMENTS.TXT", "requirement.text", "requirementts.txt"]
)
def test_misspelt_requirements(name: str) -> None:
    """A misspelt requirements.txt is named with its right name."""
    id, file, fix = cause({"app.py": "", name: "flask"})
    assert (id, file) == ("package-file-misspelt", name)
    assert f"`git mv {name} requirements.txt`" in fix


@pytest.mark.parametrize(
    "name", ["requirements-dev.txt", "requirements.in", "setup.cfg", "LICENSE"]
)
def test_other_names_are_not_called_misspelt(name: str) -> None:
    """Files with names of their own are not accused."""
    assert cause({"app.py": "", name: ""})[0] == "package-manager-none-found"


def test_app_in_a_subfolder() -> None:
    """An app below the root is found, and the folder to push is named; test folders are not it."""
    files = {"shop/requirements.txt": "", "shop/Procfile": "", "docs/requirements.txt": ""}
    id, file, fix = cause(files)
    assert (id, file) == ("app-in-subfolder", "shop/requirements.txt")
    assert "git subtree push --prefix shop heroku main" in fix
    assert cause({"web/package.json": ""})[0] == "app-in-subfolder"
    assert cause({"app.py": "", "back/Pipfile.lock": ""})[0] == "app-in-subfolder"
    assert cause({"app.py": "", "node_modules/x/requirements.txt": ""})[0] != "app-in-subfolder"


def test_package_file_that_is_not_committed() -> None:
    """A requirements.txt that git does not send is named, with the rule that ignores it."""
    absent = {"requirements.txt": Ignored("back/.gitignore", 4, "*.txt")}
    told = findings(tree({"app.py": ""}, absent=absent))
    found = told["package-file-not-committed"]
    assert [(e.file, e.line) for e in found.evidence] == [
        ("requirements.txt", None),
        ("back/.gitignore", 4),
    ]
    assert "git add requirements.txt" in found.fix
    assert "back/.gitignore" in found.fix


REFUSED: dict[str, tuple[dict[str, str], dict[str, object]]] = {
    "checks::stack::eol": (FLASK, {"stack": "heroku-20"}),
    "checks::stack::unknown": (FLASK, {"stack": "heroku-99"}),
    "checks::duplicate-python-buildpack": (FLASK, {"buildpacks": ["python", "python"]}),
    "checks::existing-python-dir": ({**FLASK, ".heroku/python/x": ""}, {}),
    "checks::existing-venv-dir": ({**FLASK, "venv/pyvenv.cfg": ""}, {}),
    "package-manager::pipenv-missing-lockfile": ({"Pipfile": ""}, {}),
    "package-manager::multiple-found": ({**FLASK, "uv.lock": ""}, {}),
    "package-manager::setup-py-only": ({"setup.py": ""}, {}),
    "package-manager::none-found": ({"app.py": ""}, {}),
    "runtime-txt::invalid-version": ({**FLASK, "runtime.txt": "Python-3.12.3"}, {}),
    "runtime-txt::not-supported": ({"uv.lock": "", "runtime.txt": "python-3.12"}, {}),
    "python-version-file::misspelled": ({**FLASK, "python-version": ""}, {}),
    "python-version-file::invalid-version": ({**FLASK, ".python-version": "v3.12"}, {}),
    "python-version-file::invalid-encoding": ({**FLASK, ".python-version": "\ufeff3.12"}, {}),
    "python-version-file::no-version": ({**FLASK, ".python-version": ""}, {}),
    "python-version-file::multiple-versions": ({**FLASK, ".python-version": "3.12\n3.13"}, {}),
    "python-version-file::not-found": ({"uv.lock": ""}, {}),
    "pipfile-lock::invalid-json": ({"Pipfile.lock": "{"}, {}),
    "pipfile-lock::invalid-version": ({"Pipfile.lock": ""}, {}),
    "python-version::eol": ({**FLASK, ".python-version": "3.9"}, {}),
    "python-version::unknown-major": ({**FLASK, ".python-version": "3.99"}, {}),
    "python-version::unknown-patch": ({**FLASK, ".python-version": "3.12.444"}, {}),
    "no-default-language": ({"Cargo.toml": ""}, {}),
    "buildpack-not-compatible": ({"README": ""}, {"buildpacks": ["heroku/go"]}),
}


@pytest.mark.parametrize("reason", [page.reason for page in REASONS])
def test_every_reason_is_a_cause(reason: str) -> None:
    """Each failure_reason that the tree decides has its page, its evidence and filled texts."""
    files, options = REFUSED[reason]
    told = findings(tree(files), **options)
    id = reason.replace("::", "-").replace("_", "-")
    assert list(told)[:2] == ["push-rejected", id]
    assert "H14" not in told
    found = told[id]
    assert found.effect == "reject"
    assert found.heroku in (None, reason)
    assert found.evidence[0].seen
    for text in (found.title, found.cause, found.fix):
        assert not {"SUBJECT", "WISH", "NEWEST", "DEFAULT", "OLDEST", "DATE"} & set(text.split())


def test_wish_is_the_version_that_was_meant() -> None:
    """The fix keeps the series that a wrong version names, if Heroku has it."""
    told = findings(tree({**FLASK, "runtime.txt": "Python-3.12.3"}))
    assert "`python-3.12`" in told["runtime-txt-invalid-version"].fix
    told = findings(tree({**FLASK, "runtime.txt": "3.6"}))
    assert "`python-3.14`" in told["runtime-txt-invalid-version"].fix


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("3.6", "contains `3.6`, which"),
        (
            "python-3.12\n\nimport flask\n",
            "contains 3 lines, the first of them `python-3.12`, which",
        ),
        ("<<<<<<< HEAD\npython-3.12\n=======\n>>>>>>> x\n", "the markers of a merge conflict"),
    ],
)
def test_what_runtime_txt_holds_is_told_shortly(text: str, held: str) -> None:
    """One line is shown, several are counted, and a merge conflict is called one."""
    told = findings(tree({**FLASK, "runtime.txt": text}))
    assert held in told["runtime-txt-invalid-version"].cause


def test_language_without_an_official_buildpack() -> None:
    """The package file of another language names the buildpack to set, not Python's."""
    told = findings(tree({"Cargo.toml": "", "src/main.rs": "", "Procfile": "web: target/x\n"}))
    assert "`heroku buildpacks:set emk/rust`" in told["no-default-language"].fix
    assert "pip freeze" in findings(tree({"README": ""}))["no-default-language"].fix


def test_language_that_takes_the_app_away() -> None:
    """A package.json or Gemfile in a Python app is warned of, with the command to type."""
    told = findings(tree({**FLASK, **WEB, "package.json": "{}"}))
    found = told["python-not-first"]
    assert (found.effect, found.evidence[0].file) == ("warn", "package.json")
    assert "heroku buildpacks:set heroku/python" in found.fix
    told = findings(tree({**FLASK, **WEB, "index.php": ""}))
    assert [f.effect for f in told.values()] == ["note"]
    assert "python-not-first" not in findings(tree({"package.json": "{}", "app.py": ""}))


def test_every_rule_has_its_page() -> None:
    """Title, cause, fix and a public address for each rule that stands here."""
    for rule in RULES.values():
        assert rule.title and rule.cause and rule.fix
        assert manual(rule).docs.startswith("https://")
