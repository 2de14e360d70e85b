"""Which line of the requirements is to blame, why, and what to write instead: with real pip."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from parity.facts.buildpacks import PYTHON
from parity.push.buildpacks.context import Undecided
from parity.push.buildpacks.python.machine_faults import undecided
from parity.records import Ignored, Interpreter, Runtime, Slug
from parity.rules.views.requirement_spelling import corrected
from tests.builds import (
    APP,
    HERE,
    backend,
    findings_of,
    index,
    prepared,
    pushed,
    refusing,
    sdist,
    wheel,
)
from tests.recorded import digest, is_recorded, save_build
from tests.trees import tree

pytestmark = pytest.mark.net

PACKAGES = (
    wheel("alpha", "1.0"),
    wheel("alpha", "1.1"),
    wheel("alpha", "2.0"),
    wheel("beta", "1.0", requires="alpha<2"),
    wheel("gamma", "1.0", requires="alpha>=2"),
    wheel("needy", "1.0", requires="pywin32>=300"),
    wheel("lost", "1.0", requires="epsilon>3"),
    wheel("cracked", "1.0", requires="alpha>=1.*"),
    ("torn-1.0-py3-none-any.whl", b"half of a wheel"),
    wheel("pip", "26.2.1"),
    wheel("wmi", "1.0"),
)
HASH = "--hash=sha256:"
NONE = "0" * 64
BETA = sha256(PACKAGES[3][1]).hexdigest()


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tools: Path) -> None:
    """A small index and nothing else."""
    prepared(monkeypatch, tmp_path, tools)
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path / "simple", *PACKAGES))


REJECTED: list[tuple[str, Mapping[str, str], str, str, tuple[str, ...]]] = [
    # requirements, other files, cause, file:line, words of title and fix
    ("alpha=1.0", {}, "single-equals", ":1", ("`alpha==1.0`", "alpha=1.0")),
    ("beta\nalpha = 1.0", {}, "single-equals", ":2", ("`alpha==1.0`",)),
    ("alpha=>1.0", {}, "not-a-requirement", ":1", ("`alpha>=1.0`",)),
    ("alpha 1.0", {}, "not-a-requirement", ":1", ("`alpha==1.0`",)),
    ("# mine\nI need alpha", {}, "not-a-requirement", ":2", ("I need alpha",)),
    ("pip install alpha", {}, "not-a-requirement", ":1", ("`alpha`",)),
    ("--upgrade alpha", {}, "not-a-requirement", ":1", ("`alpha`",)),
    ("Package Version\n------- -------", {}, "not-requirements", ":1", ("pip list", "freeze")),
    ("[packages]\nalpha = '*'", {}, "not-requirements", ":1", ("Pipfile",)),
    (
        "blas=1.0=mkl\nalpha=1.0=py_0",
        {},
        "not-requirements",
        ":1",
        ("conda", "--format=freeze"),
    ),
    ("apt-get install -y libpq-dev", {}, "system-package-required", ":1", ("libpq-dev", "Aptfile")),
    ("<<<<<<< HEAD\nalpha\n=======\n>>>>>>> x", {}, "merge-conflict", ":1", ("conflict",)),
    ("a\0l\0p\0h\0a\0", {}, "requirements-encoding", ":1", ("UTF-8",)),
    ("alpha==9.9", {}, "no-such-version", ":1", ("`alpha==2.0`", "1.0, 1.1, 2.0")),
    ("alpha==1.2", {}, "no-such-version", ":1", ("`alpha==1.1`",)),
    ("djngo==4.2", {}, "misspelt-package", ":1", ("`django==4.2`",)),
    ("some-private-thing", {}, "no-such-package", ":1", ("some-private-thing",)),
    ("lost", {}, "no-such-package", ":1", ("epsilon",)),
    ("alpha\ncracked==1.0", {}, "broken-metadata", ":2", ("cracked>=1.0", "metadata")),
    ("alpha\ntorn==1.0", {}, "install-dependencies-pip", ":2", ("torn",)),
    ("os\nalpha", {}, "standard-library-required", ":1", ("Remove", "os")),
    ("sklearn", {}, "import-name-required", ":1", ("`scikit-learn`",)),
    ("yaml==5.1", {}, "import-name-required", ":1", ("`PyYAML`",)),
    ("alpha\npywin32==306", {}, "windows-only-package", ":2", ('sys_platform == "win32"', "Linux")),
    ("wmi==9", {}, "windows-only-package", ":1", ('sys_platform == "win32"',)),
    ("needy", {}, "windows-only-package", ":1", ("Windows", "Remove `needy`")),
    ("pyobjc-framework-Cocoa==9.0", {}, "macos-only-package", ":1", ("macOS",)),
    ("pkg_resources==0.0.0", {}, "freeze-artefact", ":1", ("Debian", "Remove")),
    ("cloud-init==20.2", {}, "freeze-artefact", ":1", ("Ubuntu", "virtual environment")),
    ("conda==4.12.0", {}, "freeze-artefact", ":1", ("Anaconda",)),
    ("python==3.12", {}, "python-required", ":1", ("`3.12`", ".python-version")),
    ("alpha==2.0\nbeta==1.0", {}, "conflicting-requirements", ":1", ("alpha", "beta", "conflict")),
    ("alpha==1.0\nalpha==2.0", {}, "conflicting-requirements", ":1", ("twice",)),
    ("beta\ngamma", {}, "conflicting-requirements", ":1", ("beta and gamma", "beta, gamma")),
    (
        "-r reqs/all.txt",
        {"reqs/all.txt": "alpha\n-r base.txt\n"},
        "included-file-missing",
        "reqs/all.txt:2",
        ("git add reqs/base.txt",),
    ),
    ("-c pins.txt\nalpha", {}, "included-file-missing", ":1", ("git add pins.txt",)),
    ("-r reqs/all.txt", {"reqs/all.txt": "alpha\nbeta=1"}, "single-equals", "reqs/all.txt:2", ()),
    ("-e ./lib", {}, "local-path-missing", ":1", ("git add lib",)),
    ("-e .", {}, "local-path-missing", ":1", ("Delete the line",)),
    ("alpha\n-e ../lib", {}, "local-path-missing", ":2", ("outside what is pushed",)),
    ("./lib", {"lib/a.py": ""}, "local-path-missing", ":1", ("setup.py",)),
    ("alpha\n./wheels/a-1.0-py3-none-any.whl", {}, "local-path-missing", ":2", ("wheels/a",)),
    (
        "alpha @ file:///croot/alpha_1/work",
        {},
        "file-url",
        ":1",
        ("pip list --format=freeze", "alpha=="),
    ),
    ("-e /nonexistent/mine", {}, "path-of-this-machine", ":1", ("your disk",)),
    (f"alpha==1.0 {HASH}{NONE}", {}, "hash-mismatch", ":1", ("alpha==1.0", "pip-compile")),
    (f"beta==1.0 {HASH}{BETA}\nalpha", {}, "hash-missing", ":2", ("alpha",)),
    (
        "git+ssh://git@example.com/x/y.git",
        {},
        "needs-ssh-key",
        ":1",
        ("git+https://example.com/x",),
    ),
]


Row: TypeAlias = tuple[str, Mapping[str, str], str, str, tuple[str, ...]]


def recording(row: Row) -> tuple[str, dict[str, bytes]]:
    """Return the name of a row's recording, and the contents of its files by path."""
    files = {p: t.encode() for p, t in {"requirements.txt": f"{row[0]}\n", **row[1]}.items()}
    return f"builds/{row[2]}-{digest(files, digest(dict(PACKAGES)))}", files


