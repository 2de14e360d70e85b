"""Files that a dyno's disk does not keep: data, sessions, logs, files of the release phase."""

import re
from collections.abc import Iterator

from parity.records import Release, Shutdown, Source
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.views.python_source import CodePlace, at, found

EPHEMERAL = "https://devcenter.heroku.com/articles/dynos#ephemeral-filesystem"
LOGGING = "https://devcenter.heroku.com/articles/writing-best-practices-for-application-logs"

DATABASE = re.compile(r"\.(?:db|db3|sqlite|sqlite3|s3db|mdb)$")
DATA = (
    rf"{DATABASE.pattern[:-1]}|\.(?:json|csv|tsv|xlsx|pkl|pickle|shelve|dat|jpe?g|png|gif|webp|pdf"
    r"|mp[34]|docx?|zip)$"
)
SESSIONS = re.compile(r"(?:^|/)(?:flask_)?sessions?/[^/]+$")
LOGS = re.compile(r"\.log(?:\.\d+)?$|(?:^|/)logs?/[^/]+$")
REGENERATED = (
    r"^(?:[\w.-]+/)?(?:static|staticfiles|static_root|assets|public|dist|build|htmlcov)/"
    r"|(?:^|/)(?:counter|gauge|histogram|summary)(?:_\w+)?_\d+\.db$"
)
"""Files that every start creates again: collected static files, metrics of a library."""

ASSETS = (".css", ".js", ".map", ".woff2")


def _top(path: str) -> str:
    return path.rpartition("/")[0].partition("/")[0]


def lost(shutdown: Shutdown) -> list[str]:
    """Return the files that somebody would miss.

    A folder with style sheets was created by a build step and does not count.
    """
    built = {_top(path) for path in shutdown.written if path.endswith(ASSETS)} - {""}
    candidates = (
        p for p in shutdown.written if not re.search(REGENERATED, p) and _top(p) not in built
    )
    return [path for path in candidates if re.search(DATA, path) or SESSIONS.search(path)]


def _logs(shutdown: Shutdown) -> list[str]:
    data = lost(shutdown)
    return [path for path in shutdown.written if LOGS.search(path) and path not in data]


@rule(
    "ephemeral-files",
    effect="warn",
    title="{files} will be lost: the dyno's disk is ephemeral",
    cause="Every dyno starts from the slug, at least once a day, at every deploy and config change."
    " What the app has written until then, {files}, is lost, and other dynos never see it.",
    fix="{advice:-}",
    docs=EPHEMERAL,
    laptop="The laptop's disk keeps what is written. A dyno's is thrown away at least daily.",
    by={
        "SQLite": "Heroku Postgres; SQLite cannot be kept on a dyno",
        "uploads": "an object store (S3, Cloudinary)",
    },
)
def ephemeral_files(shutdown: Shutdown) -> Iterator[Evidence]:
    source = shutdown.boot.release.slug.plan.source
    files = lost(shutdown)
    for path in files[:5]:
        names = {"files": ", ".join(files[:3]), "advice": _advice(files)}
        yield at(f"the app wrote {_kind(path)} {path}", _writer(source, path), **names)


def _advice(files: list[str]) -> str:
    if any(DATABASE.search(path) for path in files):
        return (
            "Use a database add-on: `heroku addons:create heroku-postgresql:essential-0`"
            " (Postgres)."
        )
    if all(SESSIONS.search(path) for path in files):
        return (
            "Keep sessions in signed cookies, in the database, or in Redis: `heroku addons:create"
            " heroku-redis:mini`."
        )
    return "Keep files in an object store (Amazon S3 and the like), data in an add-on (Postgres)."


def _kind(path: str) -> str:
    if DATABASE.search(path):
        return "the SQLite database"
    return "the session file" if SESSIONS.search(path) else "the file"


def _writer(source: Source, path: str) -> CodePlace | None:
    """Return the line that names the file, or else one that opens a database or writes a file."""
    name = re.escape(path.rpartition("/")[2])
    by_name = next(found(source, rf"[\"'/]{name}\b"), None)
    general = r"sqlite3\.connect\(|sqlite:///|open\([^)]*[\"'][wax]b?\+?[\"']|\.save\("
    return by_name or next(found(source, general), None)


@rule(
    "logs-in-files",
    effect="note",
    title="The app logs to files, which are lost with the dyno: {files}",
    cause="`heroku logs` shows what is written to stdout and stderr, and nothing else.",
    fix="Log to stdout: `logging.StreamHandler()` instead of a FileHandler.",
    docs=LOGGING,
)
def logs_in_files(shutdown: Shutdown) -> Iterator[Evidence]:
    logs = _logs(shutdown)
    source = shutdown.boot.release.slug.plan.source
    for path in logs[:3]:
        name = re.escape(path.rpartition("/")[2])
        place = next(found(source, rf"[\"'/]{name}\b|FileHandler"), None)
        yield at(f"written: {path}", place, files=", ".join(logs[:3]))


@rule(
    "files-written",
    effect="note",
    title="The app writes files that are lost with the dyno: {files}",
    cause="The dyno's disk starts from the slug at every restart. Caches may be kept there; data"
    " must not.",
    fix="Nothing to do, if these can be created again.",
    docs=EPHEMERAL,
)
def files_written(shutdown: Shutdown) -> Iterator[Evidence]:
    reported = {*lost(shutdown), *_logs(shutdown)}
    other = [path for path in shutdown.written if path not in reported]
    if other:
        yield Evidence(f"written: {', '.join(other[:5])}", names={"files": ", ".join(other[:3])})


@rule(
    "release-writes-database",
    effect="warn",
    title="The release command wrote {files}, which no other dyno will see",
    cause="The release phase runs in a separate dyno, with its own copy of the slug. Its SQLite"
    " database is lost when it ends; web starts without those tables.",
    fix="Use a database add-on: `heroku addons:create heroku-postgresql:essential-0` (Postgres),"
    " and read its address from DATABASE_URL.",
    docs=EPHEMERAL,
)
def release_writes_database(release: Release) -> Iterator[Evidence]:
    written = release.ended.written if release.ended else ()
    lost = [path for path in written if DATABASE.search(path) and not re.search(REGENERATED, path)]
    for path in lost[:3]:
        line = release.command.line or None if release.command else None
        file = "Procfile" if line else None
        names = {"files": ", ".join(lost[:3])}
        yield Evidence(f"written: {path}", file, line, names=names)


@rule(
    "writes-outside",
    effect="warn",
    title="The app writes to {files}, where a dyno cannot write",
    cause="On a dyno only /app and /tmp can be written; the rest of the disk is the stack image,"
    " read-only and without the folders of this machine. There the app gets `Permission denied` or"
    " `No such file or directory`.",
    fix="Write below the app's own folder or /tmp, if the files can be created again, or else to an"
    " add-on.",
    docs=EPHEMERAL,
    basis="observed",
)
def writes_outside(shutdown: Shutdown) -> Iterator[Evidence]:
    source = shutdown.boot.release.slug.plan.source
    for path in shutdown.outside[:5]:
        place = next(found(source, re.escape(path)), None)
        files = ", ".join(shutdown.outside[:3])
        yield at(f"open for writing: {path}", place, files=files)
