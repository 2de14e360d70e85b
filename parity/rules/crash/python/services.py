"""Crashes because a service is expected on localhost, under a docker-compose name, or refuses."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from parity.records import Traffic
from parity.records.verdict import Evidence
from parity.rules.crash.python.config import unset as of_config
from parity.rules.crash.symptoms import ENDINGS, at_command, at_either
from parity.rules.engine import rule
from parity.rules.views.addon_variables import behind
from parity.rules.views.facts import RefusedService, UnsetVariable
from parity.rules.views.node_source import is_node
from parity.rules.views.python_source import CodePlace, at
from parity.rules.views.python_source import found as places
from parity.rules.views.python_traceback import Crash

BACKING = "https://devcenter.heroku.com/articles/backing-services"
_LOCAL = r"(?:localhost|127\.0\.0\.1|\[?::1\]?)"
_REFUSED = r"(?i)refused|can't connect to|could not connect|Errno 111|Error 111\b|actively refused"
_PORT = rf"{_LOCAL}['\"]?\)?[^\d\n]{{0,30}}?(\d{{4,5}})"


class Service(NamedTuple):
    """A service; `variable` and `plan` belong to the add-on that provides it on Heroku."""

    name: str
    variable: str
    plan: str


SERVICES = {
    "5432": Service("Postgres", "DATABASE_URL", "heroku-postgresql:essential-0"),
    "6379": Service("Redis", "REDIS_URL", "heroku-redis:mini"),
    "27017": Service("MongoDB", "MONGODB_URI", "ormongo"),
    "3306": Service("MySQL", "JAWSDB_URL", "jawsdb:kitefin"),
    "5672": Service("RabbitMQ", "CLOUDAMQP_URL", "cloudamqp:lemur"),
    "9200": Service("Elasticsearch", "BONSAI_URL", "bonsai:sandbox"),
    "11211": Service("Memcached", "MEMCACHIER_SERVERS", "memcachier:dev"),
    "9092": Service("Kafka", "KAFKA_URL", "heroku-kafka:basic-0"),
}
"""Services by their usual port: https://elements.heroku.com/addons (documented)."""

_SOCKETS = (
    (r"/[\w/.]{0,120}\.s\.PGSQL\.5432|on socket \"[^\"]*PGSQL", "5432"),
    (rf"through socket '[^']*mysql|Can't connect to (?:local )?MySQL server on '?{_LOCAL}", "3306"),
)
"""Messages of drivers about a local server that do not contain its port."""


_SCHEMES = {
    "5432": r"postgres(?:ql)?", "6379": "redis", "3306": "mysql", "5672": "amqp|pyamqp|rabbitmq",
    "27017": "mongodb",
}  # fmt: skip
"""Schemes of addresses, by the port that they stand for."""

_DRIVERS = {
    "6379": "redis|aioredis", "5432": "psycopg2?|asyncpg|pg8000|aiopg", "27017": "pymongo|motor",
    "3306": "pymysql|MySQLdb|aiomysql|mysql/connector", "5672": "pika|amqp|aio_pika|kombu",
    "11211": "pymemcache|pylibmc|bmemcached", "9200": "elastic_transport|elasticsearch",
}  # fmt: skip
"""Packages that speak with a service, by its port."""

_CLIENT = r"\bMongoClient\(\s*\)|\b(?<!\.)connect\(\s*(?:db\s*=\s*)?['\"][\w-]+['\"]\s*\)"
"""Calls of pymongo and mongoengine without a host, which connect to this machine."""


def _address(crash: Crash) -> tuple[str, str] | None:
    """Return the local port that refused, and the line that says so."""
    for line in reversed(crash.lines):
        port = re.search(_PORT, line) if re.search(_REFUSED, line) else None
        if port:
            return port[1], line.strip()
        for pattern, number in _SOCKETS:
            if re.search(pattern, line):
                return number, line.strip()
    raised = crash.raised
    if raised and re.search(_REMOTE, raised.told):
        return None
    if raised and raised.kind in ("ConnectionRefusedError", "ConnectionError", "OperationalError"):
        place = next(_written(crash), None)
        match = re.search(_PORT, place.text) if place else None
        if match and re.search(_REFUSED, raised.message):
            return match[1], raised.told
    return _by_driver(crash)


