"""The choice of the buildpack, Heroku's output, and the explanations of a rejected push."""

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
    """Return the buildpacks that would take a tree with these files."""
    return planned(tree(dict.fromkeys(names, "")), **options)[0].detected  # type: ignore[arg-type]


@pytest.mark.parametrize(("first", "second"), list(combinations(SIGNS, 2)))
def test_pairs_in_herokus_order(first: str, second: str) -> None:
    """If two buildpacks match, the one that Heroku tries first takes the app, with a warning."""
    plan, output = planned(tree({SIGNS[second]: "", SIGNS[first]: "", **WEB}))
    assert plan.detected == (first, second)
    assert plan.buildpack == first
    names = f"{BUILDPACKS[first].name},{BUILDPACKS[second].name}"
    assert f"\t\t\tDetected buildpacks: {names}" in output
    assert f"-----> {BUILDPACKS[first].name} app detected" in output


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
def test_files_that_select_a_buildpack(path: str, buildpack: str) -> None:
    """Each file that a buildpack looks for selects it."""
    assert detected(path) == (buildpack,)


@pytest.mark.parametrize(
    "path",
    ["Gemfile.lock", "wsgi.py", "application.py", "environment.yml", "pylock.toml", "Procfile",
     "index.html", "back/requirements.txt", "back/package.json", "src/main.go", "back/x.csproj",
     "venv", "__pycache__", "gemfile", "static.json", "Aptfile", "a/project/x.scala"],
)  # fmt: skip
def test_files_that_select_no_buildpack(path: str) -> None:
    """Files in subfolders, in another case, or of no official buildpack select nothing."""
    assert detected(path) == ()


def test_links() -> None:
    """A link to a file in the tree selects a buildpack; one that leads out or nowhere does not."""
    inside = tree({"etc/Gemfile": ""}, links={"Gemfile": "etc/Gemfile"})
    assert planned(inside)[0].detected == ("heroku/ruby",)
    for target in ("/etc/passwd", "../Gemfile", "gone", "Gemfile", "etc"):
        plan, _ = planned(tree({"etc/x": ""}, links={"Gemfile": target}))
        assert plan.detected == ()


def test_transcript_of_a_python_app() -> None:
    """The lines match those of a real push, up to the Python version."""
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
    output = planned(tree({**FLASK, "runtime.txt": "python-3.6.1"}), stack="heroku-24")[1]
    assert output[3:] == [
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
    """Without a language, Heroku's current text appears, and no line about compiling."""
    plan, output = planned(tree({"README": ""}))
    assert plan.refusal
    assert plan.refusal.reason == "no-default-language"
    assert output[5:] == [
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
    """A buildpack that is set on the app is used, without any detection of others."""
    plan, output = planned(tree({**FLASK, "package.json": "{}", "Gemfile": ""}), buildpacks=[name])
    assert (plan.detected, plan.buildpack) == (("heroku/python",), "heroku/python")
    assert plan.runtime("heroku/python")
    assert f"-----> Using buildpack: {name}" in output
    assert not any("Determining" in line for line in output)


def test_buildpack_that_does_not_take_the_app() -> None:
    """A buildpack that is set but does not match rejects the push."""
    plan, output = planned(tree({"README": ""}), buildpacks=["heroku/python"])
    assert plan.refusal
    assert plan.refusal.reason == "buildpack-not-compatible"
    start = output.index(
        "-----> App not compatible with buildpack: "
        "https://buildpack-registry.s3.amazonaws.com/buildpacks/heroku/python.tgz"
    )
    assert " !     Error: Your app is configured to use the Python buildpack," in output[start:]
    assert findings(tree({"README": ""}), buildpacks=["heroku/nodejs"])["push-rejected"]


def test_several_buildpacks_that_are_set() -> None:
    """All are listed; the refusal of a later one is left to the build."""
    source = tree({**FLASK, "package.json": "{}", "runtime.txt": "python-3.6"})
    plan, output = planned(source, buildpacks=["heroku/nodejs", "heroku/python"])
    assert output[4:7] == [
        "-----> Using buildpacks:",
        "       1. heroku/nodejs",
        "       2. heroku/python",
    ]
    assert plan.refusal is None
    assert plan.unsupported is None
    assert plan.runs == ("heroku/nodejs", "heroku/python")
    assert plan.buildpack == "heroku/python"
    plan, _ = planned(source, buildpacks=["heroku/python", "heroku/nodejs"])
    assert plan.refusal
    assert plan.unsupported is None


def test_third_party_buildpack_may_write_a_procfile() -> None:
    """After a third-party buildpack the tree is unknown, so no H14 is predicted."""
    by_id = findings(tree(FLASK), buildpacks=["https://example.com/subdir.git", "heroku/python"])
    assert [f.effect for f in by_id.values()] == ["unknown"]


def test_python_twice() -> None:
    """The second Python buildpack refuses the app, unless the first already does."""
    plan, _ = planned(tree(FLASK), buildpacks=["heroku/python", "heroku/python"])
    assert plan.refusal
    assert plan.refusal.reason == "checks::duplicate-python-buildpack"
    plan, _ = planned(tree({"app.py": ""}), buildpacks=["heroku/python", "heroku/python"])
    assert plan.refusal
    assert plan.refusal.reason == "package-manager::none-found"


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"Gemfile": "", "Gemfile.lock": ""}, "heroku/ruby"),
    ],
)
def test_buildpack_without_emulation_is_unknown(files: dict[str, str], what: str) -> None:
    """A buildpack that parity does not emulate is reported, as neither a success nor a failure."""
    plan, _ = planned(tree(files))
    assert plan.unsupported == f"{what} is not emulated yet"
    by_id = findings(tree(files))
    assert by_id["not-emulated"].effect == "unknown"
    assert not any(f.effect in ("fail", "reject") for f in by_id.values())


