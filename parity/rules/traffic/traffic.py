"""The first requests: what the router logs, and what visitors see."""

import re
from collections.abc import Iterator

from parity.records import Exchange, Line, Traffic
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.phrases import CORS, routed
from parity.rules.views.python_traceback import crash

CODES = "https://devcenter.heroku.com/articles/error-codes"
ROUTING = "https://devcenter.heroku.com/articles/http-routing"


def _failed(traffic: Traffic, *codes: str) -> Iterator[Exchange]:
    return (e for e in traffic.exchanges if e.code in codes and not e.as_expected)


def _failures(traffic: Traffic, code: str) -> Iterator[Evidence]:
    """Yield evidence of each request that ended with `code`, in the router's words."""
    for exchange in _failed(traffic, code):
        names = {"path": exchange.path, "detail": exchange.detail}
        yield Evidence(f"{request_line(exchange)}: {exchange.detail}", names=names)


def request_line(exchange: Exchange) -> str:
    """Return the method and path of a request, as in `GET /path`."""
    return f"{exchange.method} {exchange.path}"


@rule(
    "H12",
    effect="fail",
    title="Request timeout",
    cause="{path} sent no byte of an answer within 30 seconds. The router then answers 503, while"
    " the dyno keeps working.",
    fix="Answer at once and do the work elsewhere: a background job in a worker, with a queue (RQ,"
    " Celery). A longer timeout in the server changes nothing: the router's limit is fixed.",
    docs="https://devcenter.heroku.com/articles/request-timeout",
    heroku="H12",
    prints=routed("H12", "Request timeout"),
    browser=CORS,
    laptop="On the laptop nothing gives up after 30 seconds: the browser shows the page whenever it"
    " comes. Data is small there, services are near, and one person asks at a time.",
    by={
        "any": "answer 202 at once, do the work in a worker (RQ, Celery, Dramatiq), let the"
        " page ask for the result",
        "uploads": "let the browser upload straight to the object store (S3 presigned URLs)",
        "reports": "stream it: the first byte within 30 seconds, each next one within 55",
        "other services": "give every outgoing request a timeout well below 30 seconds",
        "gunicorn": "a --timeout above 30 changes nothing for visitors",
    },
)
def H12(traffic: Traffic) -> Iterator[Evidence]:
    for exchange in _failed(traffic, "H12"):
        seconds = f"{exchange.service_ms / 1000:.0f} s"
        names = {"path": exchange.path}
        yield Evidence(
            f"{request_line(exchange)}: no answer after {seconds} (limit 30 s)", names=names
        )


@rule(
    "H13",
    effect="fail",
    title="Connection closed without response",
    cause="The dyno took the request for {path} and closed the connection without a byte of an"
    " answer.{worker:-}",
    fix="Look for what ends the worker at this request: memory, a native library, `sys.exit`, a"
    " server that closes early. The log around the request names it.",
    docs=f"{CODES}#h13-connection-closed-without-response",
    heroku="H13",
    prints=routed("H13", "Connection closed without response"),
    browser=CORS,
    laptop="A development server shows the error in the page; behind the router the visitor"
    " gets only the closed connection. And the laptop has more memory than a dyno.",
    by={
        "gunicorn": "`WORKER TIMEOUT` in the log: the request took longer than --timeout",
        "uvicorn": "a request that is in flight when the dyno stops: end on SIGTERM gracefully",
        "Node": "keepAliveTimeout above the router's 90 seconds",
    },
)
def H13(traffic: Traffic) -> Iterator[Evidence]:
    for exchange in _failed(traffic, "H13", "H21"):
        killed = _worker_line(traffic.output)
        worker = f" A worker died while it answered: {killed}" if killed else ""
        names = {"path": exchange.path, "worker": worker}
        yield Evidence(f"{request_line(exchange)}: {exchange.detail}", names=names)
        if killed:
            yield Evidence(killed)


def _worker_line(lines: tuple[Line, ...]) -> str | None:
    pattern = re.compile(r"Worker \(pid:\s?\d+\) (?:was sent|exited|timed? ?out)|WORKER TIMEOUT")
    return next((x.text for x in reversed(lines) if pattern.search(x.text)), None)


