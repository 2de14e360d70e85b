"""Access to a dyno's own network: its guard creates sockets in it and passes them to parity.

A socket belongs to the network namespace in which it was created, whichever process uses it
(network_namespaces(7)); so parity needs no privileges, and nothing is forwarded inside.
"""

import socket
import struct
import threading

PATIENCE = 5.0
"""Seconds that a guard may take to create a socket (ours)."""


class Door:
    """Requests sockets from the guard; `far` is the guard's end."""

    def __init__(self) -> None:
        self._near, self.far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._near.settimeout(PATIENCE)
        self._lock = threading.Lock()

    def socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """Return a new socket in the dyno's network. Raises `OSError`."""
        with self._lock:
            self._near.sendall(struct.pack("=iii", family, kind, protocol))
            reply, descriptors, _, _ = socket.recv_fds(self._near, 1, 1)
        if reply != b"s" or not descriptors:
            raise OSError("the dyno's network makes no such socket")
        return socket.socket(fileno=descriptors[0])

    def close(self) -> None:
        """Close both ends; the guard then stops serving requests."""
        self._near.close()
        self.far.close()
