"""What Heroku's own proxy library asserts, row by row: 100-continue, headers, HTTP/1.0, bodies.

Rows are numbered as in the list that `tests/bench/conformance.py` prints. Each is played with a
scripted dyno, with its messages whole, byte by byte and split at random.
"""

import time
from collections.abc import Iterator

import pytest

from tests.doors import (
    CUTS,
    HOST,
    LAST,
    LEGACY,
    OK,
    Peer,
    Stage,
    answer,
    chunk,
    get,
    request,
    stage,
)

pytestmark = pytest.mark.real

EXPECT = "Expect: 100-continue"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked"
WEBSOCKET = ("Connection: Upgrade", "Upgrade: websocket")
SWITCH = answer("101 Switching Protocols", *WEBSOCKET)


@pytest.fixture(params=list(CUTS))
def legacy(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The legacy router as it is."""
    with stage(profile=LEGACY, cut=CUTS[request.param]) as scene:
        yield scene


@pytest.fixture(params=list(CUTS))
def deep(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The legacy router, changed to leave 100-continue to the dyno."""
    with stage(profile=LEGACY._replace(continues=False), cut=CUTS[request.param]) as scene:
        yield scene


def status(head: str) -> str:
    """Return the code of a status line."""
    return head.split(" ")[1]


def has(head: str, *lines: str) -> bool:
    """Return whether `head` has these header lines."""
    return all(line in head.split("\r\n") for line in lines)


def posting(*headers: str, length: int = 5, version: str = "1.1") -> bytes:
    """Return the head of a POST."""
    return request("POST", *headers, f"Content-Length: {length}", version=version)


def open_still(client: Peer, scene: Stage) -> bool:
    """Return whether another request on the client's connection is answered."""
    client.send(get())
    scene.dyno().send(OK)
    return status(client.head()) == "200"


def test_v001(deep: Stage) -> None:
    """100-continue: the client waits, the dyno says 100, the body flows, the dyno says 200."""
    client = deep.client(posting(EXPECT))
    dyno = deep.dyno()
    assert EXPECT in dyno.head()
    dyno.send(CONTINUE)
    assert client.until(b"\r\n\r\n") == CONTINUE
    client.send(b"hello")
    assert dyno.take(5) == b"hello"
    dyno.send(OK)
    assert status(client.head()) == "200"
    assert client.take(2) == b"ok"
    assert dyno.closed()
    assert open_still(client, deep)


def test_v002(deep: Stage) -> None:
    """100-continue: the dyno never says 100, the client sends its body anyway."""
    client = deep.client(posting(EXPECT))
    dyno = deep.dyno()
    dyno.head()
    assert client.quiet()
    client.send(b"hello")
    assert dyno.take(5) == b"hello"
    dyno.send(OK)
    assert status(client.head()) == "200"


def test_v003(deep: Stage) -> None:
    """100-continue: a second 100 in place of the answer is an error."""
    client = deep.client(posting(EXPECT))
    dyno = deep.dyno()
    dyno.head()
    dyno.send(CONTINUE)
    assert client.until(b"\r\n\r\n") == CONTINUE
    dyno.send(CONTINUE)
    assert status(client.head()) == "503"
    assert deep.code() == "H17"


def test_v004(deep: Stage) -> None:
    """100-continue and an upgrade: 100, the body, 101, then bytes both ways."""
    client = deep.client(posting(EXPECT, *WEBSOCKET))
    dyno = deep.dyno()
    dyno.head()
    dyno.send(CONTINUE)
    assert client.until(b"\r\n\r\n") == CONTINUE
    client.send(b"hello")
    assert dyno.take(5) == b"hello"
    dyno.send(SWITCH)
    assert status(client.head()) == "101"
    _both_ways(client, dyno)


def _both_ways(client: Peer, dyno: Peer) -> None:
    client.send(b"\x00ping\xff")
    assert dyno.take(6) == b"\x00ping\xff"
    dyno.send(b"\x01pong\xfe")
    assert client.take(6) == b"\x01pong\xfe"


def test_v005(deep: Stage) -> None:
    """100-continue and an upgrade: 101 straight away."""
    client = deep.client(get(EXPECT, *WEBSOCKET))
    dyno = deep.dyno()
    dyno.head()
    dyno.send(SWITCH)
    assert status(client.head()) == "101"
    _both_ways(client, dyno)


def test_v006(deep: Stage) -> None:
    """100-continue: the final answer before the body closes both connections."""
    client = deep.client(posting(EXPECT))
    dyno = deep.dyno()
    dyno.head()
    dyno.send(OK)
    assert has(client.head(), "HTTP/1.1 200 OK", "Connection: close")
    assert client.take(2) == b"ok"
    assert client.closed()
    assert dyno.closed()


def test_v007(deep: Stage) -> None:
    """100-continue: an answer without 100 closes both, even after the whole body."""
    client = deep.client(posting(EXPECT), b"hello")
    dyno = deep.dyno()
    dyno.head()
    dyno.take(5)
    dyno.send(OK)
    assert has(client.head(), "HTTP/1.1 200 OK", "Connection: close")
    assert client.take(2) == b"ok"
    assert client.closed()
    assert dyno.closed()


def test_v008(deep: Stage) -> None:
    """An unrequested 100 is forwarded to an HTTP/1.1 client."""
    client = deep.client(posting(), b"hello")
    deep.dyno().send(CONTINUE, OK)
    assert client.until(b"\r\n\r\n") == CONTINUE
    assert status(client.head()) == "200"


def test_v009(deep: Stage) -> None:
    """A 100 is not forwarded to an HTTP/1.0 client."""
    client = deep.client(posting(version="1.0"), b"hello")
    deep.dyno().send(CONTINUE, OK)
    assert status(client.head()) == "200"


@pytest.mark.parametrize("value", ["whatever"])
def test_v010(legacy: Stage, value: str) -> None:
    """Another expectation: 417, and nothing is sent to the dyno."""
    assert status(legacy.client(get(f"Expect: {value}")).head()) == "417"
    assert legacy.code() == "H26"
    assert 'cause="unsupported expect header value"' in legacy.log()
    assert not legacy.asked()


def test_v011(legacy: Stage) -> None:
    """An unreadable Expect: 400, and nothing is sent to the dyno."""
    assert status(legacy.client(get("Expect: 100 continue")).head()) == "400"
    assert legacy.code() == "H26"
    assert not legacy.asked()


def test_v012(legacy: Stage) -> None:
    """The router answers 100 itself, and the dyno does not see Expect."""
    client = legacy.client(posting(EXPECT))
    assert client.until(b"\r\n\r\n") == CONTINUE
    client.send(b"hello")
    dyno = legacy.dyno()
    assert "expect" not in dyno.head().lower()
    assert dyno.take(5) == b"hello"
    dyno.send(OK)
    assert status(client.head()) == "200"
    assert client.take(2) == b"ok"
    assert dyno.closed()
    assert open_still(client, legacy)


def _refused(scene: Stage, *sent: bytes, code: str = "400") -> None:
    client = scene.client(*sent)
    assert status(client.head()) == code
    assert not scene.asked()


def test_v013(legacy: Stage) -> None:
    """Two different Content-Length: 400."""
    _refused(legacy, posting("Content-Length: 6"), b"hello")


def test_v014(legacy: Stage) -> None:
    """`Content-Length: 10,10`: 400."""
    _refused(legacy, request("POST", "Content-Length: 10,10"), b"hellohello")


def test_v015(legacy: Stage) -> None:
    """Two equal Content-Length are forwarded as one."""
    legacy.client(posting("Content-Length: 5"), b"hello")
    assert legacy.dyno().head().count("Content-Length: 5") == 1


@pytest.mark.parametrize("lines", [("Content-Length: 2", "Content-Length: 3")])
def test_v016(legacy: Stage, lines: tuple[str, ...]) -> None:
    """Two different Content-Length in an answer: 502."""
    client = legacy.client(get())
    dyno = legacy.dyno()
    dyno.send(answer("200 OK", *lines, body=b"ok"))
    assert status(client.head()) == "502"
    assert dyno.rest() is not None
    assert 'code=H25 desc="HTTP restriction: invalid content length"' in legacy.log()


def test_v017(legacy: Stage) -> None:
    """`Content-Length: 43,41` in an answer: 502."""
    client = legacy.client(get())
    legacy.dyno().send(answer("200 OK", "Content-Length: 43,41", body=b"x" * 43))
    assert status(client.head()) == "502"
    assert legacy.code() == "H25"


def test_v018(legacy: Stage) -> None:
    """Two equal Content-Length in an answer are forwarded as one."""
    client = legacy.client(get())
    legacy.dyno().send(answer("200 OK", "Content-Length: 2", "Content-Length: 2", body=b"ok"))
    assert client.head().count("Content-Length: 2") == 1
    assert client.take(2) == b"ok"


HOPS = (
    "TE: trailers",
    "TE: gzip",
    "Trailer: X",
    "Keep-Alive: 5",
    "Proxy-Authorization: x",
    "Proxy-Authentication: y",
)


def _hops(head: str) -> None:
    assert has(head, "Trailer: X", "Proxy-Authentication: y")
    for name in ("TE:", "Keep-Alive:", "Proxy-Authorization:"):
        assert f"\r\n{name}" not in head


def test_v019(legacy: Stage) -> None:
    """Hop-by-hop request headers are not forwarded; Trailer and Proxy-Authentication are."""
    legacy.client(get("Connection: keep-alive", *HOPS))
    _hops(legacy.dyno().head())


def test_v020(legacy: Stage) -> None:
    """Hop-by-hop headers of an answer are not forwarded either."""
    client = legacy.client(get())
    legacy.dyno().send(answer("200 OK", "Content-Length: 0", "Connection: keep-alive", *HOPS))
    _hops(client.head())


def _restricted(scene: Stage, sent: bytes, words: str) -> None:
    client = scene.client(get())
    scene.dyno().send(sent)
    assert status(client.head()) == "502"
    assert f'code=H25 desc="HTTP restriction: {words}"' in scene.log()


def test_v021(legacy: Stage) -> None:
    """A Set-Cookie line of more than 8192 bytes: 502."""
    cookie = "Set-Cookie: " + "c" * 8192
    _restricted(legacy, answer("200 OK", cookie, "Content-Length: 0"), "oversized cookie")


def test_v022(legacy: Stage) -> None:
    """A header line of 1 MiB in an answer: 502."""
    line = "X-Long: " + "c" * (1 << 20)
    _restricted(legacy, answer("200 OK", line, "Content-Length: 0"), "oversized header")


def test_v023(legacy: Stage) -> None:
    """A status line of 1 MiB: 502."""
    _restricted(legacy, answer("200 " + "c" * (1 << 20)), "oversized status line")


def _exchange(scene: Stage, sent: bytes, answered: bytes) -> tuple[str, str]:
    """Return the heads that the dyno and the client got."""
    client = scene.client(sent)
    dyno = scene.dyno()
    asked = dyno.head()
    dyno.send(answered)
    return asked, client.head()


def test_v024(legacy: Stage) -> None:
    """Via is added in both directions."""
    asked, answered = _exchange(legacy, get(), OK)
    assert has(asked, "Via: 1.1 vegur")
    assert has(answered, "Via: 1.1 vegur")


def test_v025(legacy: Stage) -> None:
    """Via is appended in both directions."""
    via = "via: 1.1 proxy"
    asked, answered = _exchange(legacy, get(via), answer("200 OK", via, "Content-Length: 0"))
    assert has(asked, "Via: 1.1 proxy, 1.1 vegur")
    assert has(answered, "Via: 1.1 proxy, 1.1 vegur")


def test_v026(legacy: Stage) -> None:
    """Any status of three digits, with any text, is forwarded."""
    _, answered = _exchange(legacy, get(), answer("666 THE NUMBER", "Content-Length: 0"))
    assert answered.startswith("HTTP/1.1 666 THE NUMBER\r\n")


ODD = ("cOnTeNt-TyPe: a", "pROXY-authentication: b", "custom-HEADER: c")
CAMEL = ("Content-Type: a", "Proxy-Authentication: b", "Custom-Header: c")


def test_v027(legacy: Stage) -> None:
    """Names of request headers are written in Camel-Case."""
    legacy.client(request("POST", *ODD, "content-LENGTH: 0"))
    assert has(legacy.dyno().head(), *CAMEL, "Content-Length: 0", "Connection: close")


def test_v028(legacy: Stage) -> None:
    """Names of response headers are written in Camel-Case."""
    _, answered = _exchange(legacy, get(), answer("200 OK", *ODD, "content-LENGTH: 0"))
    assert has(answered, *CAMEL, "Content-Length: 0")


def test_v029(legacy: Stage) -> None:
    """Repeated headers keep their order."""
    lines = [f"Test-Header: {n}" for n in (1, 2, 3)]
    _, answered = _exchange(legacy, get(), answer("200 OK", *lines, "Content-Length: 0"))
    assert [x for x in answered.split("\r\n") if x.startswith("Test")] == lines


def test_v030(legacy: Stage) -> None:
    """Two equal Host lines: 400."""
    _refused(legacy, get(f"Host: {HOST}"))


def test_v031(legacy: Stage) -> None:
    """Two different Host lines: 400."""
    _refused(legacy, get("Host: other.herokuapp.com"))


def test_v032(legacy: Stage) -> None:
    """HTTP/1.0 on both sides: the dyno sees 1.1, and so does the client."""
    asked, answered = _exchange(
        legacy, get(version="1.0"), b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"
    )
    assert asked.startswith("GET / HTTP/1.1\r\n")
    assert answered.startswith("HTTP/1.1 200 OK\r\n")


def test_v033(legacy: Stage) -> None:
    """HTTP/1.0 without Connection: both connections are closed after the answer."""
    client = legacy.client(get(version="1.0"))
    dyno = legacy.dyno()
    dyno.head()
    dyno.send(OK)
    assert client.rest().endswith(b"ok")
    assert dyno.closed()


def test_v034(legacy: Stage) -> None:
    """HTTP/1.0 with keep-alive: the client's connection stays open, the dyno's does not."""
    client = legacy.client(get("Connection: keep-alive", version="1.0"))
    dyno = legacy.dyno()
    dyno.head()
    dyno.send(OK)
    assert has(client.head(), "Connection: keep-alive")
    assert client.take(2) == b"ok"
    assert dyno.closed()
    assert open_still(client, legacy)


def test_v035(legacy: Stage) -> None:
    """A chunked answer to HTTP/1.0 arrives without chunks and ends with the connection."""
    client = legacy.client(get("Connection: keep-alive", version="1.0"))
    legacy.dyno().send(answer("200 OK", CHUNKED), chunk(b"hello "), chunk(b"world"), LAST)
    head = client.head()
    assert "chunked" not in head
    assert has(head, "Connection: close")
    assert client.rest() == b"hello world"


BODY = chunk(b"hello ") + b"00005\r\nworld\r\n" + LAST


def test_v036(legacy: Stage) -> None:
    """Chunks pass byte for byte in both directions; Content-Length is dropped for them."""
    client = legacy.client(posting(CHUNKED), BODY)
    dyno = legacy.dyno()
    assert "content-length" not in dyno.head().lower()
    assert dyno.take(len(BODY)) == BODY
    dyno.send(answer("200 OK", CHUNKED), BODY)
    assert has(client.head(), CHUNKED)
    assert client.take(len(BODY)) == BODY
    assert dyno.closed()


def test_v037(legacy: Stage) -> None:
    """A chunked request without its last CRLF is never complete."""
    client = legacy.client(request("POST", CHUNKED), BODY[:-2])
    dyno = legacy.dyno()
    dyno.head()
    assert dyno.take(len(BODY) - 2) == BODY[:-2]
    assert client.quiet()
    assert legacy.passed == []


EARLY = chunk(b"good") + b"0\r\n" + chunk(b"bad") + LAST


def test_v038(legacy: Stage) -> None:
    """An empty chunk in the middle: the dyno gets the valid part, the client gets 400."""
    client = legacy.client(request("POST", CHUNKED), EARLY)
    dyno = legacy.dyno()
    dyno.head()
    assert dyno.rest().startswith(chunk(b"good"))
    assert status(client.head()) == "400"
    assert 'code=H26 desc="Request Error" cause="bad chunk"' in legacy.log()


def test_v039(legacy: Stage) -> None:
    """The bad chunk comes after the dyno's answer, which the router has not read yet: 400."""
    client = legacy.client(request("POST", CHUNKED), chunk(b"good"))
    dyno = legacy.dyno()
    dyno.head()
    dyno.take(len(chunk(b"good")))
    with legacy.held():
        dyno.send(OK)
        client.send(EARLY)
        time.sleep(0.02)
    assert status(client.head()) == "400"
    assert legacy.code() == "H26"


def test_v040(legacy: Stage) -> None:
    """The answer comes after the bad chunk: 400."""
    client = legacy.client(request("POST", CHUNKED), EARLY)
    dyno = legacy.dyno()
    dyno.send(OK)
    assert status(client.head()) == "400"


def test_v041(legacy: Stage) -> None:
    """A bad chunk in the answer: the valid part is sent, then the connection is cut."""
    client = legacy.client(get())
    legacy.dyno().send(answer("200 OK", CHUNKED), EARLY)
    assert status(client.head()) == "200"
    assert client.rest().startswith(chunk(b"good"))
    assert legacy.code() == "H18"


def test_v042(legacy: Stage) -> None:
    """The client leaves in the middle of a chunk: the dyno's connection is closed."""
    client = legacy.client(request("POST", CHUNKED), b"5\r\nhel")
    dyno = legacy.dyno()
    dyno.head()
    client.close()
    assert dyno.rest() == b"5\r\nhel"
    assert legacy.code() == "H27"


def test_v043(legacy: Stage) -> None:
    """The dyno leaves in the middle of a chunk: the client's connection is closed."""
    client = legacy.client(get())
    dyno = legacy.dyno()
    dyno.send(answer("200 OK", CHUNKED), b"5\r\nhel")
    client.head()
    dyno.close()
    assert client.rest() == b"5\r\nhel"
    assert legacy.code() == "H18"


def test_v044(legacy: Stage) -> None:
    """A chunk of the answer is longer than declared: cut, without a second answer."""
    client = legacy.client(get())
    legacy.dyno().send(answer("200 OK", CHUNKED), b"3\r\nhello\r\n", LAST)
    assert status(client.head()) == "200"
    assert client.rest() == b"3\r\nhel"
    assert legacy.code() == "H18"


TRAILED = chunk(b"hello") + b"0\r\nX-Sum: 1\r\n\r\n"


def _trailed(scene: Stage, *headers: str, connection: str = "keep-alive") -> Peer:
    client = scene.client(request("POST", CHUNKED, f"Connection: {connection}", *headers), TRAILED)
    dyno = scene.dyno()
    dyno.head()
    assert dyno.take(len(TRAILED)) == TRAILED
    dyno.send(answer("200 OK", CHUNKED, *headers), TRAILED)
    assert has(client.head(), f"Connection: {connection}")
    assert client.take(len(TRAILED)) == TRAILED
    return client


def test_v045(legacy: Stage) -> None:
    """Trailers pass in both directions."""
    _trailed(legacy, "Trailer: X-Sum")


def test_v046(legacy: Stage) -> None:
    """Trailers pass, and the client's connection is closed if it asked for that."""
    assert _trailed(legacy, "Trailer: X-Sum", connection="close").closed()


def test_v047(legacy: Stage) -> None:
    """A bad trailer from the client: 400."""
    client = legacy.client(request("POST", CHUNKED), chunk(b"a"), b"0\r\nno colon\r\n\r\n")
    assert status(client.head()) == "400"
    assert legacy.code() == "H26"


def test_v048(legacy: Stage) -> None:
    """A bad trailer from the dyno: cut."""
    client = legacy.client(get())
    legacy.dyno().send(answer("200 OK", CHUNKED), chunk(b"a"), b"0\r\nno colon\r\n\r\n")
    assert status(client.head()) == "200"
    assert client.rest().startswith(chunk(b"a"))
    assert legacy.code() == "H18"


def test_v049(legacy: Stage) -> None:
    """Trailers without a Trailer header pass, too; the connection is kept."""
    assert open_still(_trailed(legacy), legacy)


def _bodyless(scene: Stage, sent: bytes, answered: bytes, *, kept: bool = True) -> str:
    """Return the client's head; the next request must get the next answer, not a body."""
    client = scene.client(sent)
    dyno = scene.dyno()
    dyno.send(answered)
    head = client.head()
    assert dyno.rest() is not None
    assert open_still(client, scene) if kept else client.closed()
    return head


def head_request(*headers: str) -> bytes:
    """Return the head of a HEAD request."""
    return request("HEAD", *headers)


@pytest.mark.parametrize("length", [43])
def test_v050(legacy: Stage, length: int) -> None:
    """HEAD: the length is forwarded, no body is awaited."""
    head = _bodyless(legacy, head_request(), answer("200 OK", f"Content-Length: {length}"))
    assert has(head, f"Content-Length: {length}")


def test_v051(legacy: Stage) -> None:
    """HEAD with a large length: forwarded, no body is awaited."""
    head = _bodyless(legacy, head_request(), answer("200 OK", "Content-Length: 430000"))
    assert has(head, "Content-Length: 430000")


def test_v052(legacy: Stage) -> None:
    """HEAD without a length: no body is awaited."""
    head = _bodyless(legacy, head_request(), answer("200 OK", "Content-Length: 0"))
    assert has(head, "Content-Length: 0")


def test_v053(legacy: Stage) -> None:
    """HEAD with a chunked answer: the header is forwarded, no body is awaited."""
    assert has(_bodyless(legacy, head_request(), answer("200 OK", CHUNKED)), CHUNKED)


def test_v054(legacy: Stage) -> None:
    """HEAD, and the dyno closes: the client's connection stays open, no length is added."""
    head = _bodyless(legacy, head_request(), answer("200 OK", "Connection: close"))
    assert has(head, "Connection: keep-alive")
    assert "Content-Length" not in head


def test_v055(legacy: Stage) -> None:
    """HEAD with Connection: close from the client: closed."""
    sent = head_request("Connection: close")
    head = _bodyless(legacy, sent, answer("200 OK", "Content-Length: 5"), kept=False)
    assert has(head, "Connection: close")


def test_v056(legacy: Stage) -> None:
    """204 with a length and a body: the body is dropped."""
    sent = answer("204 No Content", "Content-Length: 5", body=b"wrong")
    assert has(_bodyless(legacy, get(), sent), "Content-Length: 5")


def test_v057(legacy: Stage) -> None:
    """304 with a length and a body: the body is dropped, the connection kept."""
    sent = answer("304 Not Modified", "Content-Length: 1421093", body=b"wrong")
    head = _bodyless(legacy, get(), sent)
    assert has(head, "Content-Length: 1421093", "Connection: keep-alive")


def test_v058(legacy: Stage) -> None:
    """204 that says chunked: no body."""
    head = _bodyless(legacy, get(), answer("204 No Content", "transfer-encoding: chuNked"))
    assert has(head, "Transfer-Encoding: chuNked", "Connection: keep-alive")


def test_v059(legacy: Stage) -> None:
    """304 with Connection: close from the dyno: kept for the client."""
    sent = answer("304 Not Modified", "connection:close", body=b"wrong")
    assert has(_bodyless(legacy, get(), sent), "Connection: keep-alive")


def test_v060(legacy: Stage) -> None:
    """304 with Connection: close from the client: closed."""
    head = _bodyless(legacy, get("Connection: close"), answer("304 Not Modified"), kept=False)
    assert has(head, "Connection: close")


@pytest.mark.parametrize("line", ["204 No Content"])
def test_v061(legacy: Stage, line: str) -> None:
    """204 twice on one connection of the client, on a new one to the dyno each time."""
    _twice(legacy, get(), answer(line))


def _twice(scene: Stage, sent: bytes, answered: bytes) -> None:
    client = scene.client()
    for _ in range(2):
        client.send(sent)
        dyno = scene.dyno()
        dyno.head()
        dyno.send(answered)
        assert has(client.head(), "Connection: keep-alive")
        assert dyno.closed()


def test_v062(legacy: Stage) -> None:
    """304 twice."""
    _twice(legacy, get(), answer("304 Not Modified"))


def test_v063(legacy: Stage) -> None:
    """HEAD twice."""
    _twice(legacy, head_request(), answer("200 OK", "Content-Length: 10000"))


def test_v064(legacy: Stage) -> None:
    """`Transfer-Encoding: ,`: 400."""
    _refused(legacy, request("POST", "Transfer-Encoding: ,"))
