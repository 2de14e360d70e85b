"""Which Python and which package manager Heroku's buildpack chooses, and what it refuses."""

import json
import subprocess
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity.facts import python as facts
from parity.facts.python import MISSPELT_VERSION_FILES, SPACE, versions
from parity.push.buildpacks.python.decision import chosen
from parity.records import Refusal, Runtime
from tests.trees import findings, planned, tree

PIP = {"requirements.txt": ""}


def outcome(files: dict[str, str | bytes], stack: str = "heroku-26") -> Runtime | Refusal:
    """Return the chosen Python, or the refusal."""
    made, refusal = chosen(tree(files), stack)
    answer = refusal or made
    assert answer is not None
    return answer


def reason(files: dict[str, str | bytes], stack: str = "heroku-26") -> str | None:
    """Return the `failure_reason`, None if nothing is refused."""
    answer = outcome(files, stack)
    return answer.reason if isinstance(answer, Refusal) else None


def version(files: dict[str, str | bytes]) -> tuple[str | None, str, str]:
    """Return the request, its origin, and the exact version."""
    answer = outcome(files)
    assert isinstance(answer, Runtime), answer
    return answer.requested, answer.origin, answer.version


def test_versions_file_is_toml() -> None:
    """parity's own parser reads versions.toml as TOML does."""
    path = Path(facts.__file__).with_name("versions.toml")
    assert tomllib.loads(path.read_text()) == versions()._asdict()
    assert versions().default in versions().newest
    assert versions().oldest == "3.10"


def test_default() -> None:
    """Without a request the buildpack's default is installed, in its newest patch."""
    newest = versions().newest["3.14"]
    assert version(PIP) == (None, "default", newest)


@pytest.mark.parametrize(
    ("content", "requested"),
    [
        ("3.13", "3.13"),
        ("3.13\n", "3.13"),
        ("3.13.2\n", "3.13.2"),
        ("\n  3.12\t\n\n", "3.12"),
        ("3.12\r\n", "3.12"),
        ("# a comment\r\n3.12\r\n# another\r\n", "3.12"),
        ("   # indented comment\n3.12", "3.12"),
        ("\u20033.12\u3000", "3.12"),
        ("\u2028 3.12 \u205f", "3.12"),
    ],
)
def test_version_file(content: str, requested: str) -> None:
    """Whitespace, empty lines, comments and CRLF around the version do not matter."""
    series = requested if requested.count(".") == 1 else ""
    exact = versions().newest[series] if series else requested
    assert version({**PIP, ".python-version": content}) == (requested, ".python-version", exact)


@pytest.mark.parametrize(
    "content",
    ["3", "3.12.x", "3.13t", "3.14.0rc1", "v3.12", '"3.12"', "^3.12", "pypy3.10", "system",
     "3.12 # c", "3.012", "03.12", "3.12.", ".3.12", "3.12.01", "3,12", "python-3.12", "3.12-dev",
     "\u00a03.12", "3.12\u00a0", "3.12\u200b", "3.12\0", "٣.١٢", "3.12\x85", "=3.12", "3.12 3.13"],
)  # fmt: skip
def test_invalid_in_the_version_file(content: str) -> None:
    """Anything but N.N and N.N.N is refused, to the byte."""
    answer = outcome({**PIP, ".python-version": f"\n{content}\n"})
    assert isinstance(answer, Refusal)
    assert (answer.reason, answer.file, answer.line) == (
        "python-version-file::invalid-version",
        ".python-version",
        2,
    )
    assert answer.lines[0] == " !     Error: Invalid Python version in .python-version."


