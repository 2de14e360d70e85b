"""Runs strangers' commands under a guard: the build's installers, hooks, one-off commands."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from parity import interrupt
from parity.dyno.lines import Lines, read
from parity.records import Ended, Line

GUARD = Path(__file__).with_name("guard.py")
TICK = 0.1
DRAIN = 0.5
"""Seconds that output may take to arrive after the command has ended."""


class Guard:
    """The parity side of a guard: its pipes, and the orders that go through them."""

    def __init__(self) -> None:
        self._control_end, self.control = os.pipe()
        self.status, self._status_end = os.pipe()
        os.set_blocking(self.status, False)

    @property
    def pass_fds(self) -> tuple[int, int]:
        """What the guard process inherits."""
        return self._control_end, self._status_end

    def command(self, argv: Sequence[str], env: Mapping[str, str]) -> list[str]:
        """The guard's own command line for `argv`, which is to run in `env`."""
        fds = (str(fd) for fd in self.pass_fds)
        locale = env.get("LC_CTYPE", "")
        return [sys.executable, "-I", "-S", str(GUARD), *fds, locale, *argv]

    def started(self) -> None:
        """Close the ends that belong to the guard process."""
        for fd in self.pass_fds:
            os.close(fd)

    def order(self, letter: bytes) -> None:
        """`T`: SIGTERM to every process; `K`: end them all. A guard that has gone needs none."""
        try:
            os.write(self.control, letter)
        except OSError:
            return

    def code(self) -> int | None:
        """The command's exit code if the guard has told it."""
        try:
            told = os.read(self.status, 64)
        except BlockingIOError:
            return None
        return int(told.split()[1]) if told.startswith(b"exit ") else 137

    def close(self) -> None:
        """Let go: the guard kills what is left."""
        os.close(self.control)
        os.close(self.status)


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    on_line: Callable[[str], None],
    limit: float,
) -> Ended:
    """Run `argv` to its end, or for `limit` seconds; nothing of it is left afterwards.

    Raises `interrupt.Interrupted`, and `OSError` where no process can be started.
    """
    guard = Guard()
    began = time.monotonic()
    try:
        process = subprocess.Popen(
            guard.command(argv, env),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=guard.pass_fds,
            start_new_session=True,
        )
    finally:
        guard.started()
    try:
        return _followed(guard, process, on_line, began, limit)
    finally:
        guard.close()
        process.wait()
        if process.stdout:
            process.stdout.close()


def _followed(
    guard: Guard,
    process: "subprocess.Popen[bytes]",
    on_line: Callable[[str], None],
    began: float,
    limit: float,
) -> Ended:
    assert process.stdout
    told: list[Line] = []

    def take(lines: list[str]) -> None:
        for text in lines:
            told.append(Line(time.time(), "app", text))
            on_line(text)

    os.set_blocking(process.stdout.fileno(), False)
    output = Output(process.stdout.fileno(), take)
    timed_out = False
    while (code := guard.code()) is None:
        output.wait(guard.status, TICK)
        interrupt.check()
        if time.monotonic() - began > limit and not timed_out:
            timed_out = True
            guard.order(b"K")
    output.drain(DRAIN)
    return Ended(code, tuple(told), time.monotonic() - began, timed_out)


class Output:
    """The command's output, taken as it comes, and for a moment after its end."""

    def __init__(self, fd: int, take: Callable[[list[str]], None]) -> None:
        self._fd = fd
        self._take = take
        self._lines = Lines()
        self._open = True

    def wait(self, other: int, seconds: float) -> None:
        """Wait until there is output, or something on `other`; take what there is."""
        ready, _, _ = select.select([self._fd, other] if self._open else [other], [], [], seconds)
        if self._fd in ready:
            self._read()

    def drain(self, seconds: float) -> None:
        """Take the rest; a grandchild that holds the pipe is not waited for."""
        until = time.monotonic() + seconds
        while self._open and time.monotonic() < until:
            if select.select([self._fd], [], [], 0.01)[0]:
                self._read()
        self._take(self._lines.end())

    def _read(self) -> None:
        lines = read(self._fd, self._lines)
        self._open = lines is not None
        self._take(lines or [])
