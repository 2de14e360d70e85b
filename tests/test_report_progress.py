"""Progress: messages for slow stages only, which nothing can break."""

import io
import os
import pty
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from parity.records import Line
from parity.report import progress
from parity.report.progress import Progress

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A stage is slow after 50 ms here, and no thread may survive."""
    before = threading.enumerate()
    monkeypatch.setattr(progress, "SLOW", 0.05)
    yield
    assert threading.enumerate() == before


class Told(io.StringIO):
    """A stream that signals when something is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Event()

    def write(self, text: str) -> int:
        """Accept the text, and wake the waiting test."""
        count = super().write(text)
        self.written.set()
        return count


def test_a_slow_stage_gets_one_plain_line() -> None:
    """In a pipe: one line with the step that Heroku would print, without control characters."""
    stream = Told()
    with Progress(stream, tty=False, quiet=False, colour=False) as shown:
        shown.stage("build")
        shown.line(Line(1.0, "remote", "-----> Installing\x1b[31m dependencies"))
        shown.line(Line(1.0, "app[web.1]", "-----> not a step"))
        assert stream.written.wait(5)
        stream.written.clear()
        shown.stage("boot")
        assert stream.written.wait(5)
    assert stream.getvalue().splitlines() == [
        r"parity: build: Installing\x1b[31m dependencies …",
        "parity: boot: waiting for the app to listen on $PORT …",
    ]


def test_a_quick_stage_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stages that end within a second print nothing."""
    monkeypatch.setattr(progress, "SLOW", 60)
    stream = io.StringIO()
    with Progress(stream, tty=True, quiet=False, colour=True) as shown:
        for name in progress.DOING:
            shown.stage(name)
    assert stream.getvalue() == ""


def test_quiet_is_quiet() -> None:
    """With --quiet, or without a stderr, there is no thread and no output."""
    stream = io.StringIO()
    for made in (stream, None):
        with Progress(made, tty=True, quiet=made is not None, colour=False) as shown:
            shown.stage("build")
            assert not [t for t in threading.enumerate() if t.name == "parity-progress"]
            shown.line(Line(1.0, "remote", "-----> x"))
            shown.pause()
    assert stream.getvalue() == ""


def until(master: int, wanted: bytes) -> bytes:
    """Return what a terminal gets up to `wanted`."""
    got, end = b"", time.monotonic() + 10
    while wanted not in got and time.monotonic() < end:
        if select.select([master], [], [], 0.1)[0]:
            got += os.read(master, 65536)
    assert wanted in got, got
    return got


def test_a_terminal_gets_a_spinner_that_vanishes() -> None:
    """On a terminal: stage, step and seconds; cleared, with the cursor back, for other output."""
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as stream:
        with Progress(stream, tty=True, quiet=False, colour=False) as shown:
            shown.stage("boot")
            until(master, b"boot: waiting for the app")
            shown.pause()
            until(master, b"\x1b[?25h")
            shown.stage("stop")
            until(master, b"stop: stopping the dyno")
        assert b"\x1b[2K" in until(master, b"\x1b[?25h")
    os.close(master)


def full_pipe() -> tuple[int, int]:
    """Return a pipe that accepts no more."""
    source, target = os.pipe()
    os.set_blocking(target, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(target, b"x" * 4096)
    os.set_blocking(target, True)
    return source, target


@pytest.mark.parametrize("tty", [True, False])
@pytest.mark.parametrize("broken", ["full", "no reader", "closed"])
def test_a_broken_stderr_holds_nothing_up(tty: bool, broken: str) -> None:
    """Whatever happens to stderr, the stages go on and end."""
    source, target = full_pipe()
    stream = os.fdopen(target, "w")
    if broken != "full":
        os.close(source)
    if broken == "closed":
        stream.close()
    with Progress(stream, tty=tty, quiet=False, colour=False) as shown:
        shown.stage("build")
        end = time.monotonic() + 5
        while not shown.told and time.monotonic() < end:
            os.sched_yield()
        assert shown.told
        shown.stage("boot")
    if broken == "full":
        os.close(source)
    stream.close()


@pytest.mark.real
def test_rich_is_imported_only_to_show_something() -> None:
    """A run with quick stages does not pay for rich."""
    code = """
import sys
from parity.report.progress import Progress
with Progress(sys.stderr, tty=True, quiet=False, colour=True) as shown:
    shown.stage("build")
assert "rich" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
