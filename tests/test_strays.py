"""Processes that leave their command's session, without namespaces: found, ended and reported."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from parity import rehearse
from parity.dyno import levels
from parity.dyno.containment import Containment
from parity.dyno.isolation import LEVELS, Place
from parity.dyno.signals import command
from parity.records import Stray, Strays
from parity.records.options import DEFAULTS
from parity.records.verdict import Verdict
from parity.rules.engine import diagnose
from parity.rules.loading import load
from tests.dynos import dyno, eventually
from tests.test_endings import needs_namespaces

pytestmark = pytest.mark.net

LOWER = ("subreaper", "basic")
DAEMON = """
import os, signal, sys, time
clear, deaf = "clear" in sys.argv, "deaf" in sys.argv
if os.fork():
    while not os.path.exists("daemon.pid"):
        time.sleep(0.01)
    print("ready", flush=True)
    if "stay" in sys.argv:
        time.sleep(100)
    sys.exit(5)
os.setsid()
if os.fork():
    os._exit(0)
os.closerange(0, 1000)
os.chdir(os.environ["HOME"])
if deaf:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open("daemon.tmp", "w") as file:
    file.write(str(os.getpid()))
os.rename("daemon.tmp", "daemon.pid")
os.chdir("/")
os.execve("/bin/sleep", ["sleep", "98765"], {} if clear else os.environ)
"""
FILES = {"daemon.py": DAEMON}


def daemon_of(tmp: Path) -> int:
    """Return the daemon's process id."""
    return int((tmp / "home" / "daemon.pid").read_text())


