"""What the router would forward of a client's bytes, without a socket; and fuzzed messages."""

import random
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import h11

from parity.facts.router import CLIENT, ROUTER_2
from parity.router import headers, http1
from parity.router.body import follow
from parity.router.header_fields import Malformed
from parity.router.request_log import Trip


def trip(request: http1.RequestHead) -> Trip:
    """Return the trip of `request`, which came in as https."""
    fwd = headers.joined(request.known, b"x-forwarded-for", CLIENT)
    return Trip(request, b"0" * 36, fwd, tls=True, wall=1_700_000_000.0, began=0.0)


class Read(NamedTuple):
    """`sent`: each request as forwarded, the last one perhaps incomplete; `refused`: the end."""

    sent: tuple[bytes, ...]
    complete: int
    refused: bool


def read(pieces: Iterator[bytes]) -> Read:
    """Read a connection that brings `pieces`, as the router does."""
    buffer, sent, complete = b"", [], 0
    try:
        while True:
            seen, end = 0, 0
            while not end:
                piece = next(pieces, None)
                if piece is None and not buffer:
                    return Read(tuple(sent), complete, False)
                buffer += piece or b""
                end = http1.end_of_head(buffer, seen) if buffer else 0
                if not end:
                    http1.unfinished_request(buffer)
                    seen = len(buffer)
                    if piece is None:
                        return Read(tuple(sent), complete, False)
            request = http1.request(buffer[:end])
            buffer = buffer[end:]
            sent.append(headers.to_dyno(trip(request), ROUTER_2, keep=True))
            body = follow(request.body)
            while not body.done:
                piece = buffer or next(pieces, None)
                buffer = b""
                if piece is None:
                    return Read(tuple(sent), complete, False)
                try:
                    sent[-1] += body.feed(piece)
                except Malformed as bad:
                    sent[-1] += bad.good
                    raise
            buffer = body.rest + buffer
            complete += 1
            if request.doubtful or not request.keep:
                return Read(tuple(sent), complete, False)
    except Malformed:
        return Read(tuple(sent), complete, True)


def whole(data: bytes) -> Iterator[bytes]:
    """Return the data in one piece."""
    return iter([data])


def singly(data: bytes) -> Iterator[bytes]:
    """Return the data byte by byte."""
    return (data[i : i + 1] for i in range(len(data)))


def randomly(data: bytes, dice: random.Random) -> Iterator[bytes]:
    """Return the data in random pieces."""
    at = 0
    while at < len(data):
        size = dice.choice((1, 2, 5, 30, 200))
        yield data[at : at + size]
        at += size


def understood(message: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Return method, target and body of `message` as h11 reads it, None for an unfinished one.

    Raises `h11.RemoteProtocolError` where h11 refuses it. It does not accept UTF-8 in a target, but
    Heroku's router does (observed), so non-ASCII bytes are replaced by `x` here.
    """
    server = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    line, rest = message[: message.index(b"\r\n")], message[message.index(b"\r\n") :]
    server.receive_data(re.sub(rb"[\x80-\xff]", b"x", line) + rest)
    head, body = None, b""
    while True:
        event = server.next_event()
        if isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            assert head is not None
            assert server.trailing_data[0] == b"", "bytes after the end"
            return bytes(head.method), bytes(head.target), body
        else:
            return None


SEEDS = (
    b"GET / HTTP/1.1\r\nHost: a.herokuapp.com\r\n\r\n",
    b"POST /x?y=1 HTTP/1.1\r\nHost: a.herokuapp.com\r\nContent-Length: 5\r\n\r\nhello",
    b"POST / HTTP/1.1\r\nHost: a.herokuapp.com\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a.herokuapp.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"PUT / HTTP/1.1\r\nHost: a.herokuapp.com\r\nExpect: 100-continue\r\n"
    b"Content-Length: 1\r\n\r\nx",
    b"GET http://a.herokuapp.com/p HTTP/1.1\r\nHost: a.herokuapp.com\r\nCookie: a=1\r\n\r\n",
    b"HEAD / HTTP/1.0\r\nHost: a.herokuapp.com\r\nConnection: keep-alive\r\n\r\n",
)
PARTS = (
    *(b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\x00", b"\x0b", b"\xff", b",", b";", b"0", b"g"),
    b"Content-Length: 5\r\n",
    b"Content-Length: 6\r\n",
    b"Content-Length: +5\r\n",
    b"Content-Length : 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: identity\r\n",
    b"Transfer-Encoding:\x0bchunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b" Transfer-Encoding: chunked\r\n",
    b"Host: b\r\n",
    b"0\r\n\r\n",
    b"5\r\nhello\r\n",
    b"GET /admin HTTP/1.1\r\nHost: a.herokuapp.com\r\n\r\n",
)


def fuzzed(dice: random.Random) -> bytes:
    """Return one or more messages with random damage."""
    data = b"".join(dice.choice(SEEDS) for _ in range(dice.choice((1, 1, 2))))
    for _ in range(dice.choice((0, 1, 1, 2, 3))):
        data = dice.choice(_WAYS)(data, dice, dice.randrange(len(data) + 1))
    return data


def _insert(data: bytes, dice: random.Random, at: int) -> bytes:
    return data[:at] + dice.choice(PARTS) + data[at:]


def _line(data: bytes, dice: random.Random, at: int) -> bytes:
    """Insert something at the beginning of a line."""
    start = data.find(b"\r\n", at) + 2
    return data[:start] + dice.choice(PARTS) + data[start:]


def _change(data: bytes, dice: random.Random, at: int) -> bytes:
    return data[:at] + bytes([dice.randrange(256)]) + data[at + 1 :]


def _cut(data: bytes, dice: random.Random, at: int) -> bytes:
    return data[:at] + data[at + dice.choice((1, 2, 10)) :]


def _double(data: bytes, dice: random.Random, at: int) -> bytes:
    end = at + dice.choice((1, 5, 40))
    return data[:end] + data[at:]


_WAYS: tuple[Callable[[bytes, random.Random, int], bytes], ...] = (
    _insert,
    _line,
    _change,
    _cut,
    _double,
)


def judged(data: bytes, dice: random.Random) -> Read:
    """Read `data` in three ways that must agree; h11 must agree about everything forwarded."""
    got = read(whole(data))
    assert got == read(randomly(data, dice)), data
    for number, message in enumerate(got.sent):
        seen = understood(message)
        finished = number < got.complete
        assert (seen is not None) == finished, (data, message)
    return got
