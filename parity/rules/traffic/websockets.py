"""Visitors who stay connected through Socket.IO or a websocket, and the workers they need."""

import re
from collections.abc import Iterator

from parity.records import Source, Traffic
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.views.python_source import server

DEPLOYING = "https://flask-socketio.readthedocs.io/en/latest/deployment.html"
REFUSED = 400
"""The status of Engine.IO's answer to a session that the process does not know."""

_ALONE = re.compile(r"""\btransports\s*:\s*\[\s*["']websocket["']\s*\]""")
_CLIENTS = (".html", ".js", ".mjs", ".ts", ".jsx", ".tsx", ".vue", ".svelte")


def _source(traffic: Traffic) -> Source:
    return traffic.boot.release.slug.plan.source


def _one_connection(source: Source) -> bool:
    """Return whether the page uses a websocket only, which is one connection from the start."""
    pages = (path for path in source.entries if path.endswith(_CLIENTS))
    return any(_ALONE.search(source.text(path) or "") for path in pages)


def _at_command(traffic: Traffic, seen: str) -> Evidence:
    """Return evidence at the Procfile's line, with the correct line."""
    process = traffic.boot.process
    bare = re.sub(r"\s(?:-w|--workers|--threads|-k|--worker-class)[ =]?\S+", "", process.command)
    threads = re.sub(r"\bgunicorn\b", "gunicorn -w 1 --threads 100", bare, count=1)
    right = threads if server(process) == "gunicorn" else f"WEB_CONCURRENCY=1 {process.command}"
    names = {"write": f"{process.name}: {right}"}
    return Evidence(seen, "Procfile" if process.line else None, process.line or None, names=names)


@rule(
    "socketio-sessions",
    effect="warn",
    title="Several workers: Socket.IO's visitors reach one that does not know them, and get 400",
    cause="Socket.IO greets a visitor in one worker process and expects the visitor's next requests"
    " there. Heroku starts two workers or more (WEB_CONCURRENCY), and each request goes to any of"
    " them: `Invalid session`.",
    fix="In the Procfile write `{write:web: COMMAND}`: one worker with many threads. For more than"
    " one dyno: `heroku features:enable http-session-affinity`, and a message queue (Redis).",
    docs=DEPLOYING,
    laptop="`socketio.run(app)` is one process; Heroku sets WEB_CONCURRENCY to two or more.",
    by={
        "threads": "web: gunicorn -w 1 --threads 100 app:app",
        "gevent": "web: gunicorn -k gevent -w 1 app:app",
        "several dynos": "session affinity and SocketIO(app, message_queue=REDIS_URL)",
    },
)
def socketio_sessions(traffic: Traffic) -> Iterator[Evidence]:
    refused = [e for e in traffic.sessions if e.status == REFUSED and b"Invalid session" in e.body]
    accepted = len(traffic.sessions) - len(refused)
    if refused and accepted and not _one_connection(_source(traffic)):
        path = refused[0].path.partition("&sid=")[0]
        times = f"{len(refused)} of {len(traffic.sessions)} times"
        yield _at_command(traffic, f"POST {path}&sid=… → 400 Invalid session, {times}")


@rule(
    "socketio-blocks",
    effect="warn",
    title="While one visitor is connected by Socket.IO, nobody else gets an answer",
    cause="Such a visitor's request stays open until there is news. gunicorn's sync worker serves"
    " one request at a time, so all others wait behind it, and get H12 after 30 seconds.",
    fix="In the Procfile write `{write:web: COMMAND}`: one worker with many threads.",
    docs=DEPLOYING,
    laptop="`socketio.run(app)` has a thread for each visitor; gunicorn's sync worker has one"
    " for all.",
)
def socketio_blocks(traffic: Traffic) -> Iterator[Evidence]:
    waiting = [e for e in traffic.beside if e.code == "H12"]
    if waiting:
        seconds = max(e.service_ms for e in waiting) / 1000
        seen = f"a second boot: one visitor waits for news, and GET {waiting[0].path} has no answer"
        yield _at_command(traffic, f"{seen} after {seconds:.0f} s")


SWITCHED = 101
"""The status with which a connection becomes a websocket: RFC 6455."""


@rule(
    "websocket-holds-worker",
    effect="warn",
    title="Every open websocket occupies one of gunicorn's sync workers",
    cause="A sync worker does one thing at a time, and a websocket lasts until the visitor leaves:"
    " with as many visitors as there are workers nobody else gets an answer (H12). After --timeout,"
    " 30 seconds, gunicorn kills such a worker, and the connection with it.",
    fix="In the Procfile write `{write:web: COMMAND}`: a thread for each connection.",
    docs="https://docs.gunicorn.org/en/stable/design.html#choosing-a-worker-type",
    apart="`WORKER TIMEOUT` for a visitor who is connected, H12 for the others",
    laptop="A development server has a thread for each connection.",
)
def websocket_holds_worker(traffic: Traffic) -> Iterator[Evidence]:
    opened = next((e for e in traffic.exchanges if e.status == SWITCHED), None)
    sync = next((x.text for x in traffic.output if x.text.endswith("Using worker: sync")), None)
    if opened and sync:
        yield _at_command(
            traffic, f"GET {opened.path} → 101, and the log says `Using worker: sync`"
        )
