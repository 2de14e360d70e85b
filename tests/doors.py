"""A router in a thread, with a scripted dyno behind it and clients in front: real sockets."""

import asyncio
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from parity.facts.limits import LIMITS, Limits
from parity.facts.router import LEGACY, ROUTER_2, Profile
from parity.records import Line
from parity.router import Backend, Passed, Router

T = TypeVar("T")
HOST = "shop-0123456789ab.herokuapp.com"
PATIENCE = 10.0
"""Seconds after which a silent socket fails the test."""

QUICK = LIMITS.shortened(
    first_byte=0.5,
    idle_window=1.0,
    connect_timeout=0.4,
    boot_wait=0.6,
    client_idle=0.6,
    quarantine=0.2,
    linger=0.2,
    body_patience=0.3,
)
SLOW = LIMITS.shortened(linger=0.3)
GRAMMAR = re.compile(
    r'(?:http_error="(?P<http_error>[^"]+)" )?'
    r"(?:sock=(?P<sock>client|backend) )?"
    r"at=(?P<at>info|warning|error) "
    r'(?:code=(?P<code>H\d\d) desc="(?P<desc>[^"]+)" )?'
    r'(?:cause="(?P<cause>[^"]+)" )?'
    r'method=(?P<method>\S+) path="(?P<path>[^"]*)" host=(?P<host>\S+) '
    r'request_id=(?P<request_id>\S+) fwd="?(?P<fwd>[^" ]*)"? '
    r"dyno=(?P<dyno>web\.\d+)? connect=(?P<connect>\d+(?:ms)?)? service=(?P<service>\d+(?:ms)?)? "
    r"status=(?P<status>\d{3}) bytes=(?P<bytes>\d+)?"
    r"(?: protocol=(?P<protocol>https?|http1\.1|http2\.0))?"
    r"(?: tls=(?P<tls>true|false) tls_version=(?P<tls_version>tls1\.[23]|unknown))?"
)
"""The grammar of every line of Heroku's router since 2014."""

Cut = Callable[[bytes], Iterator[bytes]]


def whole(data: bytes) -> Iterator[bytes]:
    """Yield the data in one piece."""
    yield data


def singly(data: bytes) -> Iterator[bytes]:
    """Yield the data byte by byte; very long data only at the beginning."""
    yield from (data[i : i + 1] for i in range(min(len(data), 2000)))
    yield from (data[i : i + 50_000] for i in range(2000, len(data), 50_000))


