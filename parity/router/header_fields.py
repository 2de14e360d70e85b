"""Header fields: strict parsing, and the meaning of those that frame a message. No I/O."""

import re
from typing import Literal, TypeAlias

from parity.facts import router as facts

Field: TypeAlias = tuple[bytes, bytes, bytes]
"""A header: its name in lower case, its name as sent, its value without surrounding whitespace."""

Known: TypeAlias = dict[bytes, list[bytes]]
"""The values of the headers that the router itself reads, by lower-case name."""

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
TEXT = rb"[^\x00-\x08\n-\x1f\x7f]"
LARGEST = 2**63 - 1
BARE_LF = "a line ends with LF instead of CRLF"

_FIELD = re.compile(rb"(?<=\r\n)(%s++):[ \t]*+(%s*+)\r\n" % (TOKEN, TEXT))
_UPGRADE = re.compile(rb"%s+(?:/%s+)?" % (TOKEN, TOKEN))
_DIGITS = re.compile(rb"[0-9]{1,19}")
_EXPECTATIONS = re.compile(rb"%s+(?:[ \t]*,[ \t]*%s+)*" % (TOKEN, TOKEN))
_KNOWN = frozenset(
    b"host connection content-length transfer-encoding expect upgrade via x-request-id"
    b" x-forwarded-for server date".split()
)

Kind = Literal[
    "bad request", "bad header", "bad chunk", "expect", "length", "cookie", "header", "status"
]


class Malformed(Exception):
    """A message that must not be forwarded: `kind` of error, and the `status` for the client.

    `good` is the valid part before it in the same body.
    """

    def __init__(self, kind: Kind, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.status = status
        self.good = b""


def shown(data: bytes) -> str:
    """Return the beginning of `data`, quoted, for use in a sentence."""
    return repr(data[:60].decode("utf-8", "backslashreplace"))


def fields_of(head: bytes, start: int) -> list[Field]:
    """Parse the headers from `start` to the empty line that ends `head`. Raises `Malformed`."""
    fields = _FIELD.findall(head, start)
    if len(fields) != head.count(b"\r\n", start, len(head) - 2):
        raise Malformed("bad header", _trouble(head[start:-4]))
    return [(name.lower(), name, value.rstrip(b" \t")) for name, value in fields]


def _trouble(block: bytes) -> str:
    """Return why one of these lines is not a header."""
    for line in block.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if b"\n" in line:
            return BARE_LF
        if line[:1] in (b" ", b"\t"):
            return f"a header continues on the next line: {shown(line)}"
        if not colon:
            return f"a header without a colon: {shown(line)}"
        if name.rstrip(b" \t") != name:
            return f"a space before the colon: {shown(line)}"
        if not re.fullmatch(rb"%s+" % TOKEN, name):
            return f"not a header name: {shown(name)}"
        if not re.fullmatch(rb"%s*" % TEXT, value):
            return f"a control character in {shown(name)}"
    return "an unreadable header"


def request_sizes(fields: list[Field], head: bytes) -> None:
    """Refuse a request with too many or too long headers."""
    if len(head) <= facts.HEADER_NAME.value:
        return
    if len(fields) > facts.HEADERS.value:
        raise Malformed("bad header", f"more than {facts.HEADERS.value:.0f} headers")
    for _, name, value in fields:
        if len(name) > facts.HEADER_NAME.value or len(value) > facts.HEADER_LINE.value:
            raise Malformed("bad header", f"the header {shown(name)} is too long")


def response_sizes(fields: list[Field], head: bytes) -> None:
    """Refuse a response with too long headers."""
    if len(head) <= facts.COOKIE_LINE.value:
        return
    for low, name, value in fields:
        length = len(name) + 2 + len(value)
        if low == b"set-cookie" and length > facts.COOKIE_LINE.value:
            raise Malformed("cookie", f"a Set-Cookie line of {length} bytes", 502)
        if length > facts.RESPONSE_LINE.value:
            raise Malformed("header", f"a header of {length} bytes: {shown(name)}", 502)


def known_of(fields: list[Field]) -> Known:
    """Return the headers that the router itself reads."""
    known: Known = {}
    for low, _, value in fields:
        if low in _KNOWN:
            if low in known:
                known[low].append(value)
            else:
                known[low] = [value]
    return known


def named(known: Known) -> frozenset[bytes]:
    """Return the names listed in the Connection header, in lower case."""
    lines = known.get(b"connection")
    if not lines:
        return frozenset()
    return frozenset(token.strip(b" \t").lower() for token in b",".join(lines).split(b","))


def length(known: Known) -> int | None:
    """Return the one Content-Length; equal lines count as one. Raises `ValueError` otherwise."""
    values = known.get(b"content-length")
    if not values:
        return None
    if (len(values) > 1 and len(set(values)) > 1) or not _DIGITS.fullmatch(values[0]):
        raise ValueError(shown(b", ".join(values)))
    number = int(values[0])
    if number > LARGEST:
        raise ValueError(shown(values[0]))
    return number


def upgrade(known: Known, tokens: frozenset[bytes]) -> bytes:
    """Return the protocol to switch to. h2c is never offered: its frames would pass unread."""
    if b"upgrade" not in tokens:
        return b""
    protocols = known.get(b"upgrade", [])
    if len(protocols) != 1 or not _UPGRADE.fullmatch(protocols[0]):
        raise Malformed("bad header", "Connection: upgrade without one protocol in Upgrade")
    return b"" if protocols[0].lower() == b"h2c" else protocols[0]


def once(fields: list[Field], name: bytes) -> list[Field]:
    """Return the fields without repetitions of `name`."""
    first = next((n for n, field in enumerate(fields) if field[0] == name), 0) + 1
    return [*fields[:first], *(field for field in fields[first:] if field[0] != name)]


def expects(known: Known) -> bool:
    """Return whether the client waits for `100 Continue`. Raises `Malformed` for other values."""
    wanted = [value.lower() for value in known.get(b"expect", ()) if value]
    if all(value == b"100-continue" for value in wanted):
        return bool(wanted)
    if all(_EXPECTATIONS.fullmatch(value) for value in wanted):
        raise Malformed("expect", f"Expect: {shown(wanted[0])}", 417)
    raise Malformed("bad header", f"Expect: {shown(wanted[0])}")