@rule(
    "H15",
    effect="fail",
    title="Idle connection",
    cause="The answer for {path} began and then fell silent for longer than the router waits.",
    fix="Send something at least every 55 seconds (a comment line in server-sent events).",
    docs=f"{CODES}#h15-idle-connection",
    heroku="H15",
    prints=routed("H15", "Idle connection"),
    laptop="Nothing on the laptop ends a connection that is silent.",
    by={
        "server-sent events": "send a comment line (`:`) every 30 seconds",
        "WebSocket": "send pings: most libraries have an option for it",
    },
)
def H15(traffic: Traffic) -> Iterator[Evidence]:
    yield from _failures(traffic, "H15")


@rule(
    "H17",
    effect="fail",
    title="Poorly formatted HTTP response",
    cause="What the dyno sends for {path} does not start like an HTTP answer.",
    fix="Serve HTTP on $PORT: no TLS (the router terminates it before the app), no other protocol.",
    docs=f"{CODES}#h17-poorly-formatted-http-response",
    heroku="H17",
    prints=routed("H17", "Poorly formatted HTTP response"),
    laptop="A browser forgives more than a router, and `https://localhost` works with a certificate"
    " of your own; on Heroku the router terminates TLS before the dyno.",
)
def H17(traffic: Traffic) -> Iterator[Evidence]:
    yield from _failures(traffic, "H17")


@rule(
    "H18",
    effect="fail",
    title="Server Request Interrupted",
    cause="The dyno closed the connection in the middle of its answer for {path}.",
    fix="Look for an exception in the code that streams the answer, and for a Content-Length that"
    " promises more than is sent.",
    docs=f"{CODES}#h18-server-request-interrupted",
    heroku="H18",
    prints=('heroku[router]: sock=backend at=error code=H18 desc="Server Request Interrupted" …',),
    laptop="The browser shows the part of the page that arrived, and you do not notice.",
)
def H18(traffic: Traffic) -> Iterator[Evidence]:
    for exchange in _failed(traffic, "H18"):
        seen = f"{request_line(exchange)}: {exchange.detail}, after {exchange.bytes} bytes"
        yield Evidence(seen, names={"path": exchange.path})


@rule(
    "H19",
    effect="fail",
    title="Backend connection timeout",
    cause="The dyno listens, but accepts no connection within 5 seconds.",
    fix="Look for a server that is busy or stopped while it should accept connections.",
    docs=f"{CODES}#h19-backend-connection-timeout",
    heroku="H19",
    prints=routed("H19", "Backend connection timeout"),
    laptop="One visitor never fills the queue of a server.",
)
def H19(traffic: Traffic) -> Iterator[Evidence]:
    yield from _failures(traffic, "H19")


def broken(traffic: Traffic) -> Exchange | None:
    """Return the first answer that is the app's own 5xx."""
    own = (e for e in traffic.exchanges if e.code is None and not e.as_expected)
    return next((e for e in own if e.status in (500, 501, 502, 503, 504)), None)


_UNLOGGED = (
    "Log the exception where the app catches it (`logging.exception(…)`; Django: LOGGING with a"
    " console handler for django.request), then run parity again: the log does not say why."
)


@rule(
    "http-500",
    effect="fail",
    title="The app answers {status} to {path}",
    cause="Build, boot and port are fine; the app itself fails at the request.{silent:-}",
    fix="{how:The cause is in the log: with DEBUG off a framework shows visitors only this page.}",
    docs="https://devcenter.heroku.com/articles/logging",
    prints=('heroku[router]: at=info method=GET path="/" … status=500',),
    laptop="With DEBUG the laptop shows the exception in the page, and its own database has the"
    " tables. In production the page says nothing, and the log has the traceback.",
    by={
        "Django": "a LOGGING setting that logs django.request to the console shows it",
        "Flask": "the traceback is in `heroku logs --tail`",
    },
)
def HTTP_500(traffic: Traffic) -> Iterator[Evidence]:
    exchange = broken(traffic)
    if exchange:
        failure = crash(traffic)
        quiet = traffic.traceback is not None and failure is not None and failure.raised is not None
        found = " The app logs no reason; a second boot with exceptions logged found it."
        silent = found if quiet else ""
        names = {"status": str(exchange.status), "path": exchange.path, "silent": silent}
        if failure is None or failure.raised is None:
            names["how"] = _UNLOGGED
        yield Evidence(f"{exchange.method} {exchange.path} → {exchange.status}", names=names)


