"""The end of the dyno: exit, memory, and the files that go with it."""

import re
from collections.abc import Iterator

from parity.records import Shutdown, Source
from parity.rules import rule
from parity.rules.code import Place, at, found
from parity.verdict import Evidence

CODES = "https://devcenter.heroku.com/articles/error-codes"
EPHEMERAL = "https://devcenter.heroku.com/articles/dynos#ephemeral-filesystem"
MB = 1024 * 1024
VASTLY = 2
"""Times the quota from which on Heroku kills (R15), for dynos up to performance-l (documented)."""

DATA = re.compile(
    r"\.(?:db|db3|sqlite|sqlite3|s3db|mdb|json|csv|tsv|xlsx|pkl|pickle|shelve|dat|jpe?g|png|gif|pdf|mp[34])$"
)
DATABASE = re.compile(r"\.(?:db|db3|sqlite|sqlite3|s3db|mdb)$")


@rule(
    "R12",
    effect="warn",
    title="Exit timeout",
    cause="At least one process was still there 30 seconds after SIGTERM, so it was killed. That"
    " happens at every deploy and once a day; requests and jobs in flight are lost.",
    fix="End on SIGTERM: `exec` the server in shell scripts, so that the signal reaches it, and do"
    " not ignore the signal.",
    docs=f"{CODES}#r12-exit-timeout",
    heroku="R12",
)
def R12(shutdown: Shutdown) -> Iterator[Evidence]:
    busy = any(e.code == "H12" for e in shutdown.traffic.exchanges) if shutdown.traffic else False
    if shutdown.killed and not busy:
        yield Evidence(
            "Error R12 (Exit timeout) -> At least one process failed to exit within 30 seconds"
            " of SIGTERM"
        )


def _percent(shutdown: Shutdown) -> str:
    return f"{100 * (shutdown.peak or 0) / shutdown.quota:.1f}%"


@rule(
    "R14",
    effect="warn",
    title="Memory quota exceeded: {peak} MB of {quota} MB",
    cause="The dyno's processes use more memory than the dyno has ({quota} MB). It goes on in swap,"
    " which is slow, and logs this every 20 seconds.",
    fix="Load a smaller model or data set, start fewer workers (`heroku config:set"
    " WEB_CONCURRENCY=1`), or take a larger dyno (`--dyno standard-2x`: Standard-2X).",
    docs=f"{CODES}#r14-memory-quota-exceeded",
    heroku="R14",
)
def R14(shutdown: Shutdown) -> Iterator[Evidence]:
    peak, quota = shutdown.peak or 0, shutdown.quota
    if quota < peak < VASTLY * quota:
        names = {"peak": str(peak // MB), "quota": str(quota // MB)}
        yield Evidence(f"Process running mem={peak // MB}M({_percent(shutdown)})", names=names)


@rule(
    "R15",
    effect="fail",
    title="Memory quota vastly exceeded: {peak} MB of {quota} MB",
    cause="At twice its memory ({quota} MB) Heroku kills the dyno, and restarts it, and kills it"
    " again.",
    fix="Load less at the start, or take a larger dyno (`--dyno performance-m` tests one).",
    docs=f"{CODES}#r15-memory-quota-vastly-exceeded",
    heroku="R15",
)
def R15(shutdown: Shutdown) -> Iterator[Evidence]:
    peak, quota = shutdown.peak or 0, shutdown.quota
    if peak >= VASTLY * quota:
        names = {"peak": str(peak // MB), "quota": str(quota // MB)}
        yield Evidence(f"Process running mem={peak // MB}M({_percent(shutdown)})", names=names)


def _lost(shutdown: Shutdown) -> list[str]:
    return [path for path in shutdown.written if DATA.search(path)]


@rule(
    "ephemeral-files",
    effect="warn",
    title="{files} will be lost: the dyno's disk is ephemeral",
    cause="Every dyno starts from the slug, at least once a day, at every deploy and config change."
    " What the app has written by then, {files}, is lost, and other dynos never see it.",
    fix="{advice:Keep files in an object store (Amazon S3 and the like), data in an add-on"
    " (Postgres).}",
    docs=EPHEMERAL,
)
def ephemeral_files(shutdown: Shutdown) -> Iterator[Evidence]:
    source = shutdown.boot.release.slug.plan.source
    lost = _lost(shutdown)
    database = any(DATABASE.search(path) for path in lost)
    advice = (
        "Use a database add-on: `heroku addons:create heroku-postgresql:essential-0` (Postgres)."
        if database
        else "Keep files in an object store (Amazon S3 and the like), data in an add-on (Postgres)."
    )
    for path in lost[:5]:
        place = _writer(source, path)
        kind = "the SQLite database" if DATABASE.search(path) else "the file"
        names = {"files": ", ".join(lost[:3]), "advice": advice}
        yield at(f"the app wrote {kind} {path}", place, **names)


def _writer(source: Source, path: str) -> Place | None:
    """The line that names the file, else one that makes a database or opens files for writing."""
    name = re.escape(path.rpartition("/")[2])
    named = next(found(source, rf"[\"'/]{name}\b"), None)
    general = r"sqlite3\.connect\(|sqlite:///|open\([^)]*[\"'][wax]b?\+?[\"']|\.save\("
    return named or next(found(source, general), None)


@rule(
    "files-written",
    effect="note",
    title="The app writes files that go with the dyno: {files}",
    cause="The dyno's disk starts from the slug at every restart. Caches may; data must not live"
    " there.",
    fix="Nothing to do, if these can be made again.",
    docs=EPHEMERAL,
)
def files_written(shutdown: Shutdown) -> Iterator[Evidence]:
    other = [path for path in shutdown.written if not DATA.search(path)]
    if other:
        yield Evidence(f"written: {', '.join(other[:5])}", names={"files": ", ".join(other[:3])})
