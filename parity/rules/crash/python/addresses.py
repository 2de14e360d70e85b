"""Crashes because the address of a database or store has a form that a library rejects."""

import re
from collections.abc import Iterator

from parity.records import Source, edits
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, at_either, at_place
from parity.rules.engine import rule
from parity.rules.views.python_source import CodePlace, at, find
from parity.rules.views.python_traceback import Crash, PythonError, Raised


@rule(
    "postgres-scheme",
    leads_to=ENDINGS,
    title="SQLAlchemy does not accept postgres://, as in Heroku's DATABASE_URL",
    cause="Heroku Postgres sets DATABASE_URL to postgres://…; SQLAlchemy 1.4 and later accept"
    " only postgresql://.",
    fix='{advice:Add `.replace("postgres://", "postgresql://", 1)` where the URL is read.}',
    docs="https://devcenter.heroku.com/articles/connecting-heroku-postgres",
    apart="`Can't load plugin: sqlalchemy.dialects:postgres`",
    laptop="On the laptop the address begins with sqlite or postgresql.",
    by={"SQLAlchemy": 'url.replace("postgres://", "postgresql://", 1)'},
)
def postgres_scheme(crash: Crash) -> Iterator[Evidence]:
    match = crash.saying(r"Can't load plugin: sqlalchemy\.dialects:postgres(?:\.(\w+))?(?![\w.])")
    if not match:
        return
    scheme = f"postgresql+{match[1]}" if match[1] else "postgresql"
    place, advice = _with_scheme(crash.source, scheme)
    yield at_either(crash, "no plugin for postgres", advice=advice)
    if place:
        yield at(place.text, place)


def _with_scheme(source: Source, scheme: str) -> tuple[CodePlace | None, str]:
    """Return the line that reads or writes the address, and advice to give it `scheme`."""
    driver = scheme.partition("+")[2]
    written = find(source, rf"[\"']postgres\+{driver}:") if driver else None
    if written:
        right = written.text.replace(f"postgres+{driver}:", f"{scheme}:")
        return written, edits.line(written.file, written.line, right)
    changed = f'.replace("postgres://", "{scheme}://", 1)'
    place = find(source, r"DATABASE_URL")
    if place and _READ.search(place.text) and ".replace(" not in place.text:
        right = _READ.sub(lambda match: match[0] + changed, place.text)
        return place, edits.line(place.file, place.line, right)
    return place, f'Write `os.environ["DATABASE_URL"]{changed}` where the URL is read.'


_READ = re.compile(
    r"""os\.(?:environ\[["']DATABASE_URL["']\]"""
    r"""|(?:environ\.get|getenv)\(["']DATABASE_URL["'](?:,\s*["'][^"']*["'])?\))"""
)
"""A read of DATABASE_URL, without a default or with one that is a string."""

_DSN = (
    r"invalid DSN: scheme is expected to be [^,]{1,60},? got '?(?P<a>[\w+]*)"
    r"|missing \"=\" after \"(?P<b>[\w+]+):"
)
"""Messages of asyncpg, and of libpq, which psycopg and psycopg2 print."""

_REPLACES = re.compile(
    r"\.replace\(\s*([\"'])postgres(?:ql)?:(?://)?\1\s*,\s*([\"'])postgres(?:ql)?\+\w+:(?://)?\2"
    r"\s*(?:,\s*1\s*)?\)"
)
_CONNECTS = re.compile(r"(\b(?:connect|create_pool|ConnectionPool|Pool)\()([\w.]{1,80})(?=[,)])")
"""A call of a driver whose first argument is a name."""


@rule(
    "scheme-with-driver",
    leads_to=ENDINGS,
    title="{library} takes a plain address, postgresql://…, not {used}://…",
    cause="`postgresql+DRIVER://` is SQLAlchemy's way to choose a driver. {library} is the"
    " driver itself, and accepts only postgresql:// and postgres://, as in Heroku's"
    " DATABASE_URL: {error}",
    fix="{advice:Give the driver the address as it is in DATABASE_URL, without `+DRIVER`.}",
    docs="https://magicstack.github.io/asyncpg/current/api/index.html#connection",
    apart='`invalid DSN: scheme is expected to be either "postgresql" or "postgres"`, `missing'
    ' "=" after`',
    laptop="The laptop's address is different, or the code uses SQLAlchemy there.",
)
def scheme_with_driver(crash: PythonError) -> Iterator[Evidence]:
    match = re.search(_DSN, crash.raised.message)
    used = (match["a"] or match["b"] or "") if match else ""
    if not match or not re.fullmatch(r"postgres(?:ql)?\+\w+", used):
        return
    library = "asyncpg" if match["a"] else "psycopg"
    place, advice = _plain(crash, used)
    error = f"{crash.raised.kind}: the scheme is {used}"
    yield at_either(crash, error, error=error, library=library, used=used, advice=advice)
    if place:
        yield at(place.text, place)


def _plain(crash: Crash, used: str) -> tuple[CodePlace | None, str]:
    """Return the line that adds the driver to the address, and advice to leave it out.

    Where SQLAlchemy needs the same address, the call of the driver changes instead.
    """
    place = find(crash.source, rf"[\"']{re.escape(used)}:")
    here, driver = at_place(crash), used.partition("+")[2]
    code = here.names["code"] if here else ""
    if here and find(crash.source, r"create_(?:async_)?engine\(") and _CONNECTS.search(code):
        right = _CONNECTS.sub(rf'\1\2.replace("+{driver}", "")', code, count=1)
        return place, edits.line(here.file or "", here.line or 0, right)
    if place:
        right = _REPLACES.sub("", place.text)
        right = right.replace(f"{used}:", "postgresql:")
        more = f", without `+{driver}`: the driver takes postgres:// and postgresql:// as they are."
        return place, edits.line(place.file, place.line, right, more)
    values = crash.plan.config.values
    name = next((n for n, value in values.items() if value.startswith(f"{used}:")), "DATABASE_URL")
    return None, f"Give {name} the address without `+{driver}`: `postgresql://…`."


@rule(
    "async-driver",
    leads_to=ENDINGS,
    title="The async engine needs an async driver: postgresql+asyncpg://",
    cause="DATABASE_URL names no driver, so SQLAlchemy uses psycopg2, which is not async.",
    fix='{advice:Add `.replace("postgres://", "postgresql+asyncpg://", 1)` where the URL is'
    " read.} asyncpg must be in requirements.txt.",
    docs="https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html",
)
def async_driver(crash: PythonError) -> Iterator[Evidence]:
    raised = crash.raised
    if "asyncio extension requires an async driver" in raised.message:
        place, advice = _with_scheme(crash.source, "postgresql+asyncpg")
        yield at_either(crash, raised.told, **({"advice": advice} if place else {}))


@rule(
    "sslmode-for-asyncpg",
    leads_to=ENDINGS,
    title="asyncpg has no `sslmode`, which the database's URL sets",
    cause="Parameters after the `?` in the URL go to the driver unchanged. psycopg2 takes"
    " `sslmode`, asyncpg takes `ssl`: {error}",
    fix='Cut off `?sslmode=…` where the URL is read, and pass the engine `connect_args={{"ssl":'
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
