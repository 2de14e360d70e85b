"""The release phase: https://devcenter.heroku.com/articles/release-phase (documented)."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from parity.records import Ended, ProcessType, Release, Slug

SERVICES = ("postgres", "mysql", "mariadb", "mongodb", "redis", "rediss", "amqp", "mssql", "oracle")
LOCAL = ("localhost", "127.0.0.1", "::1", "")


def release(
    slug: Slug, *, one_off: Callable[[ProcessType], Ended], run_release: bool = False
) -> Release:
    """Run the `release` process type in a one-off dyno, if there is one.

    Not when a config var points to a database elsewhere, unless `run_release`: it may be the
    production one.
    """
    command = slug.plan.processes.get("release")
    if command is None:
        return Release(slug, None, None, None)
    elsewhere = None if run_release else remote_database(slug.plan.config.values)
    if elsewhere:
        return Release(slug, command, None, f"{elsewhere} points to a database elsewhere")
    return Release(slug, command, one_off(command), None)


def remote_database(config: Mapping[str, str]) -> str | None:
    """The name of a config var whose value is the address of a service on another machine."""
    return next((name for name, value in config.items() if _elsewhere(value)), None)


def _elsewhere(value: str) -> bool:
    try:
        url = urlsplit(value.strip())
        host = url.hostname or ""
    except ValueError:
        return False
    known = url.scheme.partition("+")[0] in SERVICES or url.scheme.startswith("postgres")
    return known and host not in LOCAL and not host.startswith("127.")
