"""Crashes of what the app expects around it: config vars, add-ons, services."""

import re
from collections.abc import Iterator

from parity.facts.addons import ADD_ONS
from parity.records import Boot, Release, Slug
from parity.rules import rule
from parity.rules.code import find, line_of
from parity.rules.crash import ENDINGS, at_command, at_place
from parity.rules.log import Crash, crash
from parity.verdict import Evidence

CONFIG_VARS = "https://devcenter.heroku.com/articles/config-vars"
DYNOS = "https://devcenter.heroku.com/articles/dynos#ephemeral-filesystem"
_READS = (
    r"""(?:environ(?:\.get)?|getenv|config|env(?:\.\w+)?|decouple\.config)\s*[\[(]\s*["']({})["']"""
)
_PLAIN = r"[A-Z][A-Z0-9_]*"


def _missing(found: Crash) -> str | None:
    """The config var whose absence ended the command."""
    raised = found.raised
    if raised is None:
        return None
    if raised.kind == "KeyError":
        name = raised.message.strip("'\"")
        read = raised.place and re.search(
            _READS.format(re.escape(name)),
            line_of(found.source, raised.place.file, raised.place.line),
        )
        inside = any("os.py" in frame.file for frame in raised.frames[-1:])
        return name if re.fullmatch(r"\w+", name) and (read or inside) else None
    told = re.search(
        rf"^({_PLAIN}) not found\. Declare it as envvar"
        rf"|^Environment variable \"({_PLAIN})\" not set|^Set the ({_PLAIN}) environment variable",
        raised.message,
    )
    if told:
        return next(group for group in told.groups() if group)
    return _empty_setting(found) or _none(found)


def _empty_setting(found: Crash) -> str | None:
    """The variable behind a Django setting that is empty."""
    raised = found.raised
    if raised is None or "SECRET_KEY setting must not be empty" not in raised.message:
        return None
    place = find(found.source, rf"^\s*SECRET_KEY\s*=.*{_READS.format(_PLAIN)}")
    match = re.search(_READS.format(_PLAIN), place.text) if place else None
    return match[1] if match else None


def _none(found: Crash) -> str | None:
    """The variable read with a default of None in the line that raised: `int(os.getenv("X"))`."""
    raised = found.raised
    if raised is None or raised.place is None or "None" not in raised.message:
        return None
    line = line_of(found.source, raised.place.file, raised.place.line)
    match = re.search(_READS.format(_PLAIN), line)
    return match[1] if match and match[1] not in found.plan.config.values else None


@rule(
    "add-on-variable-missing",
    effect="unknown",
    leads_to=ENDINGS,
    title="{name} is not set here; on Heroku {addon} sets it",
    cause="The app reads {name} while it starts. parity has no add-ons, so it cannot tell whether"
    " the app starts where the variable is set.",
    fix="Type `parity run --config {name}=…` with a service on this machine. On Heroku:"
    " `heroku addons:create {plan}`, if the app has none yet.",
    docs="https://devcenter.heroku.com/articles/managing-add-ons",
)
def add_on_variable_missing(record: Boot | Release | Slug) -> Iterator[Evidence]:
    found = crash(record)
    name = _missing(found) if found else None
    addon = ADD_ONS.get(name) if name else None
    if found and name and addon and name not in found.plan.config.values:
        evidence = at_place(found, name=name, addon=addon.name, plan=addon.plan)
        if evidence:
            yield evidence


@rule(
    "missing-config-var",
    leads_to=ENDINGS,
    title="The config var {name} is not set",
    cause="The app reads the environment variable {name} while it starts, and Heroku has no such"
    " config var: {error}.{local}",
    fix="Type `heroku config:set {name}=VALUE`; here: `parity run --config {name}=VALUE`.",
    docs=CONFIG_VARS,
)
def missing_config_var(record: Boot | Release | Slug) -> Iterator[Evidence]:
    found = crash(record)
    name = _missing(found) if found else None
    if not found or not name or name in ADD_ONS or name in found.plan.config.values:
        return
    dotenv = any(path.endswith(".env") for path in found.source.absent)
    local = " A .env on your disk does not reach Heroku." if dotenv else ""
    evidence = at_place(found, name=name, local=local)
    if evidence:
        yield evidence


@rule(
    "postgres-scheme",
    leads_to=ENDINGS,
    title="SQLAlchemy does not know postgres://, which is how Heroku's DATABASE_URL begins",
    cause="Heroku Postgres sets DATABASE_URL to postgres://…; SQLAlchemy 1.4 and later only know"
    " postgresql://.",
    fix='Where the URL is read, write `url = os.environ["DATABASE_URL"].replace("postgres://",'
    ' "postgresql://", 1)`.',
    docs="https://devcenter.heroku.com/articles/connecting-heroku-postgres",
)
def postgres_scheme(record: Boot | Release | Slug) -> Iterator[Evidence]:
    found = crash(record)
    if found and found.saying(r"Can't load plugin: sqlalchemy\.dialects:postgres\b"):
        evidence = at_place(found)
        if evidence:
            yield evidence


@rule(
    "service-on-localhost",
    leads_to=ENDINGS,
    title="The app connects to {address}, where nothing runs in a dyno",
    cause="A dyno holds your process alone. A database or cache on localhost is on your machine,"
    " not on Heroku: {error}",
    fix="Create an add-on and read its address from the environment, such as `heroku addons:create"
    ' {plan}` and `os.environ["{variable}"]`.',
    docs="https://devcenter.heroku.com/articles/backing-services",
)
def service_on_localhost(record: Boot | Release | Slug) -> Iterator[Evidence]:
    found = crash(record)
    raised = found.raised if found else None
    pattern = r"(?:localhost|127\.0\.0\.1|::1)\"?\)?[^\d\n]{0,30}?(\d{4,5})"
    match = found.saying(rf"(?i)refused.*{pattern}|{pattern}.*refused") if found else None
    if not found or not match or not raised or _given(found):
        return
    number = match[1] or match[2]
    variable, plan = SERVICES.get(number, ("DATABASE_URL", "heroku-postgresql:essential-0"))
    names = {"address": f"localhost:{number}", "variable": variable, "plan": plan}
    evidence = at_place(found, **names)
    yield evidence or at_command(found, match[0], error=raised.told, **names)


SERVICES = {
    "5432": ("DATABASE_URL", "heroku-postgresql:essential-0"),
    "6379": ("REDIS_URL", "heroku-redis:mini"),
    "27017": ("MONGODB_URI", "mongodb"),
    "3306": ("JAWSDB_URL", "jawsdb:kitefin"),
    "5672": ("CLOUDAMQP_URL", "cloudamqp:lemur"),
}
"""By their usual port: the config var and the add-on that give the same on Heroku."""


def _given(found: Crash) -> bool:
    """Whether a config var names a service on this machine: then its absence here says nothing."""
    values = found.plan.config.values.values()
    return any(re.search(r"://[^/]*(localhost|127\.0\.0\.1)", value) for value in values)


@rule(
    "given-service-refuses",
    effect="unknown",
    leads_to=ENDINGS,
    title="The service that a config var names does not answer here",
    cause="A config var points to this machine, and the connection is refused: {error}. On Heroku"
    " the variable has another value.",
    fix="Start the service, then run parity again.",
    docs="https://devcenter.heroku.com/articles/backing-services",
)
def given_service_refuses(record: Boot | Release | Slug) -> Iterator[Evidence]:
    found = crash(record)
    raised = found.raised if found else None
    if found and raised and _given(found) and found.saying("(?i)connection refused"):
        yield at_command(found, raised.told, error=raised.told)
