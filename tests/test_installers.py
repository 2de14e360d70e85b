"""Pipenv, Poetry and uv, for real: what they print, what they refuse, what stays at run time."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from parity.facts.buildpacks import PYTHON
from parity.facts.python import versions
from parity.push import cache
from parity.push.buildpacks.python import pipenv
from parity.push.buildpacks.python.machine_faults import undecided
from parity.records import Interpreter, Runtime, Slug
from parity.rules.views.lock_output import TOOLS, required
from parity.system.errors import Trouble
from tests.builds import HERE, findings_of, pushed
from tests.test_apps import APPS
from tests.trees import tree

pytestmark = pytest.mark.net

SHOWN = {
    "pipenv": ("Pipenv", "pipenv install --deploy"),
    "poetry": ("Poetry", "poetry sync --only main"),
    "uv": ("uv", "uv sync --locked --no-default-groups"),
}
MANAGERS = tuple(SHOWN)


def app(name: str, **changed: str | None) -> dict[str, str | bytes]:
    """Return the files of a specification app, some changed or (None) removed."""
    files: dict[str, str | bytes] = {}
    for path in (APPS / name).iterdir():
        if path.name != "expected.toml":
            files[path.name.replace("dot.", ".")] = path.read_bytes()
    for path, text in changed.items():
        file = path.replace("__", ".").replace("_version", "-version")
        files.pop(file, None)
        if text is not None:
            files[file] = text
    return files


def built(
    place: Path, files: Mapping[str, str | bytes], **options: object
) -> tuple[Slug, list[str]]:
    """Build exactly these files, in this machine's cache."""
    return pushed(tree(files), place, limit=300, **options)  # type: ignore[arg-type]


def causes(slug: Slug) -> list[str]:
    """Return the findings other than notes."""
    return [f.id for f in findings_of(slug).values() if f.effect != "note"]


@pytest.mark.parametrize("manager", MANAGERS)
def test_built_as_on_heroku(manager: str, tmp_path: Path) -> None:
    """The command is shown as on Heroku; no development packages; the next build is cached."""
    name, command = SHOWN[manager]
    files = app(f"works-{manager}")
    slug, log = built(tmp_path / "1", files)
    steps = [line for line in log if line.startswith("----->")][:4]
    assert steps == [
        f"-----> Installing Python {slug.plan.runtime(PYTHON).version}",  # type: ignore[union-attr]
        f"-----> Installing {name} {versions().installer[manager]}",
        f"-----> Installing dependencies using '{command}'",
        "-----> Saving cache",
    ]
    assert slug.refusal is None and slug.installer == versions().installer[manager]
    assert {"flask", "gunicorn"} <= slug.packages.keys() and "iniconfig" not in slug.packages
    assert slug.environment and not any(str(slug.environment) in line for line in log)
    again, _ = built(tmp_path / "2", files)
    assert again.cached and again.environment == slug.environment


