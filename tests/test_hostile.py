"""Malicious or broken clients and dynos: no crash, no hang, no unbounded memory."""

import contextlib
import random
import resource
import socket
import struct
import threading
import time

import psutil
import pytest

from parity.facts import router as facts
from parity.facts.limits import LIMITS
from tests.doors import (
    HOST,
    LAST,
    OK,
    QUICK,
    Stage,
    answer,
    chunk,
    get,
    randomly,
    request,
    stage,
)
from tests.framing import fuzzed
from tests.test_conformance_exchange import SWITCH, WEBSOCKET, open_still, status

pytestmark = pytest.mark.real

STRANGERS = ["evil.example", "evil.example:80", "herokuapp.com.evil.example", "10.0.0.1", "a"]
OURS = [
    HOST,
    HOST.upper(),
    "other.herokuapp.com",
    "shop.localhost:5000",
    "localhost",
    "127.0.0.1:1",
]


@pytest.mark.parametrize("host", STRANGERS)
def test_rebound_names_reach_nobody(host: str) -> None:
    """A stranger's name for this machine gets Heroku's 404, and its name is not repeated."""
    with stage() as scene:
        client = scene.client(get(host=host))
        got = client.rest()
        assert got.startswith(b"HTTP/1.1 404 ")
        assert b"evil" not in got
        assert not scene.asked()
        assert scene.lines == []


@pytest.mark.parametrize("host", OURS)
def test_own_names(host: str) -> None:
    """The app's names, and names that only mean this machine, are served."""
    with stage() as scene:
        client = scene.client(get(host=host))
        scene.dyno().send(OK)
        assert status(client.head()) == "200"


def test_loopback_alone() -> None:
    """Nobody else can connect."""
    with stage() as scene:
        for front in (scene.router.http, scene.router.https):
            listening = [
                c.laddr.ip
                for c in psutil.Process().net_connections("tcp")
                if c.status == psutil.CONN_LISTEN and c.laddr.port == front.port
            ]
            assert listening == ["127.0.0.1"]


def test_pipelined_requests_are_answered_in_order() -> None:
    """Three requests in one packet, the third garbage: two answers and a 400."""
    with stage() as scene:
        client = scene.client(get(path="/1") + get(path="/2") + b"garbage\r\n\r\n")
        dyno = scene.dyno()
        for number in (1, 2):
            assert dyno.head().startswith(f"GET /{number} ")
            dyno.send(answer("200 OK", "Content-Length: 1", body=b"%d" % number))
        got = client.rest()
        assert [got.count(b"\r\n\r\n1HTTP"), got.count(b"\r\n\r\n2HTTP/1.1 400 ")] == [1, 1]


def test_a_request_behind_a_body() -> None:
    """What follows a body is the next request, however it is split."""
    with stage(cut=randomly) as scene:
        body = chunk(b"a") + LAST
        client = scene.client(
            request("POST", "Transfer-Encoding: chunked") + body + get(path="/next")
        )
        dyno = scene.dyno()
        dyno.head()
        dyno.until(rb"0\r\n\r\n")
        dyno.send(OK)
        assert dyno.head().startswith("GET /next ")
        dyno.send(OK)
        client.until(rb"\r\n\r\nok.*\r\n\r\nok")


def test_slow_headers() -> None:
    """A client that sends its head too slowly gets 408, whatever it sends after that."""
    with stage(limits=QUICK) as scene:
        client = scene.client(b"GET / HTTP/1.1\r\n")
        began = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - began < 5:
                client.sock.settimeout(0.05)
                with contextlib.suppress(TimeoutError):
                    client.got += client.sock.recv(1000)
                    break
                client.sock.sendall(b"X: y\r\n")
        assert client.got.startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - began < 3