def test_what_cannot_be_seen_is_shown() -> None:
    """A wrong version is repeated with a mark for each byte that cannot be printed."""
    answer = outcome({**PIP, ".python-version": "3.12\0\x1b[31m"})
    assert isinstance(answer, Refusal)
    assert answer.subject == "3.12␀�[31m"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "no-version"),
        (b"\n \t\r\n# 3.12\n", "no-version"),
        (b"3.12\n3.13\n", "multiple-versions"),
        (b"3.12\n3.12\n", "multiple-versions"),
        (b"3.12\nnonsense\n3.13\n", "invalid-version"),
        (b"\xef\xbb\xbf3.12\n", "invalid-encoding"),
        ("3.12\n".encode("utf-16"), "invalid-encoding"),
        (b"\xfe\xff" + "3.12\n".encode("utf-16-be"), "invalid-encoding"),
        ("3.12\n".encode("utf-16-le"), "invalid-version"),
        (b"\xff3.12\n", "invalid-encoding"),
        (b"\xef\xbb\xbf", "invalid-encoding"),
    ],
)
def test_other_refusals_of_the_version_file(content: bytes, expected: str) -> None:
    """Empty files, several versions, and encodings other than UTF-8 have their own reasons."""
    assert reason({**PIP, ".python-version": content}) == f"python-version-file::{expected}"


@pytest.mark.parametrize("content", ["python-3.12", "\n python-3.12\r\n\n", "\tpython-3.12\u2003"])
def test_runtime_txt(content: str) -> None:
    """`python-N.N` in runtime.txt, with spaces around it, overrides .python-version."""
    newest = versions().newest["3.12"]
    expected = ("3.12", "runtime.txt", newest)
    assert version({**PIP, "runtime.txt": content, ".python-version": "3.13"}) == expected


@pytest.mark.parametrize(
    "content",
    [b"3.13", b"Python-3.13", b"python 3.13", b"python-3", b"python-3.13.x", b"pypy3.10-7.3",
     b"python-3.13 # x", b"# x\npython-3.13", b"python-3.12\npython-3.13", b"", b"\n",
     b"\xef\xbb\xbfpython-3.13", "python-3.13".encode("utf-16"), b"<<<<<<< HEAD\npython-3.13\n",
     b"python-3.013", b"python-3.13\0", b"python--3.13", b"'python-3.13'"],
)  # fmt: skip
def test_invalid_runtime_txt(content: bytes) -> None:
    """Anything else in runtime.txt is refused, even if .python-version is right."""
    answer = outcome({**PIP, "runtime.txt": content, ".python-version": "3.13"})
    assert isinstance(answer, Refusal)
    assert (answer.reason, answer.file) == ("runtime-txt::invalid-version", "runtime.txt")


def test_all_misspellings() -> None:
    """The 20 known misspellings of .python-version are refused, unless there is a runtime.txt."""
    assert len(set(MISSPELT_VERSION_FILES)) == 20
    for name in MISSPELT_VERSION_FILES:
        files: dict[str, str | bytes] = {**PIP, name: "3.12", ".python-version": "3.12"}
        assert reason(files) == "python-version-file::misspelled", name
        assert version({**files, "runtime.txt": "python-3.12"})[1] == "runtime.txt"


def lock(**requires: object) -> dict[str, str | bytes]:
    """Return a Pipenv app whose lock file has these requirements."""
    return {"Pipfile": "", "Pipfile.lock": json.dumps({"_meta": {"requires": requires}})}


def test_pipfile_lock() -> None:
    """Pipenv's lock file comes after .python-version, its full version first."""
    newest = versions().newest["3.12"]
    assert version(lock(python_version="3.12")) == ("3.12", "Pipfile.lock", newest)
    full = lock(python_version="3.12", python_full_version="3.12.1")
    assert version(full) == ("3.12.1", "Pipfile.lock", "3.12.1")
    assert version({**full, ".python-version": "3.13"})[:2] == ("3.13", ".python-version")
    assert version(lock(python_version=3.13))[0] == "3.13"
    assert version(lock(python_version="3.12", python_full_version=False))[0] == "3.12"
    assert version(lock())[1] == "default"
    assert version(lock(python_version=None, python_full_version=None))[1] == "default"
    assert version({"Pipfile.lock": "{}"})[1] == "default"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "invalid-version"),
        (" \n", "invalid-version"),
        ("{", "invalid-json"),
        ("<<<<<<< HEAD\n{}", "invalid-json"),
        ("[]", "invalid-json"),
        ('{"_meta": []}', "invalid-json"),
        ('{"_meta": "x"}', "invalid-json"),
        ('{"_meta": {"requires": "3.12"}}', "invalid-json"),
        ('{"_meta": {"requires": {"python_version": "3"}}}', "invalid-version"),
        ('{"_meta": {"requires": {"python_version": "*"}}}', "invalid-version"),
        ('{"_meta": {"requires": {"python_version": true}}}', "invalid-version"),
        ('{"_meta": {"requires": {"python_version": ["3.12"]}}}', "invalid-version"),
        ("[" * 100_000, "invalid-json"),
    ],
)
def test_wrong_pipfile_lock(content: str, expected: str) -> None:
    """A lock file that jq cannot parse, or without a version, is refused."""
    assert reason({"Pipfile.lock": content}) == f"pipfile-lock::{expected}"


