"""Crashes because a config var is not set, is empty, or has a form that a library rejects."""

import re
from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, at_either, at_place
from parity.rules.engine import rule
from parity.rules.views.facts import UnsetVariable
from parity.rules.views.pydantic_settings import lacking
from parity.rules.views.python_source import CodePlace, at, find, line_of
from parity.rules.views.python_traceback import Crash, PythonError, Raised
from parity.rules.views.python_variables import PLATFORM, Read, all_reads, read_at

_NAME = r"[A-Z][A-Z0-9_]*"
_NAMING = (
    rf"^({_NAME}) not found\. Declare it as envvar"
    rf"|^Environment variable \"({_NAME})\" (?:not set|invalid)"
    rf"|^Set the ({_NAME}) environment variable"
    rf"|^Config '({_NAME})' is missing"
    rf"|(?:set|setting) (?:the )?[`'\"]?({_NAME})\b[`'\"]?.* environment variable"
    r"|(?i:missing|required)[\w ]{0,99}(?i:environment variable|config var|env var)s?:?"
    rf" ['\"`]?({_NAME})"
    r"|['\"`]?([A-Z][A-Z0-9_]{0,49})['\"`]? (?i:environment variable|env var"
    r"|is not set|must be set|is required"
    r"|is missing|not set)"
)
"""Messages of python-decouple, environs, django-environ, Starlette, OpenAI and of apps."""

_EMPTY = (
    r"None|Expecting value: line 1 column 1 \(char 0\)"
    r"|(?i:must (?:be set|not be empty|be provided|pass|provide)|empty|not set|missing|required"
    r"|token|api[ _]?key|credential|unauthori[sz]ed|invalid literal for int|could not parse|url)"
)
"""Messages of exceptions that a variable may cause that is None or empty."""


def _missing(crash: Crash) -> Read | None:
    """Return the read of the config var whose absence ended the command."""
    raised = crash.raised
    if raised is None or raised.kind == "ModuleNotFoundError":
        return None
    if "settings are not configured" in raised.message:  # Django's settings, all of them
        return None
    variable = _named(raised)
    near = list(_near(crash))
    if variable:
        reads = [r for r in (*near, *all_reads(crash.source)) if r.name == variable]
        return reads[0] if reads else _library(crash, variable)
    field = next(lacking(crash.source, raised), None)
    if field or not re.search(_EMPTY, raised.message):
        return field
    options = (*near, *_setting(crash), *_constants(crash))
    return next((r for r in options if not r.default and _unset(crash, r)), None)


def _named(raised: Raised) -> str | None:
    """Return the variable that the exception itself names."""
    text = raised.message.strip("'\"") if raised.kind == "KeyError" else raised.message
    match = re.search(_NAMING, text)
    if match:
        return next(group for group in match.groups() if group)
    return text or None if raised.kind == "KeyError" else None


def _library(crash: Crash, name: str) -> Read | None:
    """Return a variable that a package reads by itself, at the app's line that calls it."""
    raised = crash.raised
    place = raised.place if raised and raised.kind != "KeyError" else None
    if place is None or name not in (raised.message if raised else ""):
        return None
    text = line_of(crash.source, place.file, place.line)
    return Read(name, CodePlace(place.file, place.line, 1, text), place.line, "", False)


def _near(crash: Crash) -> Iterator[Read]:
    """Yield the reads in the lines that the exception passed through, innermost first."""
    raised = crash.raised
    for frame in reversed(raised.frames if raised else ()):
        if frame.file in crash.source.entries:
            yield from read_at(crash.source, frame.file, frame.line)


def _setting(crash: Crash) -> Iterator[Read]:
    """Yield the reads that set a setting that the exception names, as in Django and Flask."""
    raised = crash.raised
    names = re.findall(r"\b[A-Z][A-Z_]{3,}\b", raised.message) if raised else []
    for read in all_reads(crash.source) if names else ():
        if read.into in names:
            yield read


def _constants(crash: Crash) -> Iterator[Read]:
    """Yield the reads that set a constant that the failing line uses."""
    place = at_place(crash)
    words = {*re.findall(r"\b[A-Z][A-Z0-9_]+\b", place.names["code"])} if place else set()
    for read in all_reads(crash.source) if words else ():
        if read.into in words:
            yield read


def _unset(crash: Crash, read: Read) -> bool:
    return not crash.plan.config.values.get(read.name) and read.name not in PLATFORM


def unset(crash: Crash) -> UnsetVariable | None:
    """Return the config var whose absence ended the command: its read, then the failing line."""
    read, raised, here = _missing(crash), crash.raised, at_place(crash)
    if read is None or not _unset(crash, read):
        return None
    error = raised.told if raised else ""
    evidence = [at(error, read.place)]
    if here and (here.file, here.line) != (read.place.file, read.place.line):
        evidence.append(here._replace(names={}))
    others = (r for r in lacking(crash.source, raised) if r != read) if raised else ()
    more = tuple((r.name, at(r.place.text, r.place)) for r in others if _unset(crash, r))
    return UnsetVariable(read.name, error, crash, tuple(evidence), more)