def parameters() -> Iterator[Any]:
    """Yield the rows; those that are recorded run for real on request, but the first."""
    for number, row in enumerate(REJECTED):
        skipped = number > 0 and is_recorded(recording(row)[0])
        mark = pytest.mark.recorded(skipped=skipped)
        yield pytest.param(row, id=f"{number}-{row[2]}", marks=mark)


@pytest.mark.parametrize("row", [*parameters()])
def test_rejected(row: Row, tmp_path: Path) -> None:
    """pip refuses; one cause is named, with its line and what to write instead."""
    name, files = recording(row)
    slug, log = pushed(files, tmp_path / "app")
    refused(slug, log, row)
    save_build(name, files, tmp_path / "app", slug, log)


def refused(slug: Slug, log: Sequence[str], row: Row) -> None:
    """Assert that a build was rejected with a row's cause."""
    _, _, cause, place, words = row
    assert slug.unknown is None
    assert slug.refusal and slug.refusal.reason == "install-dependencies::pip"
    assert " !     Error: Unable to install dependencies using pip." in log
    assert " !     Push rejected, failed to compile Python app." in log
    told = {k: f for k, f in findings_of(slug).items() if f.effect != "note"}
    assert list(told) == ["push-rejected", cause]
    first = told[cause].evidence[0]
    assert f"{first.file}:{first.line}".endswith(place)
    text = " ".join((told[cause].title, told[cause].cause, told[cause].fix))
    assert [word for word in words if word not in text] == []
    assert "{" not in text


