"""Wrong usage: one line that says what to type, and nothing is run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from parity.version import __version__
from tests.test_apps import APPS, materialise

pytestmark = pytest.mark.real

PARITY = (sys.executable, "-m", "parity")

WRONG = {
    "chek": "no command chek. Did you mean check?",
    "run --quite": "parity run has no --quite. Did you mean --quiet?",
    "check --formt=json": "parity check has no --formt. Did you mean --format?",
    "run --zzz": "parity run has no --zzz; see `parity run --help`",
    "check --path /x": "parity check has no --path; parity run has",
    "--quiet run": "--quiet goes after the command: parity run --quiet",
    "run a b": "b is one argument too many; see `parity run --help`",
    "run --json": "parity run has no --json; type --format json",
    "run -f Procfile.dev": "parity run has no -f: Heroku reads only the file called Procfile",
    "start": "no command start: to keep the app up, type parity serve",
    "check --ignore R1O": "--ignore R1O: no such ID. Did you mean R10?",
    "check --ignore zzzzz": "no such ID; `parity explain` lists them all",
    "run --port x": "--port x: not a valid number",
    "run --config": "argument --config: expected one argument; see `parity run --help`",
    "run --dyno standart-2x": "--dyno: no size standart-2x. Did you mean standard-2x?",
    "run --network mine": "no network mine: one of host, own",
    "run --isolation none": "--isolation none: one of auto, pidns, guard, subreaper, basic",
    "doctor --format xml": "no format xml: one of full, json",
    "cache clean": "no action clean. Did you mean clear?",
    "cache --older -3": "--older -3: not a valid number",
    "cache --older nan": "--older nan: not a valid number",
    "completion bsh": "no shell bsh. Did you mean bash?",
    "explain H1O": "no such ID: H1O. Did you mean H10?",
    "check --report jsn=x": "--report: no report jsn. Did you mean json?",
    "check --report json=x --report md=./x": "is named twice; each report needs its own file",
    "check --report json=no/where": "no/where cannot be written there",
    "check --report json=/dev/null/x": "/dev/null/x cannot be written there",
}


@pytest.mark.parametrize("typed", WRONG)
def test_one_line_says_what_to_type(typed: str, tmp_path: Path) -> None:
    """Exit status 2, nothing on stdout, no file."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = (*PARITY, *typed.split())
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env=env, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("parity: ")
    assert line.endswith(WRONG[typed])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("", "usage: parity [-h]"),
        ("help", "usage: parity [-h]"),
        ("help run", "usage: parity run"),
        ("-V", f"parity {__version__}"),
    ],
)
def test_help_and_version(typed: str, shown: str) -> None:
    """Exit status 0, on stdout, as with --help; so for parity alone."""
    done = subprocess.run([*PARITY, *typed.split()], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(shown) and done.stderr == ""


def test_help_lists_the_values_of_options() -> None:
    """They are written out there, and are those that exist."""
    from parity.cli import options
    from parity.dyno.isolation import LEVELS
    from parity.facts.dynos import SIZES
    from parity.facts.router import PROFILES
    from parity.facts.stacks import SUPPORTED
    from parity.report import KINDS

    assert tuple(KINDS) == options.FORMATS
    assert ("auto", *LEVELS) == options.LEVELS
    assert options.STACKS.replace(" (default)", "").split(", ") == [*SUPPORTED]
    assert options.SIZES.replace(" (default)", "").split(", ")[:-1] == [*SIZES][:6]
    done = subprocess.run([*PARITY, "run", "--help"], capture_output=True, text=True, check=True)
    text = " ".join(done.stdout.split())
    assert all(name in text for name in (*KINDS, *LEVELS, *SUPPORTED, *PROFILES))


def test_a_report_where_the_user_may_not_write(tmp_path: Path) -> None:
    """It is reported before the app is built."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    typed = (*PARITY, "check", "--report", f"json={tmp_path}/r.json")
    done = subprocess.run(typed, capture_output=True, text=True, check=False)
    tmp_path.chmod(0o700)
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot be written there" in done.stderr


@pytest.mark.net
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_standard_stream_may_be_closed(closed: str, tmp_path: Path) -> None:
    """None of parity's own pipes takes its place: the verdict is as usual, and arrives."""
    materialise(APPS / "works-stdlib-server", {}, tmp_path)
    script = f'exec "$0" -m parity run "$1" --report concise="$1/out" {closed}'
    command = ("bash", "-c", script, sys.executable, str(tmp_path))
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    assert "works: " in (tmp_path / "out").read_text()
    assert done.stdout.startswith("works: ") == (">&-" not in closed.split())


@pytest.mark.parametrize("words", ["explain -", "run --env -"])
def test_a_closed_stdin_is_an_empty_one(words: str, tmp_path: Path) -> None:
    """It is not reported as a bug of ours (exit status 4)."""
    script = f'cd "$1" && exec "$0" -m parity {words} <&-'
    command = ("bash", "-c", script, sys.executable, str(tmp_path))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (1, 3)
    assert "bug" not in done.stderr


@pytest.mark.parametrize("typed", ["run", "explain R10", "--version"])
def test_windows_is_told_where_parity_runs(typed: str) -> None:
    """Before anything that Windows lacks is imported: two lines, like other machine trouble."""
    script = (
        "import signal, sys\nsys.platform = 'win32'\ndel signal.SIGHUP, signal.SIGQUIT\n"
        f"sys.argv[1:] = {typed.split()!r}\nfrom parity.__main__ import main\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["parity", "  fix"]
    assert "WSL" in done.stderr