@pytest.mark.parametrize("asked", ["2.7.18", "2.7", "3.6.1", "3.9", "3.9.25", "3.0", "1.0", "0.0"])
def test_end_of_life(asked: str) -> None:
    """Python below 3.10 is refused, and the request is still reported."""
    made, refusal = chosen(tree({**PIP, "runtime.txt": f"python-{asked}"}), "heroku-26")
    assert made and (made.requested, made.origin, made.version) == (asked, "runtime.txt", asked)
    assert refusal and (refusal.reason, refusal.line) == ("python-version::eol", 1)


@pytest.mark.parametrize(
    "asked", ["3.15", "3.99", "3.15.0", "4.0", "10.2", "3.1000000", f"3.{'9' * 5000}"]
)
def test_unknown_major(asked: str) -> None:
    """A version that is not released yet, or never will be, is not recognised."""
    assert reason({**PIP, ".python-version": asked}) == "python-version::unknown-major"


def test_patches() -> None:
    """A patch is kept; one newer than our data is uncertain, an absurd one refused."""
    newest = int(versions().newest["3.13"].split(".")[2])
    for patch in (0, newest):
        answer = outcome({**PIP, ".python-version": f"3.13.{patch}"})
        assert isinstance(answer, Runtime)
        assert answer.certain
    later = outcome({**PIP, ".python-version": f"3.13.{newest + 1}"})
    assert isinstance(later, Runtime)
    assert (later.certain, later.version) == (False, f"3.13.{newest + 1}")
    assert reason({**PIP, ".python-version": "3.13.999"}) == "python-version::unknown-patch"


MANAGERS = [
    (("requirements.txt",), "pip"),
    (("Pipfile.lock",), "pipenv"),
    (("Pipfile", "Pipfile.lock"), "pipenv"),
    (("poetry.lock", "pyproject.toml"), "poetry"),
    (("requirements.txt", "pyproject.toml", "setup.py", "pdm.lock"), "pip"),
    (("Pipfile",), "package-manager::pipenv-missing-lockfile"),
    (("Pipfile", "requirements.txt", "uv.lock"), "package-manager::pipenv-missing-lockfile"),
    (("setup.py",), "package-manager::setup-py-only"),
    (("app.py",), "package-manager::none-found"),
    (("pyproject.toml", "pdm.lock", "environment.yml"), "package-manager::none-found"),
    (("requirements.txt", "Pipfile.lock"), "package-manager::multiple-found"),
    (("requirements.txt", "poetry.lock"), "package-manager::multiple-found"),
    (("uv.lock", "poetry.lock"), "package-manager::multiple-found"),
]


@pytest.mark.parametrize(("names", "expected"), MANAGERS)
def test_package_manager(names: tuple[str, ...], expected: str) -> None:
    """Exactly one package file chooses the manager; a Pipfile needs its lock in any case."""
    files: dict[str, str | bytes] = dict.fromkeys(names, "")
    if "Pipfile.lock" in files:
        files["Pipfile.lock"] = "{}"
    answer = outcome(files)
    assert (answer.reason if isinstance(answer, Refusal) else answer.manager) == expected


def test_several_managers_are_listed_in_order() -> None:
    """All package files are named, in the buildpack's order."""
    names = ("uv.lock", "poetry.lock", "requirements.txt", "Pipfile.lock")
    answer = outcome(dict.fromkeys(names, ""))
    assert isinstance(answer, Refusal)
    assert [line.removeprefix(" !     ") for line in answer.lines[2:]] == [
        "Pipfile.lock (Pipenv)",
        "requirements.txt (pip)",
        "poetry.lock (Poetry)",
        "uv.lock (uv)",
    ]


