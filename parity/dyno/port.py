"""A `$PORT` that is nobody's: random, as on Heroku, and no framework's default."""

import random
import socket
from pathlib import Path

from parity.dyno import sockets
from parity.interrupt import Trouble

LOWEST, HIGHEST = 10_000, 32_000
"""Above the frameworks' defaults and below Linux' ephemeral ports: a client's own port would make
the app's bind fail."""

TRIES = 50
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def choose(wanted: int | None = None, *, own_network: bool = False) -> int:
    """A free port, or `wanted`. Raises `interrupt.Trouble` if there is none.

    In a network of the dyno's own every port is free.
    """
    if wanted is not None and own_network:
        return wanted
    table = sockets.listening() or []
    taken = {s.port for s in table}
    if wanted is not None:
        if wanted in taken or not _free(wanted):
            raise Trouble(f"port {wanted} is in use", "Choose another --port, or leave it out.")
        return wanted
    below = min(HIGHEST, _ephemeral() - 1)
    for _ in range(TRIES):
        port = random.randint(LOWEST, below)
        if port not in taken and _free(port):
            return port
    raise Trouble(
        f"no free port from {LOWEST} to {below}", "End what listens there, or use --port."
    )


def _ephemeral() -> int:
    try:
        return int(_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 32768


def _free(port: int) -> bool:
    for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except OSError as error:
            if family == socket.AF_INET or error.errno == 98:
                return False
    return True
