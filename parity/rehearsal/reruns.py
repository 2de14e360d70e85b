"""What only a second look shows: which line binds, what a silent 500 was, who answers which Host.

The judged run stays untouched: every second boot is a dyno of its own, with a copy of its own.
"""

import re
import time
from collections.abc import Iterator, Sequence
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit

from parity.dyno import trace
from parity.records import Bind, Exchange, Frame, Source

if TYPE_CHECKING:
    from parity.records.scenario import Step
    from parity.rehearsal.second_looks import SecondLooks
    from parity.router import Router

OK = 200
AT_ONCE = 4
"""Requests at a time when a page is asked for again, so that every worker gets some."""

WORKERS_BOOT = 1.5
"""Seconds within which the other workers of a server have started, too (ours)."""

GREETING = "/socket.io/?EIO=4&transport=polling"
"""How a browser's Socket.IO begins: https://socket.io/docs/v4/engine-io-protocol/ (documented)."""

MOST_PARTS = 8
"""Style sheets and scripts of a page that are asked for (ours)."""

WAITS = 1.0
"""Seconds that a visitor waits for news before it goes (ours)."""

_TEXT = {"Content-Type": "text/plain;charset=UTF-8"}
_SAFE = "!#$%&'()*+,/:;=?@[]~"
_PARTS = re.compile(
    r"""<(?:script\b[^>]*\ssrc|link\b(?=[^>]*\srel=["']?stylesheet\b)[^>]*\shref)"""
    r"""=["']?([^"'\s>]+)""",
    re.IGNORECASE,
)
_HOSTS = re.compile(r"(?:allowed|trusted)_hosts\b[^\[(\n]*[\[(]([^\])]*)[\])]", re.IGNORECASE)
_LITERAL = r"""["']([\w.*-]+)["']"""


def binds(looks: "SecondLooks") -> tuple[Bind, ...]:
    """The `socket.bind` calls of a boot with an audit hook (sys.addaudithook, PEP 578)."""
    with looks.dyno(trace=True) as again:
        return trace.binds(again.dyno.report, again.dyno.home)


def traceback(looks: "SecondLooks", path: str) -> tuple[str, ...] | None:
    """The last traceback that the app logged, or kept to itself, while it answered `path`."""
    with looks.dyno(trace=True) as again:
        if again.boot.state != "up":
            return None
        with looks.router(again) as router:
            router.probe(path)
        looks.settle(again)
        return next(reversed(trace.tracebacks(again.dyno.report)), None)


def refusals(looks: "SecondLooks", steps: "Sequence[Step]") -> tuple[str, ...]:
    """What Django logged, or kept to itself, of the requests that it refused of `steps`."""
    with looks.dyno(trace=True) as again:
        if again.boot.state != "up":
            return ()
        with looks.router(again) as router:
            for step in steps:
                router.play(step)
        return trace.refusals(again.dyno.report)


def stack(looks: "SecondLooks", path: str | None = None) -> tuple[Frame, ...]:
    """Where the app is while it opens no port, or keeps the request for `path` waiting."""
    with looks.dyno(trace=True, hurry=path is None) as again:
        if path and again.boot.state != "up":
            return ()
        if path:
            with looks.router(again, hurry=True) as router:
                router.probe(path)
        return trace.stack(again.dyno.report, again.dyno.home)


def repeats(router: "Router", first: Exchange) -> tuple[bytes, ...]:
    """The bodies of a few more requests for the page that `first` got."""
    url = f"https://{first.host}{first.path}"
    bodies = [first.body, *router.burst(url, AT_ONCE)]
    until = time.monotonic() + WORKERS_BOOT
    while len(set(bodies)) == len(bodies) and time.monotonic() < until:
        bodies += router.burst(url, AT_ONCE, after=0.1)
    return tuple(bodies)


def single(looks: "SecondLooks", path: str) -> tuple[bytes, ...] | None:
    """The same bodies where one process alone answers (WEB_CONCURRENCY=1)."""
    with looks.dyno(extra_env={"WEB_CONCURRENCY": "1"}) as again:
        if again.boot.state != "up":
            return None
        with looks.router(again) as router:
            first = router.probe(path)[-1]
            more = router.burst(f"https://{first.host}{first.path}", 2 * AT_ONCE)
        return (first.body, *more)


def parts(router: "Router", page: Exchange) -> tuple[Exchange, ...]:
    """What the router logs of the style sheets and scripts that a browser fetches for `page`."""
    if "text/html" not in page.headers.get("content-type", ""):
        return ()
    from parity.records.scenario import Step

    text = page.body.decode("utf-8", "replace")
    wanted = (_on_this_host(page, unescape(match[1])) for match in _PARTS.finditer(text))
    paths = [path for path in dict.fromkeys(wanted) if path][:MOST_PARTS]
    return router.play(*map(Step, paths)) if paths else ()


def _on_this_host(page: Exchange, reference: str) -> str:
    """The path and query that a reference leads to; empty where it leaves the app."""
    parts = urlsplit(urljoin(f"https://{page.host}{page.path}", reference))
    ours = parts.scheme == "https" and parts.netloc == page.host
    return quote(f"{parts.path}{'?' * bool(parts.query)}{parts.query}", _SAFE) if ours else ""


def connected(looks: "SecondLooks", path: str) -> tuple[tuple[Exchange, ...], tuple[Exchange, ...]]:
    """What visitors get whom Socket.IO has greeted, and others who ask for `path` meanwhile.

    They send nothing but the pong of Engine.IO's protocol, which the app does not hear of:
    https://socket.io/docs/v4/engine-io-protocol/ (documented).
    """
    from parity.records.scenario import Step

    with looks.dyno() as again:
        if again.boot.state != "up":
            return (), ()
        with looks.router(again, hurry=True) as router:
            known = [*filter(None, map(_session, router.play(Step(GREETING, clients=AT_ONCE))))]
            if not known:
                return (), ()
            pongs = [Step(session, "POST", _TEXT, b"3") for session in known]
            answers = router.play(*pongs)
            until = time.monotonic() + WORKERS_BOOT
            while all(e.status == OK for e in answers) and time.monotonic() < until:
                answers += router.play(*pongs)
            router.play(Step(known[0], leave=WAITS))  # a worker that is held does not see it go
            last = router.play(*pongs, Step(path, clients=AT_ONCE))
    return answers + last[: len(pongs)], last[-AT_ONCE:]


def _session(greeted: Exchange) -> str:
    """The path of a greeted visitor's requests; empty if the app did not greet it."""
    found = re.search(rb'"sid":"([\w-]+)"', greeted.body) if greeted.status == OK else None
    return f"{GREETING}&sid={found[1].decode()}" if found else ""


def hosts(router: "Router", refused: Exchange, source: Source) -> tuple[Exchange, ...]:
    """A refused request again, with each Host that the settings seem to allow."""
    return tuple(router.ask(f"https://{host}{refused.path}") for host in allowed_hosts(source))


def allowed_hosts(source: Source) -> list[str]:
    """`localhost`, and the hosts of every literal list called ALLOWED_HOSTS or alike."""
    found = dict.fromkeys(["localhost", "127.0.0.1"])
    for path in source.entries:
        if path.endswith(".py"):
            found |= dict.fromkeys(_literals(source.text(path) or ""))
    return list(found)


def _literals(text: str) -> Iterator[str]:
    for match in _HOSTS.finditer(text):
        for literal in re.findall(_LITERAL, match[1]):
            if "*" not in literal:
                yield f"www{literal}" if literal.startswith(".") else literal