def running(pid: int) -> bool:
    """Return whether a process exists and is not a zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def below() -> list[psutil.Process]:
    """Return everything that this process has started."""
    return psutil.Process().children(recursive=True)


def kill_guards() -> None:
    """Kill all guards at once."""
    for guard in [p for p in below() if "parity.dyno.guard" in command(p.pid)]:
        guard.send_signal(signal.SIGKILL)


@pytest.mark.parametrize("level", LOWER)
@pytest.mark.parametrize("environment", ["kept", "clear"])
def test_a_daemon_that_outlives_its_command(level: str, environment: str, tmp_path: Path) -> None:
    """Twice forked, a session of its own, closed files, perhaps no environment."""
    starts = f"exec python3 daemon.py {environment}"
    with dyno(tmp_path, starts, FILES, kind="worker", isolated=level) as made:
        assert made.boot().exit == 5
    pid = daemon_of(tmp_path)
    assert made.containment.outlived == (Stray(pid, "sleep 98765", ended=True),)
    assert not running(pid)


@pytest.mark.parametrize("level", LOWER)
@pytest.mark.parametrize("environment", ["kept", "clear"])
def test_a_daemon_that_ignores_the_stop(level: str, environment: str, tmp_path: Path) -> None:
    """It had its time after SIGTERM; one that ends in that time is not reported."""
    for kind, told in (("deaf", 1), ("hears", 0)):
        folder = tmp_path / kind
        folder.mkdir()
        starts = f"exec python3 daemon.py stay {environment} {kind}"
        with dyno(folder, starts, FILES, kind="worker", isolated=level) as made:
            end = made.stop(made.boot(), None)
            assert end.killed == bool(told)
        assert [stray.ended for stray in made.containment.outlived] == [True] * told
        assert not running(daemon_of(folder))


@pytest.mark.parametrize("level", LOWER)
def test_a_daemon_has_time_to_end(level: str, tmp_path: Path) -> None:
    """Even a daemon without a parent gets the time that Heroku gives."""
    slow = "trap 'sleep 0.4; echo done > ended; exit' TERM; echo > set; while :; do sleep 0.1; done"
    starts = f'(setsid bash -c "{slow}" </dev/null >/dev/null 2>&1 &); exec sleep 100'
    with dyno(tmp_path, starts, kind="worker", isolated=level) as made:
        boot = made.boot()
        assert eventually((tmp_path / "home/set").exists)
        assert not made.stop(boot, None).killed
    assert (tmp_path / "home/ended").read_text() == "done\n"
    assert made.containment.outlived == ()


GOOD = {
    "workers": "for i in 1 2 3; do sleep 50 & done; wait",
    "a subshell's workers": "(sleep 50 & sleep 50 & wait)",
    "short-lived": "for i in 1 2 3 4 5; do setsid sleep 0.1 & done; exec sleep 50",
    "ends with one that ends": "(setsid sleep 0.1 </dev/null >/dev/null 2>&1 &); exit 3",
    "children": "sleep 50 & sleep 50 & exit 4",
}


@pytest.mark.parametrize("level", LOWER)
@pytest.mark.parametrize("good", GOOD)
def test_no_false_alarm(level: str, good: str, tmp_path: Path) -> None:
    """Workers, children of the same session, helpers that end by themselves."""
    with dyno(tmp_path, GOOD[good], kind="worker", isolated=level) as made:
        made.stop(made.boot(), None)
    assert made.containment.outlived == ()


WSGI = """
import subprocess
def app(environ, start):
    subprocess.Popen(["setsid", "sleep", "0.2"])
    start("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


@pytest.mark.parametrize("level", LOWER)
def test_gunicorn_is_told_nothing_of(level: str, tmp_path: Path) -> None:
    """A server with workers, and requests that start something for a moment."""
    (tmp_path / "app.py").write_text(WSGI)
    (tmp_path / "Procfile").write_text("web: gunicorn -w 3 app:app\n")
    (tmp_path / "requirements.txt").write_text("gunicorn==27.0.1\n")
    done = parity("run", str(tmp_path), "--format", "json", "--no-env", "--isolation", level)
    report = json.loads(done.stdout)
    assert (report["verdict"], report["boot"]["isolation"]) == ("works", level)
    told = {f["id"] for f in report["findings"]}
    assert not told & {"outlived-its-command", "still-running"}


@pytest.mark.parametrize("level", LOWER)
def test_what_parity_kills_itself_was_not_late(level: str, tmp_path: Path) -> None:
    """A run that is cut short says nothing about the app's behaviour."""
    starts = "exec python3 daemon.py stay"
    with dyno(tmp_path, starts, FILES, kind="worker", isolated=level) as made:
        made.boot()
    assert made.containment.outlived == ()
    assert not running(daemon_of(tmp_path))


@pytest.mark.parametrize("level", [*LOWER, "guard"])
def test_when_the_guards_are_killed(level: str, tmp_path: Path) -> None:
    """parity itself finds the daemon, though it has no environment."""
    starts = "exec python3 daemon.py stay clear"
    with dyno(tmp_path, starts, FILES, kind="worker", isolated=level) as made:
        made.boot()
        kill_guards()
        assert made.ended(5)
    assert not running(daemon_of(tmp_path))
    assert made.containment.outlived == ()


@pytest.mark.parametrize("level", LOWER)
def test_when_the_guard_is_killed_last(level: str, tmp_path: Path) -> None:
    """It has reported the command's end, and gives the daemon a moment: parity does the rest."""
    with dyno(tmp_path, "exec python3 daemon.py", FILES, kind="worker", isolated=level) as made:
        made.launch()
        made.edge.run(made.dyno.follow())
        while made.watch.code is None:
            made.edge.run(asyncio.sleep(0.001))
        kill_guards()
        assert made.watch.code == 5
    assert not running(daemon_of(tmp_path))


FREEZER = Path("/sys/fs/cgroup/freezer")


@pytest.fixture
def frozen() -> Iterator[Path]:
    """A control group whose processes do not end even at SIGKILL."""
    group = FREEZER / f"parity-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no freezer here: {error}")
    yield group
    (group / "freezer.state").write_text("THAWED")
    assert eventually(lambda: not (group / "cgroup.procs").read_text())
    group.rmdir()


@pytest.mark.parametrize("level", LEVELS)
def test_what_cannot_be_ended_is_told(level: str, frozen: Path, tmp_path: Path) -> None:
    """A process that SIGKILL does not reach: parity ends nevertheless, and reports it.

    In namespaces its guard waits with it; parity does not.
    """
    if levels.why_not(level):
        pytest.skip(str(levels.why_not(level)))
    starts = "sleep 98766 & exec sleep 98766"
    with dyno(tmp_path, starts, kind="worker", isolated=level) as made:
        made.boot()
        pids = [p.pid for p in below() if command(p.pid) == "sleep 98766"]
        assert len(pids) == 2
        for pid in pids:
            (frozen / "cgroup.procs").write_text(str(pid))
        (frozen / "freezer.state").write_text("FROZEN")
        assert eventually(lambda: (frozen / "freezer.state").read_text() == "FROZEN\n")
        began = time.monotonic()
    assert time.monotonic() - began < 30
    told = {stray for stray in made.containment.outlived if stray.command}
    assert {(s.pid, s.command, s.ended) for s in told} >= {(p, "sleep 98766", False) for p in pids}


