"""Requests to the dyno as Heroku's router sends them, judged by its rules.

https://devcenter.heroku.com/articles/http-routing (documented): TLS ends before the app, which sees
plain HTTP/1.1 with `X-Forwarded-Proto: https`.
"""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from parity.facts.limits import Limits
from parity.records import Beside, Exchange, Line, Say
from parity.router import log

if TYPE_CHECKING:
    import requests

    from parity.router.faults import Fault

CLIENT = "203.0.113.7"
"""The browser's address in X-Forwarded-For: one of those reserved for documentation (RFC 5737)."""

MOST_REDIRECTS = 10
KEPT_BODY = 64 * 1024


class Router:
    """Heroku's front door to one dyno on `port`; `during` runs a blocking call beside the dyno."""

    def __init__(
        self,
        port: int,
        host: str,
        *,
        limits: Limits,
        say: Say,
        during: Beside,
    ) -> None:
        self.port = port
        self.host = host
        self._limits = limits
        self._say = say
        self._during = during

    def probe(self, path: str) -> tuple[Exchange, ...]:
        """GET `path` as a browser does, following redirects on this host."""
        cookies: dict[str, str] = {}
        url = f"https://{self.host}{path}"
        exchanges: list[Exchange] = []
        while url and len(exchanges) <= MOST_REDIRECTS:
            exchanges.append(self.ask(url, first=path, cookies=cookies))
            url = self._onward(url, exchanges[-1])
        return tuple(exchanges)

    def ask(
        self, url: str, *, first: str | None = None, cookies: dict[str, str] | None = None
    ) -> Exchange:
        """One GET of the public `url`, logged as Heroku does. `cookies` are used and kept."""
        request_id = _request_id()
        parts = urlsplit(url)
        target = _target(url)
        jar = {} if cookies is None else cookies
        headers = self._headers(parts.netloc, parts.scheme, request_id, jar)
        exchange = self._exchange(target, parts.netloc, headers, jar, first or target)
        self._say(Line(time.time(), "heroku[router]", log.line(exchange, request_id, CLIENT)))
        return exchange

    def burst(self, url: str, count: int, *, after: float = 0.0) -> list[bytes]:
        """The bodies of `count` requests for `url` at once, `after` seconds; none for a failure."""
        from concurrent.futures import ThreadPoolExecutor

        parts = urlsplit(url)
        headers = self._headers(parts.netloc, parts.scheme, _request_id(), {})

        def one(_: int) -> bytes | None:
            answer = self._send(_target(url), headers)
            return None if isinstance(answer, Exception) else self._read(answer)[0]

        def all_of_them() -> list[bytes | None]:
            time.sleep(after)
            with ThreadPoolExecutor(count) as pool:
                return list(pool.map(one, range(count)))

        return [body for body in self._during(all_of_them) if body is not None]

    def _onward(self, url: str, exchange: Exchange) -> str:
        if not 300 <= exchange.status < 400 or not exchange.location:
            return ""
        target = urljoin(url, exchange.location)
        return target if urlsplit(target).netloc == self.host else ""

    def _headers(
        self, host: str, scheme: str, request_id: str, cookies: dict[str, str]
    ) -> dict[str, str]:
        """What the dyno receives: the client's headers and those that the router sets."""
        sent = {
            "Host": host,
            "User-Agent": "Mozilla/5.0 (compatible; parity)",
            "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
            "Accept-Encoding": "gzip, deflate",
            "Connection": "keep-alive",
            "X-Request-Id": request_id,
            "X-Forwarded-For": CLIENT,
            "X-Forwarded-Proto": scheme,
            "X-Forwarded-Port": "443" if scheme == "https" else "80",
            "Via": "1.1 heroku-router",
            "X-Request-Start": str(int(time.time() * 1000)),
        }
        if cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return sent

    def _exchange(
        self, target: str, host: str, headers: dict[str, str], cookies: dict[str, str], first: str
    ) -> Exchange:
        from parity.router.faults import before_answer

        began = time.monotonic()
        answer = self._during(lambda: self._send(target, headers))
        if isinstance(answer, Exception):
            return _failed(target, host, before_answer(answer), _since(began), first)
        cookies.update(_cookies(answer))
        body, length, fault_in_body = self._during(lambda: self._read(answer))
        return Exchange(
            method="GET",
            path=target,
            host=host,
            status=answer.status_code,
            code=fault_in_body.code if fault_in_body else None,
            detail=fault_in_body.detail if fault_in_body else "",
            connect_ms=0,
            service_ms=_since(began),
            bytes=length,
            headers={name.lower(): value for name, value in answer.headers.items()},
            body=body,
            first=first,
        )

    def _send(self, target: str, headers: dict[str, str]) -> "requests.Response | Exception":
        """The response at its first byte, or what prevented it. Runs beside the dyno's loop.

        `trust_env` is off: a proxy or a .netrc password of this machine is not the app's business.
        """
        import requests

        session = requests.Session()
        session.trust_env = False
        session.headers.clear()
        limits = (self._limits.connect_timeout.value, self._limits.first_byte.value)
        request = requests.Request("GET", f"http://127.0.0.1:{self.port}/", headers=headers)
        prepared = session.prepare_request(request)
        prepared.url = f"http://127.0.0.1:{self.port}{target}"
        try:
            return session.send(prepared, stream=True, timeout=limits, allow_redirects=False)
        except requests.RequestException as error:
            return error

    def _read(self, response: "requests.Response") -> tuple[bytes, int, "Fault | None"]:
        """(first bytes, length, fault) of the body, cut off where an endless one would go on."""
        from urllib3.exceptions import HTTPError

        from parity.router.faults import within_answer

        body, length = b"", 0
        with _patience(response, self._limits.body_patience.value) as cut, response:
            try:
                for chunk in _pieces(response):
                    length += len(chunk)
                    body += chunk[: KEPT_BODY - len(body)]
            except (HTTPError, OSError) as error:
                return body, length, None if cut.is_set() else within_answer(error)
        return body, length, None


def _pieces(response: "requests.Response") -> Iterator[bytes]:
    """The body as it comes: without length or chunks a read for more would wait for the end."""
    raw, headers = response.raw, response.headers
    if raw.chunked or "Content-Length" in headers or "Content-Encoding" in headers:
        yield from raw.stream(16 * 1024, decode_content=True)
    else:
        yield from iter(lambda: raw.read1(16 * 1024), b"")


@contextmanager
def _patience(response: "requests.Response", seconds: float) -> Iterator[threading.Event]:
    """End the reading of `response` after `seconds`; the event says that it was us."""
    cut = threading.Event()

    def end() -> None:
        cut.set()
        response.raw.shutdown()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield cut
    finally:
        timer.cancel()


def _target(url: str) -> str:
    """Path and query of `url`, as the request line has them."""
    parts = urlsplit(url)
    return (parts.path + (f"?{parts.query}" if parts.query else "")) or "/"


def _failed(target: str, host: str, fault: "Fault", service: int, first: str) -> Exchange:
    return Exchange(
        "GET", target, host, 503, fault.code, fault.detail, 0, service, 0, {}, b"", first
    )


def _cookies(response: "requests.Response") -> dict[str, str]:
    """The cookies an answer sets, whatever their attributes: the host stays the same."""
    pairs = (line.split(";")[0] for line in response.raw.headers.getlist("Set-Cookie"))
    split = (pair.partition("=") for pair in pairs)
    return {name.strip(): value.strip() for name, _, value in split}


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)


def _request_id() -> str:
    """Router 2.0's form: random hex in UUID groups, without version bits (observed)."""
    digits = secrets.token_hex(16)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