BUILT = [
    # code of the build, cause, words
    ("import distutils_is_gone", "source-build-failed", ("newer", "distutils_is_gone")),
    ("raise ModuleNotFoundError(\"No module named 'imp'\")", "release-too-old", ("3.11",)),
    ("raise SystemExit('error in setup command: use_2to3 is invalid')", "release-too-old", ()),
    (
        "print('a.c:9:10: fatal error: portaudio.h: No such file or directory')\nraise OSError",
        "system-library-missing",
        ("portaudio19-dev", "Aptfile"),
    ),
    ("raise FileNotFoundError(2, 'No such file', 'gdal-config')", "build-tool-missing", ("GDAL",)),
    (
        "raise SystemExit('error: can not find Rust: cargo is not installed')",
        *("build-tool-missing", ("Rust",)),
    ),
]


@pytest.mark.parametrize(("code", "cause", "words"), BUILT, ids=lambda v: str(v)[:40])
def test_not_built(
    code: str, cause: str, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package that cannot be built from source is named, with what it lacks."""
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path / "own", backend(code)))
    slug, _ = pushed({"requirements.txt": "omega==1.0\n"}, tmp_path)
    assert slug.unknown is None
    told = {k: f for k, f in findings_of(slug).items() if f.effect != "note"}
    assert list(told) == ["push-rejected", cause]
    assert (told[cause].evidence[0].file, told[cause].evidence[0].line) == ("requirements.txt", 1)
    text = " ".join((told[cause].title, told[cause].cause, told[cause].fix))
    assert [word for word in words if word not in text] == []


def test_backport_that_cannot_be_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backport of what this Python has should be removed, not updated."""
    old = backend("raise OSError('no longer')", "dataclasses")
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path / "own", old))
    slug, _ = pushed({"requirements.txt": "dataclasses==1.0\n"}, tmp_path)
    findings = findings_of(slug)
    assert "source-build-failed" not in findings
    assert findings["backport-not-needed"].evidence[0].line == 1
    assert '`dataclasses==1.0; python_version < "3.7"`' in findings["backport-not-needed"].fix


def test_distribution_called_like_its_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """psycopg2 is a package of that name: if it cannot be built, its name is not to blame."""
    old = backend("raise OSError('no longer')", "psycopg2")
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path / "own", old))
    slug, _ = pushed({"requirements.txt": "psycopg2==1.0\n"}, tmp_path)
    findings = findings_of(slug)
    assert "import-name-required" not in findings and "source-build-failed" in findings


