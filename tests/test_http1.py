"""Framing: what is read, what is refused, and what is forwarded is never ambiguous."""

import random
import tracemalloc

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.facts.router import LEGACY, ROUTER_2
from parity.router import headers, http1, log
from parity.router.body import Chunks
from parity.router.header_fields import Malformed
from tests.framing import fuzzed, judged, read, singly, trip, understood, whole

HOST = b"Host: a.herokuapp.com\r\n"


def post(*lines: bytes, body: bytes = b"", version: bytes = b"1.1") -> bytes:
    """Return a POST with these header lines."""
    return b"POST / HTTP/%s\r\n%s%s\r\n%s" % (version, HOST, b"".join(lines), body)


def get(line: bytes, *lines: bytes) -> bytes:
    """Return a request with this request line."""
    return b"%s\r\n%s%s\r\n" % (line, HOST, b"".join(lines))


TE = b"Transfer-Encoding: chunked\r\n"
REFUSED: dict[str, tuple[bytes, int]] = {
    "bare LF": (b"GET / HTTP/1.1\nHost: a\n\n", 400),
    "one bare LF": (get(b"GET / HTTP/1.1", b"A: b\nC: d\r\n"), 400),
    "bare CR": (get(b"GET / HTTP/1.1", b"A: b\rC: d\r\n"), 400),
    "CR CR LF": (get(b"GET / HTTP/1.1", b"A: b\r\r\n"), 400),
    "no version": (get(b"GET /"), 400),
    "no path": (get(b"GET HTTP/1.1"), 400),
    "two blanks": (get(b"GET  / HTTP/1.1"), 505),
    "blank at the end": (get(b"GET / HTTP/1.1 "), 505),
    "HTTP/0.9": (get(b"GET / HTTP/0.9"), 505),
    "HTTP/1.2": (get(b"GET / HTTP/1.2"), 505),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "small http": (get(b"GET / http/1.1"), 505),
    "method": (get(b"G@T / HTTP/1.1"), 400),
    "no method": (get(b" / HTTP/1.1"), 400),
    "long method": (get(b"G" * 128 + b" / HTTP/1.1"), 400),
    "CONNECT": (get(b"CONNECT a.herokuapp.com:443 HTTP/1.1"), 400),
    "NUL in the path": (get(b"GET /\x00 HTTP/1.1"), 400),
    "DEL in the path": (get(b"GET /\x7f HTTP/1.1"), 400),
    "neither ASCII nor UTF-8": (get(b"GET /\xe9 HTTP/1.1"), 400),
    "path without slash": (get(b"GET a HTTP/1.1"), 400),
    "path is a query": (get(b"GET ?x=1 HTTP/1.1"), 400),
    "star": (get(b"GET * HTTP/1.1"), 400),
    "two hosts": (get(b"GET http://b.herokuapp.com/ HTTP/1.1"), 400),
    "userinfo": (b"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
    "host list": (b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
    "no port": (b"GET / HTTP/1.1\r\nHost: a:\r\n\r\n", 400),
    "port of letters": (b"GET / HTTP/1.1\r\nHost: a:http\r\n\r\n", 400),
    "half of IPv6": (b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400),
    "HTTP/1.0 without Host": (b"GET / HTTP/1.0\r\n\r\n", 400),
    "blank before the colon": (get(b"GET / HTTP/1.1", b"A : b\r\n"), 400),
    "folded": (get(b"GET / HTTP/1.1", b"A: b\r\n c\r\n"), 400),
    "folded first": (b"GET / HTTP/1.1\r\n A: b\r\n" + HOST + b"\r\n", 400),
    "no name": (get(b"GET / HTTP/1.1", b": b\r\n"), 400),
    "no colon": (get(b"GET / HTTP/1.1", b"A\r\n"), 400),
    "name with blank": (get(b"GET / HTTP/1.1", b"A B: c\r\n"), 400),
    "name not ASCII": (get(b"GET / HTTP/1.1", b"\xc3\xa4: c\r\n"), 400),
    "NUL in a value": (get(b"GET / HTTP/1.1", b"A: b\x00c\r\n"), 400),
    "ESC in a value": (get(b"GET / HTTP/1.1", b"A: b\x1bc\r\n"), 400),
    "many headers": (get(b"GET / HTTP/1.1", *[b"A: b\r\n"] * 1000), 400),
    "length -1": (post(b"Content-Length: -1\r\n"), 400),
    "length +5": (post(b"Content-Length: +5\r\n", body=b"hello"), 400),
    "length 0x5": (post(b"Content-Length: 0x5\r\n", body=b"hello"), 400),
    "length 5.0": (post(b"Content-Length: 5.0\r\n", body=b"hello"), 400),
    "length 1_0": (post(b"Content-Length: 1_0\r\n", body=b"hellohello"), 400),
    "length empty": (post(b"Content-Length: \r\n"), 400),
    "length of two digits": (post(b"Content-Length: 5 5\r\n"), 400),
    "length of other digits": (post(b"Content-Length: \xd9\xa5\r\n"), 400),
    "length 2^63": (post(b"Content-Length: 9223372036854775808\r\n"), 400),
    "length 2^64 + 5": (post(b"Content-Length: 18446744073709551621\r\n"), 400),
    "5 and 05": (post(b"Content-Length: 5\r\n", b"Content-Length: 05\r\n", body=b"hello"), 400),
    "identity": (post(b"Transfer-Encoding: identity\r\n"), 400),
    "identity, chunked": (post(b"Transfer-Encoding: identity\r\n", TE), 400),
    "chunked twice": (post(TE, TE), 400),
    "chunked, chunked": (post(b"Transfer-Encoding: chunked, chunked\r\n"), 400),
    "gzip": (post(b"Transfer-Encoding: gzip\r\n"), 400),
    "gzip, chunked": (post(b"Transfer-Encoding: gzip, chunked\r\n"), 400),
    "chunked, gzip": (post(b"Transfer-Encoding: chunked, gzip\r\n"), 400),
    "xchunked": (post(b"Transfer-Encoding: xchunked\r\n"), 400),
    ", chunked": (post(b"Transfer-Encoding: , chunked\r\n"), 400),
    "quoted": (post(b'Transfer-Encoding: "chunked"\r\n'), 400),
    "VT before chunked": (post(b"Transfer-Encoding: \x0bchunked\r\n"), 400),
    "LF before Transfer-Encoding": (post(b"A: b\nTransfer-Encoding: chunked\r\n"), 400),
    "chunked in HTTP/1.0": (post(TE, version=b"1.0"), 400),
    "upgrade to nothing": (get(b"GET / HTTP/1.1", b"Connection: upgrade\r\n"), 400),
    "upgrade to two": (
        get(b"GET / HTTP/1.1", b"Connection: upgrade\r\n", b"Upgrade: foo/2, websocket\r\n"),
        400,
    ),
    "two expectations": (get(b"GET / HTTP/1.1", b"Expect: 100-continue, foo\r\n"), 417),
}


def parse(data: bytes) -> http1.RequestHead:
    """Parse the request whose head `data` begins with."""
    return http1.request(data[: http1.end_of_head(data, 0)])


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """Refused with its status, however it is split; nothing of it is forwarded."""
    data, status = REFUSED[name]
    with pytest.raises(Malformed) as raised:
        parse(data)
    assert raised.value.status == status
    assert raised.value.reason
    for pieces in (whole(data), singly(data)):
        assert read(pieces) == ((), 0, True)


ACCEPTED: dict[str, tuple[bytes, bytes]] = {
    "plain": (get(b"GET / HTTP/1.1"), b"GET / HTTP/1.1"),
    "any token": (get(b"get-!x / HTTP/1.1"), b"get-!x / HTTP/1.1"),
    "query": (get(b"GET /a?b=c&d HTTP/1.1"), b"GET /a?b=c&d HTTP/1.1"),
    "braces": (get(b"GET /{a}|^ HTTP/1.1"), b"GET /{a}|^ HTTP/1.1"),
    "UTF-8": (get("GET /ü HTTP/1.1".encode()), "GET /ü HTTP/1.1".encode()),
    "fragment": (get(b"GET /a#b HTTP/1.1"), b"GET /a HTTP/1.1"),
    "absolute": (get(b"GET http://a.herokuapp.com/p HTTP/1.1"), b"GET /p HTTP/1.1"),
    "absolute without path": (get(b"GET http://a.herokuapp.com HTTP/1.1"), b"GET / HTTP/1.1"),
    "absolute with query": (get(b"GET http://a.herokuapp.com?x HTTP/1.1"), b"GET /?x HTTP/1.1"),
    "star": (get(b"OPTIONS * HTTP/1.1"), b"OPTIONS * HTTP/1.1"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    """Forwarded with this request line."""
    data, line = ACCEPTED[name]
    assert headers.to_dyno(trip(parse(data)), ROUTER_2, keep=True).startswith(line + b"\r\n")


def test_length_and_chunks() -> None:
    """Chunks win, the length is dropped, and the connection ends: nothing can smuggle a request."""
    hidden = b"0\r\n\r\nGET /admin HTTP/1.1\r\n" + HOST + b"\r\n"
    got = read(whole(post(b"Content-Length: %d\r\n" % len(hidden), TE, body=hidden)))
    assert len(got.sent) == 1
    assert b"content-length" not in got.sent[0].lower()
    assert got.sent[0].endswith(b"\r\n\r\n0\r\n\r\n")


def test_a_zero_padded_length_goes_on_plain() -> None:
    """`0005` becomes 5."""
    assert (
        b"\r\nContent-Length: 5\r\n"
        in read(whole(post(b"Content-Length: 0005\r\n", body=b"hello"))).sent[0]
    )


def test_headers_that_connection_names() -> None:
    """Router 2.0 removes them; headers that frame the message stay, whatever Connection says."""
    head = post(b"Connection: x-a, host, transfer-encoding\r\n", b"X-A: b\r\n", TE)
    sent = headers.to_dyno(trip(parse(head)), ROUTER_2, keep=True)
    assert b"\r\nX-A:" not in sent
    assert b"\r\nHost: a.herokuapp.com\r\n" in sent
    assert b"\r\nTransfer-Encoding: chunked\r\n" in sent
    assert b"\r\nX-A: b\r\n" in headers.to_dyno(trip(parse(head)), LEGACY, keep=False)


def test_h2c_is_not_offered() -> None:
    """curl --http2 asks for it; the request is forwarded as an ordinary one."""
    lines = (
        b"Connection: Upgrade, HTTP2-Settings\r\n",
        b"Upgrade: h2c\r\n",
        b"HTTP2-Settings: AAMAAABkAAQ\r\n",
    )
    request = parse(get(b"GET / HTTP/1.1", *lines))
    for profile in (ROUTER_2, LEGACY):
        sent = headers.to_dyno(trip(request), profile, keep=False).lower()
        assert b"upgrade" not in sent
        assert b"http2-settings" not in sent


def test_a_spoofed_forward_is_not_believed() -> None:
    """The router's own values replace the client's, or come last."""
    head = get(
        b"GET / HTTP/1.1",
        b"X-Forwarded-Proto: http\r\n",
        b"x-forwarded-for: 10.0.0.1\r\n",
        b"X-FORWARDED-FOR: 10.0.0.2\r\n",
        b"X-Request-Start: 1\r\n",
    )
    sent = headers.to_dyno(trip(parse(head)), ROUTER_2, keep=True)
    assert sent.lower().count(b"x-forwarded-proto") == 1
    assert b"X-Forwarded-For: 10.0.0.1, 10.0.0.2, 203.0.113.7\r\n" in sent
    assert b"X-Request-Start: 1700000000000\r\n" in sent


TOKENS = st.text("abcXYZ019-_.!#$%&'*+^`|~", min_size=1, max_size=20).map(str.encode)
VALUES = st.binary(max_size=60).map(
    lambda raw: bytes(b for b in raw if b == 9 or (b >= 32 and b != 127)).strip(b" \t")
)
OURS = (
    *(b"host", b"connection", b"content-length", b"transfer-encoding", b"expect", b"upgrade"),
    *(b"te", b"keep-alive", b"proxy-authorization", b"via", b"x-request-id", b"x-forwarded-for"),
    *(b"x-forwarded-proto", b"x-forwarded-port", b"x-request-start"),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(TOKENS, VALUES), max_size=8), st.binary(max_size=300), st.booleans())
def test_round_trip(fields: list[tuple[bytes, bytes]], body: bytes, chunked: bool) -> None:
    """Any valid request is forwarded, and h11 reads on the other side what was meant."""
    fields = [(n, v) for n, v in fields if n.lower() not in OURS]
    lines = [b"%s: %s\r\n" % field for field in fields]
    half = len(body) // 2
    parts = [body[:half], body[half:]] if chunked else []
    coded = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts if p) + b"0\r\n\r\n"
    end = TE if chunked else b"Content-Length: %d\r\n" % len(body)
    data = post(*lines, end, body=coded if chunked else body)
    got = read(whole(data))
    assert got == read(singly(data))
    assert (got.complete, got.refused) == (1, False)
    for name, value in fields:
        assert b"\r\n%s: %s\r\n" % (name, value) in got.sent[0]
    assert understood(got.sent[0]) == (b"POST", b"/", body)


@settings(max_examples=200, deadline=None)
@given(st.integers(200, 999), st.lists(st.tuples(TOKENS, VALUES), max_size=8), st.booleans())
def test_answers_round_trip(status: int, fields: list[tuple[bytes, bytes]], decoded: bool) -> None:
    """A dyno's valid head is forwarded, and h11 reads what the dyno said."""
    fields = [(n, v) for n, v in fields if n.lower() not in OURS]
    lines = b"".join(b"%s: %s\r\n" % field for field in fields)
    answer = http1.response(b"HTTP/1.1 %d Fine\r\n%s\r\n" % (status, lines + TE), b"GET")
    sent = headers.to_client(answer, ROUTER_2, connection=b"close", date=b"now", decoded=decoded)
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    client.receive_data(sent)
    seen = client.next_event()
    assert isinstance(seen, h11.Response)
    assert seen.status_code == status
    assert {(n.lower(), v) for n, v in fields} <= set(seen.headers)
    bodiless = status in (204, 304)
    assert ((b"transfer-encoding", b"chunked") in set(seen.headers)) == (bodiless or not decoded)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=50), max_size=6), st.data())