def _by_driver(crash: Crash) -> tuple[str, str] | None:
    """Return the same where only the package that is refused says which service it looks for."""
    raised = crash.raised
    if raised is None or not re.search(rf"{_REFUSED}|^AMQPConnectionError", raised.told):
        return None
    files = "\n".join(frame.file for one in crash.chain for frame in one.frames)
    passed = (p for p, name in _DRIVERS.items() if re.search(f"/site-packages/(?:{name})/", files))
    port = next((port for port in passed if next(_written(crash, port), None)), None)
    return (port, raised.told) if port else None


_REMOTE = r"\b(?!127\.)(?:\d{1,3}(?:\.\d{1,3}){3}\b|[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}:\d)"
"""An address that is not this machine's."""


def _urls(crash: Crash, port: str) -> Iterator[CodePlace]:
    """Yield the app's lines with an address of a local service that names no port."""
    scheme = _SCHEMES.get(port)
    if scheme:
        yield from places(crash.source, rf"\b(?:{scheme})(?:\+\w+)?://[^\s\"'/]{{0,99}}{_LOCAL}\b")


def _waited(crash: Crash) -> tuple[str, str] | None:
    """Return the same for MongoDB, whose driver retries for as long as Heroku's router waits."""
    record = crash.record
    stack = record.stack or () if isinstance(record, Traffic) else ()
    place = next(_written(crash, "27017"), None)
    if place and any("/site-packages/pymongo/" in frame.file for frame in stack):
        return "27017", "the request waits in MongoDB's driver, which finds no server"
    return None


def _written(crash: Crash, port: str = r"\d{4,5}") -> Iterator[CodePlace]:
    """Yield the app's lines that name a local service, then hosts in settings and calls."""
    yield from places(crash.source, rf"{_LOCAL}['\"]?[^\d\n]{{0,30}}?(?:{port})\b")
    yield from places(crash.source, rf"""['"]HOST['"]\s*:.*['"]{_LOCAL}['"]""")
    yield from places(crash.source, rf"\bhost\w{{0,20}}\s?=[^\n]{{0,80}}['\"]{_LOCAL}['\"]")
    yield from _urls(crash, port)
    yield from places(crash.source, rf"\b[A-Z]\w+\(\s*['\"]{_LOCAL}['\"]")
    yield from places(crash.source, _CLIENT) if port == "27017" else ()


def refused(crash: Crash) -> RefusedService | None:
    """Return the local server that refused, or that MongoDB's driver waits for."""
    refusal = _refusal(crash)
    if refusal is None or behind(crash, *refusal):
        return None
    port, seen = refusal
    service = SERVICES.get(port)
    advice = _instead(service) if service or not _of_a_database(crash) else None
    place = next(_written(crash, port), None)
    evidence = (at_either(crash, seen[:300]), *((at(place.text, place),) if place else ()))
    name = service.name if service else "a server"
    return RefusedService(name, f"localhost:{port}", seen[:300], advice, evidence)


def _refusal(crash: Crash) -> tuple[str, str] | None:
    """Return the local port at which no server answers, and the line that says so."""
    if is_node(crash.plan) or configured_locally(crash):
        return None
    return _address(crash) or _waited(crash)


def unset(crash: Crash) -> UnsetVariable | None:
    """Return the add-on's variable without which a driver looks for its service in the dyno."""
    if of_config(crash):
        return None
    refusal = _refusal(crash)
    if refusal:
        return behind(crash, refusal[0], refusal[1][:300])
    raised = crash.raised
    if raised and re.search(r"settings\.DATABASES is improperly configured", raised.message):
        place = next(places(crash.source, r"\bdj_database_url\.config\((?!.*\bdefault\b)"), None)
        found = behind(crash, "5432", raised.told) if place else None
        return found._replace(evidence=(at(raised.told, place),)) if found else None
    return None


def _of_a_database(crash: Crash) -> bool:
    """Return whether a database driver reports the refusal, by the names in PEP 249."""
    return crash.raised is not None and crash.raised.kind in ("OperationalError", "InterfaceError")


def _instead(service: Service | None) -> str:
    """Return advice about a local service; an unknown one is the app's own server."""
    if service:
        return (
            "Create an add-on and read its address from the environment, such as `heroku"
            f' addons:create {service.plan}` and `os.environ["{service.variable}"]`.'
        )
    return (
        "If that is this app itself, call the function instead of asking over HTTP: in a dyno it"
        " listens on $PORT. If it is another server, make it a separate app and read its address"
        " from a config var."
    )


