"""The release phase: https://devcenter.heroku.com/articles/release-phase (documented)."""

import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import parse_qs, urlsplit

from parity.facts.app_json import POSTDEPLOY
from parity.push import migrations
from parity.records import Ended, ProcessType, Release, Slug, Withheld

SERVICES = frozenset(
    "postgres postgresql mysql mysql2 mariadb mongodb redis rediss valkey valkeys amqp amqps mssql"
    " oracle cockroachdb cassandra couchdb elasticsearch opensearch neo4j bolt memcached nats kafka"
    " clickhouse snowflake redshift db2 firebird tds sqlserver".split()
)
"""URL schemes of databases and other services that hold data."""

_LOCAL = re.compile(r"(?:localhost|127\.[\d.]+|::1|0\.0\.0\.0|/.*|)\.?", re.IGNORECASE)
"""Hosts that are this machine: a name, an address, or the folder of a socket."""

_HOSTS = (
    r"(?:.*_)?(?:PG|DB|DATABASE|SQL|POSTGRES(?:QL)?|MYSQL|MARIADB|MONGO(?:DB)?|REDIS|RDS)_?HOST"
    r"(?:NAME)?"
)
"""Names of config vars that hold only the host of a database."""


def release(
    slug: Slug,
    *,
    one_off: Callable[[ProcessType], Ended],
    run_release: bool = False,
    starts: Iterable[ProcessType] = (),
) -> Release:
    """Run the `release` process type and a new app's postdeploy script in one-off dynos.

    If a config var points to a database elsewhere, which may be the production one, neither runs,
    nor will those of `starts` whose command changes its schema, unless `run_release` is set.
    """
    command = slug.plan.processes.get("release")
    elsewhere = None if run_release else remote_database(slug.plan.config.values)
    why = f"{elsewhere} points to a database elsewhere" if elsewhere else None
    ended = one_off(command) if command and not why else None
    result = Release(slug, command, ended, why if command else None)
    if elsewhere:
        result = result._replace(withheld=_withheld(slug, starts, elsewhere))
    script = _postdeploy(slug)
    if script is None or result.status == "failed":
        return result
    return result._replace(postdeploy=None if why else one_off(script), not_deployed=why)


def _withheld(slug: Slug, starts: Iterable[ProcessType], variable: str) -> Withheld | None:
    """Return the first process whose start command changes a schema."""
    steps = ((each, migrations.step(slug.plan.source, each)) for each in starts)
    return next((Withheld(each, step, variable) for each, step in steps if step), None)


def _postdeploy(slug: Slug) -> ProcessType | None:
    """Return the script that runs once in an app created from app.json."""
    manifest = slug.plan.source.manifest
    command = manifest.scripts.get(POSTDEPLOY) if manifest and manifest.applied else None
    return ProcessType(POSTDEPLOY, command, 0) if command else None


def remote_database(config: Mapping[str, str]) -> str | None:
    """Return the name of a config var that points to a service on another machine."""
    return next((name for name, value in config.items() if _elsewhere(name, value.strip())), None)


def _elsewhere(name: str, value: str) -> bool:
    if re.fullmatch(_HOSTS, name.upper()):
        return not _LOCAL.fullmatch(value)
    scheme = re.match(r"(?:jdbc:)?([a-z][a-z0-9.-]*)(?:\+[\w.+-]+)?://", value, re.IGNORECASE)
    if scheme is None or scheme[1].lower() not in SERVICES:
        return False
    return any(not _LOCAL.fullmatch(host) for host in _hosts(value.removeprefix("jdbc:")))


def _hosts(url: str) -> list[str]:
    """Return the hosts in a URL; one that cannot be parsed counts as elsewhere."""
    try:
        parts = urlsplit(url)
        named = parse_qs(parts.query).get("host", [])
        hosts = parts.netloc.rpartition("@")[2].split(",")
    except ValueError:
        return ["?"]
    bare = [re.sub(r":\d+$", "", host).strip("[]") for host in hosts]
    return [*bare, *named]
