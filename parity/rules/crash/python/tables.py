"""Crashes because the database has no tables, and queries that run before it can have any."""

import re
from collections.abc import Iterator

from parity.records import Frame
from parity.records.verdict import Evidence
from parity.rules.crash.python.modules import how_to_add
from parity.rules.crash.symptoms import ENDINGS, at_either
from parity.rules.engine import rule
from parity.rules.views.environments import of_the_app
from parity.rules.views.python_source import line_of
from parity.rules.views.python_traceback import Crash, PythonError, Raised
from parity.rules.views.suggestions import requires

RELEASE = "https://devcenter.heroku.com/articles/release-phase"
_TABLE = (
    r"no such table: (?P<a>[\w.]+)|relation \"(?P<b>[\w.]+)\" does not exist"
    r"|Table '(?:\w+\.)?(?P<c>\w+)' doesn't exist"
)
_COLUMN = r"no such column: (?P<d>[\w.]+)|column \"?(?P<e>[\w.]+)\"? does not exist"
"""Messages of SQLite, Postgres and MySQL about what a migration creates."""

_MIGRATES = r"\bmigrate\b|\bupgrade\b"
_CREATES = rf"{_MIGRATES}|create_all|create_tables|init[_-]db"


def _missing(crash: PythonError, pattern: str) -> str:
    """Return the table or column that the database lacks, or an empty string."""
    match = re.search(pattern, crash.raised.message)
    return next(name for name in match.groups() if name) if match else ""


def _loading(raised: Raised) -> tuple[Frame, ...]:
    """Return the app's frames of a query that ran while a module was loaded, else nothing.

    The script that the command starts is not loaded by anything, and its frame comes first.
    """
    frames = raised.frames
    loaded = [n for n, frame in enumerate(frames) if n and of_the_app(frame) and _loads(frames, n)]
    return tuple(frame for frame in frames[loaded[-1] :] if of_the_app(frame)) if loaded else ()


def _loads(frames: tuple[Frame, ...], number: int) -> bool:
    """Return whether a frame is a module's own code, or an AppConfig's `ready`."""
    ready = frames[number].name == "ready" and frames[number - 1].file.endswith("/registry.py")
    return frames[number].name == "<module>" or ready


@rule(
    "query-at-import",
    instead_of=("table-missing",),
    leads_to=ENDINGS,
    title="{file} queries {name} in the database as soon as it is imported",
    cause="Line {line} of {file}, `{code}`, runs as soon as the module is imported. The command"
    " that creates the tables also imports it, so it can never run on an empty database:"
    " {error}",
    fix="{advice:Move the query into the function that uses its result.}",
    docs="https://docs.djangoproject.com/en/stable/ref/applications/#django.apps.AppConfig.ready",
    apart="`no such table` from the migration itself, with a line of a form or view above it",
    laptop="The laptop's database had its tables before the line was written.",
    by={
        "Django": "forms.ModelChoiceField(queryset=…), or choices= with a function",
        "Flask": "query in the view, not at the module's top level",
    },
)
def query_at_import(crash: PythonError) -> Iterator[Evidence]:
    name = _missing(crash, f"{_TABLE}|{_COLUMN}")
    frames = _loading(crash.raised) if name else ()
    if not frames or not _blocks(crash, frames):
        return
    place, first = frames[-1], frames[0]
    code = line_of(crash.source, place.file, place.line)
    names = {"file": place.file, "line": str(place.line), "code": code, "name": name}
    names |= {"error": crash.raised.told, "advice": _moved(place, first, code)}
    yield Evidence(crash.raised.told, place.file, place.line, names=names)
    if (first.file, first.line) != (place.file, place.line):
        yield Evidence(line_of(crash.source, first.file, first.line), first.file, first.line)


def _blocks(crash: PythonError, frames: tuple[Frame, ...]) -> bool:
    """Return whether what creates the tables imports the line, too."""
    if re.search(_MIGRATES, crash.command):
        return True
    if any(path.rpartition("/")[2] == "manage.py" for path in crash.source.entries):
        return frames[0].file.rpartition("/")[2] not in ("wsgi.py", "asgi.py")
    return requires(crash.source, "Flask-Migrate")


