"""Crashes because of a database's encryption, or because SQLite has no folder for its file."""

import re
from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.python.addresses import of_asyncpg
from parity.rules.crash.symptoms import ENDINGS, at_command, at_either
from parity.rules.engine import rule
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
    title="The database on this machine has no SSL, which the app asks for",
    cause="Heroku Postgres requires SSL, and the app asks for it; the server that a config var"
    " names here has none: {error}",
    fix="Turn SSL on there, or run parity with `?sslmode=disable` at the end of the URL.",
    docs="https://devcenter.heroku.com/articles/connecting-heroku-postgres",
)
def given_service_without_ssl(crash: Crash) -> Iterator[Evidence]:
    match = crash.saying("server does not support SSL, but SSL was required")
    if match:
        yield at_command(crash, match[0], error=match[0])


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


@rule(
    "database-folder-missing",
    leads_to=ENDINGS,
    title="SQLite cannot open its file: the folder is not in the dyno",
    cause="The folder of {file} does not exist in the pushed tree (git keeps no empty folders, and"
    " paths of your machine are not there): {error}",
    fix="Build the path from `Path(__file__).parent` and commit a file in that folder (`touch"
    " data/.gitkeep`). The file itself is lost at every restart: Heroku Postgres is better.",
    docs="https://devcenter.heroku.com/articles/sqlite3",
)
def database_folder_missing(crash: PythonError) -> Iterator[Evidence]:
    raised = crash.raised
    if "unable to open database file" in raised.message:
        place = next(
            places(crash.source, r"sqlite3?\.connect\(|sqlite:///|\.(?:db|sqlite3?)\b"), None
        )
        names = {"error": raised.told, "file": place.text if place else "the database"}
        yield at(raised.told, place, **names) if place else at_either(crash, raised.told, **names)
