"""The release phase: https://devcenter.heroku.com/articles/release-phase (documented)."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

from parity.facts.app_json import POSTDEPLOY
from parity.records import Ended, ProcessType, Release, Slug

SERVICES = frozenset(
    "postgres postgresql mysql mysql2 mariadb mongodb redis rediss valkey valkeys amqp amqps mssql"
    " oracle cockroachdb cassandra couchdb elasticsearch opensearch neo4j bolt memcached nats kafka"
    " clickhouse snowflake redshift db2 firebird tds sqlserver".split()
)
"""Schemes of addresses at which data lies."""

_LOCAL = re.compile(r"(?:localhost|127\.[\d.]+|::1|0\.0\.0\.0|/.*|)\.?", re.IGNORECASE)
"""This machine: by name, by address, by the folder of a socket."""

_HOSTS = (
    r"(?:.*_)?(?:PG|DB|DATABASE|SQL|POSTGRES(?:QL)?|MYSQL|MARIADB|MONGO(?:DB)?|REDIS|RDS)_?HOST"
    r"(?:NAME)?"
)
"""Config vars that hold the bare name of a database's host."""


def release(
    slug: Slug, *, one_off: Callable[[ProcessType], Ended], run_release: bool = False
) -> Release:
    """Run the `release` process type in a one-off dyno, and a new app's postdeploy script.

    Not when a config var points to a database elsewhere, unless `run_release`: it may be the
    production one.
    """
    command = slug.plan.processes.get("release")
    elsewhere = None if run_release else remote_database(slug.plan.config.values)
    why = f"{elsewhere} points to a database elsewhere" if elsewhere else None
    ended = one_off(command) if command and not why else None
    made = Release(slug, command, ended, why if command else None)
    script = _postdeploy(slug)
    if script is None or made.status == "failed":
        return made
    return made._replace(postdeploy=None if why else one_off(script), not_deployed=why)


def _postdeploy(slug: Slug) -> ProcessType | None:
    """The script of app.json that runs once, in an app that is created from it."""
    manifest = slug.plan.source.manifest
    command = manifest.scripts.get(POSTDEPLOY) if manifest and manifest.applied else None
    return ProcessType(POSTDEPLOY, command, 0) if command else None


def remote_database(config: Mapping[str, str]) -> str | None:
    """The name of a config var whose value is the address of a service on another machine."""
    return next((name for name, value in config.items() if _elsewhere(name, value.strip())), None)


def _elsewhere(name: str, value: str) -> bool:
    if re.fullmatch(_HOSTS, name.upper()):
        return not _LOCAL.fullmatch(value)
    scheme = re.match(r"(?:jdbc:)?([a-z][a-z0-9.-]*)(?:\+[\w.+-]+)?://", value, re.IGNORECASE)
    if scheme is None or scheme[1].lower() not in SERVICES:
        return False
    return any(not _LOCAL.fullmatch(host) for host in _hosts(value.removeprefix("jdbc:")))


def _hosts(url: str) -> list[str]:
    """The hosts that an address names; one that cannot be read counts as elsewhere."""
    try:
        parts = urlsplit(url)
        named = parse_qs(parts.query).get("host", [])
        hosts = parts.netloc.rpartition("@")[2].split(",")
    except ValueError:
        return ["?"]
    bare = [re.sub(r":\d+$", "", host).strip("[]") for host in hosts]
    return [*bare, *named]