def test_a_build_tool_that_does_not_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip ends with its own exception then, and names no package."""
    lines = ("requires = []", 'build-backend = "setuptools.build_meta"', 'backend-path = ["."]')
    files = {
        "pyproject.toml": "\n".join(("[build-system]", *lines, "")),
        "setuptools/__init__.py": "import gone_in_this_python\n",
        "PKG-INFO": "",
    }
    old = sdist("omega", "1.0", files)
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path / "own", old))
    slug, _ = pushed({"requirements.txt": "# mine\nomega==1.0\n"}, tmp_path)
    finding = findings_of(slug)["release-too-old"]
    assert "setuptools" in finding.cause and finding.evidence[0].line == 2


UNKNOWN = [
    (
        "print('a.c:1:2: fatal error: libpq-fe.h: No such file or directory')\nraise OSError",
        "header",
    ),
    ("raise SystemExit('Error: pg_config executable not found.')", "pg_config"),
    ("raise SystemExit('OSError: [Errno 28] No space left on device')", "disk"),
    ("import os\nos.kill(os.getppid(), 9)", "killed"),
]


@pytest.mark.parametrize(("code", "words"), UNKNOWN, ids=lambda v: str(v)[:40])
def test_not_decided(
    code: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If this machine lacks what Heroku has, the build is undecided, not failed."""
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path / "own", backend(code)))
    slug, log = pushed({"requirements.txt": "omega==1.0\n"}, tmp_path)
    assert slug.refusal is None and slug.unknown and words in slug.unknown
    finding = findings_of(slug)["build-undecided"]
    assert finding.effect == "unknown" and finding.fix
    assert not any("rejected" in line for line in log)


@pytest.fixture
def failing_index() -> Iterator[str]:
    """An index that answers every request with 503."""
    with refusing(503) as address:
        yield f"{address}/simple"


@pytest.fixture
def private() -> Iterator[str]:
    """A server that asks everybody for a password."""
    with refusing(401) as address:
        yield address


def test_an_index_in_trouble_is_not_the_apps_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing_index: str
) -> None:
    """An index that answers 503 leaves the build undecided; nothing is cached."""
    monkeypatch.setenv("PIP_INDEX_URL", failing_index)
    slug, _ = pushed({"requirements.txt": "alpha\n"}, tmp_path)
    assert slug.refusal is None and slug.environment is None
    assert slug.unknown and "did not answer" in slug.unknown


def test_an_unreachable_index_is_not_the_apps_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index that refuses connections leaves the build undecided."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    slug, _ = pushed({"requirements.txt": "alpha\n"}, tmp_path)
    assert slug.refusal is None and slug.unknown and "did not answer" in slug.unknown


def test_a_line_that_is_wrong_is_wrong_without_a_network_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that pip cannot read is reported even without a network."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    slug, _ = pushed({"requirements.txt": "alpha=1.0\n"}, tmp_path)
    assert slug.refusal and "single-equals" in findings_of(slug)


def test_python_that_is_not_supported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version for another Python is reported with its requirement."""
    address = index(tmp_path / "own", wheel("alpha", "3.0"), python=">=3.99")
    monkeypatch.setenv("PIP_INDEX_URL", address)
    slug, _ = pushed({"requirements.txt": "alpha==3.0\n"}, tmp_path)
    finding = findings_of(slug)["needs-other-python"]
    assert ">=3.99" in finding.cause and "none of Heroku's Pythons" in finding.fix


def test_untracked_include_is_named(tmp_path: Path) -> None:
    """An ignored included file is reported with the line that ignores it."""
    source = tree(
        {**APP, "requirements.txt": "-r base.txt\n", ".gitignore": "base.txt\n"},
        absent={"base.txt": Ignored(".gitignore", 1, "base.txt")},
    )
    slug, _ = pushed(source, tmp_path)
    finding = findings_of(slug)["included-file-missing"]
    assert (".gitignore", 1) in {(e.file, e.line) for e in finding.evidence}


def test_a_path_that_exists_only_here_is_refused(tmp_path: Path) -> None:
    """A requirement on this machine's disk does not exist on Heroku, though pip would find it."""
    project = tmp_path / "mine"
    project.mkdir()
    (project / "pyproject.toml").write_text('[project]\nname = "mine"\nversion = "1"\n')
    for number, text in enumerate((f"mine @ file://{project}", f"-e {project}", str(project))):
        slug, _ = pushed({"requirements.txt": text + "\n"}, tmp_path / str(number))
        assert slug.refusal and slug.refusal.reason == "install-dependencies::pip"
        assert {"file-url", "path-of-this-machine"} & findings_of(slug).keys()