def test_a_client_that_asks_and_never_reads() -> None:
    """Only so many answers pile up; then its requests wait, too."""
    with stage(backends=[]) as scene:
        client = scene.client()
        client.sock.settimeout(0.5)
        with contextlib.suppress(TimeoutError):
            for _ in range(10_000):
                client.sock.sendall(get() * 100)
        before = len(scene.lines)
        assert before < 100_000
        assert scene.on_loop(lambda: len(scene.router.context.turns)) == 1
        client.close()


def test_silent_clients() -> None:
    """A client that says nothing is closed without an answer."""
    with stage(limits=QUICK) as scene:
        assert scene.client().closed()


def test_a_head_that_never_ends() -> None:
    """The head is refused as soon as it is too long, and not kept."""
    with stage() as scene:
        client = scene.client(b"GET / HTTP/1.1\r\nHost: a\r\n")
        with contextlib.suppress(OSError):
            for _ in range(10_000):
                client.sock.sendall(b"X-Some: thing that is quite long\r\n" * 100)
        assert client.rest()[:13] in (b"HTTP/1.1 400 ", b"")


@pytest.mark.parametrize("bomb", [b"A" * 9000, b"GET /" + b"a" * 9000, b"GET / HTTP/1.1\r\nA: "])
def test_endless_lines(bomb: bytes) -> None:
    """A line without an end is refused before it ends."""
    with stage() as scene:
        client = scene.client(bomb + b"x" * 20_000)
        assert client.rest().startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 414 "))


def test_half_closed() -> None:
    """A client closes its side before it has sent a request."""
    with stage() as scene:
        client = scene.client(b"GET / HT")
        client.sock.shutdown(socket.SHUT_WR)
        assert client.closed()
        assert scene.lines == []


def test_many_idle_connections() -> None:
    """5,000 silent connections do not keep another one from being served."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 11_000:
        pytest.skip("this machine allows too few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 11_000), hard))
    before = psutil.Process().memory_info().rss
    try:
        with stage() as scene:
            idle = [
                socket.create_connection(("127.0.0.1", scene.router.http.port)) for _ in range(5000)
            ]
            client = scene.client(get())
            scene.dyno().send(OK)
            assert status(client.head()) == "200"
            assert scene.on_loop(lambda: len(scene.router.context.turns)) == 5001
            assert psutil.Process().memory_info().rss - before < 100 * 2**20
            for sock in idle:
                sock.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def reset(sock: socket.socket) -> None:
    """Close so that the other side gets an error instead of a regular end."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


@pytest.mark.parametrize("side", ["client", "dyno"])
def test_a_reset_after_an_upgrade(side: str) -> None:
    """Either side ends a tunnel with a reset: the other one is closed, and all is logged."""
    with stage() as scene:
        client = scene.client(get(*WEBSOCKET))
        dyno = scene.dyno()
        dyno.head()
        dyno.send(SWITCH)
        client.head()
        near, far = (client, dyno) if side == "client" else (dyno, client)
        reset(near.sock)
        assert far.closed()
        assert scene.code() is None


def test_a_kept_connection_is_reset() -> None:
    """A dyno resets an idle connection: the next request gets a new one."""
    with stage() as scene:
        client = scene.client(get())
        dyno = scene.dyno()
        dyno.head()
        dyno.send(OK)
        client.until(rb"\r\n\r\nok")
        reset(dyno.sock)
        scene.on_loop(lambda: None)
        client.send(get())
        scene.dyno().send(OK)
        assert status(client.head()) == "200"


def test_a_kept_connection_of_a_dyno_that_is_gone() -> None:
    """A request that ends after its dyno was replaced leaves no connection behind."""
    with stage() as scene:
        client = scene.client(get())
        dyno = scene.dyno()
        dyno.head()
        scene.on_loop(lambda: scene.router.send_to([]))
        dyno.send(OK)
        client.until(rb"\r\n\r\nok")
        assert dyno.closed()