@rule(
    "postgres-scheme",
    leads_to=ENDINGS,
    title="SQLAlchemy does not know postgres://, which is how Heroku's DATABASE_URL begins",
    cause="Heroku Postgres sets DATABASE_URL to postgres://…; SQLAlchemy 1.4 and later only know"
    " postgresql://.",
    fix='{advice:Where the URL is read, write `.replace("postgres://", "postgresql://", 1)`'
    " after it.}",
    docs="https://devcenter.heroku.com/articles/connecting-heroku-postgres",
    apart="`Can't load plugin: sqlalchemy.dialects:postgres`",
    laptop="On the laptop the address begins with sqlite or postgresql.",
    by={"SQLAlchemy": 'url.replace("postgres://", "postgresql://", 1)'},
)
def postgres_scheme(crash: Crash) -> Iterator[Evidence]:
    if not crash.saying(r"Can't load plugin: sqlalchemy\.dialects:postgres\b"):
        return
    advice = (
        'Where the URL is read, write `os.environ["DATABASE_URL"].replace("postgres://",'
        ' "postgresql://", 1)`.'
    )
    place = find(crash.source, r"DATABASE_URL")
    if place and _READ.search(place.text):
        changed = '.replace("postgres://", "postgresql://", 1)'
        right = _READ.sub(lambda match: match[0] + changed, place.text)
        advice = f"In line {place.line} of {place.file} write `{right}`."
    yield at_either(crash, "no plugin for postgres", advice=advice)
    if place:
        yield at(place.text, place)


_READ = re.compile(
    r"""os\.(?:environ\[["']DATABASE_URL["']\]"""
    r"""|(?:environ\.get|getenv)\(["']DATABASE_URL["'](?:,\s*["'][^"']*["'])\))"""
)
"""A read of DATABASE_URL, without a default or with one that is a string."""


@rule(
    "async-driver",
    leads_to=ENDINGS,
    title="The async engine needs an async driver: postgresql+asyncpg://",
    cause="DATABASE_URL names only Postgres, for which SQLAlchemy uses psycopg2, and that is not an"
    " async driver.",
    fix='Where the URL is read, write `.replace("postgres://", "postgresql+asyncpg://", 1)`, with'
    " asyncpg in requirements.txt.",
    docs="https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html",
)
def async_driver(crash: PythonError) -> Iterator[Evidence]:
    raised = crash.raised
    if "asyncio extension requires an async driver" in raised.message:
        yield at_either(crash, raised.told)


@rule(
    "sslmode-for-asyncpg",
    leads_to=ENDINGS,
    title="asyncpg has no `sslmode`, which the database's URL sets",
    cause="What follows the `?` in the URL goes to the driver as it is: psycopg2 has `sslmode`,"
    " asyncpg has `ssl`: {error}",
    fix='Where the URL is read, cut off `?sslmode=…`; pass the engine `connect_args={{"ssl":'
    ' "require"}}` instead.',
    docs="https://docs.sqlalchemy.org/en/20/dialects/postgresql.html",
    apart="`unexpected keyword argument 'sslmode'` in asyncpg",
    laptop="The laptop's database URL has no `?sslmode=require`.",
)
def sslmode_for_asyncpg(crash: PythonError) -> Iterator[Evidence]:
    raised = crash.raised
    if "unexpected keyword argument 'sslmode'" in raised.message:
        place = find(crash.source, r"create_async_engine\(|create_pool\(|asyncpg\.connect\(")
        if of_asyncpg(raised):
            yield at(raised.told, place, error=raised.told)


def of_asyncpg(raised: Raised) -> bool:
    """Return whether the exception comes from asyncpg, or from SQLAlchemy's calls of it."""
    return any("asyncpg" in frame.file for frame in raised.frames)


@rule(
    "redis-certificate",
    leads_to=ENDINGS,
    title="The certificate of Heroku's key-value store is self-signed: verification must be off",
    cause="Heroku Key-Value Store gives a rediss:// address (TLS) with a self-signed certificate:"
    " {error}",
    fix="Pass `ssl_cert_reqs=None` (redis-py: `redis.from_url(url, ssl_cert_reqs=None)`; Celery:"
    ' `broker_use_ssl={{"ssl_cert_reqs": ssl.CERT_NONE}}` and `redis_backend_use_ssl`; or add'
    " `?ssl_cert_reqs=none` to the address).",
    docs="https://devcenter.heroku.com/articles/connecting-heroku-redis",
)
def redis_certificate(crash: PythonError) -> Iterator[Evidence]:
    pattern = (
        r"rediss:// URL must have parameter ssl_cert_reqs|self[- ]signed certificate in certificate"
    )
    match = crash.saying(pattern)
    redis = any("REDIS" in name for name in crash.plan.config.values)
    if match and (redis or "rediss" in match[0] or _of_redis(crash.raised)):
        yield at_either(crash, match[0])


def _of_redis(raised: Raised) -> bool:
    """Return whether the exception comes from redis-py, by its module or its message."""
    connecting = re.match(r"Error 1 connecting to \S+:\d+\. ?\[SSL", raised.message)
    return bool(connecting) or any("/site-packages/redis/" in f.file for f in raised.frames)
