"""The app's listeners: the socket table and a connection must agree on where the router gets in.

On Linux a connection to 127.0.0.2 reaches 0.0.0.0 and a dual-stack `::`, but nothing that listens
on 127.0.0.1, ::1 or an IPv6-only `::` (the kernel's own address lookup; tested for each).
"""

import socket
import sys

from parity.dyno import process_tree, sockets
from parity.records import Listener

OTHER_ADDRESS = "127.0.0.2"


class Bound:
    """The listeners since the dyno's launch; `look` is cheap enough to call every few ms."""

    def __init__(self, port: int, make: sockets.Make | None = None) -> None:
        """Record what listens already; `make` creates sockets in the dyno's own, empty network."""
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
        """Update the listeners; return whether anything has changed since the last look."""
        table = sockets.listening(self._make)
        if table is None:
            return self._ask_psutil(root)
        inodes = frozenset(s.inode for s in table) - self._known
        if inodes == self._last:
            return False
        self._last = inodes
        listeners = process_tree.listeners(table, root, self._known)
        self.own = tuple(x for x in listeners if x.own)
        self.foreign = tuple(x for x in listeners if not x.own and x.port == self.port)
        return True

    def _ask_psutil(self, root: int) -> bool:
        own = process_tree.psutil_listeners(root)
        changed, self.own = own != self.own, own
        return changed

    def strangers(self) -> tuple[Listener, ...]:
        """Return what listened before the dyno was launched."""
        return tuple(Listener(s.host, s.port, 0, "", s.v6only, own=False) for s in self._before)

    def ours(self) -> Listener | None:
        """Return the dyno's listener on `$PORT` that accepts connections to every address."""
        return next((x for x in self.own if x.port == self.port and everywhere(x)), None)

    def reachable(self) -> bool | None:
        """Return whether a connection to another address succeeds; None if it cannot be tried."""
        if not sys.platform.startswith("linux"):
            return None
        return connects(OTHER_ADDRESS, self.port, self._make)

    def ask_all(self) -> None:
        """Send a request to each of the dyno's listeners, and note which answer HTTP."""
        self.own = tuple(x._replace(http=answers_http(x, self._make)) for x in self.own)


def everywhere(listener: Listener) -> bool:
    """Return whether the socket accepts IPv4 connections to every address."""
    return listener.host == "0.0.0.0" or (listener.host == "::" and not listener.v6only)


def _connected(host: str, port: int, make: sockets.Make) -> socket.socket:
    """Return a connection, made within a second. Raises `OSError`."""
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
    """Return whether a TCP connection is accepted, and not by its own socket."""
    try:
        with _connected(host, port, make) as connection:
            return bool(connection.getsockname() != connection.getpeername())
    except OSError:
        return False


def answers_http(listener: Listener, make: sockets.Make = socket.socket) -> bool:
    """Return whether a listener answers a request with HTTP."""
    any_host = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    host = any_host.get(listener.host, listener.host)
    try:
        with _connected(host, listener.port, make) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return connection.recv(16).startswith(b"HTTP/")
    except OSError:
        return False
