"""The router's sockets, on loopback only: one for plain http, one for what was https outside."""

import asyncio
import errno
import socket
from collections.abc import Callable

from parity.system.errors import Trouble

AT_ONCE = 64
"""Connections accepted in one iteration of the loop."""

PAUSE = 0.1
"""Seconds without accepting when this process has run out of file descriptors (ours)."""

Accepted = Callable[[socket.socket, bool], None]


class ListeningSocket:
    """A listening socket on loopback. `tls`: its connections were encrypted outside."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, port: int, accepted: Accepted, *, tls: bool
    ) -> None:
        self.tls = tls
        self._loop = loop
        self._accepted = accepted
        try:
            self._sock = socket.create_server(("127.0.0.1", port), backlog=1024)
        except OSError as error:
            raise Trouble(
                f"the router cannot listen on port {port}: {error.strerror}",
                "Choose another port, or end what uses this one.",
            ) from error
        self._sock.setblocking(False)
        self.port: int = self._sock.getsockname()[1]
        self._timer: asyncio.TimerHandle | None = None
        loop.add_reader(self._sock.fileno(), self._accept)

    def close(self) -> None:
        """Stop listening."""
        if self._timer:
            self._timer.cancel()
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()

    def _accept(self) -> None:
        for _ in range(AT_ONCE):
            try:
                sock, _address = self._sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                    raise
                self._pause()
                return
            sock.setblocking(False)
            self._accepted(sock, self.tls)

    def _pause(self) -> None:
        """Leave connections in the kernel's queue until others have closed."""
        self._loop.remove_reader(self._sock.fileno())
        self._timer = self._loop.call_later(
            PAUSE, self._loop.add_reader, self._sock.fileno(), self._accept
        )