def test_unsupported_managers_are_still_decided() -> None:
    """An unsupported version refuses a Poetry app, and a missing web process fails it."""
    assert findings(tree({"poetry.lock": "", ".python-version": "3.8"}))["python-version-eol"]
    assert findings(tree({"poetry.lock": "", ".python-version": "3.13"}))["H14"].effect == "fail"


def test_hook_before_the_decisions_leaves_them_open() -> None:
    """bin/pre_compile runs first and may write a missing file, so nothing is refused yet."""
    app = tree({"app.py": "", "bin/pre_compile": "touch requirements.txt"})
    plan, output = planned(app)
    assert plan.refusal is None and plan.unsupported is None
    assert not any("Push rejected" in line for line in output)
    plan, _ = planned(app, builds=False)
    assert plan.refusal is None
    assert plan.unsupported and "bin/pre_compile" in plan.unsupported
    assert "parity run" in findings(app, builds=False)["not-emulated"].fix
    accepted = tree({**FLASK, **WEB, "bin/pre_compile": "true"})
    assert planned(accepted, builds=False)[0].unsupported is None


def test_unread_procfile_is_unknown() -> None:
    """A Procfile that could not be read counts as neither present nor missing."""
    source = tree(FLASK)._replace(unread={"Procfile": "Permission denied"})
    assert planned(source)[0].unsupported == "the Procfile was not read (Permission denied)"
    assert [f.effect for f in findings(source).values()] == ["unknown"]


def cause(files: dict[str, str], **options: object) -> tuple[str, str, str]:
    """Return the id, file and fix of the first cause of a rejected push."""
    absent = options.pop("absent", None)
    by_id = findings(tree(files, absent=absent), **options)  # type: ignore[arg-type]
    assert by_id["push-rejected"].effect == "reject"
    first = next(f for f in by_id.values() if f.kind == "cause" and f.symptom == "push-rejected")
    return first.id, first.evidence[0].file or "", first.fix


@pytest.mark.parametrize(
    "name", [*MISSPELT_REQUIREMENTS, "REQUIREMENTS.TXT", "requirement.text", "requirementts.txt"]
)
def test_misspelt_requirements(name: str) -> None:
    """A misspelt requirements.txt is reported, with the command that renames it."""
    id, file, fix = cause({"app.py": "", name: "flask"})
    assert (id, file) == ("package-file-misspelt", name)
    assert f"`git mv {name} requirements.txt`" in fix


