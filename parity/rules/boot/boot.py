"""R10: why the web process did not bind $PORT on an address that the router can reach."""

from collections.abc import Iterator

from parity.records import Boot, Listener
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.views.dotenv import overriding, says_port
from parity.rules.views.listeners import blame, configured, main_listener, repair, seen, shown
from parity.rules.views.node_listeners import concerns, definition
from parity.rules.views.node_source import find
from parity.rules.views.python_source import CodePlace, found

R10_DOCS = "https://devcenter.heroku.com/articles/error-codes#r10-boot-timeout"
STARTUP = "https://devcenter.heroku.com/articles/dyno-startup-behavior"
ANYWHERE = ("0.0.0.0", "::")


@rule(
    "R10",
    effect="fail",
    title="Boot timeout",
    cause="A web process must bind the port in $PORT, on an address that Heroku's router can reach,"
    " within 60 seconds. This one does not; Heroku kills it, and visitors see `Application error`.",
    fix="Listen on 0.0.0.0 and on the port in $PORT.",
    docs=R10_DOCS,
    heroku="R10",
    prints=(
        "heroku[web.1]: Error R10 (Boot timeout) -> Web process failed to bind to $PORT within"
        " 60 seconds of launch",
        "heroku[web.1]: Stopping process with SIGKILL",
        "heroku[web.1]: Process exited with status 137",
        "heroku[web.1]: State changed from starting to crashed",
    ),
    laptop="On the laptop the browser runs beside the server: 127.0.0.1 reaches it, and you know"
    " which port it chose. On Heroku the router connects from another machine, and knows only the"
    " $PORT that the dyno got.",
    by={
        "Flask": 'app.run(host="0.0.0.0", port=int(os.environ["PORT"])), or, better, gunicorn',
        "Django": "web: gunicorn PROJECT.wsgi (runserver: `runserver 0.0.0.0:$PORT`)",
        "FastAPI": "web: uvicorn main:app --host 0.0.0.0 --port $PORT",
        "Streamlit": "web: streamlit run app.py --server.address 0.0.0.0 --server.port $PORT",
        "Dash": 'app.run(host="0.0.0.0", port=int(os.environ["PORT"])), or gunicorn app:server',
        "gunicorn": "binds 0.0.0.0:$PORT by itself as long as no --bind says otherwise",
        "waitress": "web: waitress-serve --listen=*:$PORT app:app",
        "aiohttp": 'web.run_app(app, port=int(os.environ["PORT"]))',
        "a bot": "worker: python bot.py, then `heroku ps:scale web=0 worker=1`",
    },
)
def R10(boot: Boot) -> Iterator[Evidence]:
    if boot.state != "timeout":
        return
    error = "Error R10 (Boot timeout) -> Web process failed to bind to $PORT within 60 seconds"
    yield Evidence(f"{error} of launch", heroku=True)
    listener = main_listener(boot)
    if listener:
        yield Evidence(f"{seen(listener)}; $PORT is {boot.port}", pid=listener.pid)


def _elsewhere(boot: Boot) -> Listener | None:
    """Return the server's socket that the router cannot reach, if the boot timed out."""
    return main_listener(boot) if boot.state == "timeout" else None


def _evidence(boot: Boot, listener: Listener, **names: str) -> Evidence:
    place = blame(boot, listener)
    values = {
        "address": shown(listener),
        "host": listener.host,
        "port": str(boot.port),
        "taken": str(listener.port),
        "repair": repair(boot, place),
        **names,
    }
    return Evidence(
        f"{seen(listener)}; $PORT is {boot.port}",
        place.file,
        place.line,
        place.column,
        listener.pid,
        names=values,
    )


def _settings(boot: Boot, evidence: Evidence) -> Iterator[Evidence]:
    """Yield where the address comes from: a server's configuration or a JavaScript variable."""
    listener = _elsewhere(boot)
    config = configured(boot, listener) if listener else None
    if config:
        yield config
    other = definition(boot, evidence.file, evidence.line) if evidence.file else None
    if other:
        yield Evidence(other.text, other.file, other.line, other.column)


def _overridden(boot: Boot) -> tuple[Evidence, CodePlace, str] | None:
    """Return a committed .env that replaces PORT, the call that loads it, and its option."""
    listener, source = _elsewhere(boot), boot.release.slug.plan.source
    env = says_port(source, listener.port) if listener and listener.port != boot.port else None
    loads = overriding(source) if env else None
    return (env, *loads) if env and loads else None


@rule(
    "port-overridden-by-dotenv",
    leads_to=R10,
    title="A committed .env with {option:override} replaces $PORT by {taken}",
    cause="Heroku gives the dyno $PORT (here {port}). The app then loads its own .env with"
    " {option:override=True (JavaScript: override: true)}, and listens on {taken} instead.",
    fix="Remove `{option:override=True}` from {call}, and remove .env from git: `git rm --cached"
    " .env`.",
    docs="https://devcenter.heroku.com/articles/config-vars",
    apart="the port in the log is the one in a committed .env",
    laptop="On the laptop .env is meant to win.",
)
def port_overridden_by_dotenv(boot: Boot) -> Iterator[Evidence]:
    override, listener = _overridden(boot), _elsewhere(boot)
    if override and listener:
        env, here, option = override
        names = {"taken": str(listener.port), "port": str(boot.port), "option": option}
        names["call"] = f"`{here.text}`"
        yield Evidence(here.text, here.file, here.line, here.column, names=names)
        yield env
        yield Evidence(seen(listener), pid=listener.pid)


