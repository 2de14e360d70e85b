"""Odd machines that can be made without root: what they lack is never blamed on the app."""

import errno
import os
import platform
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from parity.dyno import port
from parity.records import Line
from parity.system import withheld
from parity.system.errors import AT_ITS_END, troubled
from tests import verdicts
from tests.builds import HERE

REFUSING = Path(__file__).parent / "bench" / "refusing.py"
ANSWERS = """\
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
{before}
class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Hello).serve_forever()
"""
MANY_FILES = "kept = [open('app.py') for _ in range(500)]"
WORKS, FAILS, CANNOT = 0, 1, 3


def app(folder: Path, before: str = "") -> Path:
    """Create an app without packages that answers."""
    folder.mkdir()
    (folder / "app.py").write_text(ANSWERS.format(before=before))
    (folder / "Procfile").write_text("web: python app.py\n")
    (folder / "requirements.txt").touch()
    (folder / ".python-version").write_text(HERE)
    return folder


def on(machine: str, *words: str, folder: Path, cache: Path | None = None) -> tuple[int, str]:
    """Return parity's exit code and output after the shell commands `machine` in `folder`."""
    (folder / "tmp").mkdir(exist_ok=True)
    script = machine if '"$@"' in machine else f'{machine}\nexec "$@"'
    kept = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    done = subprocess.run(
        ["bash", "-c", script, "machine", sys.executable, "-m", "parity", *words],
        cwd=folder,
        env={
            **kept,
            "HOME": str(folder),
            "TMPDIR": str(folder / "tmp"),
            "PARITY_CACHE_DIR": str(cache or folder / "cache"),
            "PIP_CONFIG_FILE": os.devnull,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, " ".join(done.stdout.split())


def made(machine: str) -> None:
    """Skip the test if the kernel does not let an ordinary user create such a machine."""
    options = re.search(r"unshare \S+", machine)
    if options and subprocess.run([*options[0].split(), "true"], check=False).returncode:
        pytest.skip("the kernel refuses namespaces")


MOUNTED = 'unshare -Urm bash -c \'mount -t tmpfs {} && exec "$@"\' x "$@"'
LACKS = {
    "open files": ("ulimit -n 24", "open files"),
    "CPU time": ("ulimit -t 5", "CPU time"),
    "size of a file": ("ulimit -f 100", "kB for a file"),
    "addresses": ("ulimit -v 400000", "kB of addresses"),
    "cache with a quote": ('export PARITY_CACHE_DIR="$PWD/a\'b"', "breaks scripts"),
    "cache with a newline": ("export PARITY_CACHE_DIR=$PWD/$'a\\nb'", "breaks scripts"),
    "no loopback": ('unshare -Urn "$@"', "no loopback"),
    "another /proc": ('unshare -Urpf "$@"', "another pid namespace"),
    "no /proc": (MOUNTED.format("none /proc"), "there is no /proc"),
    "noexec": (f"export TMPDIR=/mnt; {MOUNTED.format('-o noexec none /mnt')}", "noexec"),
    "full disk": (f"export TMPDIR=/mnt; {MOUNTED.format('-o size=4k none /mnt')}", "No space left"),
}


@pytest.mark.net
@pytest.mark.parametrize("name", LACKS)
def test_what_a_machine_lacks(name: str, tmp_path: Path) -> None:
    """It is reported before anything is built, with what to do."""
    machine, told = LACKS[name]
    made(machine)
    app(tmp_path / "app")
    code, said = on(machine, "run", "app", "--offline", "--format", "concise", folder=tmp_path)
    assert (code, told in said) == (CANNOT, True), said
    assert "fails" not in said


@pytest.fixture(scope="module")
def cache(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache with the environment of an app without packages."""
    folder = tmp_path_factory.mktemp("cache")
    (folder / "tools").symlink_to(tools)
    place = tmp_path_factory.mktemp("first")
    app(place / "app")
    code, said = on("", "run", "app", "--offline", folder=place, cache=folder)
    assert code == WORKS, said
    yield folder


def refused(calls: str) -> str:
    """Return a machine whose kernel refuses these system calls."""
    return f'exec "{sys.executable}" "{REFUSING}" {calls} "$@"'


ODD = {
    "soft limits": ("ulimit -Sn 64; ulimit -St 1; ulimit -Sf 10; ulimit -Sv 500000", "", WORKS),
    "few files, enough": ("ulimit -n 300", "", WORKS),
    "few files, not enough": ("ulimit -n 300", MANY_FILES, CANNOT),
    "many files": ("", MANY_FILES, WORKS),
    "crash": ("ulimit -n 300", "raise ValueError('Too few open windows')", FAILS),
    "no setrlimit": (refused("setrlimit,prlimit64"), "", WORKS),
    "no namespaces": (refused("newuser,unshare,netlink"), "", WORKS),
    "no prctl": (refused("newuser,prctl"), "", WORKS),
    "no pidfd": (refused("pidfd_open=ENOSYS"), "", WORKS),
    "no session": (refused("setsid"), "", CANNOT),
}


@pytest.mark.net
@pytest.mark.xdist_group("machines")
@pytest.mark.parametrize("name", ODD)
def test_an_odd_machine(name: str, cache: Path, tmp_path: Path) -> None:
    """Limits are raised as far as possible; what they break is not blamed on the app."""
    machine, before, wanted = ODD[name]
    if "refusing" in machine and platform.machine() != "x86_64":
        pytest.skip("the filter knows the system calls of x86-64 alone")
    app(tmp_path / "app", before)
    words = ("run", "app", "--offline", "--first-only", "--format", "concise")
    code, said = on(machine, *words, folder=tmp_path, cache=cache)
    assert code == wanted, said


@pytest.mark.net
def test_doctor_tries_what_it_vouches_for(tmp_path: Path) -> None:
    """Limits, /proc, loopback, folders: each problem has its line and its fix."""
    (tmp_path / "cache").mkdir()
    code, said = on("ulimit -n 60", "doctor", "--offline", folder=tmp_path)
    assert code == CANNOT
    assert "60 open files" in said
    made('unshare -Urn "$@"')
    code, said = on('unshare -Urn "$@"', "doctor", "--offline", folder=tmp_path)
    assert (code, "ip link set lo up" in said) == (CANNOT, True), said
    made(MOUNTED)
    noexec = f"export TMPDIR=/mnt; {MOUNTED.format('-o noexec none /mnt')}"
    code, said = on(noexec, "doctor", "--offline", folder=tmp_path)
    assert (code, "a disk without noexec" in said) == (CANNOT, True), said


SLUG = verdicts.slug(verdicts.plan(verdicts.source()))
KILLED = ("Killed", "Worker (pid:9) was sent SIGKILL! Perhaps out of memory?", "Error: died")


@pytest.mark.parametrize("line", KILLED)
@pytest.mark.parametrize("killed", [False, True])
def test_the_machines_own_oom_killer(
    line: str, killed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that the kernel has ended for lack of memory is not the app's failure."""
    withheld.begin()
    if killed:
        monkeypatch.setattr(withheld, "_killed_before", [-1])
    boot = verdicts.boot(SLUG, state="crashed", exit=1, output=(said(line),))
    assert (withheld.lack(boot) is not None) == (killed and line != KILLED[-1])


def said(text: str) -> Line:
    """Return a line of an app's."""
    return Line(verdicts.AT, "app[web.1]", text)


DISK = ("OSError: [Errno 28] No space left on device", "ENOSPC: write", "[Errno 122] EDQUOT")


@pytest.mark.parametrize("line", DISK)
def test_a_full_disk(line: str) -> None:
    """A build without disk space is not blamed on the app."""
    slug = SLUG._replace(output=("Collecting flask", line))
    assert withheld.lack(slug)


CLOCK = """\
import os, signal
from parity.system import awake
awake.LONGEST_GAP = 0.2
clock = awake.Clock()
began = clock.now()
os.kill(os.getpid(), signal.SIGSTOP)
print(clock.now() - began)
"""


@pytest.mark.net
def test_a_clock_that_was_stopped() -> None:
    """The time during which parity was stopped (Ctrl-Z) does not count."""
    with subprocess.Popen([sys.executable, "-c", CLOCK], stdout=subprocess.PIPE) as process:
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            os.sched_yield()
        process.send_signal(signal.SIGCONT)
        assert process.stdout
        assert float(process.stdout.read()) < 0.2


@pytest.mark.parametrize(
    "error",
    [
        *(OSError(code, os.strerror(code)) for code in AT_ITS_END),
        MemoryError(),
        RuntimeError("can't start new thread"),
    ],
    ids=repr,
)
def test_what_is_at_its_end(error: Exception) -> None:
    """It is trouble with this machine, and not a bug in parity."""
    trouble = troubled(error)
    assert trouble
    assert trouble.fix.endswith(".")


def test_a_bug_is_no_trouble() -> None:
    """Other exceptions are parity's own."""
    assert troubled(RuntimeError("dictionary changed size")) is None
    assert troubled(ValueError("EMFILE")) is None
    assert troubled(FileNotFoundError(errno.ENOENT, "no")) is None


RANGES = {
    (32768, 60999): (10_000, 32_000),
    (15000, 65000): (10_000, 14_999),
    (1024, 65535): (10_000, 32_000),
    (1024, 1030): (10_000, 32_000),
    (10000, 40000): (40_001, 41_000),
}


@pytest.mark.parametrize("ephemeral", RANGES)
def test_the_ports_to_choose_from(ephemeral: tuple[int, int]) -> None:
    """However many ports the kernel reserves, some are left."""
    assert port.span(*ephemeral) == RANGES[ephemeral]
