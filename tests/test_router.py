"""The router's visitors: the requests of `parity run`, and the records of the answers."""

import gzip
import re
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from parity.facts.limits import LIMITS
from parity.records import Exchange, Line
from parity.router import Backend
from tests.doors import HOST, OK, stage

pytestmark = pytest.mark.real

QUICK = LIMITS.shortened(first_byte=1.5, connect_timeout=1, body_patience=0.3)
SAMPLE = re.compile(
    r'(sock=backend )?at=(info|error code=H\d\d desc="[^"]+") method=GET path="[^"]*" host=\S+ '
    r'request_id=[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12} fwd="[\d.]+" dyno=(web\.1)? '
    r"connect=(\d+ms)? service=(\d+ms)? status=\d{3} bytes=\d* protocol=http1\.1 tls=true "
    r"tls_version=unknown"
)


@contextmanager
def dyno(*answers: bytes | None, hold: bool = False) -> Iterator[tuple[int, list[bytes]]]:
    """A dyno that gives each connection the next of `answers`; None: it says nothing.

    `hold` keeps the connection open after the answer until the test is over.
    """
    received: list[bytes] = []
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for answer in answers:
                connection, _ = server.accept()
                with connection:
                    received.append(connection.recv(65536))
                    connection.sendall(answer or b"")
                    if answer is None or hold:
                        over.wait(5)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], received
        over.set()
        thread.join(5)


def probe(port: int, said: list[Line] | None = None, path: str = "/") -> tuple[Exchange, ...]:
    """Return what a visitor sees through a router with short limits."""
    with stage(limits=QUICK, backends=[Backend("web.1", port)]) as door:
        exchanges = door.router.probe(path)
    if said is not None:
        said += door.lines
    return exchanges


def test_the_request_is_the_routers() -> None:
    """The dyno sees the public Host, https, a request id and nothing of this machine."""
    with dyno(OK) as (port, received):
        (exchange,) = probe(port, path="/a?b=%20c")
    head = received[0].decode()
    assert exchange.status == 200
    assert exchange.body == b"ok"
    assert head.startswith("GET /a?b=%20c HTTP/1.1\r\n")
    for header in (f"Host: {HOST}", "X-Forwarded-Proto: https", "X-Forwarded-Port: 443"):
        assert f"\r\n{header}\r\n" in head
    assert "Via: 1.1 heroku-router" in head
    assert re.search(r"\r\nX-Request-Start: \d{13}\r\n", head)
    assert "python-requests" not in head
    assert "\r\nConnection: keep-alive\r\n" in head


@pytest.mark.parametrize(
    ("answer", "code", "status"),
    [
        (OK, None, 200),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", None, 404),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", None, 200),
        (b"HTTP/1.1 204 No Content\r\n\r\n", None, 204),
        (b"", "H13", 503),
        (None, "H12", 503),
        (b"hello, I am no HTTP\r\n\r\n", "H17", 503),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", "H18", 200),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe", "H18", 200),
    ],
    ids=["200", "404", "HTTP/1.0", "204", "closed", "silent", "no HTTP", "cut", "cut chunk"],
)
def test_codes(answer: bytes | None, code: str | None, status: int) -> None:
    """Every way of not answering gets its code, and the log line has the form of real ones."""
    said: list[Line] = []
    with dyno(answer) as (port, _):
        (exchange,) = probe(port, said)
    assert (exchange.code, exchange.status) == (code, status)
    assert SAMPLE.fullmatch(said[0].text), said[0].text
    assert said[0].source == "heroku[router]"


def test_a_dyno_that_refuses() -> None:
    """Nobody listens: H21."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    said: list[Line] = []
    assert probe(port, said)[0].code == "H21"
    assert SAMPLE.fullmatch(said[0].text), said[0].text


def test_an_endless_body_is_an_answer() -> None:
    """An endless stream (server-sent events) is read for a while and is fine."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n"
    with dyno(head, hold=True) as (port, _):
        (exchange,) = probe(port)
    assert (exchange.status, exchange.code) == (200, None)
    assert exchange.body == b"data: 1\n\n"


PAGE = b"<h1>hello</h1>\n" * 9000


def bare(data: bytes) -> bytes:
    """Return `deflate` as some servers send it, without the header of RFC 1950."""
    made = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return made.compress(data) + made.flush()


@pytest.mark.parametrize(
    ("encoding", "made"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("Deflate", bare), ("identity", bytes)],
    ids=["gzip", "deflate", "bare deflate", "identity"],
)
def test_a_compressed_body_is_read(encoding: str, made: Callable[[bytes], bytes]) -> None:
    """It is decompressed as in browsers, up to the part of a body that is kept."""
    body = made(PAGE)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n"
    with dyno(head.encode() + body) as (port, _):
        (exchange,) = probe(port)
    assert exchange.body == PAGE[: 64 * 1024]
    assert exchange.code is None


def test_a_body_that_is_not_what_it_says() -> None:
    """It is neither the router's fault nor an error in parity."""
    with dyno(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain") as (
        port,
        _,
    ):
        (exchange,) = probe(port)
    assert (exchange.status, exchange.code, exchange.body) == (200, None, b"")


def redirect(location: str, *headers: str) -> bytes:
    """Return a 302 to `location`."""
    lines = ["HTTP/1.1 302 Found", f"Location: {location}", *headers, "Content-Length: 0", "", ""]
    return "\r\n".join(lines).encode()


def test_redirects_on_the_host_are_followed() -> None:
    """A redirect to another page of the app is followed, with the cookies that were set."""
    with dyno(redirect("/login", "Set-Cookie: a=1; Secure; HttpOnly"), OK) as (port, received):
        exchanges = probe(port)
    assert [e.status for e in exchanges] == [302, 200]
    assert [e.first for e in exchanges] == ["/", "/"]
    assert received[1].startswith(b"GET /login HTTP/1.1")
    assert b"Cookie: a=1\r\n" in received[1]


def test_redirects_elsewhere_are_not_followed() -> None:
    """A redirect to another host is an answer."""
    with dyno(redirect("https://example.com/")) as (port, _):
        assert [e.status for e in probe(port)] == [302]


def test_a_redirect_to_plain_http_says_so() -> None:
    """If the app sends the browser to http://, the next request is not https."""
    with dyno(redirect(f"http://{HOST}/x"), OK) as (port, received):
        probe(port)
    assert b"X-Forwarded-Proto: http\r\n" in received[1]


def test_a_redirect_is_written_as_browsers_do() -> None:
    """Spaces and umlauts in a Location are encoded."""
    with dyno(redirect("/a b/ü?c=d e"), OK) as (port, received):
        probe(port)
    assert received[1].startswith(b"GET /a%20b/%C3%BC?c=d%20e HTTP/1.1\r\n")


def test_a_redirect_loop_ends() -> None:
    """An app that redirects forever gets eleven requests, and no more."""
    with dyno(*[redirect(f"https://{HOST}/")] * 11) as (port, received):
        exchanges = probe(port)
        assert len(exchanges) == len(received) == 11
    assert {e.location for e in exchanges} == {f"https://{HOST}/"}


def test_this_machines_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY of the developer's shell is ignored."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with dyno(OK) as (port, _):
        assert probe(port)[0].status == 200