def _moved(place: Frame, first: Frame, code: str) -> str:
    """Return advice on where the query belongs."""
    at = f"line {place.line} of {place.file}"
    if re.search(r"\bchoices\s*=", code):
        return (
            f"In {at} give `choices=` a function, which Django calls when the form is made, or"
            " write `ModelChoiceField(queryset=…)`: neither runs the query before it is used."
        )
    if first.name == "ready":
        return f"Move the query in {at} out of ready(), to where its result is first used."
    if first != place:
        return (
            f"Call `{place.name}` ({at}) where its result is used, inside a function, and not in"
            f" line {first.line} of {first.file}, which runs while the module loads."
        )
    return (
        f"Move the query in {at} into the function that uses its result (with `functools.cache`,"
        " if it should run only once)."
    )


@rule(
    "table-missing",
    leads_to=ENDINGS,
    title="The database has no table {name}",
    cause="A new database is empty, and nothing has created the tables: {error}",
    fix="{advice:Run the migrations in the release phase: `release: python manage.py migrate` in"
    " the Procfile (Flask-Migrate: `release: flask db upgrade`).}",
    docs=RELEASE,
    apart="`relation … does not exist`, `no such table`",
    laptop="The laptop's database was migrated; the one on Heroku is empty.",
    by={
        "Django": "release: python manage.py migrate",
        "Flask-Migrate": "release: flask --app app db upgrade",
    },
)
def table_missing(crash: PythonError) -> Iterator[Evidence]:
    name = _missing(crash, _TABLE)
    if name:
        advice = _created(crash, name, sqlite="no such table" in crash.raised.message)
        yield at_either(crash, crash.raised.told, name=name, advice=advice)


_POSTGRES = "`heroku addons:create heroku-postgresql:essential-0`"


def _created(crash: Crash, name: str, *, sqlite: bool) -> str:
    """Return advice on how this app can create its tables before the web process starts."""
    line = _release_line(crash)
    release = crash.plan.processes.get("release")
    runs = release is not None and re.search(_CREATES, release.command) is not None
    if runs and sqlite:
        return (
            f"Type {_POSTGRES}, and read DATABASE_URL in the settings. The release phase has its"
            " own disk, so web never gets the SQLite file in which it creates the tables."
        )
    if runs:
        return _uncommitted(crash, name)
    if not line:
        return (
            "Create the tables before the first request: with SQLAlchemy `db.create_all()` (Flask:"
            " within `with app.app_context():`) at the module's top level, not only under"
            ' `if __name__ == "__main__":`, which gunicorn never runs.'
        )
    shared = f" The database must be Postgres ({_POSTGRES}): web does not see a SQLite file that"
    lost = f"{shared} the release phase writes." if sqlite else ""
    return f"Add the line `{line}` to the Procfile.{lost}"


def _release_line(crash: Crash) -> str:
    """Return the Procfile's line that runs the app's migrations; empty if it has none."""
    source = crash.source
    manage = next((p for p in source.entries if p.rpartition("/")[2] == "manage.py"), None)
    if manage:
        return f"release: python {manage} migrate"
    if requires(source, "Flask-Migrate"):
        return "release: flask --app MODULE db upgrade"
    return "release: alembic upgrade head" if requires(source, "alembic") else ""


def _uncommitted(crash: Crash, name: str) -> str:
    """Return advice for a table that the release command does not create."""
    kept = next((p for p in crash.source.absent if re.search(r"\bmigrations/|\bversions/", p)), "")
    if kept:
        return f"The migrations on your disk are not all in git. {how_to_add(crash, kept)}"
    label = name.partition("_")[0]
    if any(path.rpartition("/")[2] == "manage.py" for path in crash.source.entries):
        return (
            f"Type `python manage.py makemigrations {label}`, commit the new files, push again: no"
            " migration in git creates the table."
        )
    return (
        "Create a migration for the table (`flask db migrate`, `alembic revision --autogenerate`),"
        " commit it, push again: none in git creates it."
    )