@rule(
    "H25",
    effect="fail",
    title="HTTP restriction",
    cause="The router refuses the answer to {path}, and visitors get 502 instead: {detail:a header"
    " is too long, or is not valid HTTP}.",
    fix="Keep a cookie's line under 8 KB and a header's under 512 KB (store the session on the"
    " server, not in a cookie), and send one plain Content-Length.",
    docs=f"{CODES}#h25-http-restriction",
    heroku="H25",
    prints=(
        'heroku[router]: at=error code=H25 desc="HTTP restriction" method=GET path="/" …'
        " status=502",
    ),
    laptop="On the laptop the browser reads the answer itself, and browsers are forgiving.",
)
def H25(traffic: Traffic) -> Iterator[Evidence]:
    yield from _failures(traffic, "H25")


@rule(
    "H27",
    effect="warn",
    title="Client Request Interrupted",
    cause="The client closed the connection before the answer to {path} was complete.",
    fix="Nothing is wrong with the app if visitors just leave. If it happens often, the page is"
    " slow: look at `service=` in the router's log.",
    docs=f"{CODES}#h27-client-request-interrupted",
    heroku="H27",
    prints=(
        'heroku[router]: sock=client at=warning code=H27 desc="Client Request Interrupted"'
        ' method=GET path="/" … status=499',
    ),
    laptop="On the laptop nobody is impatient, and no connection is lost on the way.",
)
def H27(traffic: Traffic) -> Iterator[Evidence]:
    yield from _failures(traffic, "H27")


@rule(
    "H28",
    effect="warn",
    title="Client Connection Idle",
    cause="The client of {path} sent, or took, nothing for 55 seconds.",
    fix="Send a large upload without pauses, or in parts; the router ends an idle connection.",
    docs=f"{CODES}#h28-client-connection-idle",
    heroku="H28",
    prints=(
        'heroku[router]: sock=client at=warning code=H28 desc="Client Connection Idle"'
        ' method=GET path="/" … status=499',
    ),
    laptop="On the laptop no router ends a connection that is silent for 55 seconds.",
)
def H28(traffic: Traffic) -> Iterator[Evidence]:
    yield from _failures(traffic, "H28")


@rule(
    "unexpected-status",
    effect="fail",
    title="{path} answers {status}, but the scenario expects {expected:another status}",
    cause="The request in the scenario ended, in the app or on the way to it, with a status other"
    " than the expected one.",
    fix="Correct the app, or `expect` in the scenario.",
    docs=ROUTING,
)
def UNEXPECTED_STATUS(traffic: Traffic) -> Iterator[Evidence]:
    own = (e for e in traffic.exchanges if e.code is None and e.status < 500)
    for exchange in own:
        if exchange.expected is not None and not exchange.as_expected:
            names = {"path": exchange.path, "status": str(exchange.status)}
            names["expected"] = str(exchange.expected)
            seen = f"{request_line(exchange)} → {exchange.status}, not {exchange.expected}"
            yield Evidence(seen, names=names)


@rule(
    "request-undecided",
    effect="unknown",
    title="The request for {path} ended with {code}, for a reason that is not the app's",
    cause="{detail:This machine could not handle the request}. On Heroku the same request may be"
    " answered.",
    fix="Close other programs, or raise `ulimit -n`, and run parity again.",
    docs=CODES,
)
def REQUEST_UNDECIDED(traffic: Traffic) -> Iterator[Evidence]:
    for exchange in _failed(traffic, "H11", "H20", "H22", "H24", "H26", "H99"):
        detail = exchange.detail[:1].upper() + exchange.detail[1:]
        names = {"path": exchange.path, "code": exchange.code or "", "detail": detail}
        yield Evidence(f"{request_line(exchange)}: {exchange.detail}", names=names)
