"""Git repositories inside the tree, for which Heroku has no address: their folders arrive empty."""

from pathlib import Path
from typing import Any

import pytest

from parity.records import Entry, Line, Record, Refusal, Source, Submodule
from parity.rules.engine import diagnose
from parity.rules.loading import load
from tests import verdicts

NEEDED = "nested-repository-needed"
GIT = (".git", "models.py", "package.json")
REJECTED = Refusal("install-dependencies::pip", ("Error: no.",))


def holding(path: str, files: dict[str, str], holds: tuple[str, ...] = GIT) -> Source:
    """Return a tree in which `path` is a nested repository with `holds` on this disk."""
    nested = Submodule(path, "1234567890", "", None, "empty", holds=holds)
    source = verdicts.source({"requirements.txt": "", **files}, submodules=(nested,))
    link = {path: Entry(0o160000, 0, nested.commit, None)}
    return source._replace(entries={**source.entries, **link})


def crashed(source: Source, *log: str, code: str = "import shared\n") -> Record:
    """Return a boot that ended with a traceback whose last lines are `log`."""
    head = ("Traceback (most recent call last):", '  File "/app/hello.py", line 1, in <module>')
    output = tuple(Line(verdicts.AT, "app[web.1]", x) for x in (*head, f"    {code.strip()}", *log))
    slug = verdicts.slug(verdicts.plan(source))
    return verdicts.boot(slug, state="crashed", exit=1, output=output, listeners=())


def built(source: Source, *output: str) -> Record:
    """Return a build that failed with `output`."""
    return verdicts.slug(verdicts.plan(source), refusal=REJECTED, output=output)


def causes(record: Record) -> list[Any]:
    """Return the causes of what failed."""
    load()
    return [f for f in diagnose(record) if f.kind == "cause" and f.symptom]


HELLO = {"hello.py": "import shared\n"}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("shared", "ModuleNotFoundError: No module named 'shared.models'"),
        ("shared", "ImportError: cannot import name 'X' from 'shared' (unknown location)"),
        ("shared", "AttributeError: module 'shared' has no attribute 'run'"),
        ("libs/kit", "ModuleNotFoundError: No module named 'models'"),
        ("data", "FileNotFoundError: [Errno 2] No such file or directory: 'data/a.csv'"),
        ("data", "FileNotFoundError: [Errno 2] No such file or directory: '/app/data/a.csv'"),
        ("my data", "FileNotFoundError: [Errno 2] No such file or directory: './my data/a.csv'"),
    ],
)
def test_a_crash_that_needs_it(path: str, line: str) -> None:
    """The empty folder is the only cause: what other rules advise would not help."""
    (cause,) = causes(crashed(holding(path, HELLO), line))
    assert cause.id == NEEDED and path in cause.title
    assert "git rm --cached" in cause.fix and "/.git" in cause.fix


@pytest.mark.parametrize(
    "line",
    [
        "ModuleNotFoundError: No module named 'flask'",
        "FileNotFoundError: [Errno 2] No such file or directory: 'shared-data/a.csv'",
        "FileNotFoundError: [Errno 2] No such file or directory: '/data/shared/a.csv'",
        "AttributeError: module 'sharedness' has no attribute 'run'",
        "KeyError: 'shared'",
    ],
)
def test_a_crash_for_another_reason(line: str) -> None:
    """A nested repository that nothing needs is not to blame."""
    assert NEEDED not in [f.id for f in causes(crashed(holding("shared", HELLO), line))]


@pytest.mark.parametrize(
    "output",
    [
        ("ERROR: Could not open requirements file: No such file or directory: 'client/req.txt'",),
        ("ERROR: ./client is not a valid editable requirement; it does not exist",),
        ("> shop@1.0.0 build", "> cd client && npm run build", 'npm error Missing script: "build"'),
        ("> shop@1.0.0 build", "> npm --prefix ./client ci", "npm error The command can only"),
        ("bash: line 1: client/build.sh: No such file or directory",),
    ],
)
def test_a_build_that_needs_it(output: tuple[str, ...]) -> None:
    """Scripts go into the folder, or name a file of it, and find nothing."""
    assert [f.id for f in causes(built(holding("client", {}), *output))] == [NEEDED]


@pytest.mark.parametrize(
    "output",
    [
        ("> shop@1.0.0 build", "> tsc && cp -r client dist", "src/a.ts(1,1): error TS1005"),
        ("ERROR: No matching distribution found for client",),
        ("> cd client-ui && npm ci", "npm error Missing script"),
    ],
)
def test_a_build_that_fails_otherwise(output: tuple[str, ...]) -> None:
    """The folder's name in a log is not enough."""
    assert NEEDED not in [f.id for f in causes(built(holding("client", {}), *output))]


def test_the_same_failure_without_a_nested_repository() -> None:
    """Nothing of it is said about a plain folder."""
    source = verdicts.source({"requirements.txt": "", **HELLO, "shared/x.py": ""})
    record = crashed(source, "ModuleNotFoundError: No module named 'shared.models'")
    assert NEEDED not in [f.id for f in causes(record)]


@pytest.mark.parametrize(
    ("holds", "typed", "unwanted"),
    [
        (GIT, "rm -rf api/.git && git add api", "not on this disk"),
        (("a.py",), "`git rm --cached api && git add api`", "rm -rf"),
        ((), "not on this disk", "rm -rf"),
    ],
)
def test_what_to_type(holds: tuple[str, ...], typed: str, unwanted: str) -> None:
    """The command fits what is in the folder here."""
    load()
    (warned,) = (f for f in diagnose(holding("api", {}, holds)) if f.id == "nested-repository")
    assert warned.effect == "warn" and typed in warned.fix and unwanted not in warned.fix


@pytest.mark.parametrize(("file", "there"), [("requirements.txt", True), ("README.md", False)])
def test_the_app_itself_is_in_it(file: str, there: bool) -> None:
    """The root has nothing because the app has a repository of its own."""
    source = holding("api", {}, (".git", file))
    nothing = Refusal("no-default-language", ("No default language could be detected.",))
    plan = verdicts.plan(source, refusal=nothing)
    assert ("app-in-nested-repository" in [f.id for f in causes(plan)]) is there


def test_names_on_this_disk(tmp_path: Path) -> None:
    """What the folder holds here is listed without following a link out of the tree."""
    from parity.push import submodules

    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "x.py").touch()
    app = tmp_path / "app"
    (app / "in").mkdir(parents=True)
    (app / "in" / "y.py").touch()
    (app / "away").symlink_to(tmp_path / "out")
    entries = {path: Entry(0o160000, 0, "12", None) for path in ("in", "away/z", "gone")}
    holds = {one.path: one.holds for one in submodules.install(app, entries)}
    assert holds == {"in": ("y.py",), "away/z": (), "gone": ()}