def configured_locally(crash: Crash) -> bool:
    """Return whether a config var names a local service; its absence then proves nothing."""
    values = crash.plan.config.values.values()
    return any(re.search(rf"://[^/]*{_LOCAL}", value) for value in values)


@rule(
    "given-service-refuses",
    effect="unknown",
    leads_to=ENDINGS,
    title="The service that a config var names does not answer here",
    cause="A config var points to this machine, and the connection fails: {error}. On Heroku"
    " the variable has a different value.",
    fix="Start the service, then run parity again.",
    docs=BACKING,
)
def given_service_refuses(crash: Crash) -> Iterator[Evidence]:
    message = crash.saying(r"(?i:connection refused)") if crash.raised else crash.saying(_NO_ANSWER)
    if message and configured_locally(crash):
        error = crash.raised.told if crash.raised else message[0].strip()
        yield at_command(crash, error, error=error)


_NO_ANSWER = (
    r"E(?:CONNREFUSED|TIMEDOUT) (?:127\.0\.0\.1|::1)\b.*|\bCONNECT_TIMEOUT\b|connect ETIMEDOUT"
    r"|Connection terminated due to connection timeout|Can't reach database server at `"
)
"""Messages of Node.js drivers about a server that does not answer."""


_UNKNOWN_HOST = (
    r"could not translate host name \"([\w-]+)\"|Error -[235] connecting to ([\w-]+):"
    r"|\(\"?'?([\w-]+)'?\"?(?:, \d+)?\).*Name or service not known"
    r"|Can't connect to MySQL server on '([\w-]+)|failed to resolve host '([\w-]+)'"
    r"|\b([\w-]+):\d{4,5}: \[Errno -[235]\]|host='([\w-]+)', port=\d+\).*resolve"
)
_COMPOSE = re.compile(
    r"(?:db|database|postgres(?:ql)?|pg|mysql|mariadb|mongo(?:db)?|redis|cache|rabbit(?:mq)?"
    r"|memcached|elasticsearch|kafka|broker|queue)(?:[-_]?\w+)?"
)


@rule(
    "service-of-compose",
    instead_of=("host-not-found-here",),
    leads_to=ENDINGS,
    title="There is no host called {host}: that is a docker-compose name",
    cause="docker-compose gives every service a host name. A dyno runs alone, and `{host}` is not"
    " known there: {error}",
    fix="Create an add-on and read its address from the environment (`DATABASE_URL`, `REDIS_URL`,"
    " …) instead of `{host}`.",
    docs=BACKING,
)
def service_of_compose(crash: Crash) -> Iterator[Evidence]:
    match = crash.saying(_UNKNOWN_HOST) if crash.raised else None
    host = next((group for group in match.groups() if group), "") if match else ""
    if match and _COMPOSE.fullmatch(host):
        error = match.string.strip()[:300]
        yield at_either(crash, error, host=host, error=error)
        place = next(places(crash.source, rf"""["'/@]{re.escape(host)}["':/]"""), None)
        if place:
            yield at(place.text, place)


_NO_ADDRESS = (
    r"could not translate host name|failed to resolve host|Failed to resolve '"
    r"|\[Errno -[235]\] (?:Name or service not known|Temporary failure in name resolution"
    r"|No address associated)"
)
"""Messages of Python and database drivers about a name without an address (observed)."""

_HOST = r"[\"'(@](?:\w+://)?((?:[\w-]+\.)+[a-z][\w-]+)[\"':,/)]"


@rule(
    "host-not-found-here",
    effect="unknown",
    leads_to=ENDINGS,
    title="{host:A host name} has no address as seen from this machine",
    cause="The app connects to {host:it}: {error}. The host no longer exists, or this machine has"
    " no network.",
    fix="Try `nslookup {host}` on a machine with a network. If the host no longer exists, remove"
    " its address from the code, and read the new one from a config var.",
    docs=BACKING,
)
def host_not_found_here(crash: Crash) -> Iterator[Evidence]:
    messages = [raised.told for raised in crash.chain]
    error = next((text for text in messages if re.search(_NO_ADDRESS, text)), None)
    if error is None:
        return
    place = at_either(crash, error[:300], error=error[:300])
    match = re.search(_HOST, error) or re.search(_HOST, place.names.get("code", ""))
    yield place._replace(names={**place.names, **({"host": match[1]} if match else {})})
