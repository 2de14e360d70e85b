"""`parity exec`: a command in a one-off dyno, with pipes and at a terminal."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from parity.cli.exec import expanded, joined, split
from parity.records import ProcessType
from tests.test_leftovers import gone

pytestmark = pytest.mark.net

PARITY = [sys.executable, "-m", "parity"]


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app with a worker that takes arguments."""
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "requirements.txt").touch()
    (folder / "Procfile").write_text("web: python app.py\nworker: python work.py fast\n")
    (folder / "work.py").write_text("import sys\nprint(sys.argv[1:])\n")
    return folder


def execute(
    app: Path, *words: str, options: tuple[str, ...] = (), stdin: bytes = b""
) -> "subprocess.CompletedProcess[bytes]":
    """Run `parity exec APP OPTIONS -- WORDS`."""
    return subprocess.run(
        [*PARITY, "exec", str(app), *options, "--", *words],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, "TMPDIR": str(app.parent), "CANARY": "developer's own"},
    )


def test_a_dyno_of_its_own(app: Path) -> None:
    """The dyno has its name, its environment and the config vars, nothing of the developer's."""
    done = execute(app, "env; pwd; exit 5", options=("--config", "GREETING=hi there"))
    assert done.returncode == 5
    *variables, where = done.stdout.decode().splitlines()
    env = dict(line.split("=", 1) for line in variables if "=" in line)
    assert re.fullmatch(r"run\.\d{4}", env["DYNO"])
    assert env["GREETING"] == "hi there"
    assert env["HOME"] == where
    assert env["PYTHONUNBUFFERED"] == "true"
    assert "CANARY" not in env
    assert f"up, {env['DYNO']}".encode() in done.stderr
    assert gone(str(app.parent)) == []


def test_streams_are_the_commands_own(app: Path) -> None:
    """Bytes in, bytes out, stderr separate; the end of stdin arrives."""
    data = bytes(range(256)) * 500
    done = execute(app, "cat; echo wrong >&2", options=("--quiet",), stdin=data)
    assert (done.stdout, done.stderr, done.returncode) == (data, b"wrong\n", 0)


def test_what_it_writes_is_gone(app: Path) -> None:
    """Each one-off dyno has a fresh copy of the slug, and the project stays as it is."""
    before = sorted(app.iterdir())
    assert execute(app, "echo x > left.txt").returncode == 0
    assert execute(app, "ls left.txt").returncode == 2
    assert sorted(app.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "output", "code"),
    [
        (["worker"], "['fast']\n", 0),
        (["worker", "42", "two words"], "['fast', '42', 'two words']\n", 0),
        (["nonesuch"], "", 127),
        (["kill -9 $$"], "", 137),
        (["python", "-c", 'import sys; sys.exit("no")'], "", 1),
        (["echo", "$DYNO-"], r"run\.\d+-\n", 0),
    ],
)
def test_commands(app: Path, words: list[str], output: str, code: int) -> None:
    """A process type stands for its command; bash reads the line, as on Heroku."""
    done = execute(app, *words)
    assert done.returncode == code
    text = done.stdout.decode()
    assert text == output or re.fullmatch(output, text)


def test_how_words_become_a_line() -> None:
    """A single word stays as it is; of several, those with spaces or quotes are quoted."""
    assert joined(["echo $A; exit 3"]) == "echo $A; exit 3"
    assert joined(["echo", "a b", 'say "x"', "c"]) == 'echo "a b" "say \\"x\\"" c'
    types = {"worker": ProcessType("worker", "python w.py", 1)}
    assert expanded("worker", types) == "python w.py"
    assert expanded("worker 42", types) == "python w.py 42"
    assert expanded("workers", types) == "workers"


def test_where_the_command_begins() -> None:
    """The command follows the first --, for `exec` alone."""
    assert split(["exec", "app", "--", "ls", "--", "x"]) == (["exec", "app"], ["ls", "--", "x"])
    assert split(["run", "--", "x"]) == (["run", "--", "x"], [])


