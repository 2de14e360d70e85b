"""Advice on how an app can create its tables: in the release phase, where that can help."""

import re

from parity.records import Source
from parity.rules.views.python_traceback import Crash
from parity.rules.views.suggestions import requires

_MIGRATES = re.compile(r"\bmigrate\b|\bdb\s+upgrade\b|\balembic\b.*\bupgrade\b")
_POSTGRES = (
    "`heroku addons:create heroku-postgresql:essential-0`, and read its address from DATABASE_URL"
)


def creating_tables(crash: Crash, *, sqlite: bool) -> str:
    """Return advice on how the tables of a crash's database can come into being."""
    if _MIGRATES.search(crash.command):
        return _in_time(crash)
    release = crash.plan.processes.get("release")
    if sqlite:
        return _with_sqlite(crash.source)
    if release and _MIGRATES.search(release.command):
        return (
            f"`{release.command}` has run and did not create it: commit the migration that does"
            " (Django: `python manage.py makemigrations` writes it), and push."
        )
    line = _release_line(crash.source)
    return f"Add the line `{line}` to the Procfile." if line else _in_the_app()


def _in_time(crash: Crash) -> str:
    """Return advice for a query that fails in the very command that creates the tables."""
    place = crash.raised.place if crash.raised else None
    where = f"line {place.line} of {place.file}" if place else "the app"
    return (
        f"Move the query in {where} into a function that is called later: it runs while the app"
        " is imported, before this command can create the table."
    )


def _with_sqlite(source: Source) -> str:
    """Return advice for SQLite, whose file each dyno has alone: no release command reaches it."""
    line = _release_line(source)
    later = f"; then the release phase can create the tables, with `{line}`" if line else ""
    if line is None:
        return _in_the_app()
    return (
        "SQLite's file is on the disk of one dyno, where the release phase, another dyno, cannot"
        f" create tables. Use a database add-on: {_POSTGRES}{later}."
    )


def _release_line(source: Source) -> str | None:
    """Return the Procfile's line that creates this app's tables; None: it has no migrations."""
    manage = next((p for p in source.entries if p.rpartition("/")[2] == "manage.py"), None)
    if manage:
        return f"release: python {manage} migrate"
    if requires(source, "Flask-Migrate"):
        return "release: flask --app MODULE db upgrade"
    return "release: alembic upgrade head" if requires(source, "alembic") else None


def _in_the_app() -> str:
    return (
        "Create the tables before the first request: with SQLAlchemy `db.create_all()` (Flask:"
        " within `with app.app_context():`) at the module's top level, not only under"
        ' `if __name__ == "__main__":`, which gunicorn never runs.'
    )
