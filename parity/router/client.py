"""A visitor's browser: requests to the router's own socket."""

import http.client
import socket
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import NamedTuple

KEPT_BODY = 64 * 1024
PIECE = 16 * 1024

BROWSER = {
    "User-Agent": "Mozilla/5.0 (compatible; parity)",
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "keep-alive",
}


class Seen(NamedTuple):
    """What the visitor got. `status` 0: no answer; `left`: the visitor went before its end."""

    status: int
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    body: bytes
    left: bool


NOTHING = Seen(0, {}, {}, b"", False)


def visit(
    port: int,
    target: str,
    *,
    method: str,
    headers: Mapping[str, str],
    body: bytes | None,
    timeout: float,
    patience: float,
) -> Seen:
    """Ask the router at `port` for `target`; nothing but `headers` is sent.

    The answer is read for at most `patience` seconds after its head has come.
    """
    sent = {**headers, **({} if body is None else {"Content-Length": str(len(body))})}
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout)) as connection:
            connection.connect()
            sock: socket.socket = connection.sock
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                connection.putheader(name, value)
            with suppress(BrokenPipeError, ConnectionResetError):  # there may be an answer
                connection.endheaders(body)
            with connection.getresponse() as response:
                return _read(response, sock, patience)
    except (OSError, http.client.HTTPException):
        return NOTHING


def _read(response: http.client.HTTPResponse, sock: socket.socket, patience: float) -> Seen:
    """The first bytes of the body, cut off where an endless one would go on."""
    body = b""
    headers = _folded(response.getheaders())
    broken = (OSError, http.client.HTTPException, zlib.error)  # the router knows why
    with leaving(partial(sock.shutdown, socket.SHUT_RD), patience) as cut, suppress(*broken):
        for piece in _pieces(response, headers.get("content-encoding", "").strip()):
            body += piece[: KEPT_BODY - len(body)]
    cookies = _cookies(response.headers.get_all("Set-Cookie") or [])
    return Seen(response.status, headers, cookies, body, cut.is_set())


def _folded(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Header lines by lower-case name; those of the same name joined, as browsers show them."""
    found: dict[str, str] = {}
    for name, value in pairs:
        before = found.get(name.lower())
        found[name.lower()] = value if before is None else f"{before}, {value}"
    return found


def _pieces(response: http.client.HTTPResponse, encoding: str) -> Iterator[bytes]:
    """The body as it comes, decompressed. Raises `zlib.error` where it is not what it says."""
    inflated = encoding.lower() in ("gzip", "x-gzip", "deflate")
    inflate = None
    while piece := response.read1(PIECE):
        if inflated:
            inflate = inflate or zlib.decompressobj(_format(encoding, piece[0]))
            piece = inflate.decompress(piece)
        yield piece


def _format(encoding: str, first: int) -> int:
    """The `wbits` of zlib for a body with that first byte: `deflate` comes with and without the
    head of RFC 1950, whose low half says 8."""
    bare = encoding.lower() == "deflate" and first & 0x0F != 8
    return -zlib.MAX_WBITS if bare else 32 + zlib.MAX_WBITS


@contextmanager
def leaving(leave: Callable[[], object], seconds: float) -> Iterator[threading.Event]:
    """Do `leave` after `seconds`; the event says that it was us who ended the reading."""
    left = threading.Event()

    def go() -> None:
        left.set()
        with suppress(OSError):
            leave()

    timer = threading.Timer(seconds, go)
    timer.daemon = True
    timer.start()
    try:
        yield left
    finally:
        timer.cancel()


def _cookies(lines: list[str]) -> dict[str, str]:
    """The cookies an answer sets, whatever their attributes: the host stays the same."""
    split = (line.split(";")[0].partition("=") for line in lines)
    return {name.strip(): value.strip() for name, _, value in split}