@pytest.mark.parametrize(
    "words", [["exec"], ["exec", "--"], ["exec", "--", ""], ["exec", "/nonesuch", "--", "ls"]]
)
def test_wrong_usage(words: list[str]) -> None:
    """Wrong usage gets one line and status 2."""
    done = subprocess.run([*PARITY, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_no_slug_no_command(app: Path) -> None:
    """A rejected push has no dynos: stderr says so, with the verdict's status."""
    (app / "requirements.txt").write_text("flask=3.0\n")
    done = execute(app, "echo", "never")
    assert done.returncode == 1
    assert done.stdout == b""
    assert b"requirements.txt" in done.stderr


def started(app: Path, command: str) -> "subprocess.Popen[bytes]":
    """Start `parity exec` in the background and wait until the command says that it is ready."""
    process = subprocess.Popen(
        [*PARITY, "exec", str(app), "--quiet", "--", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(app.parent)},
    )
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    return process


@pytest.mark.parametrize(
    ("command", "signals", "code"),
    [
        ("echo ready; exec sleep 100", [signal.SIGINT], 130),
        ("trap 'echo bye; exit 4' INT; echo ready; sleep 100 & wait", [signal.SIGINT], 4),
        ("trap '' INT; echo ready; sleep 100 & wait", [signal.SIGINT, signal.SIGINT], 137),
        ("echo ready; exec sleep 100", [signal.SIGTERM], 143),
        ("(setsid sleep 100 &); echo ready; exec sleep 100", [signal.SIGHUP], 129),
        ("trap '' TERM; echo ready; sleep 100", [signal.SIGTERM, signal.SIGTERM], 143),
    ],
)
def test_signals(app: Path, command: str, signals: list[int], code: int) -> None:
    """Ctrl-C is for the command to handle, a second one kills it; nothing is left either way."""
    with started(app, command) as process:
        for number, signum in enumerate(signals):
            time.sleep(0.5 * number)  # two signals at once would count as one
            process.send_signal(signum)
        process.communicate(timeout=20)
    assert process.returncode == code
    assert gone(str(app.parent)) == []


def _guarding(process: psutil.Process) -> bool:
    """Return whether the guard's own program has been started."""
    try:
        return any(child.cmdline()[1:3] == ["-I", "-S"] for child in process.children())
    except psutil.Error:
        return False


def test_ctrl_c_before_parity_knows_of_the_start(app: Path) -> None:
    """Ctrl-C goes to a command that runs before parity has noticed its start."""
    process = subprocess.Popen(
        [
            *PARITY,
            "exec",
            str(app),
            "--quiet",
            "--",
            "trap 'exit 4' INT; echo ready; sleep 100 & wait",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    while process.poll() is None and not _guarding(psutil.Process(process.pid)):
        continue
    process.send_signal(signal.SIGSTOP)
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGCONT)
    process.communicate(timeout=20)
    assert process.returncode == 4


def test_a_killed_parity_leaves_nothing(app: Path) -> None:
    """SIGKILL of parity ends the command, too."""
    with started(app, "(setsid sleep 100 &); echo ready; exec sleep 100") as process:
        process.kill()
        process.wait()
    assert gone(str(app)) == []


def at_terminal(app: Path, command: str, *typed: tuple[bytes, bytes]) -> tuple[str, int]:
    """Run it at a terminal of 101 columns; each text is typed once its prompt is shown."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TMPDIR=str(app.parent), TERM="xterm", PS1="")
        os.execv(sys.executable, [*PARITY, "exec", str(app), "--", command])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
    shown, left, until = b"", list(typed), time.monotonic() + 30
    while time.monotonic() < until and select.select([terminal], [], [], 30)[0]:
        try:
            shown += os.read(terminal, 65536)
        except OSError:
            break
        if left and re.search(left[0][0], shown, re.DOTALL):
            os.write(terminal, left.pop(0)[1])
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return shown.decode(), os.waitstatus_to_exitcode(status)


def test_at_a_terminal(app: Path) -> None:
    """The command gets a terminal of the same size and kind."""
    command = "tty; stty size; echo $TERM $COLUMNS $LINES; [ -t 0 ] && [ -t 1 ] && exit 6"
    shown, code = at_terminal(app, command)
    assert code == 6
    assert re.search(r"(?:/dev/pts/\d+|not a tty)\r\n33 101\r\nxterm 101 33\r\n", shown)


def test_ctrl_c_reaches_the_command(app: Path) -> None:
    """The key goes to the command, not to parity; afterwards the terminal is as before."""
    shown, code = at_terminal(app, "echo re''ady; exec sleep 100", (b"ready", b"\x03"))
    assert code == 130
    assert "^C" in shown
    assert gone(str(app.parent)) == []


def test_what_is_typed_and_ctrl_d(app: Path) -> None:
    """Typed lines are the command's input, Ctrl-D ends it."""
    command = "echo re''ady; read a; echo got $a; cat; echo end"
    typed = ((b"ready", b"hello\n"), (b"got hello", b"\x04"))
    shown, code = at_terminal(app, command, *typed)
    assert code == 0
    assert shown.endswith("end\r\n")


def test_job_control(app: Path) -> None:
    """An interactive shell controls its terminal: Ctrl-C ends its job, not the shell."""
    steps = (
        (rb"up, run\.", b"PS1='as''k:'\n"),
        (b"ask:", b"bash -c 'echo X$((40+2)); exec sleep 100'\n"),
        (b"X42", b"\x03"),
        (rb"\^C.*ask:", b"exit 9\n"),
    )
    shown, code = at_terminal(app, "bash --norc --noprofile", *steps)
    assert code == 9, shown
    assert "no job control" not in shown


def test_what_is_typed_too_early(app: Path) -> None:
    """What is typed while the dyno starts is still the command's input."""
    shown, code = at_terminal(app, "read a; echo got $a", (rb"up, run\.", b"early\n"))
    assert code == 0, shown
    assert "got early" in shown


def test_a_closed_terminal(app: Path) -> None:
    """When the window is closed, SIGHUP ends everything."""
    closed_under(app, lambda: None)


def test_a_closed_terminal_of_another_session(app: Path) -> None:
    """Without SIGHUP, as under `setsid`, failing reads and writes have the same effect."""
    closed_under(app, in_a_session_of_its_own)


def in_a_session_of_its_own() -> None:
    """Go on in a child without a controlling terminal, and exit with its code."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if child := os.fork():
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.setsid()


def closed_under(app: Path, first: Callable[[], None]) -> None:
    """Call `first`, start a command at a terminal, and close that once it is ready."""
    pid, terminal = pty.fork()
    if pid == 0:
        first()
        os.environ.update(TMPDIR=str(app.parent))
        os.execv(sys.executable, [*PARITY, "exec", str(app), "--", "echo re''ady; sleep 100"])
    shown = b""
    while b"ready" not in shown:
        shown += os.read(terminal, 65536)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 128 + signal.SIGHUP
    assert gone(str(app.parent)) == []