@pytest.mark.parametrize("manager", MANAGERS)
def test_the_package_manager_is_there_in_the_build(manager: str, tmp_path: Path) -> None:
    """Hooks may use it in the build; at run time only Pipenv is still there."""
    run = "uv run --no-sync" if manager == "uv" else f"{manager} run"  # else uv asks the index
    hook = f"#!/bin/sh\n{manager} --version\n{run} python -c 'import flask; print(6 * 7)'\n"
    files = {**app(f"works-{manager}"), "bin/post_compile": hook}
    if ".python-version" in files:
        files[".python-version"] = f"{HERE}\n"  # `uv run` takes no stand-in
    slug, log = built(tmp_path, files)
    assert slug.refusal is None, log
    assert any(versions().installer[manager] in line for line in log[4:])
    assert "       42" in log
    script = "for s in .profile.d/*.sh; do . $s; done; command -v $0 && $0 --version"
    done = subprocess.run(
        ["bash", "-c", script, manager],
        cwd=slug.root,
        env={"HOME": str(slug.root), "PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) is (manager == "pipenv"), done


LOCKS = {tool.id: tool.file for tool in TOOLS}
CONFLICT = "<<<<<<< HEAD\n"


@pytest.mark.parametrize("manager", MANAGERS)
@pytest.mark.parametrize("how", ["half", "conflict"])
def test_a_lock_file_that_cannot_be_read(manager: str, how: str, tmp_path: Path) -> None:
    """A truncated lock file, or one with a merge conflict, is reported with what to type."""
    files = {**app(f"works-{manager}"), ".python-version": "3.13"}
    lock = files[LOCKS[manager]]
    assert isinstance(lock, bytes)
    files[LOCKS[manager]] = lock[: len(lock) // 3] if how == "half" else CONFLICT.encode() + lock
    slug, _ = built(tmp_path, files)
    assert slug.refusal and slug.refusal.reason == f"install-dependencies::{manager}"
    assert causes(slug) == ["push-rejected", f"{manager}-lock-unreadable"]
    finding = findings_of(slug)[f"{manager}-lock-unreadable"]
    assert f"`{manager} lock`" in finding.fix and finding.evidence[0].file == LOCKS[manager]
    assert ("merge conflict" in finding.title) is (how == "conflict")


@pytest.mark.parametrize("manager", MANAGERS)
def test_a_lock_file_without_its_project(manager: str, tmp_path: Path) -> None:
    """A lock file alone is not enough: the file that was not committed is named."""
    project = next(tool.project for tool in TOOLS if tool.id == manager)
    files = {**app(f"works-{manager}"), ".python-version": "3.13"}
    del files[project]
    slug, _ = pushed(tree(files, absent={project: None}), tmp_path)
    assert causes(slug) == ["push-rejected", f"{manager}-project-missing"]
    finding = findings_of(slug)[f"{manager}-project-missing"]
    assert f"`git add {project}`" in finding.fix and {e.file for e in finding.evidence} >= {project}


@pytest.mark.parametrize("manager", MANAGERS)
def test_another_file_than_was_locked(manager: str, tmp_path: Path) -> None:
    """A wrong checksum is the lock file's fault, reported in the program's words."""
    files = {**app(f"works-{manager}"), ".python-version": "3.13"}
    lock = files[LOCKS[manager]]
    assert isinstance(lock, bytes)
    files[LOCKS[manager]] = lock.replace(b"0ef0e52b", b"0ef0e52c").replace(b"f4bcbefc", b"f4bcbefd")
    slug, _ = built(tmp_path, files)
    assert causes(slug) == ["push-rejected", f"install-dependencies-{manager}"]
    cause = findings_of(slug)[f"install-dependencies-{manager}"].cause
    assert "HASHES" in cause or "checksums" in cause or "Hash mismatch" in cause


def asking(versions: str) -> dict[str, str | bytes]:
    """Return an app whose project and lock file ask for other versions of Python."""
    files = app("works-uv")
    for name in ("pyproject.toml", "uv.lock"):
        text = files[name]
        assert isinstance(text, bytes)
        files[name] = text.replace(b'">=3.11"', f'"{versions}"'.encode())
    return files


def test_uv_compares_pythons_by_heroku_s(tmp_path: Path) -> None:
    """uv's refusal of a Python is judged by Heroku's version, whatever stands in for it here."""
    files = asking(">=3.13")
    slug, log = built(tmp_path / "1", {**files, ".python-version": "3.12"})
    assert causes(slug) == ["push-rejected", "project-asks-for-other-python"]
    newest = versions().newest["3.12"]
    said = f"The Python request from `.python-version` resolved to Python {newest}, which"
    assert any(said in line for line in log)
    narrow = {**asking("==3.13.*"), ".python-version": "3.14"}
    slug, _ = built(tmp_path / "2", narrow)
    assert causes(slug) == ["push-rejected", "project-asks-for-other-python"]
    assert findings_of(slug)["project-asks-for-other-python"].evidence[0].line == 4


def test_pipenv_compares_pythons_by_heroku_s(tmp_path: Path) -> None:
    """Pipenv's refusal is judged likewise; an exact patch that is not here is no reason either."""
    files = app("works-pipenv")
    for number, version in enumerate(("3.12", "3.14")):
        slug, _ = built(tmp_path / str(number), {**files, ".python-version": version})
        assert causes(slug) == ["push-rejected", "project-asks-for-other-python"], version
        finding = findings_of(slug)["project-asks-for-other-python"]
        assert finding.evidence[0].file == "Pipfile" and "`3.13`" in finding.fix


FITS = [
    ("*", "3.14.7", True),
    ("3.14", "3.14.7", True),
    ("3.1", "3.14.7", False),
    ("3", "3.14.7", True),
    ("3.14.7", "3.14.7", True),
    ("3.14.7", "3.14.0", False),
    (">=3.10", "3.14.7", True),
    ("<3.14", "3.14.7", False),
]


@pytest.mark.parametrize(("asked", "version", "expected"), FITS)
def test_what_a_pipfile_asks_for(asked: str, version: str, expected: bool) -> None:
    """A Pipfile names any number of versions, or a range."""
    assert pipenv.fits(asked, version) is expected


def test_poetry_does_not_compare_pythons(tmp_path: Path) -> None:
    """On Heroku, Poetry takes the system's Python as it is."""
    slug, _ = built(tmp_path, {**app("works-poetry"), ".python-version": "3.12"})
    assert slug.refusal is None and "flask" in slug.packages


def test_poetry_installs_the_project_too(tmp_path: Path) -> None:
    """A project that is not a package stops Poetry, and the fix says so; a package works."""
    files = app("works-poetry")
    project = files["pyproject.toml"]
    assert isinstance(project, bytes)
    packaged = project.replace(b"[tool.poetry]\npackage-mode = false\n", b"")
    slug, _ = built(tmp_path / "1", {**files, "pyproject.toml": packaged})
    assert causes(slug) == ["push-rejected", "poetry-project-not-installed"]
    assert "package-mode = false" in findings_of(slug)["poetry-project-not-installed"].fix
    files = {**files, "pyproject.toml": packaged, "src/shop/__init__.py": "ANSWER = 42\n"}
    slug, _ = built(tmp_path / "2", files)
    assert slug.refusal is None and slug.packages["shop"] == "1.0"
    assert slug.environment and not slug.environment.is_relative_to(cache.root())
    code = [slug.environment / "bin" / "python", "-c", "import shop; print(shop.ANSWER)"]
    done = subprocess.run(code, capture_output=True, text=True, check=True, env={})
    assert done.stdout == "42\n"


def test_uv_builds_a_project_that_is_a_package(tmp_path: Path) -> None:
    """uv builds a project that has a build system; a failing build is reported."""
    files = app("works-uv")
    project, lock = files["pyproject.toml"], files["uv.lock"]
    assert isinstance(project, bytes) and isinstance(lock, bytes)
    built_by = b'\n[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'
    files |= {
        "pyproject.toml": project + built_by,
        "uv.lock": lock.replace(b'source = { virtual = "." }', b'source = { editable = "." }'),
        "own.py": "def build_editable(*_, **__):\n    raise SystemExit('error: no such package')\n",
    }
    slug, log = built(tmp_path, files)
    assert causes(slug) == ["push-rejected", "uv-project-not-built"]
    finding = findings_of(slug)["uv-project-not-built"]
    assert finding.evidence[0].line == 10 and "no such package" in finding.cause
    assert not any(str(tmp_path) in line for line in log)


@pytest.mark.parametrize("manager", MANAGERS)
def test_offline(manager: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network, what is not cached is undecided; an outdated lock is still reported."""
    files = {**app(f"works-{manager}"), ".python-version": "3.13"}
    built(tmp_path / "1", files)
    slug, _ = built(tmp_path / "2", files, offline=True)
    assert slug.cached and slug.refusal is None
    stale = app(f"rejected-{manager}-lock-out-of-date")
    if manager != "uv":  # uv has to look up the new requirement to know that it is not locked
        slug, _ = built(tmp_path / "3", stale, offline=True)
        assert causes(slug) == ["push-rejected", f"{manager}-lock-out-of-date"]
    own = tmp_path / "cache"
    own.mkdir()
    (own / "tools").symlink_to(cache.root() / "tools")
    monkeypatch.setenv("PARITY_CACHE_DIR", str(own))
    slug, _ = built(tmp_path / "4", files, offline=True)
    assert slug.refusal is None and slug.unknown and causes(slug) == ["build-undecided"]


@pytest.mark.parametrize("manager", ["pip", *MANAGERS])
def test_an_installer_that_cannot_be_fetched(
    manager: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that cannot download the package manager is in trouble; the app is not."""
    monkeypatch.setenv("PARITY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_RETRIES", "0")
    files: dict[str, str | bytes] = {"requirements.txt": "", ".python-version": "3.13"}
    if manager != "pip":
        files = {**app(f"works-{manager}"), ".python-version": "3.13"}
    with pytest.raises(Trouble) as raised:
        built(tmp_path / "app", files)
    assert "Heroku installs with" in raised.value.what and raised.value.fix
    assert list((tmp_path / "cache").glob("envs/*")) == []


STOOD_IN = [
    (
        "error: The requested interpreter resolved to Python 3.13.0, which is incompatible with"
        " the project's Python requirement: `>=3.14` (from `project.requires-python`)",
        True,
    ),
    (
        "error: The requested interpreter resolved to Python 3.13.0, which is incompatible with"
        " the project's Python requirement: `<3.12` (from `project.requires-python`)",
        False,
    ),
    (
        "error: Distribution `a==1` can't be installed because it doesn't have a source"
        " distribution or wheel for the current platform",
        True,
    ),
    ("Unable to find installation candidates for a (1.0)", True),
    ("error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided.", False),
    ("  × Failed to build `a==1`", False),
    ("  Caused by: client error (Connect)", True),
    ("  Caused by: HTTP status client error (401 Unauthorized) for url (https://x)", False),
]


@pytest.mark.parametrize(("line", "expected"), STOOD_IN)
def test_what_a_stand_in_may_be_to_blame_for(line: str, expected: bool) -> None:
    """A failure is undecided only if Heroku's Python, or its network, could behave differently."""
    here = Interpreter(Path("/usr/bin/python3.13"), "3.13.0", exact=False)
    python = Runtime(PYTHON, "uv", "3.14", ".python-version", "3.14.7")
    why = undecided([line], here, python, offline=False, killed=False, answers=lambda: True)
    assert (why is not None) is expected


PIPFILE = """\
[[source]]
url = "https://pypi.org/simple"

[packages]
flask = "*"
"flask-cors" = {version = ">=4"}

[dev-packages]
pytest = "*"

[requires]
python_version = "3.13"
"""
PYPROJECT = """\
[project]
name = "shop"
keywords = ["a", "b"]
dependencies = [
    "flask>=3",
    'gunicorn[gevent]',  # the server
]

[project.optional-dependencies]
more = ["rich"]

[dependency-groups]
dev = ["pytest>=8", "ruff"]

[tool.poetry.group.docs.dependencies]
python = "^3.13"
sphinx = "*"

[tool.other]
x = ["y"]
"""


def test_requirements_of_a_project() -> None:
    """Requirements are found with their lines, however they are written."""
    assert list(required(PIPFILE)) == [(5, "flask"), (6, "flask-cors"), (9, "pytest")]
    assert list(required(PYPROJECT)) == [
        (5, "flask"),
        (6, "gunicorn"),
        (10, "rich"),
        (13, "pytest"),
        (13, "ruff"),
        (17, "sphinx"),
    ]
