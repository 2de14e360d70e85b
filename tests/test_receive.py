"""Before the build: submodules, and what .slugignore removes from the tree."""

import subprocess
from pathlib import Path

import pytest

from parity import rehearse
from parity.push.receive import receive
from parity.push.slugignore import prune
from parity.push.source import lay_out, read
from parity.records import Source
from parity.records.verdict import Finding, Verdict
from parity.rehearsal.pipeline import check
from tests.test_apps import GIT
from tests.trees import tree

pytestmark = pytest.mark.real


def git(folder: Path, *arguments: str) -> str:
    """Run git in `folder`; local addresses are allowed, as for any test of submodules."""
    own = ["-c", "protocol.file.allow=always", *arguments]
    done = subprocess.run(
        [*GIT, *own], cwd=folder, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip()


def repository(folder: Path, files: dict[str, str]) -> Path:
    """Create a repository with one commit of `files`."""
    folder.mkdir(parents=True)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    return folder


@pytest.fixture
def with_submodule(tmp_path: Path) -> Path:
    """Create an app with a checked out submodule in `lib` with a public address."""
    inner = repository(tmp_path / "inner", {"tool.py": "x = 1\n", "deep/more.py": "y = 2\n"})
    app = repository(tmp_path / "app", {"requirements.txt": "", "Procfile": "web: python app.py\n"})
    git(app, "submodule", "add", "-q", str(inner), "lib")
    address(app, "https://example.com/inner.git")
    return app


def address(app: Path, url: str) -> None:
    """Change the submodule's address."""
    git(app, "config", "-f", ".gitmodules", "submodule.lib.url", url)
    git(app, "commit", "-qam", "submodule")


def received(app: Path, ref: str | None = None) -> tuple[Source, list[str]]:
    """Return the tree that the build gets, and what git push prints before it."""
    said: list[str] = []
    source = receive(read(app, ref), lambda line: said.append(line.text), lambda: 0.0)
    return source, said


def by_id(verdict: Verdict) -> dict[str, Finding]:
    """Return a verdict's findings by id."""
    return {finding.id: finding for finding in verdict.findings}


@pytest.mark.parametrize("ref", [None, "HEAD"])
def test_a_checkout_stands_in(with_submodule: Path, tmp_path: Path, ref: str | None) -> None:
    """The recorded commit is used, whatever was changed in the checkout since."""
    (with_submodule / "lib" / "tool.py").write_text("x = 'changed'\n")
    source, said = received(with_submodule, ref)
    folder = tmp_path / "slug"
    folder.mkdir()
    lay_out(source, folder)
    assert (folder / "lib/tool.py").read_text() == "x = 1\n"
    assert (folder / "lib/deep/more.py").read_text() == "y = 2\n"
    assert source.text("lib/tool.py") == "x = 1\n"
    assert said[0] == "Git submodules detected, installing:"
    assert said[1] == "Submodule 'lib' (https://example.com/inner.git) registered for path 'lib'"
    assert said[-1].startswith("Submodule path 'lib': checked out '")
    findings = by_id(check(with_submodule))
    assert findings["submodule-stands-in"].effect == "note"
    assert "submodule-not-fetched" not in findings


def test_a_submodule_within_a_submodule(with_submodule: Path, tmp_path: Path) -> None:
    """Heroku installs nested submodules, too."""
    core = repository(tmp_path / "core", {"core.py": "z = 3\n"})
    git(with_submodule / "lib", "submodule", "add", "-q", str(core), "core")
    git(
        with_submodule / "lib", "config", "-f", ".gitmodules", "submodule.core.url", "https://e.org"
    )
    git(with_submodule / "lib", "commit", "-qam", "core")
    git(with_submodule, "commit", "-qam", "newer")
    source, _ = received(with_submodule)
    assert source.text("lib/core/core.py") == "z = 3\n"
    assert [s.path for s in source.submodules] == ["lib", "lib/core"]


def test_not_checked_out(with_submodule: Path) -> None:
    """parity downloads nothing: could not tell, with the command that helps."""
    git(with_submodule, "submodule", "deinit", "-q", "-f", "lib")
    source, said = received(with_submodule)
    verdict = check(with_submodule)
    assert said == []
    assert source.entries["lib"].mode == 0o160000
    assert verdict.exit_code == 3
    assert "git submodule update --init lib" in by_id(verdict)["submodule-not-fetched"].fix


@pytest.mark.parametrize(
    ("url", "cause", "words"),
    [
        ("git@github.com:me/inner.git", "submodule-needs-key", "Host key verification failed."),
        ("ssh://git@e.org/inner.git", "submodule-needs-key", "Host key verification failed."),
        ("/home/me/inner", "submodule-on-this-disk", "fatal: repository '/home/me/inner'"),
    ],
)
def test_an_address_that_heroku_cannot_use(
    with_submodule: Path, url: str, cause: str, words: str
) -> None:
    """A checkout here does not help there."""
    address(with_submodule, url)
    _, said = received(with_submodule)
    verdict = check(with_submodule)
    assert any(line.startswith(words) for line in said)
    assert "!\tPush rejected, submodule install failed" in said
    assert (verdict.symptom, verdict.exit_code) == ("push-rejected", 1)
    assert by_id(verdict)[cause].evidence[0].file == ".gitmodules"
    assert by_id(verdict)[cause].evidence[0].line == 3


def test_a_repository_by_accident(tmp_path: Path) -> None:
    """`git add` of a folder that is a repository creates a link: the folder arrives empty."""
    app = repository(tmp_path / "app", {"requirements.txt": "", "Procfile": "web: ./run\n"})
    repository(app / "vendored", {"x.py": ""})
    git(app, "add", "vendored")
    git(app, "commit", "-qm", "oops")
    source, said = received(app)
    slug = tmp_path / "slug"
    slug.mkdir()
    lay_out(source, slug)
    verdict = check(app)
    assert (said, source.goes_on, list((slug / "vendored").iterdir())) == ([], True, [])
    assert (verdict.exit_code, by_id(verdict)["nested-repository"].effect) == (0, "warn")


def test_a_repository_by_accident_beside_submodules(tmp_path: Path) -> None:
    """With a .gitmodules git looks for its address there, and stops."""
    other = '[submodule "x"]\n\tpath = x\n\turl = https://example.com/x.git\n'
    app = repository(tmp_path / "app", {"requirements.txt": "", ".gitmodules": other})
    repository(app / "vendored", {"x.py": ""})
    git(app, "add", "vendored")
    git(app, "commit", "-qm", "oops")
    _, said = received(app)
    assert said[1] == "fatal: no submodule mapping found in .gitmodules for path 'vendored'"
    assert by_id(check(app))["submodule-not-mapped"].symptom == "push-rejected"


def test_passwords_of_addresses_are_not_shown(with_submodule: Path) -> None:
    """They are neither in the log nor in a finding."""
    address(with_submodule, "https://me:s3cret-token@example.com/inner.git")
    _, said = received(with_submodule)
    assert "https://***@example.com/inner.git" in said[1]
    assert "s3cret" not in str(said) + str(check(with_submodule).findings)


FILES = (
    "a.py docs/x.md docs/deep/y.md tests/test_a.py shop/tests/test_b.py .hidden notes.md"
    " .github/notes.md shop/data.csv data.csv logs/1.log"
).split()


@pytest.mark.parametrize(
    ("text", "gone", "count"),
    [
        ("*.md\n", "docs/x.md docs/deep/y.md notes.md", 3),
        ("tests\n", "tests/test_a.py shop/tests/test_b.py", 2),
        ("tests/\n", "tests/test_a.py", 1),
        ("/tests\n", "tests/test_a.py", 1),
        ("docs/*.md\n", "docs/x.md", 1),
        ("docs/**/*.md\n", "docs/x.md docs/deep/y.md", 2),
        ("# docs and *.md\n\n", "", 0),
        ("docs # and more", "docs/x.md docs/deep/y.md", 1),
        ("*\n", "*", 7),
        (".*\n", ".hidden .github/notes.md .slugignore", 3),
        (".github\n", ".github/notes.md", 1),
        ("*.md\n!notes.md\n", "docs/x.md docs/deep/y.md notes.md", 3),
        ("data.[ct]sv logs/?.log\r\n", "shop/data.csv data.csv logs/1.log", 3),
        ("{docs,logs}\n", "docs/x.md docs/deep/y.md logs/1.log", 2),
        ("nothing\n[\n{\n../x\n", "", 0),
    ],
)
def test_slugignore(text: str, gone: str, count: int) -> None:
    """Patterns work like Ruby's globs: hidden names must be named, `!` means nothing."""
    visible = [path for path in FILES if not path.startswith(".")]
    pruned = prune(tree({**dict.fromkeys(FILES, "x"), ".slugignore": text}))
    assert sorted(pruned.pruned) == sorted(visible if gone == "*" else gone.split())
    assert pruned.deleted == count
    assert set(pruned.entries) == {*FILES, ".slugignore"} - set(pruned.pruned)


def test_slugignore_before_detection(tmp_path: Path) -> None:
    """Without requirements.txt it is no Python app; the line of .slugignore is to blame."""
    files = {"requirements.txt": "", "Procfile": "web: ./run\n", ".slugignore": "# text\n*.txt\n"}
    verdict = check(repository(tmp_path / "app", files))
    said = [line.text for line in verdict.log]
    assert "-----> Deleting 1 files matching .slugignore patterns." in said
    cause = by_id(verdict)["slugignore-package-file"]
    assert (cause.evidence[0].file, cause.evidence[0].line) == (".slugignore", 2)


def test_slugignore_and_the_procfile(tmp_path: Path) -> None:
    """The Procfile is read after the build; .slugignore has no exceptions."""
    files = {"requirements.txt": "", "Procfile": "web: ./run\n", ".slugignore": "P*\n!Procfile\n"}
    findings = by_id(check(repository(tmp_path / "app", files)))
    assert findings["slugignore-procfile"].symptom == "H14"
    assert findings["slugignore-negation"].evidence[0].line == 2


def test_a_submodule_of_a_sub_tree(tmp_path: Path) -> None:
    """`git subtree push` leaves .gitmodules behind: the folder arrives empty."""
    files = {"web/requirements.txt": "", "web/Procfile": "web: python web.py\n"}
    outer = repository(tmp_path / "outer", files)
    inner = str(repository(tmp_path / "inner", {"tool.py": ""}))
    git(outer, "submodule", "add", "-q", inner, "web/lib")
    git(outer, "commit", "-qm", "lib")
    verdict = check(outer / "web")
    assert (verdict.exit_code, by_id(verdict)["nested-repository"].effect) == (0, "warn")


def test_what_is_certain_without_a_submodule(with_submodule: Path) -> None:
    """No submodule could make Heroku accept an old Python."""
    (with_submodule / "runtime.txt").write_text("python-3.6.1\n")
    git(with_submodule, "add", "runtime.txt")
    git(with_submodule, "submodule", "deinit", "-q", "-f", "lib")
    verdict = check(with_submodule)
    assert (verdict.symptom, verdict.exit_code) == ("push-rejected", 1)
    assert {"submodule-not-fetched", "python-version-eol"} <= set(by_id(verdict))


@pytest.mark.net
def test_an_app_with_a_submodule_runs(with_submodule: Path) -> None:
    """With its checkout here: pushed, built, answered. Without: could not tell, nothing built."""
    server = (Path(__file__).parent / "apps" / "works-stdlib-server" / "app.py").read_text()
    (with_submodule / "app.py").write_text(f"import lib.tool\n{server}")
    git(with_submodule, "add", "app.py")
    git(with_submodule, "commit", "-qm", "app")
    verdict = rehearse(with_submodule)
    assert (verdict.verdict, verdict.exit_code) == ("works", 0), verdict.log
    assert "submodule-stands-in" in by_id(verdict)
    git(with_submodule, "submodule", "deinit", "-q", "-f", "lib")
    verdict = rehearse(with_submodule)
    assert (verdict.exit_code, verdict.slug) == (3, None)


def test_near_the_root_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If not everything can be kept, the files in the root are."""
    monkeypatch.setattr("parity.push.worktree.BUDGET", 2000)
    files = {f"a/b/c{n}.py": "x" * 900 for n in range(9)} | {"Procfile": "web: x\n", "z.py": "y"}
    source = read(repository(tmp_path / "app", files))
    kept = {path for path, entry in source.entries.items() if entry.data is not None}
    assert {"Procfile", "z.py"} < kept and len(kept) == 4


def test_slugignore_and_an_import(tmp_path: Path) -> None:
    """A deleted file that the code imports is reported before anything runs."""
    files = {
        "requirements.txt": "",
        "Procfile": "web: python web.py\n",
        "web.py": "import os\nfrom tools.pages import PAGE\nimport shared\n",
        "tools/pages.py": "PAGE = 1\n",
        "shared/kept.py": "",
        "shared/gone.py": "",
        "tests/test_web.py": "import tools\n",
        ".slugignore": "tools\ngone.py\n",
    }
    note = by_id(check(repository(tmp_path / "app", files)))["slugignore-imported"]
    places = [(e.file, e.line) for e in note.evidence]
    assert (note.effect, places) == ("note", [("web.py", 2)])
    assert note.title == "web.py imports tools, which .slugignore deletes"


def test_no_link_leads_out_by_way_of_another(tmp_path: Path) -> None:
    """`s` is the tree's root, so `s/..` is not what it seems; links within the tree stay links."""
    (tmp_path / "secret").write_text("canary")
    app = tmp_path / "app"
    (app / "a" / "b").mkdir(parents=True)
    (app / "file").write_text("x")
    (app / "a" / "b" / "s").symlink_to("../..")
    for name, target in {
        "y": "a/b/s/../secret",
        "z": "y",
        "folder": "a/b/s/..",
        "good": "a/b/s/file",
        "up": "a/b/../b/s/file",
    }.items():
        (app / name).symlink_to(target)
    made = tmp_path / "out" / "copy"
    made.mkdir(parents=True)
    (tmp_path / "out" / "secret").write_text("canary")
    lay_out(read(app), made)
    assert [(made / name).is_symlink() for name in ("y", "folder")] == [False, False]
    assert (made / "z").read_text() == (made / "y").read_text() == "a/b/s/../secret"
    assert (made / "good").read_text() == (made / "up").read_text() == "x"
