"""Heroku's router, played by a real server on loopback, and the visitors who send requests to it.

https://devcenter.heroku.com/articles/http-routing (documented): TLS ends before the app, which sees
plain HTTP/1.1 with `X-Forwarded-Proto: https`.
"""

import asyncio
import queue
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from parity.facts.limits import Limits
from parity.facts.router import ROUTER_2, Profile
from parity.facts.sessions import Opening
from parity.records import Beside, Exchange, Line, Say
from parity.records.scenario import Step
from parity.router import log, pages
from parity.router.connection import ClientConnection
from parity.router.context import Page, RouterContext
from parity.router.dynos import Backend, DynoPool
from parity.router.exchange import exchange, target, text
from parity.router.listener import ListeningSocket
from parity.router.request_log import Passed
from parity.router.transport import CLIENT_ROOM, Turn, Wire

if TYPE_CHECKING:
    from parity.router.client import ClientView

__all__ = ["Backend", "Passed", "Router"]

MOST_REDIRECTS = 10
MARGIN = 30.0
"""Seconds that a visitor waits beyond the sum of the router's own limits."""


class Router:
    """The router: a context manager that listens on loopback and serves while `loop` runs.

    `backends` are the web dynos; their owner keeps each `state` up to date. `host` is the app's
    public name. `during` runs a blocking call in a thread while the loop runs. `page` renders the
    error pages; the default is Heroku's, with the config vars `ERROR_PAGE_URL` and
    `MAINTENANCE_PAGE_URL`. `on_passed` is called with every finished request. Raises `Trouble` for
    a `port` in use.
    """

    def __init__(
        self,
        backends: Sequence[Backend],
        host: str,
        *,
        loop: asyncio.AbstractEventLoop,
        during: Beside,
        limits: Limits,
        say: Say,
        profile: Profile = ROUTER_2,
        config: Mapping[str, str] | None = None,
        port: int = 0,
        page: Page | None = None,
        on_passed: Callable[[Passed], None] | None = None,
    ) -> None:
        self.host = host
        self.profile = profile
        self.loop = loop
        self._during = during
        self._limits = limits
        self._say = say
        self._port = port
        self._on_passed = on_passed
        self._awaited: dict[str, queue.SimpleQueue[Passed]] = {}
        self._bug: BaseException | None = None
        error_page = page or (lambda code, status: pages.page(code, status, config or {}))
        dynos = DynoPool(list(backends), limits, loop)
        names = {host.rpartition(":")[0] or host}
        self.context = RouterContext(profile, limits, dynos, names, error_page, self._record, loop)

    def __enter__(self) -> "Router":
        self.http = ListeningSocket(self.loop, self._port, self._accepted, tls=False)
        self.https = ListeningSocket(self.loop, 0, self._accepted, tls=True)
        self.context.watch()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self.https.close()
        for turn in list(self.context.turns):
            turn.cancel()
        self.context.close()
        if self._bug:
            raise self._bug

    def loopback(self) -> str:
        """Return the URL at which programs on this machine reach the app, as if over https."""
        return f"http://127.0.0.1:{self.https.port}"

    def take(self, sock: socket.socket) -> None:
        """Serve a plain-http connection that was accepted elsewhere."""
        self._accepted(sock, False)

    def send_to(self, backends: Sequence[Backend], *, blank: bool = False) -> None:
        """Route to other dynos from now on. `blank`: the app has no release at all."""
        dynos = self.context.dynos
        for gone in (b for b in dynos.backends if b not in backends):
            gone.state = "crashed"
        dynos.drop(0.0)
        dynos.backends[:] = backends
        dynos.blank = blank

    def probe(self, path: str) -> tuple[Exchange, ...]:
        """GET `path` as a browser does, following redirects that stay on this host."""
        cookies: dict[str, str] = {}
        url = f"https://{self.host}{path}"
        exchanges: list[Exchange] = []
        while url and len(exchanges) <= MOST_REDIRECTS:
            exchanges.append(self.ask(url, first=path, cookies=cookies))
            url = self._onward(url, exchanges[-1])
        return tuple(exchanges)

    def ask(
        self,
        url: str,
        *,
        first: str | None = None,
        cookies: dict[str, str] | None = None,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Exchange:
        """Send one request to the public `url`. `cookies` are sent along and updated."""
        jar = {} if cookies is None else cookies
        view, passed = self._during(lambda: self._visit(url, jar, method, headers or {}, body))
        jar.update(view.cookies)
        return exchange(url, method, view, passed, first)

    def burst(self, url: str, count: int, *, after: float = 0.0) -> list[bytes]:
        """Send `count` GETs at once, after `after` seconds; return the bodies of good answers."""

        def one(_: int) -> "tuple[ClientView, Passed | None]":
            return self._visit(url, {}, "GET", {}, None)

        def all_of_them() -> "list[tuple[ClientView, Passed | None]]":
            time.sleep(after)
            with ThreadPoolExecutor(count) as pool:
                return list(pool.map(one, range(count)))

        answers = self._during(all_of_them)
        return [view.body for view, passed in answers if passed and not passed.code]

    def play(self, *steps: Step) -> tuple[Exchange, ...]:
        """Run the steps of a scenario in parallel, each with its number of clients."""
        every = [step for step in steps for _ in range(step.clients)]

        def one(step: Step) -> "tuple[ClientView, Passed | None]":
            if not step.special:
                headers, body = {**self._origin(step), **step.headers}, step.body or None
                return self._visit(self._url(step), {}, step.method, headers, body)
            return self._noted(self._url(step), step.headers, partial(self._specially, step))

        def all_of_them() -> "list[tuple[ClientView, Passed | None]]":
            with ThreadPoolExecutor(len(every)) as pool:
                return list(pool.map(one, every))

        return tuple(
            exchange(self._url(step), step.method, view, passed, None)._replace(
                scenario=True, expected=step.expect
            )
            for step, (view, passed) in zip(every, self._during(all_of_them), strict=True)
        )

    def converse(self, opening: Opening, seconds: float) -> Exchange:
        """Open a session as a browser does, and stay until its first page has come."""
        from parity.router.sessions import visit

        def go(port: int, sent: Mapping[str, str]) -> "ClientView":
            headers = {**sent, "Origin": f"https://{self.host}"}
            return visit(port, opening, headers, self._patience(), seconds)

        url = f"https://{self.host}{opening.path}"
        view, passed = self._during(lambda: self._noted(url, {}, go))
        return exchange(url, "GET", view, passed, None)

    def _url(self, step: Step) -> str:
        return f"https://{self.host}{step.path}"

    def _origin(self, step: Step) -> dict[str, str]:
        """Return a form's Origin, as in https://fetch.spec.whatwg.org/#origin-header."""
        return {} if step.method in ("GET", "HEAD") else {"Origin": f"https://{self.host}"}

    def _specially(self, step: Step, port: int, headers: Mapping[str, str]) -> "ClientView":
        from parity.router.slow_clients import visit

        return visit(
            *(port, step, headers, self._patience()), patience=self._limits.body_patience.value
        )

    def _onward(self, url: str, last: Exchange) -> str:
        if not 300 <= last.status < 400 or not last.location:
            return ""
        onward = urljoin(url, text(last.location))
        return onward if urlsplit(onward).netloc == self.host else ""

    def _visit(
        self,
        url: str,
        cookies: Mapping[str, str],
        method: str,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> "tuple[ClientView, Passed | None]":
        """Visit `url` in a thread; return the visitor's view of it and the router's record."""
        from parity.router.client import visit

        if cookies:
            joined = "; ".join(f"{name}={value}" for name, value in cookies.items())
            headers = {**headers, "Cookie": joined}

        def go(port: int, sent: Mapping[str, str]) -> "ClientView":
            return visit(
                port,
                target(url),
                method=method,
                headers=sent,
                body=body,
                timeout=self._patience(),
                patience=self._limits.body_patience.value,
            )

        return self._noted(url, headers, go)

    def _noted(
        self,
        url: str,
        headers: Mapping[str, str],
        go: "Callable[[int, Mapping[str, str]], ClientView]",
    ) -> "tuple[ClientView, Passed | None]":
        """Let `go` send a request to the right port; return the visitor's view and our record."""
        from parity.router.client import BROWSER

        parts = urlsplit(url)
        front = self.https if parts.scheme == "https" else self.http
        self.context.names.add(parts.hostname or "")
        request_id = self.context.request_id(None).decode()
        sent = {"Host": parts.netloc, **BROWSER, **headers, "X-Request-Id": request_id}
        noted: queue.SimpleQueue[Passed] = queue.SimpleQueue()
        self._awaited[request_id] = noted
        try:
            view = go(front.port, sent)
            return view, _within(noted, MARGIN if view.left or not view.status else 5.0)
        finally:
            del self._awaited[request_id]

    def _patience(self) -> float:
        limits = self._limits
        return MARGIN + limits.boot_wait.value + limits.first_byte.value + limits.idle_window.value

    def _accepted(self, sock: socket.socket, tls: bool) -> None:
        turn = Turn(self._over)
        wire = Wire(sock, self.loop, turn, CLIENT_ROOM)
        self.context.turns.add(turn)
        turn.run(ClientConnection(wire, turn, self.context, tls=tls).serve())

    def _over(self, turn: Turn, bug: BaseException | None) -> None:
        self.context.turns.discard(turn)
        self._bug = self._bug or bug

    def _record(self, passed: Passed) -> None:
        self._say(Line(time.time(), "heroku[router]", log.line(passed, self.profile)))
        if self._on_passed:
            self._on_passed(passed)
        noted = self._awaited.get(passed.request_id)
        if noted:
            noted.put(passed)


def _within(noted: "queue.SimpleQueue[Passed]", seconds: float) -> Passed | None:
    try:
        return noted.get(timeout=seconds)
    except queue.Empty:
        return None
