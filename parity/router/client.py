"""The visitor's browser: it sends requests to the router's own socket."""

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


class ClientView(NamedTuple):
    """A visitor's view of an answer. `status` 0: none came; `left`: they left before its end."""

    status: int
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    body: bytes
    left: bool


NOTHING = ClientView(0, {}, {}, b"", False)


def visit(
    port: int,
    target: str,
    *,
    method: str,
    headers: Mapping[str, str],
    body: bytes | None,
    timeout: float,
    patience: float,
) -> ClientView:
    """Ask the router at `port` for `target`, sending no headers but `headers`.

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
            with suppress(BrokenPipeError, ConnectionResetError):  # an answer may have come anyway
                connection.endheaders(body)
            with connection.getresponse() as response:
                return _read(response, sock, patience)
    except (OSError, http.client.HTTPException):
        return NOTHING


def _read(response: http.client.HTTPResponse, sock: socket.socket, patience: float) -> ClientView:
    """Read the beginning of the body, within `patience` and `KEPT_BODY`."""
    body = b""
    headers = _folded(response.getheaders())
    broken = (OSError, http.client.HTTPException, zlib.error)  # the router's record says why
    with leaving(partial(sock.shutdown, socket.SHUT_RD), patience) as cut, suppress(*broken):
        for piece in _pieces(response, headers.get("content-encoding", "").strip()):
            body += piece[: KEPT_BODY - len(body)]
    cookies = _cookies(response.headers.get_all("Set-Cookie") or [])
    return ClientView(response.status, headers, cookies, body, cut.is_set())


def _folded(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Return the headers by lower-case name; repeated ones are joined, as browsers show them."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        before = joined.get(name.lower())
        joined[name.lower()] = value if before is None else f"{before}, {value}"
    return joined


def _pieces(response: http.client.HTTPResponse, encoding: str) -> Iterator[bytes]:
    """Yield the body, decompressed, as it comes. Raises `zlib.error` for another encoding."""
    inflated = encoding.lower() in ("gzip", "x-gzip", "deflate")
    inflate = None
    while piece := response.read1(PIECE):
        if inflated:
            inflate = inflate or zlib.decompressobj(_format(encoding, piece[0]))
            piece = inflate.decompress(piece)
        yield piece


def _format(encoding: str, first: int) -> int:
    """Return zlib's `wbits` for a body with that first byte.

    `deflate` comes with and without the header of RFC 1950, whose low half-byte is 8.
    """
    bare = encoding.lower() == "deflate" and first & 0x0F != 8
    return -zlib.MAX_WBITS if bare else 32 + zlib.MAX_WBITS


@contextmanager
def leaving(leave: Callable[[], object], seconds: float) -> Iterator[threading.Event]:
    """Call `leave` after `seconds`; the event says that it was called."""
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
    """Return the cookies that an answer sets; their attributes do not matter on a single host."""
    split = (line.split(";")[0].partition("=") for line in lines)
    return {name.strip(): value.strip() for name, _, value in split}
