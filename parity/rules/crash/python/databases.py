"""Crashes because SQLite has no folder for its file."""

from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, at_either
from parity.rules.engine import rule
from parity.rules.views.python_source import at
from parity.rules.views.python_source import found as places
from parity.rules.views.python_traceback import PythonError


@rule(
    "database-folder-missing",
    leads_to=ENDINGS,
    title="SQLite cannot open its file: the folder is not in the dyno",
    cause="The folder of {file} does not exist in the pushed tree (git keeps no empty folders, and"
    " paths of your machine are not there): {error}",
    fix="Build the path from `Path(__file__).parent` and commit a file in that folder (`touch"
    " data/.gitkeep`). The file is lost at every restart; Heroku Postgres keeps its data.",
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