def randomly(data: bytes) -> Iterator[bytes]:
    """Yield the data in pieces of random sizes."""
    at = 0
    while at < len(data):
        size = random.choice((1, 2, 3, 10, 40, len(data) // 3 + 1, 20_000))
        yield data[at : at + size]
        at += size


CUTS: Mapping[str, Cut] = {"whole": whole, "singly": singly, "randomly": randomly}


class Peer:
    """One end of a connection, read and written by the test itself."""

    def __init__(self, sock: socket.socket, cut: Cut = whole) -> None:
        self.sock = sock
        self.sock.settimeout(PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got = b""
        self._cut = cut

    def send(self, *parts: bytes) -> "Peer":
        """Send in the pieces of this test; a peer that has closed accepts no more."""
        try:
            for piece in self._cut(b"".join(parts)):
                self.sock.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self

    def until(self, pattern: bytes) -> bytes:
        """Return everything up to the end of `pattern`, a regular expression."""
        while not (match := re.search(pattern, self.got, re.DOTALL)):
            self._more()
        data, self.got = self.got[: match.end()], self.got[match.end() :]
        return data

    def take(self, count: int) -> bytes:
        """Return `count` bytes."""
        while len(self.got) < count:
            self._more()
        data, self.got = self.got[:count], self.got[count:]
        return data

    def head(self) -> str:
        """Return the next head, without its empty line."""
        return self.until(rb"\r\n\r\n").decode("latin-1")[:-4]

    def rest(self) -> bytes:
        """Return everything until the other side closes."""
        while True:
            try:
                data = self.sock.recv(1 << 20)
            except ConnectionResetError:
                data = b""
            if not data:
                return self.got
            self.got += data

    def closed(self) -> bool:
        """Return whether the other side closes without another byte."""
        return self.rest() == b""

    def quiet(self, seconds: float = 0.15) -> bool:
        """Return whether nothing comes for a while, and the connection stays open."""
        self.sock.settimeout(seconds)
        try:
            data = self.sock.recv(1 << 16)
        except TimeoutError:
            return not self.got
        except ConnectionResetError:
            return False
        finally:
            self.sock.settimeout(PATIENCE)
        self.got += data
        return False

    def close(self) -> None:
        """Close."""
        self.sock.close()

    def _more(self) -> None:
        data = self.sock.recv(1 << 20)
        if not data:
            raise EOFError(f"closed after {self.got!r}")
        self.got += data


class Stage:
    """The router, its dynos' listening sockets, and what it has logged."""

    def __init__(self, cut: Cut, dynos: int) -> None:
        self.cut = cut
        self.servers = [socket.create_server(("127.0.0.1", 0), backlog=512) for _ in range(dynos)]
        for server in self.servers:
            server.settimeout(PATIENCE)
        self.backends = [
            Backend(f"web.{n}", server.getsockname()[1]) for n, server in enumerate(self.servers, 1)
        ]
        self.lines: list[Line] = []
        self.passed: list[Passed] = []
        self.peers: list[Peer] = []
        self.broken: list[dict[str, Any]] = []
        self.router: Router

    def client(self, *parts: bytes, tls: bool = False) -> Peer:
        """Connect a client, which sends `parts`."""
        front = self.router.https if tls else self.router.http
        peer = Peer(socket.create_connection(("127.0.0.1", front.port)), self.cut)
        self.peers.append(peer)
        return peer.send(*parts)

    def dyno(self, number: int = 0) -> Peer:
        """Accept the router's next connection to a dyno."""
        peer = Peer(self.servers[number].accept()[0], self.cut)
        self.peers.append(peer)
        return peer

    def asked(self) -> bool:
        """Return whether a connection waits at the dyno."""
        self.servers[0].settimeout(0.1)
        try:
            self.peers.append(Peer(self.servers[0].accept()[0]))
        except TimeoutError:
            return False
        finally:
            self.servers[0].settimeout(PATIENCE)
        return True

    def log(self, count: int = 1) -> str:
        """Return the newest line, once there are `count`."""
        until = time.monotonic() + PATIENCE
        while len(self.lines) < count and time.monotonic() < until:
            time.sleep(0.002)
        return self.lines[-1].text

    def code(self, count: int = 1) -> str | None:
        """Return the code of the newest finished request, once there are `count`."""
        self.log(count)
        return self.passed[-1].code

    @contextmanager
    def held(self) -> Iterator[None]:
        """Block the router, so that it sees everything that happens meanwhile at once."""
        gate = threading.Event()
        self.router.context.loop.call_soon_threadsafe(gate.wait, PATIENCE)
        yield
        gate.set()

    def on_loop(self, act: Callable[[], T]) -> T:
        """Return the result of `act`, called between two events of the router."""
        done: list[T] = []
        over = threading.Event()
        self.router.context.loop.call_soon_threadsafe(lambda: (done.append(act()), over.set()))
        assert over.wait(PATIENCE)
        return done[0]

    def close(self) -> None:
        """Close all sockets of the test."""
        for peer in self.peers:
            peer.close()
        for server in self.servers:
            server.close()


@contextmanager
def stage(
    *,
    profile: Profile = ROUTER_2,
    limits: Limits = SLOW,
    cut: Cut = whole,
    dynos: int = 1,
    config: Mapping[str, str] | None = None,
    backends: Sequence[Backend] | None = None,
) -> Iterator[Stage]:
    """Run a router in a thread while the test plays client and dyno."""
    scene = Stage(cut, dynos)
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _loop, context: scene.broken.append(context))
    scene.router = Router(
        scene.backends if backends is None else backends,
        HOST,
        loop=loop,
        during=lambda work: work(),
        limits=limits,
        say=scene.lines.append,
        profile=profile,
        config=config,
        on_passed=scene.passed.append,
    )
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    try:
        with scene.router:
            thread.start()
            try:
                yield scene
            finally:
                loop.call_soon_threadsafe(loop.stop)
                thread.join(PATIENCE)
                scene.close()
        assert scene.broken == [], "a callback of the loop has failed"
        for line in scene.lines:
            assert GRAMMAR.fullmatch(line.text), line.text
    finally:
        loop.close()


def get(*headers: str, path: str = "/", host: str = HOST, version: str = "1.1") -> bytes:
    """Return the head of a GET."""
    return request("GET", *headers, path=path, host=host, version=version)


def request(
    method: str, *headers: str, path: str = "/", host: str = HOST, version: str = "1.1"
) -> bytes:
    """Return the head of a request."""
    lines = (f"{method} {path} HTTP/{version}", f"Host: {host}", *headers, "", "")
    return "\r\n".join(lines).encode("latin-1")


def answer(status: str, *headers: str, body: bytes = b"") -> bytes:
    """Return an answer; it has a length only if `headers` give one."""
    return "\r\n".join((f"HTTP/1.1 {status}", *headers, "", "")).encode("latin-1") + body


def chunk(data: bytes) -> bytes:
    """Return one chunk."""
    return b"%x\r\n%s\r\n" % (len(data), data)


LAST = b"0\r\n\r\n"
OK = answer("200 OK", "Content-Length: 2", body=b"ok")
__all__ = ["LEGACY", "ROUTER_2"]
