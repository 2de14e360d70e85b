"""Keys at the terminal: `r` builds again, `q` ends. Nothing where there is no terminal."""

import os
import termios
import tty
from contextlib import suppress
from typing import Any, Self

from parity.serve.events import Events


def there() -> bool:
    """Whether this process may read keys: in the foreground of a terminal."""
    try:
        return os.isatty(0) and os.isatty(1) and os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


class Keys:
    """Keys come one by one while it is entered; Ctrl-C stays what it is."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._before: list[Any] = []

    def __enter__(self) -> Self:
        if there():
            with suppress(termios.error):
                self._before = termios.tcgetattr(0)
                tty.setcbreak(0, termios.TCSANOW)
                self._events.loop.add_reader(0, self._read)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before:
            self._events.loop.remove_reader(0)
            with suppress(termios.error):  # the terminal may have been closed
                termios.tcsetattr(0, termios.TCSANOW, self._before)

    def _read(self) -> None:
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
