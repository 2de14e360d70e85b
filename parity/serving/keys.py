"""Keys at the terminal: `r` builds again, `q` ends. Nothing where there is no terminal."""

import asyncio
import os
import termios
import tty
from contextlib import suppress
from typing import Any, Self

from parity.serving.events import Events

EVERY = 0.3
"""Seconds between two looks at whose the terminal is (ours)."""

LOCAL = 3
"""Where `termios.tcgetattr` has the local modes."""


def there() -> bool:
    """Whether this process may read keys: in the foreground of a terminal."""
    try:
        return os.isatty(0) and os.isatty(1) and os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


class Keys:
    """Keys come one by one while it is entered; Ctrl-C stays what it is.

    A shell takes the terminal away (Ctrl-Z, `bg`), sets its modes back, and gives it again (`fg`)
    without a word, so it is looked at now and then. To read it, or to set its modes, from the
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
        if self._before and there():
            with suppress(termios.error):  # the terminal may have been closed
                termios.tcsetattr(0, termios.TCSANOW, self._before)

    def _look(self) -> None:
        """Have the terminal if it is ours."""
        self._next = self._events.loop.call_later(self._every, self._look)
        if not there():
            self._events.loop.remove_reader(0)
            return
        with suppress(termios.error):
            modes = termios.tcgetattr(0)
            if modes[LOCAL] & termios.ICANON:
                self._before = modes
                tty.setcbreak(0, termios.TCSANOW)
            self._events.loop.add_reader(0, self._read)

    def _read(self) -> None:
        if not there():
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