@rule(
    "binds-loopback",
    leads_to=R10,
    title="The app listens on {address}, where Heroku's router cannot reach it",
    cause="{host} is reachable only from inside the dyno; the router connects from"
    " outside.{also:-}",
    fix='{repair:Listen on host "0.0.0.0" and port `int(os.environ["PORT"])`.}',
    docs=STARTUP,
    apart="the app's log names 127.0.0.1, localhost or [::1]; `Running on http://127.0.0.1:5000`",
    laptop="The browser on the laptop is on the same machine, so 127.0.0.1 reaches the server.",
    by={
        "Flask": 'app.run(host="0.0.0.0", port=int(os.environ["PORT"]))',
        "Django": "web: gunicorn PROJECT.wsgi",
        "uvicorn": "--host 0.0.0.0 --port $PORT",
    },
)
def binds_loopback(boot: Boot) -> Iterator[Evidence]:
    listener = _elsewhere(boot)
    if listener and listener.loopback and not _overridden(boot):
        also = f" The port differs too: $PORT is {boot.port}." if listener.port != boot.port else ""
        evidence = _evidence(boot, listener, also=also)
        yield evidence
        yield from _settings(boot, evidence)


@rule(
    "ipv6-only",
    leads_to=R10,
    title="The app listens on IPv6 only, but Heroku's router speaks IPv4",
    cause="The socket on {address} refuses IPv4 connections (IPV6_V6ONLY).",
    fix='{repair:Listen on host "0.0.0.0" and port `int(os.environ["PORT"])`.}',
    docs="https://devcenter.heroku.com/articles/http-routing",
    apart="the log names [::] or ::, and curl over IPv4 fails on the laptop too",
)
def ipv6_only(boot: Boot) -> Iterator[Evidence]:
    listener = _elsewhere(boot)
    if listener and listener.v6only and not listener.loopback:
        yield _evidence(boot, listener)


@rule(
    "binds-one-address",
    leads_to=R10,
    title="The app listens on the single address {host}, which is this machine's",
    cause="A dyno has another address, and a new one at every start. There this bind fails, or the"
    " router does not find it.",
    fix='{repair:Listen on host "0.0.0.0" and port `int(os.environ["PORT"])`.}',
    docs=STARTUP,
    apart="the log names an address of your own network, such as 192.168.…",
)
def binds_one_address(boot: Boot) -> Iterator[Evidence]:
    listener = _elsewhere(boot)
    if listener and not listener.loopback and listener.host not in ANYWHERE:
        yield _evidence(boot, listener)


@rule(
    "wrong-port",
    leads_to=R10,
    title="The app listens on port {taken}, but Heroku waits for it on $PORT",
    cause="Heroku chooses a new port at every start and passes it in $PORT (here {port}). No"
    " other port is reachable from outside.",
    fix='{repair:Listen on host "0.0.0.0" and port `int(os.environ["PORT"])`.}',
    docs=STARTUP,
    apart="the log names 0.0.0.0 or *, and a port such as 5000, 8000 or 8080",
    laptop="On the laptop you open the port that the app chose.",
    by={
        "Python": 'int(os.environ.get("PORT", 5000))',
        "Node": "process.env.PORT || 3000",
        "Procfile": "$PORT, without quotes: '$PORT' stays as it is",
    },
)
def wrong_port(boot: Boot) -> Iterator[Evidence]:
    listener = _elsewhere(boot)
    if not listener or listener.host not in ANYWHERE or listener.v6only or _overridden(boot):
        return
    if listener.port != boot.port:
        evidence = _evidence(boot, listener)
        yield evidence
        yield from _settings(boot, evidence)


@rule(
    "fixed-port-taken",
    leads_to=R10,
    title="The app tries to use port {taken}, which another program on this machine has",
    cause="On Heroku that port may be free, but it is not $PORT (here {port}), so the router would"
    " not find the app there.",
    fix='Listen on host "0.0.0.0" and port `{right}` instead of {taken}.',
    docs=STARTUP,
    apart="`Address already in use` on this machine, before any timeout",
)
def fixed_port_taken(boot: Boot) -> Iterator[Evidence]:
    for stranger in boot.foreign if boot.state == "timeout" else ():
        right = "process.env.PORT" if concerns(boot) else 'int(os.environ["PORT"])'
        names = {"taken": str(stranger.port), "port": str(boot.port), "right": right}
        place = _naming(boot, stranger.port)
        where = (place.file, place.line) if place else ("Procfile", boot.process.line)
        yield Evidence(f"port {stranger.port} is in use by another program", *where, names=names)


def _naming(boot: Boot, port: int) -> CodePlace | None:
    """Return the first line of the app's code with a port's number."""
    source = boot.release.slug.plan.source
    python = next(found(source, rf"\b{port}\b"), None)
    return python or (find(source, rf"\b{port}\b") if concerns(boot) else None)


@rule(
    "boot-undecided",
    effect="unknown",
    title="It is unclear here whether the app binds $PORT",
    cause="{why:The observations disagree, or this machine was in the way.}",
    fix="Run parity again; `--port N` chooses another port.",
    docs=STARTUP,
)
def boot_undecided(boot: Boot) -> Iterator[Evidence]:
    if boot.state == "unknown":
        why = boot.why or "the socket table and a connection disagree"
        yield Evidence(why, names={"why": why})
