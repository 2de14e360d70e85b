"""Facts that only a second look shows: the line that binds, the cause of a silent 500, the hosts.

The judged run stays untouched: every second boot has its own dyno and its own copy.
"""

import re
import time
from collections.abc import Sequence
from html import unescape
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit

from parity.dyno import trace
from parity.records import Bind, Config, Exchange, Frame, Plan, Traffic
from parity.rules.views.host_lists import worth_trying

if TYPE_CHECKING:
    from parity.records.scenario import Step
    from parity.rehearsal.second_looks import SecondLooks
    from parity.router import Router

OK = 200
AT_ONCE = 4
"""Concurrent requests when a page is requested again, so that every worker gets some."""

WORKERS_BOOT = 1.5
"""Seconds within which a server's other workers have started, too (ours)."""

QUICK_BOOT = 2.0
"""Seconds within which an app must have come up for another boot to be hurried (ours)."""

GREETING = "/socket.io/?EIO=4&transport=polling"
"""Socket.IO's first request: https://socket.io/docs/v4/engine-io-protocol/ (documented)."""

MOST_PARTS = 8
"""The most style sheets and scripts of a page that are requested (ours)."""

WAITS = 1.0
"""Seconds that a visitor waits for events before it leaves (ours)."""

_TEXT = {"Content-Type": "text/plain;charset=UTF-8"}
_SAFE = "!#$%&'()*+,/:;=?@[]~"
_PARTS = re.compile(
    r"""<(?:script\b[^>]*\ssrc|link\b(?=[^>]*\srel=["']?stylesheet\b)[^>]*\shref)"""
    r"""=["']?([^"'\s>]+)""",
    re.IGNORECASE,
)


def binds(looks: "SecondLooks") -> tuple[Bind, ...]:
    """Return the `socket.bind` calls of a boot with an audit hook (sys.addaudithook, PEP 578)."""
    with looks.dyno(trace=True) as second:
        return trace.binds(second.dyno.report, second.dyno.home)


def traceback(looks: "SecondLooks", path: str) -> tuple[str, ...] | None:
    """Return the last traceback that the app logged, or suppressed, while it answered `path`."""
    with looks.dyno(trace=True) as second:
        if second.boot.state != "up":
            return None
        with looks.router(second) as router:
            router.probe(path)
        looks.settle(second)
        return next(reversed(trace.tracebacks(second.dyno.report)), None)


def refusals(looks: "SecondLooks", steps: "Sequence[Step]") -> tuple[str, ...]:
    """Return the messages that Django logged, or suppressed, for refused requests of `steps`.

    Some of its versions log them with the exception's traceback.
    """
    with looks.dyno(trace=True) as second:
        if second.boot.state != "up":
            return ()
        with looks.router(second) as router:
            for step in steps:
                router.play(step)
        report = second.dyno.report
        return (*trace.refusals(report), *chain.from_iterable(trace.tracebacks(report)))


def bare(looks: "SecondLooks", config: Config, first: Traffic) -> Traffic:
    """Return the same requests to a dyno with only the config vars in `config`."""
    paths = dict.fromkeys(e.first for e in first.exchanges if not e.scenario)
    exchanges: tuple[Exchange, ...] = ()
    with looks.dyno(config=config, hurry=first.boot.seconds < QUICK_BOOT) as second:
        if second.boot.state == "up":
            with looks.router(second) as router:
                exchanges = sum((router.probe(path) for path in paths), ())
            if any(e.code or e.status >= 500 for e in exchanges):
                looks.settle(second)
        return Traffic(second.boot, exchanges, second.dyno.output())


def stack(looks: "SecondLooks", path: str | None = None) -> tuple[Frame, ...]:
    """Return where the app is while it opens no port, or does not answer `path`."""
    with looks.dyno(trace=True, hurry=path is None) as second:
        if path and second.boot.state != "up":
            return ()
        if path:
            with looks.router(second, hurry=True) as router:
                router.probe(path)
        return trace.stack(second.dyno.report, second.dyno.home)


def repeats(router: "Router", first: Exchange) -> tuple[bytes, ...]:
    """Return the bodies of a few more requests for the page of `first`."""
    url = f"https://{first.host}{first.path}"
    bodies = [first.body, *router.burst(url, AT_ONCE)]
    until = time.monotonic() + WORKERS_BOOT
    while len(set(bodies)) == len(bodies) and time.monotonic() < until:
        bodies += router.burst(url, AT_ONCE, after=0.1)
    return tuple(bodies)


def single(looks: "SecondLooks", path: str) -> tuple[bytes, ...] | None:
    """Return such bodies from a single process (WEB_CONCURRENCY=1)."""
    with looks.dyno(extra_env={"WEB_CONCURRENCY": "1"}) as second:
        if second.boot.state != "up":
            return None
        with looks.router(second) as router:
            first = router.probe(path)[-1]
            more = router.burst(f"https://{first.host}{first.path}", 2 * AT_ONCE)
        return (first.body, *more)


def parts(router: "Router", page: Exchange) -> tuple[Exchange, ...]:
    """Return the requests for the style sheets and scripts that a browser fetches for `page`."""
    if "text/html" not in page.headers.get("content-type", ""):
        return ()
    from parity.records.scenario import Step

    text = page.body.decode("utf-8", "replace")
    wanted = (_on_this_host(page, unescape(match[1])) for match in _PARTS.finditer(text))
    paths = [path for path in dict.fromkeys(wanted) if path][:MOST_PARTS]
    return router.play(*map(Step, paths)) if paths else ()


def _on_this_host(page: Exchange, reference: str) -> str:
    """Return the path and query that a reference leads to; empty if it leaves the app."""
    parts = urlsplit(urljoin(f"https://{page.host}{page.path}", reference))
    ours = parts.scheme == "https" and parts.netloc == page.host
    return quote(f"{parts.path}{'?' * bool(parts.query)}{parts.query}", _SAFE) if ours else ""


def connected(looks: "SecondLooks", path: str) -> tuple[tuple[Exchange, ...], tuple[Exchange, ...]]:
    """Return the answers to visitors with a Socket.IO session, and to others who request `path`.

    The former send only pongs of Engine.IO's protocol, which do not reach the app:
    https://socket.io/docs/v4/engine-io-protocol/ (documented).
    """
    from parity.records.scenario import Step

    with looks.dyno() as second:
        if second.boot.state != "up":
            return (), ()
        with looks.router(second, hurry=True) as router:
            known = [*filter(None, map(_session, router.play(Step(GREETING, clients=AT_ONCE))))]
            if not known:
                return (), ()
            pongs = [Step(session, "POST", _TEXT, b"3") for session in known]
            answers = router.play(*pongs)
            until = time.monotonic() + WORKERS_BOOT
            while all(e.status == OK for e in answers) and time.monotonic() < until:
                answers += router.play(*pongs)
            router.play(Step(known[0], leave=WAITS))  # a blocked worker does not notice the end
            last = router.play(*pongs, Step(path, clients=AT_ONCE))
    return answers + last[: len(pongs)], last[-AT_ONCE:]


def _session(greeting: Exchange) -> str:
    """Return the path of a visitor's further requests; empty if the app gave it no session."""
    match = re.search(rb'"sid":"([\w-]+)"', greeting.body) if greeting.status == OK else None
    return f"{GREETING}&sid={match[1].decode()}" if match else ""


def hosts(router: "Router", refused: Exchange, plan: Plan) -> tuple[Exchange, ...]:
    """Repeat a refused request with each Host that the app's lists seem to let in."""
    tried = worth_trying(plan, refused)
    return tuple(router.ask(f"https://{host}{refused.path}") for host in tried)
