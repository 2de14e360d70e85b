"""The output of a command that is followed without an event loop."""

import time
from collections.abc import Callable

from parity.dyno import signals
from parity.dyno.lines import Lines, read


class Output:
    """Passes on the command's output as it comes, and for a moment after its end."""

    def __init__(self, fd: int, take: Callable[[list[str]], None]) -> None:
        self._fd = fd
        self._take = take
        self._lines = Lines()
        self._open = True

    def wait(self, other: int, seconds: float) -> None:
        """Wait for output, or for something on `other`, and pass on what there is."""
        ready = signals.ready([self._fd, other] if self._open else [other], seconds)
        if self._fd in ready:
            self._read()

    def drain(self, seconds: float) -> None:
        """Pass on the rest, for at most `seconds`: a grandchild may hold the pipe open."""
        until = time.monotonic() + seconds
        while self._open and time.monotonic() < until:
            if signals.ready([self._fd], 0.01):
                self._read()
        self._take(self._lines.end())

    def _read(self) -> None:
        lines = read(self._fd, self._lines)
        self._open = lines is not None
        self._take(lines or [])