def test_chunks_round_trip(parts: list[bytes], data: st.DataObject) -> None:
    """However chunks are split, the framing and the data come out the same."""
    coded = b"".join(b"%X\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(coded)), max_size=8)))
    framed, plain = Chunks(), Chunks(decoded=True)
    out = text = b""
    for start, stop in zip([0, *cuts], [*cuts, len(coded)], strict=True):
        out += framed.feed(coded[start:stop])
        text += plain.feed(coded[start:stop])
    assert framed.done
    assert out == coded
    assert text == b"".join(parts)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No bytes, from a client or a dyno, cause any other exception, however they are split."""
    assert read(whole(data)) == read(singly(data))
    try:
        end = http1.end_of_head(data, 0)
        http1.response(data[:end], b"GET") if end else http1.unfinished_response(data)
    except Malformed as bad:
        assert bad.status in (400, 502, 503)


def test_fuzzed_requests() -> None:
    """A few thousand of the messages that `tests/bench/fuzz.py` sends by the million."""
    dice = random.Random(20)
    refused = sum(judged(fuzzed(dice), dice).refused for _ in range(4000))
    assert 1000 < refused < 3500


def test_long_requests_are_not_kept() -> None:
    """The cache of repeated requests stays small, whatever clients send."""
    tracemalloc.start()
    try:
        for number in range(300):
            hops = b"".join(b"X-Forwarded-For: %s\r\n" % (b"9" * 8000) for _ in range(12))
            asked = http1.request(b"GET /%d HTTP/1.1\r\nHost: x\r\n%s\r\n" % (number, hops))
            way = trip(asked)
            headers.to_dyno(way, ROUTER_2, keep=True)
            assert "fwd=" in log.line(way.passed(1.0, None), ROUTER_2)
        assert tracemalloc.get_traced_memory()[0] < 10_000_000
    finally:
        tracemalloc.stop()
