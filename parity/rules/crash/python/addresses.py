"""Crashes because the address of a database or store has a form that a library rejects."""

import re
from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, at_either
from parity.rules.engine import rule
from parity.rules.views.python_source import at, find
from parity.rules.views.python_traceback import Crash, PythonError, Raised


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
    if match and (redis or "rediss" in match[0]):
        yield at_either(crash, match[0])
