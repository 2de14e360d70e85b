"""The keys at the terminal: `r` builds again, `o` opens the browser, `q` ends.

Without a terminal there are none.
"""

import asyncio
import os
import termios
import tty
from contextlib import suppress
from typing import Any, Self

from parity.serving.events import Events

HINT = "keys: r builds again, o opens the browser, q ends"
EVERY = 0.3
"""Seconds between two checks of which process has the terminal (ours)."""

LOCAL = 3
"""The index of the local modes in the result of `termios.tcgetattr`."""


def at_terminal() -> bool:
    """Return whether this process may read keys, in the foreground of a terminal."""
    try:
        return os.isatty(0) and os.isatty(1) and os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


class Keys:
    """Reads single keys while entered; Ctrl-C keeps its effect.

    A shell takes the terminal away (Ctrl-Z, `bg`), resets its modes, and gives it back (`fg`)
    without notice, so it is checked now and then. Reading it, or setting its modes, from the
    background would stop this process (tty_ioctl(4), setpgid(2): SIGTTIN, SIGTTOU).
    """

    def __init__(self, events: Events, every: float = EVERY) -> None:
        self._events = events
        self._every = every
        self._before: list[Any] = []
        self._next: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        self._look()
        return self

    def __exit__(self, *_: object) -> None:
        if self._next:
            self._next.cancel()
        self._events.loop.remove_reader(0)
        if self._before and at_terminal():
            with suppress(termios.error):  # the terminal may have been closed
                termios.tcsetattr(0, termios.TCSANOW, self._before)

    def _look(self) -> None:
        """Read keys if this process has the terminal."""
        self._next = self._events.loop.call_later(self._every, self._look)
        if not at_terminal():
            self._events.loop.remove_reader(0)
            return
        with suppress(termios.error):
            modes = termios.tcgetattr(0)
            if modes[LOCAL] & termios.ICANON:
                self._before = modes
                tty.setcbreak(0, termios.TCSANOW)
            self._events.loop.add_reader(0, self._read)

    def _read(self) -> None:
        if not at_terminal():
            self._events.loop.remove_reader(0)
            return
        try:
            typed = os.read(0, 64)
        except OSError:
            typed = b""
        if not typed:
            self._events.loop.remove_reader(0)
        if b"q" in typed or b"\x04" in typed:
            self._events.quit()
        elif b"r" in typed:
            self._events.post("rebuild", "r")
        elif b"o" in typed:
            self._events.post("open")