@pytest.mark.parametrize("close", ["close", "keep-alive"])
def test_a_slow_reader_is_no_idle_one(close: str) -> None:
    """A client that reads slowly, but steadily, gets the whole answer: each byte counts."""
    size = 1_500_000
    with stage(limits=LIMITS.shortened(idle_window=0.4)) as scene:
        scene.router.http._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 20_000)
        client = scene.client()
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 20_000)
        client.send(get(f"Connection: {close}"))
        dyno = scene.dyno()
        dyno.head()
        feed = threading.Thread(
            target=dyno.send, args=(answer("200 OK", f"Content-Length: {size}"), b"x" * size)
        )
        feed.start()
        client.head()
        got = len(client.got)
        while got < size:
            time.sleep(0.02)
            data = client.sock.recv(10_000)
            assert data, f"cut after {got} bytes"
            got += len(data)
        feed.join()
        assert scene.code() is None


def test_no_descriptors_left() -> None:
    """Without file descriptors, connections wait; then they are served."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with stage() as scene:
        client = scene.client(get())
        dyno = scene.dyno()
        dyno.head()
        dyno.send(OK)
        client.until(rb"\r\n\r\nok")
        waiting = [socket.socket() for _ in range(3)]
        resource.setrlimit(resource.RLIMIT_NOFILE, (waiting[-1].fileno() + 1, hard))
        try:
            for sock in waiting:
                sock.connect(("127.0.0.1", scene.router.http.port))
            time.sleep(0.3)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        waiting[0].sendall(get("Connection: close"))
        dyno.head()
        dyno.send(OK)
        assert waiting[0].recv(1000).startswith(b"HTTP/1.1 200 ")
        client.send(get())
        dyno.head()
        dyno.send(OK)
        assert status(client.head()) == "200"
        for sock in waiting:
            sock.close()


def test_a_body_is_never_kept() -> None:
    """With 100 MB in both directions, the memory does not grow."""
    size, piece = 100_000_000, b"x" * 100_000
    with stage() as scene:
        client = scene.client(request("POST", f"Content-Length: {size}"))
        dyno = scene.dyno()
        dyno.head()
        before = psutil.Process().memory_info().rss
        for source, target in ((client, dyno), (dyno, client)):
            if source is dyno:
                source.sock.sendall(answer("200 OK", f"Content-Length: {size}"))
                target.head()
            thread = threading.Thread(
                target=lambda s=source: [s.sock.sendall(piece) for _ in range(size // len(piece))]
            )
            thread.start()
            got, target.got = len(target.got), b""
            while got < size:
                got += len(target.sock.recv(1 << 20))
            thread.join()
            assert got == size
        assert psutil.Process().memory_info().rss - before < 16 * 2**20


def test_a_dyno_that_sends_garbage_for_ever() -> None:
    """Garbage is refused at the first bytes."""
    with stage() as scene:
        client = scene.client(get("Connection: close"))
        dyno = scene.dyno()
        with contextlib.suppress(OSError):
            for _ in range(1000):
                dyno.sock.sendall(bytes(range(256)) * 100)
        assert client.rest().startswith(b"HTTP/1.1 503 ")
        assert scene.code() == "H17"


def test_a_second_answer_that_nobody_asked_for() -> None:
    """An unrequested second answer does not become the answer to the next request."""
    with stage() as scene:
        client = scene.client(get())
        first = scene.dyno()
        first.head()
        first.send(OK, answer("200 OK", "Content-Length: 4", body=b"evil"))
        client.until(rb"\r\n\r\nok")
        client.send(get())
        scene.dyno().send(OK)
        assert b"evil" not in client.until(rb"\r\n\r\nok")


def test_a_dyno_that_speaks_on_an_idle_connection() -> None:
    """An idle connection on which unrequested bytes arrive is closed."""
    with stage() as scene:
        client = scene.client(get())
        dyno = scene.dyno()
        dyno.head()
        dyno.send(OK)
        client.until(rb"\r\n\r\nok")
        dyno.send(OK)
        assert dyno.closed()
        assert open_still(client, scene)


def test_one_dyno_dies_under_load() -> None:
    """One of two dynos stops listening: nobody gets an error because of it."""
    with stage(dynos=2, limits=QUICK.shortened(first_byte=20)) as scene:
        threads = [threading.Thread(target=_serving, args=(s,), daemon=True) for s in scene.servers]
        for thread in threads:
            thread.start()
        seen = []
        for number in range(60):
            if number == 20:
                scene.servers[1].close()
                threads[1].join()  # a thread in accept() keeps the socket open
            client = scene.client(get("Connection: close"))
            seen.append(client.rest()[:12])
        assert set(seen[25:]) == {b"HTTP/1.1 200"}
        assert {p.dyno for p in scene.passed[:20]} == {"web.1", "web.2"}


def _serving(server: socket.socket) -> None:
    """Answer every connection once, until the server is closed."""
    server.settimeout(0.05)
    while server.fileno() >= 0:
        with contextlib.suppress(TimeoutError, OSError):
            sock = server.accept()[0]
            sock.settimeout(5)
            sock.recv(65536)
            sock.sendall(answer("200 OK", "Content-Length: 2", "Connection: close", body=b"ok"))
            sock.close()


def test_fuzzed_on_sockets() -> None:
    """After random messages from clients and dynos, the router still serves."""
    dice = random.Random(5)
    with stage(limits=QUICK.shortened(linger=0.01)) as scene:
        thread = threading.Thread(target=_raving, args=(scene, dice), daemon=True)
        thread.start()
        for _ in range(400):
            client = scene.client(fuzzed(dice))
            client.sock.settimeout(0.02)
            with contextlib.suppress(OSError):
                client.sock.recv(4096)
            client.close()
        scene.servers[0].close()
        thread.join(10)
        client = scene.client(get("Connection: close"))
        assert client.rest().startswith(b"HTTP/1.1 503 ")
        assert scene.router._bug is None


ANSWERS = (
    OK,
    b"",
    b"HTTP/1.1 200 OK\r\n",
    answer("200 OK", "Transfer-Encoding: chunked", body=b"5\r\nhel"),
    answer("200 OK", "Content-Length: 9", body=b"ok"),
    answer("101 Switching Protocols", "Upgrade: websocket", body=b"\x00"),
    b"\x00\xff" * 30,
    b"HTTP/1.1 100 Continue\r\n\r\n" * 3,
)


def _raving(scene: Stage, dice: random.Random) -> None:
    """Answer each connection with random bytes, and close it."""
    scene.servers[0].settimeout(0.05)
    while scene.servers[0].fileno() >= 0:
        with contextlib.suppress(TimeoutError, OSError):
            sock = scene.servers[0].accept()[0]
            sock.settimeout(0.05)
            with contextlib.suppress(OSError):
                sock.recv(65536)
                sock.sendall(dice.choice(ANSWERS))
            sock.close()


def test_websocket_bytes_are_not_touched() -> None:
    """10 MB of random bytes in each direction at once arrive unchanged."""
    data = random.Random(1).randbytes(10_000_000)
    with stage() as scene:
        client = scene.client(get(*WEBSOCKET))
        dyno = scene.dyno()
        dyno.head()
        dyno.send(answer("101 Switching Protocols", *WEBSOCKET))
        client.head()
        threads = [threading.Thread(target=p.sock.sendall, args=(data,)) for p in (client, dyno)]
        for thread in threads:
            thread.start()
        got: dict[str, bytes] = {}
        reader = threading.Thread(target=lambda: got.update(dyno=dyno.take(len(data))))
        reader.start()
        got["client"] = client.take(len(data))
        for thread in (*threads, reader):
            thread.join()
        assert got["client"] == data
        assert got["dyno"] == data


def test_limits_have_sources() -> None:
    """Every number of the router states its source."""
    numbers = [value for value in vars(facts).values() if isinstance(value, facts.Fact)]
    assert len(numbers) > 12
    assert all(number.source and number.unit for number in numbers)
