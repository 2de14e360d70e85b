"""The choice of a free `$PORT`: random, as on Heroku, and not a framework's default."""

import random
import socket
from pathlib import Path

from parity.dyno import sockets
from parity.system.errors import Trouble

LOWEST, HIGHEST = 10_000, 32_000
"""The range to choose from: above the frameworks' defaults, and below Linux's ephemeral ports,
one of which a client could take before the app binds it."""

TOP = 65_535
FEW = 1000
"""The fewest ports to choose from (ours)."""

TRIES = 50
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def choose(wanted: int | None = None, *, own_network: bool = False) -> int:
    """Return a free port, or `wanted`. Raises `Trouble` if there is none.

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
    low, high = span(*_ephemeral())
    for _ in range(TRIES):
        port = random.randint(low, high)
        if port not in taken and _free(port):
            return port
    raise Trouble(f"no free port from {low} to {high}", "End what listens there, or use --port.")


def span(first: int, last: int) -> tuple[int, int]:
    """Return the range to choose from, outside of the ephemeral ports if they leave enough room."""
    if first - LOWEST >= FEW:
        return LOWEST, min(HIGHEST, first - 1)
    if TOP - last >= FEW:
        return max(LOWEST, last + 1), max(HIGHEST, min(TOP, last + FEW))
    return LOWEST, HIGHEST


def _ephemeral() -> tuple[int, int]:
    try:
        first, last = _RANGE.read_text().split()
        return int(first), int(last)
    except (OSError, ValueError):
        return 32768, 60999


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
