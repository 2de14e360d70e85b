"""Is the app where Heroku's router looks for it? The socket table and a connection must agree.

On Linux a connection to 127.0.0.2 reaches 0.0.0.0 and a dual-stack `::`, and nothing that listens
on 127.0.0.1, ::1 or an IPv6-only `::` (the kernel's own address lookup; tried for each).
"""

import socket
import sys

from parity.dyno import process_tree, sockets
from parity.records import Listener

OTHER_ADDRESS = "127.0.0.2"


class Bound:
    """What listens since the dyno's launch; `look` is cheap enough to be called every few ms."""

    def __init__(self, port: int, make: sockets.Make | None = None) -> None:
        """`make` makes sockets in the dyno's own network, in which nothing listens yet."""
        self.port = port
        self._make = make or socket.socket
        self.own: tuple[Listener, ...] = ()
        self.foreign: tuple[Listener, ...] = ()
        self.readable = True
        table = [] if make else sockets.listening() or []
        self._before = tuple(table)
        self._known = frozenset(s.inode for s in table)
        self._last: frozenset[int] | None = None

    def look(self, root: int) -> bool:
        """Whether anything has changed since the last look."""
        table = sockets.listening(self._make)
        if table is None:
            return self._ask(root)
        inodes = frozenset(s.inode for s in table) - self._known
        if inodes == self._last:
            return False
        self._last = inodes
        found = process_tree.listeners(table, root, self._known)
        self.own = tuple(x for x in found if x.own)
        self.foreign = tuple(x for x in found if not x.own and x.port == self.port)
        return True

    def _ask(self, root: int) -> bool:
        own = process_tree.asked(root)
        changed, self.own = own != self.own, own
        return changed

    def strangers(self) -> tuple[Listener, ...]:
        """What listened before the dyno was launched."""
        return tuple(Listener(s.host, s.port, 0, "", s.v6only, own=False) for s in self._before)

    def ours(self) -> Listener | None:
        """The dyno's listener on `$PORT` that reaches farther than this machine."""
        return next((x for x in self.own if x.port == self.port and everywhere(x)), None)

    def reachable(self) -> bool | None:
        """Whether a connection from another address gets through; None: cannot be tried here."""
        if not sys.platform.startswith("linux"):
            return None
        return connects(OTHER_ADDRESS, self.port, self._make)

    def ask_all(self) -> None:
        """Find out which of the dyno's listeners answer HTTP."""
        self.own = tuple(x._replace(http=answers_http(x, self._make)) for x in self.own)


def everywhere(listener: Listener) -> bool:
    """Whether the socket accepts IPv4 connections to every address."""
    return listener.host == "0.0.0.0" or (listener.host == "::" and not listener.v6only)


def _connected(host: str, port: int, make: sockets.Make) -> socket.socket:
    """A connection, within a second. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    connection = make(family, socket.SOCK_STREAM, 0)
    try:
        connection.settimeout(1)
        connection.connect((host, port))
    except OSError:
        connection.close()
        raise
    return connection


def connects(host: str, port: int, make: sockets.Make = socket.socket) -> bool:
    """Whether a TCP connection is accepted, by somebody else than ourselves."""
    try:
        with _connected(host, port, make) as connection:
            return bool(connection.getsockname() != connection.getpeername())
    except OSError:
        return False


def answers_http(listener: Listener, make: sockets.Make = socket.socket) -> bool:
    """Whether a listener answers a request with HTTP."""
    any_host = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    host = any_host.get(listener.host, listener.host)
    try:
        with _connected(host, listener.port, make) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return connection.recv(16).startswith(b"HTTP/")
    except OSError:
        return False
