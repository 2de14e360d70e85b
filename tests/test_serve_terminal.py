"""`parity serve` at a terminal: colours, keys, opening a browser."""

import os
import pty
import re
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.test_leftovers import gone
from tests.test_serve import PATIENCE, SERVER, app, eventually, free

pytestmark = pytest.mark.net


class Screen:
    """`parity serve` with a pseudo-terminal for all three streams; `text` is its output."""

    def __init__(self, process: "subprocess.Popen[bytes]", outer: int) -> None:
        self.process = process
        self.text = ""
        self._outer = outer
        threading.Thread(target=self._read, daemon=True).start()

    def shows(self, wanted: str, times: int = 1) -> bool:
        """Return whether `wanted` appears, `times` times."""
        return eventually(lambda: len(re.findall(wanted, self.text)) >= times)

    def types(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._outer, keys)

    def _read(self) -> None:
        with suppress(OSError):  # EIO: the other end is closed
            while data := os.read(self._outer, 65536):
                self.text += data.decode("utf-8", "replace")


@contextmanager
def screen(folder: Path, *options: str, env: Mapping[str, str] | None = None) -> Iterator[Screen]:
    """Run `parity serve` of `folder` at a terminal, which must be unchanged afterwards."""
    outer, inner = pty.openpty()
    before = termios.tcgetattr(inner)
    kept = {k: v for k, v in os.environ.items() if k not in ("CI", "NO_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-c", START, "serve", str(folder), "--port", str(free()), *options],
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
        env={**kept, "TERM": "xterm", "TMPDIR": str(folder.parent), **(env or {})},
    )
    try:
        yield Screen(process, outer)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
        after = termios.tcgetattr(inner)
        os.close(inner)
        os.close(outer)
    assert after == before


START = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from parity.__main__ import main
main()
"""


def test_keys(tmp_path: Path) -> None:
    """`r` builds again; `q` ends with what `parity run` would return."""
    folder = app(tmp_path)
    with screen(folder) as seen:
        assert seen.shows("starting to up")
        assert seen.shows(r"ready: http://app\.localhost:\d+ \(after \d+\.\d s\)")
        assert seen.shows("keys: r builds again, o opens the browser, q ends")
        (folder / "server.py").write_text(SERVER.replace("started", "started again"))
        seen.types(b"r")
        assert seen.shows("started again")
        assert seen.shows("starting to up", 2)
        seen.types(b"q")
        assert seen.process.wait(PATIENCE) == 0
        assert seen.shows("Stopping all processes with SIGTERM", 2)
        assert "\x1b[36m" in seen.text
        assert re.search(r"http://app\.localhost:\d+\r\n", seen.text)
    assert gone(str(tmp_path)) == []


def test_keys_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dyno that was replaced is not waited for, however late the check would have come."""
    late = "import parity.dyno.watch as watch; watch.TICK = 0.5\nfrom parity.__main__"
    monkeypatch.setattr(f"{__name__}.START", START.replace("from parity.__main__", late))
    with screen(app(tmp_path)) as seen:
        for times in range(1, 5):
            assert seen.shows("starting to up", times)
            assert seen.shows("Process exited with status 0", times - 1)
            seen.types(b"r")
        assert seen.shows("starting to up", 5)
        seen.types(b"q")
        assert seen.process.wait(PATIENCE) == 0


@contextmanager
def shell(tmp_path: Path) -> Iterator[Screen]:
    """An interactive bash at its own terminal."""
    outer, inner = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", SHELL],
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
        env={**os.environ, "TERM": "dumb", "TMPDIR": str(tmp_path), "PS1": "$ "},
    )
    os.close(inner)
    try:
        yield Screen(process, outer)
    finally:
        process.send_signal(signal.SIGHUP)  # which bash forwards to its jobs
        process.wait(PATIENCE)
        assert eventually(lambda: gone(str(tmp_path)) == [])
        os.close(outer)


SHELL = """
import fcntl, os, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])
"""


def test_a_job_of_a_shell(tmp_path: Path) -> None:
    """Stopped, in the background, and back: it never takes input that is for the shell."""
    folder, port = app(tmp_path), free()
    with shell(tmp_path) as seen:
        seen.types(f"{sys.executable} -m parity serve {folder} --port {port}\n".encode())
        assert seen.shows("starting to up")
        seen.types(b"\x1a")
        assert seen.shows("Stopped")
        seen.types(b"bg\n")
        assert seen.shows(r"\[1\]\+ .* &")
        seen.types(b"echo typed-$((1 + 1)); jobs\n")
        assert seen.shows("typed-2")
        assert seen.shows(r"\[1\]\+ +Running")
        seen.types(b"fg\n")
        assert eventually(lambda: seen.types(b"r") or "r: building again" in seen.text)
        seen.types(b"\x1a")
        assert seen.shows("Stopped", 2)
        seen.types(b"bg; kill %1; wait %1; echo code-$?\n")
        assert seen.shows(r"code-143")


def test_ctrl_c(tmp_path: Path) -> None:
    """The terminal sends SIGINT to the whole group, including the build's processes."""
    with screen(app(tmp_path)) as seen:
        assert seen.shows("starting to up")
        seen.types(b"\x03")
        assert seen.process.wait(PATIENCE) == 130
        assert "Process exited with status 0" in seen.text
    assert gone(str(tmp_path)) == []


def test_q_after_a_crash(tmp_path: Path) -> None:
    """The exit code is the verdict's."""
    with screen(app(tmp_path, "import nothing_of_that_name\n")) as seen:
        assert seen.shows("press r in parity's terminal")
        seen.types(b"q")
        assert seen.process.wait(PATIENCE) == 1


def test_q_while_it_builds(tmp_path: Path) -> None:
    """The build ends with it."""
    folder = app(tmp_path)
    (folder / "bin").mkdir()
    (folder / "bin" / "pre_compile").write_text("#!/bin/sh\nsleep 100\n")
    (folder / "bin" / "pre_compile").chmod(0o755)
    with screen(folder) as seen:
        assert seen.shows("pre_compile")
        began = time.monotonic()
        seen.types(b"q")
        seen.process.wait(PATIENCE)
        assert time.monotonic() - began < 30
    assert gone(str(tmp_path)) == []


@pytest.mark.parametrize("variable", ["NO_COLOR", "CI"])
def test_without_colour(tmp_path: Path, variable: str) -> None:
    """NO_COLOR is respected."""
    with screen(app(tmp_path), env={variable: "1"}) as seen:
        assert seen.shows("starting to up")
        assert not re.search(r"\x1b\[3\dm\d{4}-", seen.text)


@pytest.mark.parametrize("how", ["option", "key"])
def test_the_browser(how: str, tmp_path: Path) -> None:
    """`--open` opens it once the app is up, the key `o` at any time; with the user's $BROWSER."""
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    option = ("--open",) if how == "option" else ()
    with screen(app(tmp_path), *option, env={"BROWSER": str(browser)}) as seen:
        opened = tmp_path / "opened"
        if how == "key":
            assert seen.shows("keys: ")
            assert not opened.exists()
            seen.types(b"o")
        assert eventually(lambda: opened.exists() and opened.read_text().endswith("\n"))
        assert opened.read_text().startswith("http://app.localhost:")
        assert seen.shows("starting to up")
