"""Crashes of Node.js apps whose database or cache is looked for in the dyno itself."""

from collections.abc import Iterator

from parity.records import Source
from parity.records.verdict import Evidence
from parity.rules.crash.node.errors import unset
from parity.rules.crash.symptoms import ENDINGS
from parity.rules.engine import rule
from parity.rules.views.node_error import node_crash
from parity.rules.views.node_source import at_start, found
from parity.rules.views.python_traceback import Failing

_SERVICES = {
    "27017": "MongoDB", "5432": "PostgreSQL", "6379": "Redis", "3306": "MySQL",
    "5672": "RabbitMQ", "9200": "Elasticsearch", "11211": "Memcached", "9092": "Kafka",
}  # fmt: skip
_REFUSED = (
    r"ECONNREFUSED (?:127\.0\.0\.1|::1|localhost):(\d+)"
    r"|MongooseError: Operation `\S+` buffering timed out after \d+ms"
)
"""How Node.js, and Mongoose, tell of a server that is not there."""


@rule(
    "node-service-on-localhost",
    leads_to=ENDINGS,
    title="The app looks for {service} on its own machine, and a dyno has none",
    cause="{error}. On your machine {service} runs beside the app. A dyno runs the app alone.",
    fix="Connect to an add-on, whose address is in a config var, as `process.env.{variable}`; here:"
    " `parity run --config {variable}=…`.",
    docs="https://devcenter.heroku.com/articles/managing-add-ons",
)
def node_service_on_localhost(record: Failing) -> Iterator[Evidence]:
    crashed = node_crash(record)
    match = crashed.saying(_REFUSED) if crashed else None
    if not crashed or not match or unset(record):
        return
    port = match[1] or "27017"
    service = _SERVICES.get(port, f"a server on port {port}")
    variables = {"MongoDB": "MONGODB_URI", "Redis": "REDIS_URL"}
    names = {
        "service": service,
        "error": match[0],
        "variable": variables.get(service, "DATABASE_URL"),
    }
    place = _address(crashed.source, port, service)
    if place:
        yield place._replace(seen=match[0], names=names)
    elif match[1]:
        yield at_start(crashed.source, crashed.process, match[0], **names)


def _address(source: Source, port: str, service: str) -> Evidence | None:
    """The line that names this machine as the service's."""
    kind = service.lower().removesuffix("ql")
    pattern = rf"(?:localhost|127\.0\.0\.1):{port}|{kind}\w*://(?:localhost|127\.0\.0\.1)"
    clients = rf"{pattern}|host\w*\s*:\s*['\"](?:localhost|127\.0\.0\.1)|createClient\(\s*\)"
    place = next(found(source, pattern), None) or next(found(source, clients), None)
    return Evidence(place.text, place.file, place.line, place.column) if place else None