def test_package_files_that_are_no_files() -> None:
    """A broken link, or a folder, is not a package file; a link to a file is."""
    broken = tree({"app.py": ""}, links={"requirements.txt": "gone"})
    folder = tree({"app.py": "", "requirements.txt/base.txt": ""})
    linked = tree({"deploy/base.txt": ""}, links={"requirements.txt": "deploy/base.txt"})
    for source in (broken, folder):
        _, refusal = chosen(source, "heroku-26")
        assert refusal and refusal.reason == "package-manager::none-found"
    assert chosen(linked, "heroku-26")[1] is None


def test_uv() -> None:
    """uv requires .python-version: neither the default nor runtime.txt will do."""
    assert reason({"uv.lock": ""}) == "python-version-file::not-found"
    assert reason({"uv.lock": "", "runtime.txt": "python-3.13"}) == "runtime-txt::not-supported"
    assert reason({"uv.lock": "", "runtime.txt": "python-3.8"}) == "python-version::eol"
    assert reason({"uv.lock": "", ".python-version": "3.13"}) is None


STACKS = [
    ("heroku-22", None), ("heroku-24", None), ("heroku-26", None),
    ("cedar", "eol"), ("cedar-14", "eol"), ("heroku-16", "eol"), ("heroku-18", "eol"),
    ("heroku-20", "eol"), ("heroku-28", "unknown"), ("container", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("stack", "expected"), STACKS)
def test_stack(stack: str, expected: str | None) -> None:
    """Old and unknown stacks are refused, whatever else is wrong."""
    found = reason({"app.py": "", "venv/pyvenv.cfg": ""} if expected else PIP, stack)
    assert found == (expected and f"checks::stack::{expected}")


def test_committed_environments() -> None:
    """A committed .heroku/python or virtual environment is refused."""
    assert reason({**PIP, ".heroku/python/bin/python": ""}) == "checks::existing-python-dir"
    assert reason({**PIP, ".heroku/python": ""}) == "checks::existing-python-dir"
    assert reason({**PIP, "venv/pyvenv.cfg": ""}) == "checks::existing-venv-dir"
    both = outcome({**PIP, "venv/pyvenv.cfg": "", ".venv/pyvenv.cfg": ""})
    assert isinstance(both, Refusal)
    assert (both.subject, both.file) == (".venv", ".venv/pyvenv.cfg")
    for path in ("env/pyvenv.cfg", "back/venv/pyvenv.cfg", "venv/bin/python"):
        assert reason({**PIP, path: ""}) is None


def test_order_of_the_checks() -> None:
    """Of several reasons, the first in the buildpack's order is reported."""
    files: dict[str, str | bytes] = {
        ".heroku/python/x": "",
        "Pipfile": "",
        "venv/pyvenv.cfg": "",
        "runtime.txt": "nonsense",
        "python-version": "",
        ".python-version": "nonsense",
    }
    order = []
    for mend in (".heroku/python/x", "Pipfile", "venv/pyvenv.cfg", "runtime.txt", "python-version"):
        order.append(reason(files))
        del files[mend]
        files["requirements.txt"] = ""
    assert [*order, reason(files)] == [
        "checks::existing-python-dir",
        "package-manager::pipenv-missing-lockfile",
        "checks::existing-venv-dir",
        "runtime-txt::invalid-version",
        "python-version-file::misspelled",
        "python-version-file::invalid-version",
    ]


def test_warnings_are_printed_in_order() -> None:
    """The buildpack's warnings come after the version, each in its own block."""
    made, said = planned(tree({**PIP, "runtime.txt": "python-3.10.2"}))
    assert [w.reason for w in made.runtimes[0].warnings] == [
        "runtime-txt",
        "deprecated",
        "outdated-patch",
    ]
    start = said.index("-----> Using Python 3.10.2 specified in runtime.txt")
    assert [line for line in said[start + 1 :] if line] == [
        " !     Warning: The runtime.txt file is deprecated.",
        " !     Warning: Support for Python 3.10 is deprecated!",
        " !     Warning: A Python patch update is available!",
    ]


def test_warnings_become_findings() -> None:
    """Heroku's warnings are warnings, what it merely mentions is a note."""
    web = {**PIP, "Procfile": "web: x"}
    results = findings(tree({**web, "runtime.txt": "python-3.10.2"}))
    assert {f.id: f.effect for f in results.values()} == {
        "runtime-txt-deprecated": "warn",
        "python-series-deprecated": "warn",
        "python-patch-outdated": "note",
    }
    assert findings(tree(web))["python-version-unspecified"].effect == "note"
    later = findings(tree({**web, ".python-version": "3.14.20"}))
    assert list(later) == ["python-patch-unknown"]


def kept(files: dict[str, str | bytes], series: str) -> Runtime | Refusal:
    """Return the decision for an app whose last build had Python `series`."""
    made, refusal = chosen(tree(files), "heroku-26", series)
    answer = refusal or made
    assert answer is not None
    return answer


def test_precedence() -> None:
    """runtime.txt, .python-version, Pipfile.lock, the last build, the default."""
    files = {
        **lock(python_version="3.13", python_full_version="3.12.5"),
        "runtime.txt": "python-3.10",
        ".python-version": "3.11",
    }
    order = []
    for gone in ("runtime.txt", ".python-version", "Pipfile.lock", ""):
        answer = kept(files, "3.14")
        assert isinstance(answer, Runtime)
        order.append((answer.origin, ".".join(answer.version.split(".")[:2])))
        files.pop(gone, None)
        files = files if gone != "Pipfile.lock" else {"Pipfile.lock": "{}"}
    assert order == [
        ("runtime.txt", "3.10"),
        (".python-version", "3.11"),
        ("Pipfile.lock", "3.12"),
        ("cached", "3.14"),
    ]
    assert version({"Pipfile.lock": "{}"})[1] == "default"


def test_the_last_build_s_python_is_sticky() -> None:
    """Its series stays, in its newest patch; one past its end is refused as cached."""
    answer = kept(PIP, "3.12")
    assert isinstance(answer, Runtime)
    assert (answer.origin, answer.requested) == ("cached", None)
    assert answer.version == versions().newest["3.12"]
    assert [w.reason for w in answer.warnings] == ["unspecified"]
    refused = kept(PIP, "3.9")
    assert isinstance(refused, Refusal)
    assert refused.reason == "python-version::eol" and refused.file is None
    assert refused.lines[0].endswith("Error: The cached Python version has reached end-of-life.")
    uv = kept({"uv.lock": ""}, "3.13")
    assert isinstance(uv, Refusal) and uv.reason == "python-version-file::not-found"


@pytest.mark.parametrize("name", ["pyproject.toml", "setup.cfg", "setup.py", "tox.ini"])
def test_other_files_ask_for_no_python(name: str) -> None:
    """The buildpack does not read Python requirements of a project elsewhere."""
    text = '[project]\nrequires-python = "==3.11.*"\n'
    assert version({**PIP, name: text})[1] == "default"


@pytest.mark.real
def test_blanks_are_those_of_bash() -> None:
    """The whitespace around a version is what bash's [[:space:]] matches in C.UTF-8."""
    script = 'while IFS= read -r -d "" c; do [[ $c =~ ^[[:space:]]$ ]] && printf %s "$c"; done'
    candidates = "".join(chr(n) for n in range(1, 0x3100) if chr(n).isspace() or chr(n) in SPACE)
    done = subprocess.run(
        ["bash", "-c", script],
        input="".join(f"{c}\0" for c in candidates + "\u200b\ufeff\u180ea").encode(),
        env={"LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=False,
    )
    assert sorted(done.stdout.decode()) == sorted(SPACE)


@given(st.sampled_from([".python-version", "runtime.txt", "Pipfile.lock"]), st.binary())
def test_any_content_is_decided(name: str, content: bytes) -> None:
    """Any content of a version file is a version or a refusal, never an error."""
    files: dict[str, str | bytes] = {name: content}
    if name != "Pipfile.lock":
        files["requirements.txt"] = ""
    assert outcome(files)
