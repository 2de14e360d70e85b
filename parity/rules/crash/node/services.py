"""Crashes of Node.js apps that look for a database or cache in the dyno itself."""

import re

from parity.records import Source
from parity.records.verdict import Evidence
from parity.rules.crash.node.errors import unset as of_config
from parity.rules.crash.python.services import configured_locally
from parity.rules.views.addon_variables import behind
from parity.rules.views.facts import RefusedService, UnsetVariable
from parity.rules.views.node_error import NodeCrash, node_error
from parity.rules.views.node_source import at_start, found

_SERVICES = {
    "27017": "MongoDB", "5432": "PostgreSQL", "6379": "Redis", "3306": "MySQL",
    "5672": "RabbitMQ", "9200": "Elasticsearch", "11211": "Memcached", "9092": "Kafka",
}  # fmt: skip
_REFUSED = (
    r"ECONNREFUSED (?:127\.0\.0\.1|::1|localhost):(\d+)"
    r"|MongooseError: Operation `\S+` buffering timed out after \d+ms"
)
"""Messages of Node.js and Mongoose about a server that does not run."""


def refused(crash: NodeCrash) -> RefusedService | None:
    """Return the server on this machine that refused, or that did not answer Mongoose."""
    match, port = _refusal(crash)
    if not match or behind(crash, port, match[0]):
        return None
    service = _SERVICES.get(port, f"a server on port {port}")
    variable = _VARIABLES.get(service, "DATABASE_URL")
    place = _address(crash.source, port, service)
    if not place and not match[1]:
        return None
    start = at_start(crash.source, crash.process, match[0])
    evidence = (place._replace(seen=match[0]) if place else start,)
    advice = (
        f"Connect to an add-on, whose address is in a config var such as `process.env.{variable}`;"
        f" to test it here: `parity run --config {variable}=…`."
    )
    return RefusedService(service, f"localhost:{port}", match[0], advice, evidence)


def _refusal(crash: NodeCrash) -> tuple[re.Match[str] | None, str]:
    """Return the message about a local server that no config var explains, and its port."""
    match, error = crash.saying(_REFUSED), node_error(crash)
    if not match or configured_locally(crash) or (error and of_config(error)):
        return None, ""
    return match, match[1] or "27017"


def unset(crash: NodeCrash) -> UnsetVariable | None:
    """Return the add-on's variable without which a driver looks for its service in the dyno."""
    match, port = _refusal(crash)
    return behind(crash, port, match[0]) if match else None


_VARIABLES = {"MongoDB": "MONGODB_URI", "Redis": "REDIS_URL"}


def _address(source: Source, port: str, service: str) -> Evidence | None:
    """Return evidence at the line that expects the service on this machine."""
    kind = service.lower().removesuffix("ql")
    pattern = rf"(?:localhost|127\.0\.0\.1):{port}|{kind}\w*://(?:localhost|127\.0\.0\.1)"
    clients = rf"{pattern}|host\w*\s*:\s*['\"](?:localhost|127\.0\.0\.1)|createClient\(\s*\)"
    place = next(found(source, pattern), None) or next(found(source, clients), None)
    return Evidence(place.text, place.file, place.line, place.column) if place else None
