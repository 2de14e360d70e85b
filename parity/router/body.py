"""Incremental parsers that find the end of a body without buffering it, for each kind of framing.

RFC 9112 sections 6 and 7. `feed` returns its input at once; only an unfinished line between two
chunks is held back.
"""

import re
from typing import Literal, NamedTuple, Protocol

from parity.facts import router as facts
from parity.router.header_fields import LARGEST, TEXT, Malformed, fields_of, shown

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;%s*+)?" % TEXT)

_NO_TRAILERS = frozenset((b"content-length", b"transfer-encoding", b"host"))


class Body(NamedTuple):
    """How a body ends: after `length` bytes, with its last chunk, or with the connection (-1)."""

    kind: Literal["none", "length", "chunked", "close"]
    length: int = -1


NO_BODY = Body("none", 0)


class Follow(Protocol):
    """A parser that follows a body: `feed` returns what to forward; `rest` came after the body."""

    done: bool
    rest: bytes

    def feed(self, data: bytes) -> bytes:
        """Take `data` and return what to forward. Raises `Malformed`."""


def follow(body: Body, *, decoded: bool = False) -> Follow:
    """Return a parser for `body`. `decoded`: it yields the chunks' data without their framing."""
    if body.kind == "chunked":
        return Chunks(decoded=decoded)
    if body.kind == "close":
        return Endless()
    return Counted(body.length) if body.length else NOTHING


class Counted:
    """A body of known length."""

    __slots__ = ("_left", "done", "rest")

    def __init__(self, length: int) -> None:
        self.done = length == 0
        self.rest = b""
        self._left = length

    def feed(self, data: bytes) -> bytes:
        """Return the bytes of `data` that belong to the body."""
        if len(data) > self._left:
            data, self.rest = data[: self._left], data[self._left :]
        self._left -= len(data)
        self.done = self._left == 0
        return data


NOTHING = Counted(0)
"""The parser for an empty body."""


class Endless:
    """A body that ends only when the connection does."""

    done = False
    rest = b""

    def feed(self, data: bytes) -> bytes:
        """Return `data` unchanged."""
        return data


class Chunks:
    """A chunked body: chunks are forwarded as they were cut, without their extensions."""

    def __init__(self, *, decoded: bool = False) -> None:
        self.done = False
        self.rest = b""
        self._decoded = decoded
        self._left = 0
        self._waiting = b""
        self._line = self._size
        self._trailers = 0

    def feed(self, data: bytes) -> bytes:
        """Take `data` and return what to forward. Raises `Malformed` with the rest in `good`."""
        if self._left > len(data):
            self._left -= len(data)
            return data
        out: list[bytes] = []
        try:
            self._cut(data, out)
        except Malformed as bad:
            bad.good = b"".join(out)
            raise
        return b"".join(out)

    def _cut(self, data: bytes, out: list[bytes]) -> None:
        data, self._waiting, at = self._waiting + data, b"", 0
        while at < len(data) and not self.done:
            if self._left:
                piece = data[at : at + self._left]
                self._left -= len(piece)
                at += len(piece)
                out.append(piece)
                continue
            end = data.find(b"\r\n", at)
            if end < 0:
                self._unfinished(data[at:])
                break
            self._line(data[at:end], out)
            at = end + 2
        if self.done:
            self.rest = data[at:]

    def _unfinished(self, line: bytes) -> None:
        """Hold back the beginning of a line, unless no continuation could make it valid."""
        too_long = len(line) > facts.CHUNK_LINE.value + facts.HEADER_LINE.value
        after_data = self._line == self._after and line != b"\r"
        if b"\n" in line or too_long or after_data:
            raise Malformed("bad chunk", f"not the end of a chunk: {shown(line)}")
        self._waiting = line

    def _size(self, line: bytes, out: list[bytes]) -> None:
        match = _SIZE.fullmatch(line) if len(line) <= facts.CHUNK_LINE.value else None
        size = int(match[1], 16) if match else -1
        if match is None or size > LARGEST:
            raise Malformed("bad chunk", f"not a chunk size: {shown(line)}")
        self._left = size
        self._line = self._after if size else self._trailer
        self._put(match[1] + b"\r\n", out)

    def _after(self, line: bytes, out: list[bytes]) -> None:
        if line:
            raise Malformed("bad chunk", f"a chunk is longer than its size says: {shown(line)}")
        self._line = self._size
        self._put(b"\r\n", out)

    def _trailer(self, line: bytes, out: list[bytes]) -> None:
        self.done = not line
        self._trailers += len(line) + 2
        if self._trailers > facts.TRAILERS.value:
            raise Malformed("bad chunk", "the trailers are too long")
        if line:
            _checked(line)
        self._put(line + b"\r\n", out)

    def _put(self, framing: bytes, out: list[bytes]) -> None:
        if not self._decoded:
            out.append(framing)


def _checked(trailer: bytes) -> None:
    """Refuse a trailer that is not a field or that would change the message's framing."""
    try:
        ((name, _, _),) = fields_of(b"\r\n" + trailer + b"\r\n\r\n", 2)
    except Malformed as bad:
        raise Malformed("bad chunk", f"trailers: {bad.reason}") from None
    if name in _NO_TRAILERS:
        raise Malformed("bad chunk", f"{shown(name)} among the trailers")
