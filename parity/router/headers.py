"""Heads as the router forwards them: which headers it adds, replaces and drops. No I/O.

https://devcenter.heroku.com/articles/http-routing (documented); order, case and what is dropped:
https://github.com/heroku/vegur (observed).
"""

from functools import cache, lru_cache
from http import HTTPStatus

from parity.facts.router import Profile
from parity.router.header_fields import Field, Known
from parity.router.http1 import RequestHead, ResponseHead
from parity.router.request_log import Trip

_HOPS = frozenset(b"connection te keep-alive proxy-authorization".split())
_OWN = _HOPS | {b"via"}
_SET = frozenset(
    b"host content-length x-request-id x-forwarded-for x-forwarded-proto x-forwarded-port via "
    b"x-request-start".split()
)
_METRICS = frozenset(b"connect-time total-route-time".split())
_BODIED = frozenset((b"POST", b"PUT", b"PATCH"))
_COMMON = frozenset((b"keep-alive", b"close"))
_FRAMING = frozenset(b"transfer-encoding host content-length".split())


@lru_cache(512)
def camel(name: bytes) -> bytes:
    """Return `Content-Type` for `content-type`."""
    return b"-".join(part.capitalize() for part in name.split(b"-"))


def to_dyno(trip: Trip, profile: Profile, *, keep: bool) -> bytes:
    """Return the head for the dyno."""
    request, kind = trip.request, (profile, trip.tls, keep, trip.fwd)
    parts = request.made.get(kind)
    if parts is None:
        parts = request.made[kind] = _to_dyno(request, *kind)
    first, then, last = parts
    begun = trip.wall * 1000
    if not profile.metrics:
        own = (first, trip.request_id, then, begun, last)
        return b"%s%s%s\r\nX-Request-Start: %d\r\n%s" % own
    took = trip.connect_ms
    return b"%s%s%s\r\nConnect-Time: %d\r\nX-Request-Start: %d\r\nTotal-Route-Time: %d\r\n%s" % (
        first,
        trip.request_id,
        then,
        took,
        begun,
        took,
        last,
    )


def _to_dyno(
    request: RequestHead, profile: Profile, tls: bool, keep: bool, fwd: bytes
) -> tuple[bytes, bytes, bytes]:
    """Return the parts of the head before the request id, after it, and after the times."""
    host, scheme, port = _front(request.host, tls, profile)
    connection = b"Upgrade" if request.upgrade else b"keep-alive" if keep else b"close"
    lines = [
        b"%s %s HTTP/1.1\r\nHost: %s\r\nConnection: %s"
        % (request.method, request.target, host, connection)
    ]
    _add(lines, request.fields, _dropped(request, profile), profile.camel)
    lines.append(b"X-Request-Id: ")
    via = joined(request.known, b"via", profile.via)
    then = (
        b"\r\nX-Forwarded-For: %s\r\nX-Forwarded-Proto: %s\r\nX-Forwarded-Port: %s\r\nVia: %s"
        % (fwd, scheme, port, via)
    )
    counted = request.body.kind == "length" or _empty_body(request)
    last = b"Content-Length: %d\r\n\r\n" % request.body.length if counted else b"\r\n"
    return b"\r\n".join(lines), then, last


def _empty_body(request: RequestHead) -> bool:
    return request.body.kind == "none" and request.method in _BODIED


@cache
def _never(metrics: bool, continues: bool) -> frozenset[bytes]:
    """Return the client headers that are never forwarded."""
    own = _METRICS if metrics else frozenset()
    return _HOPS | _SET | own | ({b"expect"} if continues else frozenset())


def _dropped(request: RequestHead, profile: Profile) -> frozenset[bytes]:
    """Return the headers of this request that are not forwarded."""
    drop = _never(profile.metrics, profile.continues)
    if not request.named or request.named <= _COMMON:
        return drop
    if profile.strips:
        drop |= request.named - _FRAMING
    if request.upgrade:
        return drop - {b"upgrade"}
    return drop | {b"upgrade", b"http2-settings"} if b"upgrade" in request.named else drop


def _front(host: bytes, tls: bool, profile: Profile) -> tuple[bytes, bytes, bytes]:
    """Return host, scheme and port as forwarded to the dyno."""
    scheme, port = (b"https", b"443") if tls else (b"http", b"80")
    if not profile.cuts_port:
        return host, scheme, port
    name, colon, number = host.rpartition(b":")
    if not colon or name.endswith(b":") or host.endswith(b"]"):
        return host.lower(), scheme, port
    scheme = {b"80": b"http", b"443": b"https"}.get(number, scheme)
    return name.lower(), scheme, number


def joined(known: Known, name: bytes, ours: bytes) -> bytes:
    """Return the values of `name`, followed by `ours`."""
    return b", ".join((*filter(None, known[name]), ours)) if name in known else ours


def _add(lines: list[bytes], fields: list[Field], drop: frozenset[bytes], camels: bool) -> None:
    """Append the headers that are forwarded (a plain loop: faster for so few)."""
    for low, name, value in fields:
        if low not in drop:
            lines.append(b"%s: %s" % (camel(name) if camels else name, value))


def to_client(
    response: ResponseHead,
    profile: Profile,
    *,
    connection: bytes,
    date: bytes,
    decoded: bool = False,
) -> bytes:
    """Return the head for the client. `decoded`: the body is sent without chunks, for HTTP/1.0."""
    kind = (profile, connection, decoded)
    parts = response.made.get(kind)
    if parts is None:
        parts = response.made[kind] = _to_client(response, *kind)
    dated, rest = parts
    return b"%s%s%s" % (dated, date, rest) if dated else rest


def _to_client(
    response: ResponseHead, profile: Profile, connection: bytes, decoded: bool
) -> tuple[bytes, bytes]:
    """Return the part before the router's date, empty if the dyno sent one, and the rest."""
    lines = [b"HTTP/1.1 %d %s" % (response.status, response.reason)]
    if b"server" not in response.known:
        lines.append(b"Server: " + profile.server)
    ours = b"date" not in response.known
    dated = b"\r\n".join((*lines, b"Date: ")) if ours else b""
    lines = [b""] if ours else lines
    lines.append(b"Connection: " + connection)
    drop = _OWN
    if profile.strips and response.status != 101 and not response.named <= _COMMON:
        drop |= response.named - _FRAMING
    if response.body.kind == "chunked":
        drop |= {b"content-length", b"transfer-encoding"} if decoded else {b"content-length"}
    _add(lines, response.fields, drop, profile.camel)
    lines.append(b"Via: " + joined(response.known, b"via", profile.via))
    return dated, b"\r\n".join((*lines, b"\r\n"))


def own(status: int, body: bytes, kind: str, profile: Profile, *, keep: bool, date: bytes) -> bytes:
    """Return an answer by the router itself (headers as on Heroku's error page: observed)."""
    phrase = HTTPStatus(status).phrase
    lines = (
        f"HTTP/1.1 {status} {phrase}",
        f"Server: {profile.server.decode()}",
        f"Date: {date.decode()}",
        f"Connection: {'keep-alive' if keep else 'close'}",
        "Cache-Control: no-cache, no-store",
        f"Content-Type: {kind}; charset=utf-8",
        f"Content-Length: {len(body)}",
        "",
        "",
    )
    return "\r\n".join(lines).encode() + body
