"""Each of Heroku's codes, provoked by its real cause, with its status, page and log line."""

import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from parity.facts import Fact
from parity.facts import router as facts
from parity.router import Backend
from tests.doors import (
    GRAMMAR,
    LEGACY,
    OK,
    PATIENCE,
    QUICK,
    ROUTER_2,
    Stage,
    answer,
    chunk,
    get,
    request,
    stage,
)

pytestmark = pytest.mark.real

GOLDEN = Path(__file__).parent / "golden"
PAGE = 506
"""Bytes of the error page."""


@pytest.mark.parametrize("line", (GOLDEN / "router-lines.txt").read_text().splitlines())
def test_the_grammar_is_that_of_real_lines(line: str) -> None:
    """The grammar matches lines from public logs, with their addresses made anonymous."""
    assert GRAMMAR.fullmatch(line)


def parsed(scene: Stage, count: int = 1) -> dict[str, str | None]:
    """Return the fields of the newest line."""
    line = scene.log(count)
    match = GRAMMAR.fullmatch(line)
    assert match, line
    return match.groupdict()


@pytest.fixture(params=["2.0", "legacy"])
def door(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Either router, with short limits."""
    with stage(profile=facts.PROFILES[request.param], limits=QUICK) as scene:
        yield scene


def logged(
    scene: Stage, code: str, desc: str, status: int, filled: str, *, at: str = "error"
) -> None:
    """Assert that the newest line has these words, and exactly the `filled` fields."""
    seen = parsed(scene)
    assert (seen["code"], seen["desc"], seen["at"]) == (code, desc, at)
    assert seen["status"] == str(status)
    have = [name for name in ("dyno", "connect", "service", "bytes") if seen[name] is not None]
    assert have == filled.split()
    legacy = scene.router.profile.name == "legacy"
    assert seen["protocol"] == ("http" if legacy else "http1.1")
    assert seen["tls"] == (None if legacy else "false")


def unavailable(got: bytes) -> None:
    """Assert that it is the error page, as Heroku serves it."""
    head, _, body = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"\r\nCache-Control: no-cache, no-store\r\n" in head
    assert b"\r\nContent-Type: text/html; charset=utf-8\r\n" in head
    assert b"\r\nContent-Length: 506" in head
    assert body == (GOLDEN / "application-error.html").read_bytes()


ALL = "dyno connect service bytes"
CLOSING = get("Connection: close")


def test_h10(door: Stage) -> None:
    """Every web dyno has crashed."""
    door.backends[0].state = "crashed"
    unavailable(door.client(CLOSING).rest())
    logged(door, "H10", "App crashed", 503, "")


def test_h11() -> None:
    """200 requests are in progress at the only dyno, and one more comes."""
    with stage() as scene:
        scene.servers[0].listen(512)
        for _ in range(200):
            scene.client(get())
        for _ in range(200):
            scene.dyno()
        unavailable(scene.client(CLOSING).rest())
        logged(scene, "H11", "Backlog too deep", 503, "")


def test_h12(door: Stage) -> None:
    """The dyno sends no byte within the limit; its connection is closed then."""
    client = door.client(CLOSING)
    dyno = door.dyno()
    dyno.head()
    unavailable(client.rest())
    assert dyno.closed()
    logged(door, "H12", "Request timeout", 503, ALL)
    seen = parsed(door)
    assert seen["bytes"] == "0"
    assert 500 <= int((seen["service"] or "")[:-2]) < 5000


def test_h12_counts_from_the_end_of_the_request(door: Stage) -> None:
    """A slow upload does not count towards the time for the answer."""
    client = door.client(request("POST", "Content-Length: 8"))
    dyno = door.dyno()
    for _ in range(8):
        time.sleep(0.1)
        client.send(b"x")
    dyno.head()
    dyno.take(8)
    dyno.send(OK)
    assert client.head().startswith("HTTP/1.1 200")


def test_h12_counts_from_when_the_dyno_is_up() -> None:
    """Waiting for the boot, for longer than the limit, does not count towards the answer's time."""
    with stage(limits=QUICK.shortened(boot_wait=PATIENCE)) as scene:
        scene.backends[0].state = "starting"
        client = scene.client(get())
        assert client.quiet(0.7)
        scene.backends[0].state = "up"
        dyno = scene.dyno()
        dyno.head()
        assert client.quiet()
        dyno.send(OK)
        client.until(b"\r\n\r\nok")


def test_h12_counts_from_when_it_is_asked_again() -> None:
    """Time on a reused connection before it died does not count towards the answer's time."""
    with stage(limits=QUICK) as scene:
        client = scene.client(get())
        dyno = scene.dyno()
        dyno.send(OK)
        client.until(b"\r\n\r\nok")
        dyno.head()
        client.send(get())
        dyno.head()
        assert client.quiet(0.35)
        dyno.close()
        dyno = scene.dyno()
        dyno.head()
        assert client.quiet(0.3)
        dyno.send(OK)
        client.until(b"\r\n\r\nok")


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 O", b"HTTP/1.1 200 OK\r\nX: y\r\n"])
def test_h13(door: Stage, sent: bytes) -> None:
    """The dyno closes before its answer's head is complete."""
    client = door.client(CLOSING)
    dyno = door.dyno()
    dyno.head()
    dyno.send(sent).close()
    unavailable(client.rest())
    logged(door, "H13", "Connection closed without response", 503, ALL)
    assert parsed(door)["bytes"] == "0"


def test_h13_by_reset(door: Stage) -> None:
    """The dyno is killed: its socket is reset."""
    client = door.client(CLOSING)
    dyno = door.dyno()
    dyno.head()
    dyno.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    dyno.close()
    unavailable(client.rest())
    logged(door, "H13", "Connection closed without response", 503, ALL)


@pytest.mark.parametrize("profile", [ROUTER_2, LEGACY])
def test_h14(profile: facts.Profile) -> None:
    """There is no web dyno."""
    with stage(profile=profile, backends=[]) as scene:
        unavailable(scene.client(CLOSING).rest())
        logged(scene, "H14", "No web processes running", 503, "")


def test_h15(door: Stage) -> None:
    """The answer stops in the middle; the client sees that it is incomplete."""
    client = door.client(get())
    door.dyno().send(answer("200 OK", "Content-Length: 100000"), b"x" * 10)
    got = client.rest()
    assert got.startswith(b"HTTP/1.1 200 OK")
    assert got.endswith(b"x" * 10)
    logged(door, "H15", "Idle connection", 503, ALL)


def test_a_slow_answer_is_not_idle(door: Stage) -> None:
    """Each byte restarts the time limit."""
    client = door.client(get())
    dyno = door.dyno()
    dyno.send(answer("200 OK", "Content-Length: 12"))
    for _ in range(12):
        time.sleep(0.1)
        dyno.send(b"x")
    assert client.until(b"x" * 12)
    assert parsed(door)["code"] is None


@pytest.mark.parametrize(
    "sent",
    [
        b"hello, I am no HTTP\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x50",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 1000 OK\r\n\r\n",
        b"HTTP/1.1 099 OK\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"http/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\x00c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ],
)
def test_h17(door: Stage, sent: bytes) -> None:
    """An answer that is not HTTP is named, and never forwarded."""
    client = door.client(CLOSING)
    door.dyno().send(sent)
    unavailable(client.rest())
    logged(door, "H17", "Poorly formatted HTTP response", 503, ALL)
    assert door.passed[0].detail


CUT: dict[str, bytes] = {
    "length": answer("200 OK", "Content-Length: 100000", body=b"short"),
    "chunk": answer("200 OK", "Transfer-Encoding: chunked", body=b"5\r\nhe"),
    "no last chunk": answer("200 OK", "Transfer-Encoding: chunked", body=chunk(b"hello")),
    "bad chunk": answer("200 OK", "Transfer-Encoding: chunked", body=b"zz\r\n"),
}


@pytest.mark.parametrize("sent", CUT.values(), ids=CUT)
def test_h18(door: Stage, sent: bytes) -> None:
    """The answer breaks off, and so does the client's. Router 2.0 logs the status it had sent."""
    client = door.client(get())
    door.dyno().send(sent).close()
    assert client.rest().startswith(b"HTTP/1.1 200 OK\r\n")
    status = 503 if door.router.profile.name == "legacy" else 200
    logged(door, "H18", "Server Request Interrupted", status, ALL)
    assert parsed(door)["sock"] == "backend"


def test_h18_within_the_request(door: Stage) -> None:
    """The dyno leaves while the request is being sent."""
    client = door.client(request("POST", "Content-Length: 100"), b"x")
    dyno = door.dyno()
    dyno.head()
    dyno.take(1)
    dyno.close()
    unavailable(client.rest())
    logged(door, "H18", "Server Request Interrupted", 503, ALL)


def test_h18_of_a_kept_connection() -> None:
    """Router 2.0: the dyno closes a reused connection on a POST; a GET is sent again."""
    with stage() as scene:
        client, dyno = scene.client(), None
        for _ in range(2):
            client.send(get())
            dyno = dyno or scene.dyno()
            dyno.head()
            dyno.send(OK)
            client.until(b"\r\n\r\nok")
        assert dyno
        client.send(get())
        dyno.head()
        dyno.close()
        dyno = scene.dyno()
        dyno.send(OK)
        client.until(b"\r\n\r\nok")
        dyno.head()
        client.send(request("POST", "Content-Length: 0", "Connection: close"))
        dyno.head()
        dyno.close()
        unavailable(client.rest())
        assert scene.code(4) == "H18"


def test_h19() -> None:
    """The dyno's queue of connections is full, and nobody accepts any."""
    with socket.socket() as server, stage(limits=QUICK, dynos=0) as scene:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = []
        for _ in range(8):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(server.getsockname())
        scene.router.context.dynos.backends.append(Backend("web.1", server.getsockname()[1]))
        unavailable(scene.client(CLOSING).rest())
        logged(scene, "H19", "Backend connection timeout", 503, "dyno connect")
        assert int((parsed(scene)["connect"] or "")[:-2]) >= 300
        for sock in waiting:
            sock.close()


def test_h20(door: Stage) -> None:
    """No dyno comes up in time."""
    door.backends[0].state = "starting"
    unavailable(door.client(CLOSING).rest())
    logged(door, "H20", "App boot timeout", 503, "")


def test_a_request_waits_for_the_dyno(door: Stage) -> None:
    """A dyno that comes up meanwhile answers; `connect=` includes the waiting."""
    door.backends[0].state = "starting"
    client = door.client(get())
    assert not door.asked()
    door.backends[0].state = "up"
    door.dyno().send(OK)
    client.until(b"\r\n\r\nok")
    assert int((parsed(door)["connect"] or "")[:-2]) >= 100


def test_h21(door: Stage) -> None:
    """Nobody listens any more."""
    door.servers[0].close()
    unavailable(door.client(CLOSING).rest())
    logged(door, "H21", "Backend connection refused", 503, "dyno connect")


def test_h22(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many connections at once."""
    monkeypatch.setattr(facts, "CONNECTIONS", Fact(3, "connections", "ours", "this test"))
    with stage() as scene:
        for _ in range(3):
            scene.client(b"G")
        unavailable(scene.client(CLOSING).rest())
        logged(scene, "H22", "Connection limit reached", 503, "")


def test_h24() -> None:
    """The router is stopped while it serves."""
    with stage() as scene:
        scene.client(get())
        scene.dyno().head()
    logged(scene, "H24", "Forced close", 503, ALL)


RESTRICTED: dict[str, bytes] = {
    "invalid content length": answer("200 OK", "Content-Length: +2", body=b"ok"),
    "oversized cookie": answer("200 OK", "Set-Cookie: " + "c" * 8192, "Content-Length: 0"),
    "oversized header": answer("200 OK", "X: " + "c" * 600_000, "Content-Length: 0"),
    "oversized status line": answer("200 " + "c" * 9000, "Content-Length: 0"),
}


@pytest.mark.parametrize("words", RESTRICTED)
def test_h25(door: Stage, words: str) -> None:
    """An answer outside the limits results in a 502."""
    client = door.client(CLOSING)
    door.dyno().send(RESTRICTED[words])
    assert client.rest().startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    logged(door, "H25", f"HTTP restriction: {words}", 502, ALL)
    assert parsed(door)["bytes"] == str(PAGE)


REFUSED: dict[str, tuple[bytes, int]] = {
    "unsupported expect header value": (get("Expect: 100-stay"), 417),
    "bad header": (get("no colon"), 400),
    "bad chunk": (request("POST", "Transfer-Encoding: chunked") + b"zz\r\n", 400),
}


@pytest.mark.parametrize("cause", REFUSED)
def test_h26(door: Stage, cause: str) -> None:
    """A bad request. Router 2.0 has no such code: it refuses without logging one."""
    sent, status = REFUSED[cause]
    assert door.client(sent).rest().startswith(b"HTTP/1.1 %d " % status)
    if door.router.profile.name == "legacy":
        logged(door, "H26", "Request Error", status, ALL if cause == "bad chunk" else "")
        assert parsed(door)["cause"] == cause
    elif cause == "bad chunk":
        assert parsed(door)["code"] is None
        assert parsed(door)["status"] == "400"
    else:
        assert door.lines == []


def test_h27_before_the_answer(door: Stage) -> None:
    """The client leaves while the dyno is working."""
    client = door.client(get())
    dyno = door.dyno()
    dyno.head()
    client.close()
    assert dyno.closed()
    logged(door, "H27", "Client Request Interrupted", 499, "dyno connect service", at="warning")
    assert parsed(door)["sock"] == "client"


def test_h27_within_the_answer(door: Stage) -> None:
    """The client leaves in the middle of the answer."""
    client = door.client(get())
    dyno = door.dyno()
    dyno.send(answer("200 OK", "Content-Length: 100000"), b"x" * 10)
    client.until(b"xxxxxxxxxx")
    client.close()
    dyno.rest()
    logged(door, "H27", "Client Request Interrupted", 499, ALL, at="warning")


def test_h27_within_the_request(door: Stage) -> None:
    """The client leaves in the middle of its request."""
    client = door.client(request("POST", "Content-Length: 100"), b"x")
    dyno = door.dyno()
    dyno.head()
    client.close()
    assert dyno.rest() == b"x"
    logged(door, "H27", "Client Request Interrupted", 499, "dyno connect service", at="warning")


def test_h28(door: Stage) -> None:
    """The client does not finish its request."""
    client = door.client(request("POST", "Content-Length: 100"), b"x")
    door.dyno().head()
    assert client.closed()
    logged(door, "H28", "Client Connection Idle", 499, "dyno connect service", at="warning")


def test_h28_of_a_client_that_does_not_read(door: Stage) -> None:
    """The client does not read a large answer, and the dyno has to wait."""
    client = door.client(get())
    dyno = door.dyno()
    dyno.head()
    dyno.sock.settimeout(2)
    dyno.sock.sendall(answer("200 OK", "Content-Length: 100000000"))
    sent = 0
    try:
        while sent < 100_000_000:
            sent += dyno.sock.send(b"x" * 65536)
    except OSError:
        pass
    assert sent < 50_000_000
    logged(door, "H28", "Client Connection Idle", 499, ALL, at="warning")
    client.close()


def test_h80(door: Stage) -> None:
    """In maintenance mode, dynos keep running, and nobody reaches them."""
    door.router.context.maintenance = True
    got = door.client(CLOSING).rest()
    assert b"/error-pages/maintenance-mode.html" in got
    logged(door, "H80", "Maintenance mode", 503, "", at="info")


def test_h81() -> None:
    """Nothing has been released yet: there is no dyno, and no type that could have one."""
    with stage(backends=[]) as scene:
        scene.router.send_to([], blank=True)
        got = scene.client(CLOSING).rest()
        assert got.startswith(b"HTTP/1.1 502 ")
        logged(scene, "H81", "Blank app", 502, "", at="info")


def test_h99() -> None:
    """All dynos stay quarantined for as long as a request may wait."""
    limits = QUICK.shortened(quarantine=60)
    with stage(limits=limits, dynos=2) as scene:
        for server in scene.servers:
            server.close()
        unavailable(scene.client(CLOSING).rest())
        assert scene.code() == "H21"
        unavailable(scene.client(CLOSING).rest())
        assert scene.code(2) == "H99"
        assert GRAMMAR.fullmatch(scene.log())


def test_quarantine_ends(door: Stage) -> None:
    """A dyno that refused is tried again after a while."""
    port = door.servers[0].getsockname()[1]
    door.servers[0].close()
    unavailable(door.client(CLOSING).rest())
    door.servers[0] = socket.create_server(("127.0.0.1", port))
    door.servers[0].settimeout(5)
    client = door.client(get())
    door.dyno().send(OK)
    client.until(b"\r\n\r\nok")


def test_the_users_own_pages() -> None:
    """The page shows ERROR_PAGE_URL and MAINTENANCE_PAGE_URL."""
    config = {"ERROR_PAGE_URL": "//x.example/e?a=1&b", "MAINTENANCE_PAGE_URL": "//x.example/m"}
    with stage(config=config, backends=[]) as scene:
        assert b'<iframe src="//x.example/e?a=1&amp;b">' in scene.client(CLOSING).rest()
        scene.router.context.maintenance = True
        assert b'<iframe src="//x.example/m">' in scene.client(CLOSING).rest()


def test_the_apps_own_500_has_no_code(door: Stage) -> None:
    """Any answer of the app is forwarded."""
    client = door.client(get())
    door.dyno().send(answer("500 Oops", "Content-Length: 3", body=b"own"))
    assert client.until(b"own").startswith(b"HTTP/1.1 500 Oops")
    seen = parsed(door)
    assert (seen["at"], seen["code"], seen["status"]) == ("info", None, "500")


PATHS: dict[str, tuple[str, str]] = {
    "plain": ("/a?b=%20", "/a?b=%20"),
    "blank": ("/a%20b", "/a b"),
    "umlaut": ("/%C3%BC", "/ü"),
    "newline": ("/a%0Aat=error", "/a%0Aat=error"),
    "quote": ("/a%22", "/a%22"),
}


@pytest.mark.parametrize("name", PATHS)
def test_paths_in_the_log(door: Stage, name: str) -> None:
    """Router 2.0 logs paths decoded, but never so that a line could be forged."""
    sent, shown = PATHS[name]
    door.client(get(path=sent))
    dyno = door.dyno()
    assert dyno.head().startswith(f"GET {sent} HTTP/1.1\r\n")
    dyno.send(OK)
    assert parsed(door)["path"] == (sent if door.router.profile.name == "legacy" else shown)


def test_quotes_do_not_forge_a_line(door: Stage) -> None:
    """A quote in the path or in the addresses does not end the field."""
    client = door.client(get('X-Forwarded-For: 1" dyno="x', path='/a"b'))
    door.dyno().send(OK)
    client.head()
    assert parsed(door)["path"] == "/a%22b"


def test_fwd_has_every_hop(door: Stage) -> None:
    """Addresses are joined without spaces."""
    door.client(get("X-Forwarded-For: 198.51.100.1, 198.51.100.2"))
    door.dyno().send(OK)
    assert parsed(door)["fwd"] == "198.51.100.1,198.51.100.2,203.0.113.7"


def test_every_code_has_its_test() -> None:
    """Every code has a test that provokes it by its real cause."""
    tested = {name[5:8].upper() for name in globals() if re.match(r"test_h\d\d", name)}
    assert set(facts.CODES) == tested
