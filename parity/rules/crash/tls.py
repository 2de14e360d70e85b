"""Crashes because a database has no TLS, or insists on it, in any language."""

import re
from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.python.addresses import of_asyncpg
from parity.rules.crash.python.services import configured_locally
from parity.rules.crash.symptoms import ENDINGS, at_either
from parity.rules.engine import rule
from parity.rules.views.node_source import found
from parity.rules.views.python_source import at
from parity.rules.views.python_source import found as places
from parity.rules.views.python_traceback import Crash, PythonError


@rule(
    "sslmode-for-sqlite",
    effect="unknown",
    leads_to=ENDINGS,
    title="The app asks for sslmode, but its database here is SQLite",
    cause="`ssl_require=True` (django-heroku sets it too) is for Postgres. Without DATABASE_URL the"
    " database is SQLite, which has no sslmode; with Heroku Postgres attached it may work: {error}",
    fix='Write `ssl_require="DATABASE_URL" in os.environ`; on Heroku: `heroku addons:create'
    " heroku-postgresql:essential-0`, if the app has none yet.",
    docs="https://devcenter.heroku.com/articles/connecting-heroku-postgres",
)
def sslmode_for_sqlite(crash: PythonError) -> Iterator[Evidence]:
    raised = crash.raised
    pattern = r"'sslmode' is an invalid keyword argument|unexpected keyword argument 'sslmode'"
    if re.search(pattern, raised.message) and not of_asyncpg(raised):
        place = next(places(crash.source, r"ssl_require\s*=\s*True|django_heroku\.settings"), None)
        yield at(raised.told, place, error=raised.told)


@rule(
    "given-service-without-ssl",
    effect="unknown",
    leads_to=ENDINGS,
    title="The database on this machine has no TLS, which the app asks for",
    cause="Heroku Postgres requires TLS, and the app asks for it; the server that a config var"
    " names here has none. On Heroku the app may work: {error}",
    fix="Turn TLS on there (Postgres: `ssl = on`), or run parity with `?sslmode=disable` at the end"
    " of the URL, if the driver reads it.",
    docs="https://devcenter.heroku.com/articles/connecting-heroku-postgres",
)
def given_service_without_ssl(crash: Crash) -> Iterator[Evidence]:
    match = crash.saying(WITHOUT_TLS)
    if match is None and configured_locally(crash):
        match = crash.saying(_NO_TLS_SPOKEN)
    if match:
        error = match.string.strip()[:300]
        asks = next(found(crash.source, _ASKS), None)
        yield at(error, asks, error=error) if asks else at_either(crash, error, error=error)


WITHOUT_TLS = (
    r"server does not support (?:SSL|TLS)|Server does not support secure connection"
    r"|HANDSHAKE_NO_SSL_SUPPORT|rejected SSL upgrade|Server refuses SSL"
    r"|SSL is not enabled on the server|server refused TLS connection"
)
"""Messages of drivers about a server without TLS: libpq, node-postgres, Prisma; mysql and mysql2;
asyncpg, pg8000; Go's pq and pgx (observed)."""

_NO_TLS_SPOKEN = (
    r"(?i)wrong[ _]version[ _]number|packet length too long|disconnected before secure TLS"
)
"""Messages of OpenSSL and Node.js about a server that answers a TLS greeting with something
else."""

_ASKS = r"\bssl\b['\"]?\s*[:=]|rejectUnauthorized|\btls\s*:|sslmode"
"""Lines of JavaScript that ask for TLS."""


@rule(
    "database-needs-ssl",
    leads_to=ENDINGS,
    title="The database refuses a connection without SSL",
    cause="Heroku Postgres accepts encrypted connections only: {error}",
    fix='Add `?sslmode=require` to the URL; psycopg: `sslmode="require"`; dj-database-url:'
    " `ssl_require=True`.",
    docs="https://devcenter.heroku.com/articles/connecting-heroku-postgres",
)
def database_needs_ssl(crash: Crash) -> Iterator[Evidence]:
    match = crash.saying(r"no pg_hba\.conf entry for .*(?:SSL off|no encryption)")
    if match:
        yield at_either(crash, "no pg_hba.conf entry, no encryption")
