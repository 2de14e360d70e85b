"""Supervision of git processes: none may hang forever, and a signal ends them at once."""

import os
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from parity.system import interrupt
from parity.system.errors import Trouble

TICK = 0.1
PAGE = os.sysconf("SC_PAGE_SIZE")
PATIENCE = 1200
"""Ticks without progress: a million files on a slow disk take less (ours). Ticks are counted
because a clock would go on while parity itself is stopped."""

MEMORY = 2 << 30
"""More bytes than git ever needs here (ours); one that reads a device takes all there are."""

_WAITS = ("wait_for_partner", "fifo_open", "syslog_print", "wait_woken")
"""Kernel functions in which a process waits that opens a named pipe without a writer (fs/pipe.c),
or that reads the kernel's log or a terminal."""


class GitWatch:
    """A guard that kills its processes after a signal, if one of them hangs, and on exit."""

    def __init__(self, folder: Path, running: "Sequence[subprocess.Popen[bytes]]") -> None:
        self._folder = folder
        self.running = running
        self._over = threading.Event()
        self._ticks = 0
        self._trouble: Trouble | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._kill()
        for process in self.running:
            process.wait()

    def begin(self) -> None:
        """Start watching in a thread, for callers that block on the processes' output."""
        threading.Thread(target=self._follow, name="parity-git", daemon=True).start()

    def answer(
        self, process: "subprocess.Popen[bytes]", stdin: bytes | None = None
    ) -> tuple[bytes, bytes]:
        """Wait for a process to end, and return its output and errors."""
        while True:
            try:
                return process.communicate(stdin, timeout=TICK)
            except subprocess.TimeoutExpired:
                stdin = None  # `communicate` remembers it
                self._look()

    def alive(self) -> None:
        """Restart the patience, because output has come."""
        self._ticks = 0

    def check(self) -> None:
        """Raise `interrupt.Interrupted`, or `Trouble` if git was killed because it hung."""
        interrupt.check()  # first: Ctrl-C ends git, too, which then looks like a failure
        if self._trouble:
            raise self._trouble

    def _follow(self) -> None:
        while not self._over.wait(TICK):
            self._look()

    def _look(self) -> None:
        self._ticks += 1
        self._trouble = self._trouble or self._stuck()
        if self._trouble or interrupt.came():
            self._kill()

    def _stuck(self) -> Trouble | None:
        where = f"{self._folder} or in a folder around it"
        if any(_waits(process) for process in self.running):
            return Trouble(
                f"git waits for a named pipe or a device in {where}",
                f"Remove it: `find {self._folder} ! -type f ! -type d` finds those in the folder.",
            )
        if any(_memory(process) > MEMORY for process in self.running):
            return Trouble(
                f"git reads without end in {where}",
                f"Look for links to a device: `find {self._folder} -lname '/dev/*'`.",
            )
        if self._ticks > PATIENCE:
            return Trouble(
                f"git has not answered about {self._folder} for {PATIENCE * TICK:.0f} seconds",
                "Try `git status` there, and whether the disk answers.",
            )
        return None

    def _kill(self) -> None:
        for process in self.running:
            if process.poll() is None:
                process.kill()


def _waits(process: "subprocess.Popen[bytes]") -> bool:
    try:
        return Path(f"/proc/{process.pid}/wchan").read_text() in _WAITS
    except OSError:
        return False


def _memory(process: "subprocess.Popen[bytes]") -> int:
    """Return the private memory of a process in bytes, without mapped files."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{process.pid}/statm").read_text().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * PAGE
