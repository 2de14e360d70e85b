"""What Heroku's own proxy library asserts, row by row: large bodies, connections, added headers."""

import re
import threading
from collections.abc import Iterator

import pytest

from tests.doors import (
    CUTS,
    LAST,
    LEGACY,
    OK,
    QUICK,
    Peer,
    Stage,
    answer,
    chunk,
    get,
    request,
    stage,
)
from tests.test_conformance_exchange import CHUNKED, SWITCH, WEBSOCKET, has, open_still, status

pytestmark = pytest.mark.real

KEEPING = LEGACY._replace(keeps=True)


@pytest.fixture(params=list(CUTS))
def legacy(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The legacy router as it is."""
    with stage(profile=LEGACY, cut=CUTS[request.param]) as scene:
        yield scene


@pytest.fixture(params=list(CUTS))
def keeping(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The legacy router, changed to keep its connections to dynos."""
    with stage(profile=KEEPING, cut=CUTS[request.param]) as scene:
        yield scene


BIG = bytes(range(256)) * 32


def _large(scene: Stage, *headers: str) -> tuple[Peer, Peer]:
    client = scene.client(request("POST", f"Content-Length: {len(BIG)}", *headers), BIG)
    dyno = scene.dyno()
    dyno.head()
    assert dyno.take(len(BIG)) == BIG
    dyno.send(answer("200 OK", f"Content-Length: {len(BIG)}", body=BIG))
    assert status(client.head()) == "200"
    assert client.take(len(BIG)) == BIG
    return client, dyno


def test_v065(legacy: Stage) -> None:
    """8 KB both ways; the dyno's connection is closed, the client's kept."""
    client, dyno = _large(legacy)
    assert dyno.closed()
    assert open_still(client, legacy)


def test_v066(legacy: Stage) -> None:
    """8 KB both ways with Connection: close."""
    client, dyno = _large(legacy, "Connection: close")
    assert dyno.closed()
    assert client.closed()


def test_v067(legacy: Stage) -> None:
    """A body that ends with the connection."""
    client = legacy.client(get())
    dyno = legacy.dyno()
    dyno.head()
    dyno.send(answer("200 OK"), BIG)
    dyno.close()
    assert has(client.head(), "Connection: close")
    assert client.rest() == BIG


def _interrupted(scene: Stage, sent: tuple[bytes, ...], answered: bytes, *, read: int = 0) -> bytes:
    client = scene.client(*sent)
    dyno = scene.dyno()
    dyno.head()
    dyno.take(read)
    dyno.send(answered)
    dyno.close()
    return client.rest()


def test_v068(legacy: Stage) -> None:
    """The dyno answers 304 and closes while the upload runs: the client gets the 304."""
    head = request("POST", "Content-Length: 1000000")
    got = _interrupted(legacy, (head, b"x" * 4000), answer("304 Not Modified"))
    assert got.startswith(b"HTTP/1.1 304 Not Modified\r\n")


def test_v069(legacy: Stage) -> None:
    """The dyno answers 304 during an unfinished chunked upload."""
    head = request("POST", CHUNKED)
    got = _interrupted(legacy, (head, chunk(b"x" * 4000)), answer("304 Not Modified"))
    assert got.startswith(b"HTTP/1.1 304 Not Modified\r\n")


@pytest.mark.parametrize("size", [30_000])
def test_v070(legacy: Stage, size: int) -> None:
    """The dyno answers early with 30,000 bytes that end with the connection."""
    head = request("POST", "Content-Length: 1000000")
    got = _interrupted(legacy, (head, b"x" * 4000), answer("200 OK", body=b"y" * size), read=4000)
    assert got.startswith(b"HTTP/1.1 200 OK\r\n")
    assert got.count(b"y") >= size


def test_v071(legacy: Stage) -> None:
    """The dyno answers early with 80,000 bytes."""
    head = request("POST", "Content-Length: 1000000")
    got = _interrupted(legacy, (head, b"x" * 4000), answer("200 OK", body=b"y" * 80_000), read=4000)
    assert got.startswith(b"HTTP/1.1 200 OK\r\n")
    assert got.count(b"y") >= 65_536


def test_v072(legacy: Stage) -> None:
    """`Content-Length: 208062 ` with a trailing space: 502."""
    client = legacy.client(get())
    legacy.dyno().send(b"HTTP/1.1 200 OK\r\nContent-Length: 208062 \r\n\r\n")
    assert status(client.head()) == "502"
    assert legacy.code() == "H25"


def _connection(
    scene: Stage, client_says: str, dyno_says: str, *, to_dyno: str, to_client: str
) -> tuple[Peer, Peer]:
    """Run one exchange in which each side may say something about its connection."""
    client = scene.client(get(*([f"Connection: {client_says}"] if client_says else [])))
    dyno = scene.dyno()
    assert has(dyno.head(), f"Connection: {to_dyno}")
    said = [f"Connection: {dyno_says}"] if dyno_says else []
    dyno.send(answer("200 OK", *said, "Content-Length: 2", body=b"ok"))
    assert has(client.head(), f"Connection: {to_client}")
    assert client.take(2) == b"ok"
    return client, dyno


def _closed(client: Peer, dyno: Peer) -> None:
    assert dyno.closed()
    assert client.closed()


def _client_open(scene: Stage, client: Peer, dyno: Peer) -> None:
    assert dyno.closed()
    assert open_still(client, scene)


def test_v073(legacy: Stage) -> None:
    """close, close: both closed."""
    _closed(*_connection(legacy, "close", "close", to_dyno="close", to_client="close"))


KEEP = {"to_dyno": "close", "to_client": "keep-alive"}


def test_v074(legacy: Stage) -> None:
    """keep-alive, keep-alive: the client's stays open."""
    _client_open(legacy, *_connection(legacy, "keep-alive", "keep-alive", **KEEP))


def test_v075(legacy: Stage) -> None:
    """Nothing said: the client's connection stays open."""
    _client_open(legacy, *_connection(legacy, "", "", **KEEP))


def test_v076(legacy: Stage) -> None:
    """close, keep-alive: both closed."""
    _closed(*_connection(legacy, "close", "keep-alive", to_dyno="close", to_client="close"))


def test_v077(legacy: Stage) -> None:
    """keep-alive, close: the client's stays open."""
    _client_open(legacy, *_connection(legacy, "keep-alive", "close", **KEEP))


def test_v078(keeping: Stage) -> None:
    """Kept: close, close: both closed."""
    _closed(*_connection(keeping, "close", "close", to_dyno="close", to_client="close"))


BOTH = {"to_dyno": "keep-alive", "to_client": "keep-alive"}


def _again(client: Peer, dyno: Peer, sent: bytes, answered: bytes) -> None:
    """Run a second exchange on the same two connections."""
    client.send(sent)
    assert dyno.head()
    dyno.send(answered)
    assert status(client.head()) == "200"


@pytest.mark.parametrize("says", ["keep-alive"])
def test_v079(keeping: Stage, says: str) -> None:
    """Kept: keep-alive everywhere, two requests on the same two connections."""
    client, dyno = _connection(keeping, says, says, **BOTH)
    _again(client, dyno, get(), OK)


def test_v080(keeping: Stage) -> None:
    """Kept: the same if nothing is said."""
    client, dyno = _connection(keeping, "", "", **BOTH)
    _again(client, dyno, get(), OK)


def test_v081(keeping: Stage) -> None:
    """Kept: the client says close: both closed."""
    _closed(*_connection(keeping, "close", "keep-alive", to_dyno="close", to_client="close"))


def test_v082(keeping: Stage) -> None:
    """Kept: the dyno says close: a new connection for the second request."""
    _client_open(keeping, *_connection(keeping, "keep-alive", "close", **BOTH))


def test_v083() -> None:
    """Kept: once another dyno takes over, the old connection is dropped, the new one kept."""
    with stage(profile=KEEPING, dynos=2) as scene:
        scene.backends[1].state = "starting"
        client, dyno = _connection(scene, "", "", **BOTH)
        _again(client, dyno, get(), OK)
        assert client.take(2) == b"ok"
        scene.backends[0].state, scene.backends[1].state = "crashed", "up"
        assert dyno.closed()
        client.send(get())
        other = scene.dyno(1)
        other.head()
        other.send(OK)
        assert status(client.head()) == "200"
        assert client.take(2) == b"ok"
        _again(client, other, get(), OK)


def test_v084(keeping: Stage) -> None:
    """Kept: HTTP/1.0 with keep-alive, two requests on the same two connections."""
    old = get("Connection: keep-alive", version="1.0")
    client = keeping.client(old)
    dyno = keeping.dyno()
    assert has(dyno.head(), "Connection: keep-alive")
    dyno.send(OK)
    assert has(client.head(), "Connection: keep-alive")
    assert client.take(2) == b"ok"
    _again(client, dyno, old, OK)


def _upgraded(scene: Stage) -> tuple[Peer, Peer]:
    client = scene.client(get(*WEBSOCKET))
    dyno = scene.dyno()
    assert has(dyno.head(), "Connection: Upgrade", "Upgrade: websocket")
    dyno.send(SWITCH)
    assert status(client.head()) == "101"
    return client, dyno


def test_v085(keeping: Stage) -> None:
    """Upgraded, and the dyno closes: the client's connection is closed."""
    client, dyno = _upgraded(keeping)
    dyno.close()
    assert client.closed()


def test_v086(keeping: Stage) -> None:
    """Upgraded, and the client closes: the dyno's connection is closed."""
    client, dyno = _upgraded(keeping)
    client.close()
    assert dyno.closed()


BODY = chunk(b"hello ") + chunk(b"world") + LAST


def test_v087(keeping: Stage) -> None:
    """Kept: chunks both ways, twice on the same connections."""
    client = keeping.client()
    dyno = None
    for _ in range(2):
        client.send(request("POST", CHUNKED), BODY)
        dyno = dyno or keeping.dyno()
        dyno.head()
        assert dyno.take(len(BODY)) == BODY
        dyno.send(answer("200 OK", CHUNKED), BODY)
        client.head()
        assert client.take(len(BODY)) == BODY


def test_v088(keeping: Stage) -> None:
    """Kept: a body that ends with the connection closes both."""
    client = keeping.client(get("Connection: keep-alive"))
    dyno = keeping.dyno()
    dyno.head()
    dyno.send(answer("200 OK"), BIG)
    dyno.close()
    assert has(client.head(), "Connection: close")
    assert client.rest() == BIG


def test_v089(keeping: Stage) -> None:
    """Kept: 8 KB bodies, twice on the same connections."""
    client, dyno = _large(keeping)
    client.send(request("POST", f"Content-Length: {len(BIG)}"), BIG)
    dyno.head()
    assert dyno.take(len(BIG)) == BIG
    dyno.send(OK)
    assert status(client.head()) == "200"


def _asked(scene: Stage, sent: bytes, *, tls: bool = False) -> str:
    """Return the head that the dyno gets."""
    scene.client(sent, tls=tls)
    return scene.dyno().head()


def _field(head: str, name: str) -> str:
    found = re.findall(rf"\r\n{name}: ([^\r]*)", head)
    assert len(found) == 1, head
    return str(found[0])


def test_v090(legacy: Stage) -> None:
    """Without X-Request-Id one is created."""
    pattern = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert re.fullmatch(pattern, _field(_asked(legacy, get()), "X-Request-Id"))


def test_v091(legacy: Stage) -> None:
    """A good X-Request-Id is kept."""
    given = "testid-with-a-valid-length"
    assert _field(_asked(legacy, get(f"x-request-id: {given}")), "X-Request-Id") == given


def test_v092(legacy: Stage) -> None:
    """A bad X-Request-Id is replaced."""
    assert "testid??" not in _asked(legacy, get("X-Request-Id: testid??"))


def test_v093(legacy: Stage) -> None:
    """X-Forwarded-For is the client's address, with X-Forwarded-Port."""
    head = _asked(legacy, get())
    assert _field(head, "X-Forwarded-For") == "203.0.113.7"
    assert _field(head, "X-Forwarded-Port") == "80"


def test_v094(legacy: Stage) -> None:
    """An existing X-Forwarded-For is appended to."""
    head = _asked(legacy, get("X-Forwarded-For: 10.0.0.1"))
    assert _field(head, "X-Forwarded-For") == "10.0.0.1, 203.0.113.7"


def test_v095(legacy: Stage) -> None:
    """The http port: port 80, proto http; the client's own headers do not count."""
    head = _asked(legacy, get("X-Forwarded-Proto: https", "X-Forwarded-Port: 443"))
    assert _field(head, "X-Forwarded-Port") == "80"
    assert _field(head, "X-Forwarded-Proto") == "http"


def test_v096(legacy: Stage) -> None:
    """The https port, and a Host with port 443: port 443, proto https."""
    for head in (_asked(legacy, get(), tls=True), _asked(legacy, get(host="localhost:443"))):
        assert _field(head, "X-Forwarded-Port") == "443"
        assert _field(head, "X-Forwarded-Proto") == "https"


def test_v098(legacy: Stage) -> None:
    """No X-Forwarded-Peer-Port."""
    assert "Peer-Port" not in _asked(legacy, get())


def test_v100(legacy: Stage) -> None:
    """Via, alone and after another."""
    assert _field(_asked(legacy, get()), "Via") == "1.1 vegur"
    assert _field(_asked(legacy, get("Via: happyproxy")), "Via") == "happyproxy, 1.1 vegur"


@pytest.mark.parametrize("name", ["X-Request-Start"])
def test_v101(legacy: Stage, name: str) -> None:
    """X-Request-Start: milliseconds since 1970; a client's is replaced."""
    assert re.fullmatch(r"\d{13}", _field(_asked(legacy, get(f"{name}: 1")), name))


def test_v102(legacy: Stage) -> None:
    """Connect-Time is a number."""
    assert _field(_asked(legacy, get("Connect-Time: x")), "Connect-Time").isdecimal()


def test_v103(legacy: Stage) -> None:
    """Total-Route-Time is a number."""
    assert _field(_asked(legacy, get("Total-Route-Time: x")), "Total-Route-Time").isdecimal()


def test_v104(legacy: Stage) -> None:
    """The Host is forwarded."""
    assert _field(_asked(legacy, get(host="localhost")), "Host") == "localhost"


def test_v105(legacy: Stage) -> None:
    """The query is forwarded, the fragment is not."""
    head = _asked(legacy, get(path="/p?test=foo&bar=car#fragment=ding"))
    assert head.startswith("GET /p?test=foo&bar=car HTTP/1.1\r\n")


def test_v106(legacy: Stage) -> None:
    """A GET with a body keeps its Content-Length."""
    client = legacy.client(get("Content-Length: 5"), b"hello")
    dyno = legacy.dyno()
    assert _field(dyno.head(), "Content-Length") == "5"
    assert dyno.take(5) == b"hello"
    client.close()


def test_v107(legacy: Stage) -> None:
    """A GET without a body gets no Content-Length."""
    assert "Content-Length" not in _asked(legacy, get())


def test_v109() -> None:
    """A dyno refuses the connection: another one is tried."""
    with stage(profile=LEGACY, dynos=2) as scene:
        scene.servers[0].close()
        for _ in range(6):
            client = scene.client(get())
            dyno = scene.dyno(1)
            dyno.send(OK)
            assert status(client.head()) == "200"


def test_v110(legacy: Stage) -> None:
    """Status and headers of an answer are recorded and forwarded."""
    client = legacy.client(get())
    legacy.dyno().send(answer("200 OK", "Set-Cookie: a=1", "Content-Length: 0"))
    assert has(client.head(), "Set-Cookie: a=1")
    assert "status=200" in legacy.log()


def test_v111(legacy: Stage) -> None:
    """Bytes and times of a request are recorded, and the path with its query."""
    legacy.client(get(path="/x?y=1"))
    legacy.dyno().send(OK)
    pattern = r'path="/x\?y=1" .* connect=\d+ms service=\d+ms status=200 bytes=\d+ protocol=http$'
    assert re.search(pattern, legacy.log())


def test_v112(keeping: Stage) -> None:
    """The same for each of two requests on one connection; the second connects in no time."""
    client, dyno = _connection(keeping, "", "", **BOTH)
    _again(client, dyno, get(), OK)
    keeping.log(2)
    assert keeping.passed[1].connect_ms == 0
    assert (keeping.passed[1].bytes or 0) < 2 * (keeping.passed[0].bytes or 0)


def test_v113(legacy: Stage) -> None:
    """A websocket's message comes back unchanged, through both ports."""
    for tls in (False, True):
        client = legacy.client(get(*WEBSOCKET), tls=tls)
        dyno = legacy.dyno()
        dyno.head()
        dyno.send(SWITCH)
        client.head()
        client.send(b"\x81\x05hello")
        assert dyno.take(7) == b"\x81\x05hello"
        dyno.send(b"\x81\x05hello")
        assert client.take(7) == b"\x81\x05hello"


def test_v164(legacy: Stage) -> None:
    """The byte pipe keeps the order both ways, and ends when the dyno closes."""
    client, dyno = _upgraded(legacy)
    data = b"".join(b"%07d" % n for n in range(20_000))
    sender = threading.Thread(target=client.send, args=(data,))
    sender.start()
    assert dyno.take(len(data)) == data
    sender.join()
    dyno.send(data)
    dyno.close()
    assert client.rest() == data


def test_v165(legacy: Stage) -> None:
    """The end of a pipe is recorded with status 101, its time and its bytes."""
    client, dyno = _upgraded(legacy)
    dyno.send(b"hello")
    client.take(5)
    client.close()
    assert dyno.closed()
    assert re.search(r"at=info .* service=\d+ms status=101 bytes=\d+", legacy.log())


def test_v166() -> None:
    """A silent pipe is closed on both sides after the time limit: H15."""
    with stage(profile=LEGACY, limits=QUICK) as scene:
        client, dyno = _upgraded(scene)
        assert client.closed()
        assert dyno.closed()
        assert scene.code() == "H15"


def test_v167(legacy: Stage) -> None:
    """The same pipe in the library's second form."""
    test_v164(legacy)


def test_v168() -> None:
    """The same time limit in that form."""
    test_v166()


def test_v170() -> None:
    """The log has every request, in chronological order."""
    with stage(profile=LEGACY) as scene:
        scene.router.context.dynos.backends.clear()
        clients = [scene.client(get(path=f"/{n}")) for n in range(50)]
        for client in clients:
            assert status(client.head()) == "503"
        scene.log(50)
        times = [line.at for line in scene.lines]
        assert len(times) == 50
        assert times == sorted(times)


def test_two_backends_are_both_asked() -> None:
    """Dynos are chosen at random."""
    with stage(dynos=2, limits=QUICK) as scene:
        for _ in range(40):
            scene.client(get())
        assert scene.dyno(0)
        assert scene.dyno(1)
