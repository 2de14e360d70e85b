"""One TCP connection on the loop: its input, its pending output, and the coroutine to wake.

Raw sockets, not asyncio's transports: a transport drops what it has read when a write fails, so an
answer that a dyno sends before it closes on an upload would be lost.
"""

import asyncio
import contextlib
import socket
import struct
import sys
import types
from collections.abc import Callable, Coroutine, Generator
from math import inf
from typing import Protocol

from parity.system.awake import Clock

CLIENT_ROOM = 512 * 1024
"""Unread bytes at which a client is no longer read from: more than the longest head (ours)."""

CLOGGED = 256 * 1024
"""Unsent bytes at which the other side has to wait (ours)."""

_PIECE = memoryview(bytearray(1024 * 1024))
"""The buffer that all connections read into; each read is copied out of it at once.

Large bodies take two thirds of the time that they take with 128 KiB (measured).
"""

_RESET = struct.pack("ii", 1, 0)


def _prompt(sock: socket.socket) -> None:
    """Have packets sent at once, without waiting for more data and without pacing.

    Some machines default to BBR, whose pacing loopback does not need; Reno has none, and a large
    body takes half the time (measured).
    """
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if sys.platform == "linux":
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno")


clock = Clock()
"""The clock by which every limit of the router is measured."""


class Turn:
    """Runs the coroutine of a client's connection; each event resumes it at once.

    A task would do so one iteration of the loop later, at twice the cost. The coroutine awaits
    nothing but `wait`. `now` is when it was resumed, by `clock`; it does not advance while the
    coroutine runs. `over` is called at its end with the exception it raised, or None.
    """

    __slots__ = ("_coroutine", "_over", "_waiting", "deadline", "now")

    def __init__(self, over: "Callable[[Turn, BaseException | None], None]") -> None:
        self.now = clock.now()
        self.deadline = inf
        self._over = over
        self._waiting = False
        self._coroutine: Coroutine[None, None, None] | None = None

    def run(self, coroutine: Coroutine[None, None, None]) -> None:
        """Start `coroutine`."""
        self._coroutine = coroutine
        self._waiting = True
        self.wake()

    def cancel(self) -> None:
        """Cancel the coroutine where it waits."""
        self.wake(asyncio.CancelledError())

    @types.coroutine
    def wait(self, until: float) -> Generator[None, None, bool]:
        """Wait for an event; False if it is already `until` (by `clock`)."""
        if self.now >= until:
            return False
        self.deadline = until
        yield
        return True

    def wake(self, error: BaseException | None = None) -> None:
        """Resume the coroutine if it waits; `error` is raised in it."""
        if not self._waiting or not self._coroutine:
            return
        self._waiting = False
        self.now = clock.now()
        try:
            if error is None:
                self._coroutine.send(None)
            else:
                self._coroutine.throw(error)
        except StopIteration:
            self._over(self, None)
        except BaseException as raised:
            self._over(self, None if raised is error else raised)
        else:
            self._waiting = True


class Wakes(Protocol):
    """The object that a connection wakes on an event."""

    def wake(self) -> None: ...


class Wire:
    """A connected, non-blocking `sock`. `ended`: no more input; `broken`: no more output.

    `taken`: when pending output last went out (by `clock`, 0: never). Once `room` bytes are unread,
    the socket is not read, so that its sender has to wait.
    """

    __slots__ = (
        *("_loop", "_out", "_paused", "_writing"),
        *("broken", "ended", "inbox", "room", "sock", "taken", "turn"),
    )

    def __init__(
        self, sock: socket.socket, loop: asyncio.AbstractEventLoop, turn: Wakes, room: int
    ) -> None:
        self.sock = sock
        self.turn = turn
        self.room = room
        self.inbox: bytes | bytearray = b""
        self.ended = False
        self.broken = False
        self.taken = 0.0
        self._loop = loop
        self._out = bytearray()
        self._paused = False
        self._writing = False
        _prompt(sock)
        loop.add_reader(sock.fileno(), self._receive)

    @property
    def clogged(self) -> bool:
        """True if so much output is pending that the other side has to wait."""
        return len(self._out) >= CLOGGED

    @property
    def sent(self) -> bool:
        """True if no output is pending."""
        return not self._out

    def take(self) -> bytes | bytearray:
        """Return all unread input, and empty it."""
        data, self.inbox = self.inbox, b""
        if self._paused and not self.ended:
            self._paused = False
            self._loop.add_reader(self.sock.fileno(), self._receive)
        return data

    def take_first(self, count: int) -> bytes:
        """Take the first `count` bytes of the input."""
        data = self.take() if self._paused else self.inbox
        self.inbox = data[count:]
        return bytes(data[:count])

    def put_back(self, data: bytes | bytearray) -> None:
        """Put back input that was taken too early."""
        if data:
            self.inbox = data + self.inbox if self.inbox else data

    def send(self, data: bytes | bytearray) -> None:
        """Send `data` now or as soon as possible; after an error it is dropped."""
        if self.broken or not data:
            return
        if self._out:
            self._out += data
            return
        try:
            count = self.sock.send(data)
        except (BlockingIOError, InterruptedError):
            count = 0
        except OSError:
            self._break()
            return
        if count < len(data):
            self._out += memoryview(data)[count:]
            self._writing = True
            self._loop.add_writer(self.sock.fileno(), self._writable)

    def finish(self) -> None:
        """Shut down the sending side."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)

    def close(self, *, reset: bool = False) -> None:
        """Close the connection; `reset` keeps the other side from taking it for a regular end."""
        if self.sock.fileno() < 0:
            return
        self._loop.remove_reader(self.sock.fileno())
        if self._writing:
            self._loop.remove_writer(self.sock.fileno())
        if reset:
            with contextlib.suppress(OSError):
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.ended = self.broken = True
        self.sock.close()

    def look(self) -> None:
        """Read what has come by now, without waiting for the loop."""
        if not self.ended and not self._paused:
            self._receive(wake=False)

    def _receive(self, *, wake: bool = True) -> None:
        try:
            count = self.sock.recv_into(_PIECE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            count = 0
            self._break()
        if not count:
            self.ended = True
            self._loop.remove_reader(self.sock.fileno())
        elif not self.inbox:
            self.inbox = bytes(_PIECE[:count])
        else:
            if not isinstance(self.inbox, bytearray):
                self.inbox = bytearray(self.inbox)
            self.inbox += _PIECE[:count]
        if len(self.inbox) >= self.room and not self._paused and not self.ended:
            self._paused = True
            self._loop.remove_reader(self.sock.fileno())
        if wake:
            self.turn.wake()

    def _writable(self) -> None:
        try:
            count = self.sock.send(self._out)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._break()
            self.turn.wake()
            return
        self.taken = clock.now()
        del self._out[:count]
        if not self._out:
            self._writing = False
            self._loop.remove_writer(self.sock.fileno())
        if not self.clogged:
            self.turn.wake()

    def _break(self) -> None:
        self.broken = True
        self._out.clear()
        if self._writing:
            self._writing = False
            self._loop.remove_writer(self.sock.fileno())