@pytest.mark.parametrize("level", LEVELS)
def test_no_program_becomes_root(level: str, tmp_path: Path) -> None:
    """As on a dyno; and what runs as another user could not be ended."""
    if levels.why_not(level):
        pytest.skip(str(levels.why_not(level)))
    printed: list[str] = []
    argv = ["grep", "NoNewPrivs", "/proc/self/status"]
    Containment().start(Place(level), argv, cwd=tmp_path, env={}, on_line=printed.append, limit=9)
    assert printed == ["NoNewPrivs:\t1"]


def app(folder: Path, procfile: str) -> Path:
    """Create a Python app with the daemon."""
    folder.mkdir()
    (folder / "requirements.txt").touch()
    (folder / "Procfile").write_text(procfile)
    (folder / "daemon.py").write_text(DAEMON)
    return folder


def parity(*argv: str) -> "subprocess.CompletedProcess[str]":
    """Run parity in a separate process."""
    return subprocess.run(
        [sys.executable, "-m", "parity", *argv], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("level", LOWER)
def test_the_report_has_it(level: str, tmp_path: Path) -> None:
    """A note with process id and command; the verdict and the stages are unchanged."""
    folder = app(tmp_path / "app", "web: python daemon.py clear\n")
    done = parity("run", str(folder), "--format", "json", "--no-env", "--isolation", level)
    report = json.loads(done.stdout)
    assert (done.returncode, report["symptom"]) == (1, "H10")
    (note,) = [f for f in report["findings"] if f["id"] == "outlived-its-command"]
    assert (note["effect"], note["title"]) == (
        "note",
        "`sleep 98765` outlived the command that started it",
    )
    (evidence,) = note["evidence"]
    assert evidence["seen"] == f"pid {evidence['pid']} (sleep 98765) was ended"
    assert not running(evidence["pid"])


@pytest.mark.parametrize("level", LOWER)
def test_a_run_knows_only_its_own(level: str, tmp_path: Path) -> None:
    """Two rehearsals in one process, each with a daemon that the other must not hear of."""
    both = threading.Barrier(2, timeout=60)

    def rehearsed(number: int) -> Verdict:
        """Both have seen their daemon before either looks back."""
        starts = f"setsid sleep 9876{number} </dev/null >/dev/null 2>&1 & sleep 0.2"
        files = f"release: {starts}\nweb: python -m http.server $PORT\n"
        return rehearse(
            app(tmp_path / str(number), files),
            options=DEFAULTS._replace(isolation=level, run_release=True),
            on_stage=lambda stage: stage != "boot" or both.wait(),
        )

    with ThreadPoolExecutor(2) as pool:
        verdicts = [*pool.map(rehearsed, (1, 2))]
    assert [verdict.verdict for verdict in verdicts] == ["works", "works"]
    told = [
        [e.seen for f in verdict.findings if f.id == "outlived-its-command" for e in f.evidence]
        for verdict in verdicts
    ]
    assert [[seen.partition("(")[2] for seen in each] for each in told] == [
        ["sleep 98761) was ended"],
        ["sleep 98762) was ended"],
    ]


@pytest.mark.parametrize("quiet", [True, False])
def test_a_one_off_dyno_tells_it(quiet: bool, tmp_path: Path) -> None:
    """On stderr, with config vars' values masked; not with --quiet, as all is well."""
    folder = app(tmp_path / "app", "web: true\n")
    options = ["--config", "SECRET=98765432", "--isolation", "basic", *["--quiet"] * quiet]
    starts = "setsid sleep $SECRET </dev/null >/dev/null 2>&1 & sleep 0.2; exit 3"
    done = parity("exec", str(folder), *options, "--", starts)
    assert done.returncode == 3
    assert ("(sleep [SECRET]) was ended" in done.stderr) != quiet
    assert "98765432" not in done.stderr


def test_both_kinds_are_explained() -> None:
    """What was ended, and what still runs and how to end it."""
    load()
    found = diagnose(Strays("stop", (Stray(7, "a b", True), Stray(8, "c", False))))
    assert [(f.id, f.effect, f.stage) for f in found] == [
        ("outlived-its-command", "note", "stop"),
        ("still-running", "note", "stop"),
    ]
    assert "kill -9 8" in found[1].fix
    assert [f.evidence[0].seen for f in found] == ["pid 7 (a b) was ended", "pid 8 (c) still runs"]


@needs_namespaces
def test_in_namespaces_there_is_nothing_to_tell(tmp_path: Path) -> None:
    """The kernel has ended it."""
    with dyno(tmp_path, "exec python3 daemon.py", FILES, kind="worker", isolated="pidns") as made:
        assert made.boot().exit == 5
    assert made.containment.outlived == ()
