"""What Heroku's own proxy library asserts, row by row: refusals, error pages, status lines."""

from collections.abc import Iterator

import pytest

from parity.router import Backend
from parity.router.transport import Turn
from tests.doors import CUTS, LEGACY, OK, QUICK, Stage, answer, get, request, stage
from tests.test_conformance_exchange import _refused, has, status

pytestmark = pytest.mark.real


@pytest.fixture(params=list(CUTS))
def legacy(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The legacy router as it is."""
    with stage(profile=LEGACY, cut=CUTS[request.param]) as scene:
        yield scene


def _accepted(scene: Stage, *sent: bytes) -> str:
    """Return the head that the dyno gets; the client must get its answer."""
    client = scene.client(*sent)
    dyno = scene.dyno()
    head = dyno.head()
    dyno.send(OK)
    assert status(client.head()) == "200"
    return head


def test_v114(legacy: Stage) -> None:
    """No Host: 400."""
    _refused(legacy, b"GET / HTTP/1.1\r\n\r\n")


def test_v115(legacy: Stage) -> None:
    """An empty Host: 400."""
    _refused(legacy, get(host=""))


def test_v116(legacy: Stage) -> None:
    """An empty Expect is ignored."""
    _accepted(legacy, get("Expect:"))


def test_v117(legacy: Stage) -> None:
    """A path of 10,000 bytes: 414."""
    _refused(legacy, get(path="/" + "x" * 9_999), code="414")


def test_v118(legacy: Stage) -> None:
    """A path of 8,200 bytes is refused, too: the documented limit of the line is 8,192."""
    _refused(legacy, get(path="/" + "x" * 8_199), code="414")


def test_v119(legacy: Stage) -> None:
    """A header name of 2,100 bytes: 400."""
    _refused(legacy, get("x" * 2_100 + ": y"))


def test_v120(legacy: Stage) -> None:
    """A header name of 1,000 bytes is fine."""
    _accepted(legacy, get("x" * 1_000 + ": y"))


def test_v121(legacy: Stage) -> None:
    """A header value of 9,100 bytes: 400."""
    _refused(legacy, get("X: " + "y" * 9_100))


def test_v122(legacy: Stage) -> None:
    """A header value of 8,192 bytes is fine."""
    assert "y" * 8_192 in _accepted(legacy, get("X: " + "y" * 8_192))


def test_v123(legacy: Stage) -> None:
    """1,100 headers: 400."""
    _refused(legacy, get(*[f"X-{n}: y" for n in range(1_100)]))


def test_v124(legacy: Stage) -> None:
    """999 headers and a Host are fine."""
    _accepted(legacy, get(*[f"X-{n}: y" for n in range(999)]))


def test_v125(legacy: Stage) -> None:
    """`Expect: 100-stay`: 417."""
    _refused(legacy, get("Expect: 100-stay"), code="417")


def test_v126(legacy: Stage) -> None:
    """CONNECT: 400."""
    _refused(legacy, request("CONNECT", path="http://example.com:80"))


def test_v128(legacy: Stage) -> None:
    """Maintenance mode: 503."""
    legacy.router.context.maintenance = True
    _refused(legacy, get(), code="503")
    assert 'at=info code=H80 desc="Maintenance mode"' in legacy.log()


def test_v129(legacy: Stage) -> None:
    """Connection: upgrade without Upgrade: 400."""
    _refused(legacy, get("Connection: upgrade"))


def test_v130(legacy: Stage) -> None:
    """`Connection: Upgrade Keep-Alive` is not refused."""
    _accepted(legacy, get("Upgrade: WebSocket", "Connection: Upgrade Keep-Alive"))


def test_v132() -> None:
    """No dyno comes up in time: 503, H20."""
    _hopeless([Backend("web.1", 1, state="starting")], "H20")


def _hopeless(backends: list[Backend], code: str) -> None:
    with stage(profile=LEGACY, limits=QUICK, backends=backends) as scene:
        client = scene.client(get())
        assert status(client.head()) == "503"
        assert scene.code() == code


def _crowded(scene: Stage, code: str) -> None:
    client = scene.client(get())
    assert status(client.head()) == "503"
    assert scene.code() == code


def test_v133(legacy: Stage) -> None:
    """More requests than dynos can have: 503, H11."""
    legacy.router.context.dynos.active = 200
    _crowded(legacy, "H11")


def test_v134(legacy: Stage) -> None:
    """Too many connections: 503, H22."""
    legacy.router.context.turns.update(Turn(print) for _ in range(10_000))
    _crowded(legacy, "H22")


def test_v135() -> None:
    """The platform cannot reach any dyno: 503, H99."""
    _unreachable()


def _unreachable() -> None:
    """Keep both dynos quarantined for longer than a request may wait."""
    limits = QUICK.shortened(quarantine=60)
    with stage(profile=LEGACY, limits=limits, dynos=2) as scene:
        for server in scene.servers:
            server.close()
        assert status(scene.client(get()).head()) == "503"
        assert scene.code() == "H21"
        assert status(scene.client(get()).head()) == "503"
        assert scene.code(2) == "H99"


def test_v136() -> None:
    """No web dyno: 503, H14."""
    _hopeless([], "H14")


def test_v137() -> None:
    """Every web dyno has crashed: 503, H10."""
    _hopeless([Backend("web.1", 1, state="crashed")], "H10")


def test_v138() -> None:
    """All dynos are quarantined: 503."""
    _unreachable()


def test_v139() -> None:
    """All dynos are starting: 503, H20."""
    _hopeless([Backend("web.1", 1, state="starting"), Backend("web.2", 1, state="crashed")], "H20")


def test_v142(legacy: Stage) -> None:
    """No such app: 404."""
    client = legacy.client(get(host="other.example"))
    assert status(client.head()) == "404"
    assert b"<title>Heroku | No such app</title>" in client.rest()
    assert not legacy.asked()


def test_v143() -> None:
    """The platform cannot look the app's dynos up: 503, H99."""
    _unreachable()


def _status_line(scene: Stage, line: bytes) -> str:
    client = scene.client(get())
    scene.dyno().send(line + b"\r\nContent-Length: 0\r\n\r\n")
    return client.head().split("\r\n")[0]


def test_v144(legacy: Stage) -> None:
    """A status line without a reason is accepted."""
    assert _status_line(legacy, b"HTTP/1.1 421") == "HTTP/1.1 421 "


def test_v145(legacy: Stage) -> None:
    """The app's own reason phrase is kept."""
    assert _status_line(legacy, b"HTTP/1.1 421 Deliberate Phrase") == (
        "HTTP/1.1 421 Deliberate Phrase"
    )


def test_v146(legacy: Stage) -> None:
    """An empty reason is accepted."""
    assert _status_line(legacy, b"HTTP/1.1 421 ") == "HTTP/1.1 421 "


def test_v147(legacy: Stage) -> None:
    """Three lines of one header keep their order."""
    client = legacy.client(get())
    legacy.dyno().send(answer("200 OK", "T: 1", "T: 2", "T: 3", "Content-Length: 0"))
    assert "\r\nT: 1\r\nT: 2\r\nT: 3\r\n" in client.head()


def test_v148() -> None:
    """The dyno is silent: H12."""
    with stage(profile=LEGACY, limits=QUICK) as scene:
        client = scene.client(get())
        scene.dyno().head()
        assert has(client.head(), "HTTP/1.1 503 Service Unavailable")
        assert scene.code() == "H12"


def test_v149() -> None:
    """The dyno stops in the middle of the status line: H15."""
    with stage(profile=LEGACY, limits=QUICK) as scene:
        client = scene.client(get())
        scene.dyno().send(b"HTTP/1.1 20")
        assert status(client.head()) == "503"
        assert scene.code() == "H15"