def test_passwords_are_not_shown(tmp_path: Path) -> None:
    """A password in an address appears in no finding."""
    line = "alpha @ https://user:s3cr3tword@127.0.0.1:9/alpha.zip"
    slug, log = pushed({"requirements.txt": f"{line}\nbeta=1\n"}, tmp_path)
    texts = [str(finding) for finding in findings_of(slug).values()]
    assert "s3cr3tword" not in "".join([*texts, *log])


OLDER = Interpreter(Path("/usr/bin/python3.13"), "3.13.0", exact=False)
NEWER = Interpreter(Path("/usr/bin/python3.13"), "3.13.0", exact=False)
SAME = Interpreter(Path("/usr/bin/python3.13"), "3.13.0", exact=True)
STOOD_IN = [
    # interpreter, the app's Python, pip's output, whether it is undecided
    (
        OLDER,
        "3.14.7",
        "ERROR: Package 'a' requires a different Python: 3.13.0 not in '>=3.14'",
        True,
    ),
    (
        OLDER,
        "3.14.7",
        "ERROR: Package 'a' requires a different Python: 3.13.0 not in '<3.12'",
        False,
    ),
    (
        OLDER,
        "3.14.7",
        "ERROR: Ignored the following versions that require a different python"
        " version: 1.0 Requires-Python >=3.14",
        True,
    ),
    (
        OLDER,
        "3.14.7",
        "ERROR: Ignored the following versions that require a different python"
        " version: 1.0 Requires-Python >=3.7,<3.11",
        False,
    ),
    (OLDER, "3.14.7", "SyntaxError: invalid syntax", True),
    (OLDER, "3.14.7", "SyntaxError: Missing parentheses in call to 'print'", False),
    (OLDER, "3.14.7", "ModuleNotFoundError: No module named 'distutils'", False),
    (OLDER, "3.14.7", "ERROR: No matching distribution found for pywin32", False),
    (NEWER, "3.12.14", "ModuleNotFoundError: No module named 'imp'", True),
    (NEWER, "3.12.14", "ERROR: Failed to build 'a' when getting requirements", True),
    (NEWER, "3.12.14", "ERROR: Invalid requirement: 'a=1'", False),
    (SAME, "3.13.15", "SyntaxError: invalid syntax", False),
    (
        SAME,
        "3.13.15",
        "ERROR: Package 'a' requires a different Python: 3.13.0 not in '>=3.13.5'",
        True,
    ),
    (SAME, "3.13.15", "a.c:1:1: fatal error: longintrepr.h: No such file or directory", False),
    (SAME, "3.13.15", "a.c:1:1: fatal error: sqlite3.h: No such file or directory", False),
]


@pytest.mark.parametrize(("interpreter", "version", "line", "expected"), STOOD_IN)
def test_what_a_stand_in_may_be_to_blame_for(
    interpreter: Interpreter, version: str, line: str, expected: bool
) -> None:
    """A failure is undecided only if Heroku's Python, or its image, could behave differently."""
    python = Runtime(PYTHON, "pip", None, "default", version)
    told = undecided([line], interpreter, python, offline=False, killed=False, answers=lambda: True)
    assert isinstance(told, Undecided) is expected


NETWORK = [
    ("WARNING: Retrying after NewConnectionError: /simple/alpha/", "alpha", True),
    ("WARNING: Retrying after NewConnectionError: /simple/beta/", "alpha", False),
]


@pytest.mark.parametrize(("noise", "name", "expected"), NETWORK)
def test_a_network_is_to_blame_only_for_what_it_hid(noise: str, name: str, expected: bool) -> None:
    """A connection that broke once does not excuse another package that does not exist."""
    output = [noise, f"ERROR: No matching distribution found for {name}"]
    python = Runtime(PYTHON, "pip", None, "default", "3.13.15")
    told = undecided(output, SAME, python, offline=False, killed=False, answers=lambda: True)
    assert (told is not None) is expected


