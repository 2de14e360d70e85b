"""The address of a server that parity has not started."""

import re
import socket

from parity.system.errors import Usage

_ADDRESS = re.compile(r"(?:http://)?(?:(\[[^\]]*\]|[^:/\s]*):)?(\d{1,5})/?")


def address(where: str) -> tuple[str, int]:
    """Return the numeric address and port of `HOST:PORT`, `:PORT` or `PORT`. Raises `Usage`."""
    match = _ADDRESS.fullmatch(where)
    if not match or not 0 < int(match[2]) < 65536:
        raise Usage(f"--upstream {where}: type HOST:PORT, as in 127.0.0.1:8000")
    host = match[1] or "127.0.0.1"
    if host.startswith("["):
        raise Usage(f"--upstream {where}: Heroku's router speaks IPv4 to dynos; so here")
    try:
        addresses = socket.getaddrinfo(host, int(match[2]), socket.AF_INET, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Usage(f"--upstream {where}: {host} has no IPv4 address") from error
    return str(addresses[0][4][0]), int(match[2])