@pytest.mark.parametrize(
    "name", ["requirements-dev.txt", "requirements.in", "setup.cfg", "LICENSE"]
)
def test_other_names_are_not_called_misspelt(name: str) -> None:
    """Files with other common names are not reported as misspelt."""
    assert cause({"app.py": "", name: ""})[0] == "package-manager-none-found"


def test_app_in_a_subfolder() -> None:
    """An app in a subfolder is reported with the folder to push, but not one in node_modules."""
    files = {"shop/requirements.txt": "", "shop/Procfile": "", "docs/requirements.txt": ""}
    id, file, fix = cause(files)
    assert (id, file) == ("app-in-subfolder", "shop/requirements.txt")
    assert "git subtree push --prefix shop heroku main" in fix
    assert cause({"web/package.json": ""})[0] == "app-in-subfolder"
    assert cause({"app.py": "", "back/Pipfile.lock": ""})[0] == "app-in-subfolder"
    assert cause({"app.py": "", "node_modules/x/requirements.txt": ""})[0] != "app-in-subfolder"


def test_package_file_that_is_not_committed() -> None:
    """A requirements.txt that git does not send is reported, with the rule that ignores it."""
    absent = {"requirements.txt": Ignored("back/.gitignore", 4, "*.txt")}
    by_id = findings(tree({"app.py": ""}, absent=absent))
    finding = by_id["package-file-not-committed"]
    assert [(e.file, e.line) for e in finding.evidence] == [
        ("requirements.txt", None),
        ("back/.gitignore", 4),
    ]
    assert "git add requirements.txt" in finding.fix
    assert "back/.gitignore" in finding.fix


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
    """Each failure_reason that depends on the tree has a cause, evidence, and texts filled in."""
    files, options = REFUSED[reason]
    by_id = findings(tree(files), **options)
    id = reason.replace("::", "-").replace("_", "-")
    assert list(by_id)[:2] == ["push-rejected", id]
    assert "H14" not in by_id
    finding = by_id[id]
    assert finding.effect == "reject"
    assert finding.heroku in (None, reason)
    assert finding.evidence[0].seen
    for text in (finding.title, finding.cause, finding.fix):
        assert not {"SUBJECT", "WISH", "NEWEST", "DEFAULT", "OLDEST", "DATE"} & set(text.split())


def test_wish_is_the_version_that_was_meant() -> None:
    """The fix keeps the series of an invalid version, if Heroku has it."""
    by_id = findings(tree({**FLASK, "runtime.txt": "Python-3.12.3"}))
    assert "`python-3.12`" in by_id["runtime-txt-invalid-version"].fix
    by_id = findings(tree({**FLASK, "runtime.txt": "3.6"}))
    assert "`python-3.14`" in by_id["runtime-txt-invalid-version"].fix


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
def test_content_of_runtime_txt_is_summarised(text: str, held: str) -> None:
    """One line is shown, several are counted, and a merge conflict is named as such."""
    by_id = findings(tree({**FLASK, "runtime.txt": text}))
    assert held in by_id["runtime-txt-invalid-version"].cause


def test_language_without_an_official_buildpack() -> None:
    """For another language's package file, the fix names that language's buildpack."""
    by_id = findings(tree({"Cargo.toml": "", "src/main.rs": "", "Procfile": "web: target/x\n"}))
    assert "`heroku buildpacks:set emk/rust`" in by_id["no-default-language"].fix
    assert "pip freeze" in findings(tree({"README": ""}))["no-default-language"].fix


def test_language_that_takes_the_app_away() -> None:
    """A package.json in a Python app leads to a warning, with the command to type."""
    by_id = findings(tree({**FLASK, **WEB, "package.json": "{}"}))
    finding = by_id["python-not-first"]
    assert (finding.effect, finding.evidence[0].file) == ("warn", "package.json")
    assert "heroku buildpacks:set heroku/python" in finding.fix
    by_id = findings(tree({**FLASK, **WEB, "index.php": ""}))
    assert [f.effect for f in by_id.values()] == ["note"]
    assert "python-not-first" not in findings(tree({"package.json": "{}", "app.py": ""}))


def test_every_rule_has_its_page() -> None:
    """Each rule has a title, a cause, a fix and a public URL."""
    for rule in RULES.values():
        assert rule.title and rule.cause and rule.fix
        assert manual(rule).docs.startswith("https://")
