"""The connection of the user's terminal with a pseudo-terminal for the command."""

import errno
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self

from parity.system import interrupt

CHUNK = 65536
KEYBOARD, SCREEN = 0, 1


@contextmanager
def closable() -> Iterator[None]:
    """Treat the closing of the user's terminal in the block as SIGHUP.

    The signal itself may be late or go to another session. Raises `interrupt.Interrupted`.
    """
    try:
        yield
    except (OSError, termios.error) as error:  # a termios.error has the same arguments
        if error.args[0] != errno.EIO:
            raise
        raise interrupt.Interrupted(signal.SIGHUP) from None


class Terminal:
    """The user's terminal, raw while entered: what is typed reaches the command, Ctrl-C, too."""

    def __init__(self) -> None:
        self._before: list[Any] = []
        self._outer, self.inner = pty.openpty()
        self._typed = b""
        self._size = b""
        self._closed = False
        self._keyboard = True

    def __enter__(self) -> Self:
        self._before = termios.tcgetattr(KEYBOARD)
        termios.tcsetattr(self.inner, termios.TCSANOW, self._before)
        self._resize()
        tty.setraw(KEYBOARD, termios.TCSANOW)  # keeps what is typed already, for the command
        os.set_blocking(self._outer, False)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(termios.error):  # the terminal may have been closed
            termios.tcsetattr(KEYBOARD, termios.TCSANOW, self._before)
        self.started()
        os.close(self._outer)

    def started(self) -> None:
        """Close parity's copy of the command's end, once the command has its own."""
        if not self._closed:
            self._closed = True
            os.close(self.inner)

    def turn(self, other: int, seconds: float) -> None:
        """Wait for bytes from either side, or something on `other`; pass on what there is."""
        self._resize()
        keyboard = [KEYBOARD] if self._keyboard and len(self._typed) < CHUNK else []
        writing = [self._outer] if self._typed else []
        ready, free, _ = select.select([*keyboard, self._outer, other], writing, [], seconds)
        if KEYBOARD in ready:
            data = os.read(KEYBOARD, CHUNK)
            self._keyboard = bool(data)
            self._typed += data
        if free:
            self._typed = self._typed[os.write(self._outer, self._typed) :]
        if self._outer in ready and not self.shown():
            select.select([other], [], [], seconds)

    def shown(self) -> bool:
        """Show what the command has written; return False if there is nothing more."""
        try:
            data = os.read(self._outer, CHUNK)
        except OSError:  # EAGAIN: nothing now; EIO: no process has the other end
            return False
        while data:
            data = data[os.write(SCREEN, data) :]
        return True

    def _resize(self) -> None:
        size = fcntl.ioctl(KEYBOARD, termios.TIOCGWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
        if size != self._size:
            self._size = size
            fcntl.ioctl(self._outer, termios.TIOCSWINSZ, size)
