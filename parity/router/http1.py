"""Parsing of HTTP/1.1 heads, without I/O. Strict where request smuggling starts.

RFC 9112 and RFC 9110; where Heroku's routers differ: parity.facts.router.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from parity.facts import router as facts
from parity.router import header_fields as read
from parity.router.body import NO_BODY, Body
from parity.router.header_fields import BARE_LF, TEXT, TOKEN, Field, Known, Malformed, shown

_METHOD = re.compile(rb"%s{1,%d}" % (TOKEN, facts.METHOD_NAME.value))
_ABSOLUTE = re.compile(rb"(?i)https?://([^/?#]*)(.*)")
_VERSION = re.compile(rb"HTTP/1\.([01])")
_LINE = re.compile(rb"(%s) ([^\x00-\x20\x7f]+) %s" % (_METHOD.pattern, _VERSION.pattern))
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9]\d\d)(?: (%s*+))?" % TEXT)
_HOST = re.compile(rb"(?:[A-Za-z0-9_.\-~!$&'()*+;=%]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")

REMEMBERED = 2048
"""Largest head, in bytes, whose parsed form is cached (ours)."""


@dataclass(slots=True, eq=False)
class RequestHead:
    """A request's head. `keep`: the client wants a persistent connection; `upgrade`: new protocol.

    `named` are the names in its Connection header; `known` are the headers that the router reads;
    `doubtful`: it states its length in two ways. `text`: method, target and host, for display.
    `made` caches the heads built from it; nothing else changes after parsing.
    """

    method: bytes
    target: bytes
    minor: int
    host: bytes
    fields: list[Field]
    body: Body
    keep: bool
    expects: bool
    upgrade: bytes
    named: frozenset[bytes]
    known: Known
    doubtful: bool
    text: tuple[str, str, str]
    made: dict[object, tuple[bytes, bytes, bytes]] = field(default_factory=dict)


_ParsedHeaders: TypeAlias = tuple[
    int, bytes, list[Field], Body, bool, bool, bytes, frozenset[bytes], Known, bool
]


@dataclass(slots=True, eq=False)
class ResponseHead:
    """A response's head. `keep`: the dyno will take another request on this connection.

    `made` caches the heads built from it; nothing else changes after parsing.
    """

    status: int
    reason: bytes
    fields: list[Field]
    body: Body
    keep: bool
    named: frozenset[bytes]
    known: Known
    made: dict[object, tuple[bytes, bytes]] = field(default_factory=dict)


def end_of_head(data: bytes | bytearray, checked: int) -> int:
    """Return where the head in `data` ends, 0 if not yet; `seen` bytes were checked before.

    Raises `Malformed` for a bare LF in an unfinished head, which would never end.
    """
    start = max(checked - 3, 0) if checked else 0
    end = data.find(b"\r\n\r\n", start)
    if end >= 0:
        return end + 4
    if data.count(b"\n", start) != data.count(b"\r\n", max(start - 1, 0)):
        raise Malformed("bad request", BARE_LF)
    return 0


def unfinished_request(data: bytes | bytearray) -> None:
    """Refuse an unfinished head of a request that is already too long."""
    first = data.find(b"\r\n")
    if first < 0 and len(data) > facts.REQUEST_LINE.value:
        raise _long_line()
    longest = facts.HEADER_NAME.value + 2 + facts.HEADER_LINE.value
    if first >= 0 and len(data) - data.rfind(b"\n") > longest:
        raise Malformed("bad header", f"a header of more than {facts.HEADER_LINE.value} bytes")
    if len(data) > facts.HEAD.value or data.count(b"\n") > facts.HEADERS.value + 1:
        raise Malformed("bad header", "too many headers")


def unfinished_response(data: bytes | bytearray) -> None:
    """Refuse an unfinished head of a response that is already too long or is not HTTP."""
    first = data.find(b"\r\n")
    if not b"HTTP/1.".startswith(bytes(data[:7])):
        raise Malformed("bad request", f"not a status line: {shown(bytes(data[:60]))}", 503)
    if first < 0 and len(data) > facts.STATUS_LINE.value:
        raise Malformed("status", "a status line of more than 8192 bytes", 502)
    if first >= 0 and len(data) - data.rfind(b"\n") > facts.RESPONSE_LINE.value:
        raise Malformed("header", "a header of more than 524288 bytes", 502)
    if len(data) > facts.BUFFER.value:
        raise Malformed("header", "headers of more than 1 MB", 502)


def request(head: bytes) -> RequestHead:
    """Parse `head`, which includes its empty line. Raises `Malformed`."""
    return _request(head) if len(head) <= REMEMBERED else _request.__wrapped__(head)


@lru_cache(256)
def _request(head: bytes) -> RequestHead:
    end = head.index(b"\r\n")
    method, target, minor = _request_line(head[:end])
    headers = head[end:]
    parse = _parse_headers if len(headers) <= REMEMBERED else _parse_headers.__wrapped__
    parsed = parse(headers, minor)
    path, host = _path(method, target, parsed[1]), parsed[1]
    text = method.decode(), path.decode("utf-8", "replace"), host.decode("latin-1")
    return RequestHead(method, path, *parsed, text)


@lru_cache(256)
def _parse_headers(headers: bytes, minor: int) -> _ParsedHeaders:
    """Parse everything but the request line. A client sends the same headers for many paths."""
    fields = read.fields_of(headers, 2)
    read.request_sizes(fields, headers)
    known = read.known_of(fields)
    tokens = read.named(known)
    return (
        minor,
        _host(known),
        fields,
        _request_body(known, minor),
        b"close" not in tokens and (minor == 1 or b"keep-alive" in tokens),
        read.expects(known) and minor == 1,
        read.upgrade(known, tokens) if minor == 1 else b"",
        tokens,
        known,
        b"transfer-encoding" in known and b"content-length" in known,
    )


def response(head: bytes, method: bytes, *, blanks: bool = True) -> ResponseHead:
    """Parse the `head` of an answer to `method`. Raises `Malformed` with status 502 or 503.

    `blanks`: a Content-Length may have trailing whitespace (RFC 9110 section 5.5).
    """
    parse = _response if len(head) <= REMEMBERED else _response.__wrapped__
    return parse(head, method, blanks)


@lru_cache(256)
def _response(head: bytes, method: bytes, blanks: bool) -> ResponseHead:
    end = head.index(b"\r\n")
    if end > facts.STATUS_LINE.value:
        raise Malformed("status", f"a status line of {end} bytes", 502)
    line = _STATUS.fullmatch(head, 0, end)
    if not line:
        reason = BARE_LF if b"\n" in head[:end] else f"not a status line: {shown(head[:end])}"
        raise Malformed("bad request", reason, 503)
    fields = _response_fields(head, end)
    known = read.known_of(fields)
    tokens = read.named(known)
    minor, digits, phrase = line.groups(b"")
    body = _response_body(int(digits), method, known, _response_length(known, head, blanks))
    lasting = b"keep-alive" in tokens if minor == b"0" else b"close" not in tokens
    keep = lasting and body.kind != "close"
    fields = read.once(fields, b"content-length")
    return ResponseHead(int(digits), phrase, fields, body, keep, tokens, known)


def _response_fields(head: bytes, start: int) -> list[Field]:
    try:
        fields = read.fields_of(head, start + 2)
    except Malformed as bad:
        raise Malformed("bad header", bad.reason, 503) from None
    read.response_sizes(fields, head)
    return fields


def _request_line(line: bytes) -> tuple[bytes, bytes, int]:
    match = _LINE.fullmatch(line)
    if not match or not _is_utf8(match[2]) or len(line) > facts.REQUEST_LINE.value:
        raise _bad_line(line)
    method, target, minor = match.groups()
    return method, target, int(minor)


def _bad_line(line: bytes) -> Malformed:
    """Return why `line` is not a request line."""
    if len(line) > facts.REQUEST_LINE.value:
        return _long_line()
    if b"\n" in line:
        return Malformed("bad request", BARE_LF)
    parts = line.split(b" ")
    if len(parts) < 3:
        return Malformed("bad request", f"not a request line: {shown(line)}")
    if len(parts) > 3 or not _VERSION.fullmatch(parts[2]):
        return Malformed("bad request", f"not HTTP/1.1: {shown(line)}", 505)
    if not _METHOD.fullmatch(parts[0]):
        return Malformed("bad request", f"not a method: {shown(parts[0])}")
    return Malformed("bad request", f"not a path: {shown(parts[1])}")


def _is_utf8(target: bytes) -> bool:
    try:
        return target.isascii() or bool(target.decode())
    except UnicodeDecodeError:
        return False


def _long_line() -> Malformed:
    limit = facts.REQUEST_LINE.value
    return Malformed("bad request", f"a request line of more than {limit} bytes", 414)


def _path(method: bytes, target: bytes, host: bytes) -> bytes:
    """Return the target as a path without its fragment (RFC 9112 section 3.2)."""
    if target.startswith(b"/") and b"#" not in target and method != b"CONNECT":
        return target
    if method == b"CONNECT":
        raise Malformed("bad request", "CONNECT is not supported")
    if target == b"*" and method == b"OPTIONS":
        return target
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute:
        if absolute[1].lower() != host.lower():
            raise Malformed("bad request", "the request line and Host name different hosts")
        target = absolute[2] if absolute[2].startswith(b"/") else b"/" + absolute[2]
    if not target.startswith(b"/"):
        raise Malformed("bad request", f"the path does not start with a slash: {shown(target)}")
    return target.partition(b"#")[0]


def _host(known: Known) -> bytes:
    hosts = known.get(b"host")
    if not hosts:
        raise Malformed("bad header", "no Host header")
    if len(hosts) > 1:
        raise Malformed("bad header", "more than one Host header")
    if not _HOST.fullmatch(hosts[0]):
        raise Malformed("bad header", f"not a host: {shown(hosts[0])}")
    return hosts[0]


def _request_body(known: Known, minor: int) -> Body:
    codings = known.get(b"transfer-encoding")
    try:
        length = read.length(known)
    except ValueError as error:
        raise Malformed("bad header", f"Content-Length: {error}") from None
    if not codings:
        return NO_BODY if length is None else Body("length", length)
    if len(codings) > 1 or codings[0].lower() != b"chunked" or minor == 0:
        raise Malformed("bad header", f"Transfer-Encoding: {shown(b', '.join(codings))}")
    return Body("chunked")


def _response_length(known: Known, head: bytes, blanks: bool) -> int | None:
    if b"content-length" not in known:
        return None
    try:
        length = read.length(known)
    except ValueError as error:
        raise Malformed("length", f"Content-Length: {error}", 502) from None
    if not blanks and re.search(rb"(?i)\ncontent-length:[^\r\n]*[ \t]\r\n", head):
        raise Malformed("length", "a space after Content-Length", 502)
    return length


def _response_body(status: int, method: bytes, known: Known, length: int | None) -> Body:
    if method == b"HEAD" or status < 200 or status in (204, 304):
        return NO_BODY
    codings = known.get(b"transfer-encoding")
    if not codings:
        return Body("close") if length is None else Body("length", length)
    if b",".join(codings).lower().split(b",")[-1].strip(b" \t") != b"chunked":
        reason = f"Transfer-Encoding: {shown(b', '.join(codings))}"
        raise Malformed("bad header", reason, 503)
    return Body("chunked")