AWAY = [
    (
        ("fatal: unable to access 'https://u:p@git.example.com/x/': Could not resolve host: git",),
        "the git host git.example.com",
    ),
    (("ssh: Could not resolve hostname git.example.com: Name or service",), "the git host git.exa"),
    (
        (
            "Collecting alpha @ https://files.example.com/a.zip",
            "ERROR: HTTPSConnectionPool(host='files.example.com', port=443): Max retries exceeded",
        ),
        "the host files.example.com",
    ),
    (
        (
            "  ╰─> [8 lines of output]",
            "      Downloading tool from https://static.example.com/tool",
            "      httpx.ConnectError: [Errno -2] Name or service not known",
            "      [end of output]",
            "ERROR: Failed to build 'alpha' when preparing metadata",
        ),
        "the host static.example.com, which a package's build contacts",
    ),
    (("WARNING: Retrying after NewConnectionError: /simple/alpha/",), "the package index"),
]
"""Output of a build on a machine that does not reach a host, and who did not answer."""


@pytest.mark.parametrize(("output", "who"), AWAY)
def test_who_did_not_answer(output: tuple[str, ...], who: str) -> None:
    """The host is named, and the package index is only blamed for what it did not do."""
    python = Runtime(PYTHON, "pip", None, "default", "3.13.15")
    told = undecided([*output], SAME, python, offline=False, killed=False, answers=lambda: True)
    assert told and told.why.startswith(f"{who}") and "u:p@" not in told.why.partition(":")[0]


def test_a_package_for_windows_needs_no_network() -> None:
    """It cannot be built on Linux, whatever its build step could not download here."""
    output = [*AWAY[3][0][:4], "ERROR: Failed to build 'pywinpty' when preparing metadata"]
    python = Runtime(PYTHON, "pip", None, "default", "3.13.15")
    assert not undecided(output, SAME, python, offline=False, killed=False, answers=lambda: True)


def test_a_python_that_was_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The index has a wheel for one of Heroku's Pythons only: compiling is announced, and fails."""
    other = next(x for x in ("3.10", "3.11") if x != HERE)
    tag = f"cp{other.replace('.', '')}"
    built = f"omega-1.0-{tag}-{tag}-manylinux2014_x86_64.whl"
    files = (*PACKAGES, backend("raise KeyError('version')"), (built, wheel("omega", "1.0")[1]))
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path / "more", *files))
    slug, _ = pushed({"requirements.txt": "alpha==1.0\nomega==1.0\n"}, tmp_path / "app")
    cause = findings_of(slug)["source-build-failed"]
    assert cause.evidence[0].edit and cause.evidence[0].edit.new == other
    assert f"no wheel of omega 1.0 for Python {HERE}" in capsys.readouterr().err


CORRECTED = {
    "alpha=>1.0": "`alpha>=1.0`",
    "alpha =< 1.0": "`alpha<=1.0`",
    "alpha~1.0": "`alpha~=1.0`",
    "alpha==1.0-": "`alpha==1.0`",
    "alpha>=1.*": "`alpha>=1`",
    '"alpha"': "`alpha`",
    "alpha,beta": "`alpha` and, on a separate line, `beta`",
    "alpha==1.0 beta==2.0": "`alpha==1.0` and, on a separate line, `beta==2.0`",
    "sudo pip3 install alpha[extra]": "`alpha[extra]`",
    "alpha (1.0)": "`alpha==1.0`",
    "- alpha==1.0": "`alpha==1.0`",
    "alpha: 1.0": "`alpha==1.0`",
    "-U alpha": "`alpha`",
    "I need alpha": None,
    "these are the packages we use": None,
    "alpha !": None,
    "": None,
}


@pytest.mark.parametrize(("text", "expected"), CORRECTED.items())
def test_correction(text: str, expected: str | None) -> None:
    """A line is corrected only if it is clear what was meant."""
    assert corrected(text) == expected


def test_a_repository_that_asks_for_a_password(tmp_path: Path, private: str) -> None:
    """git gets 401, and Heroku has no password to give."""
    slug, _ = pushed({"requirements.txt": f"alpha\nshop @ git+{private}/shop.git\n"}, tmp_path)
    told = {k: f for k, f in findings_of(slug).items() if f.effect != "note"}
    assert list(told) == ["push-rejected", "repository-not-readable"]
    assert told["repository-not-readable"].evidence[0].line == 2
