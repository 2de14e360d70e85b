"""A dyno's own network, reached from outside: its guard makes sockets in it and hands them over.

A socket belongs to the network namespace in which it was made, whoever uses it
(network_namespaces(7)); so parity needs no privilege, and nothing is forwarded inside.
"""

import socket
import struct
import threading

PATIENCE = 5.0
"""Seconds that a guard may take to make a socket (ours)."""


class Door:
    """Asks the guard for sockets; `far` is the guard's end."""

    def __init__(self) -> None:
        self._near, self.far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._near.settimeout(PATIENCE)
        self._one = threading.Lock()

    def socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """A new socket in the dyno's network. Raises `OSError`."""
        with self._one:
            self._near.sendall(struct.pack("=iii", family, kind, protocol))
            told, descriptors, _, _ = socket.recv_fds(self._near, 1, 1)
        if told != b"s" or not descriptors:
            raise OSError("the dyno's network makes no such socket")
        return socket.socket(fileno=descriptors[0])

    def close(self) -> None:
        """No more sockets."""
        self._near.close()
        self.far.close()
