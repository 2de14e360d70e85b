"""Work that each of several web workers does for itself: schedulers, folders for sessions."""

import re
from collections.abc import Iterator

from parity.records import Shutdown
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.views.python_source import at, server
from parity.rules.views.worker_starts import background_work, session_folders

_SPAWNED = re.compile(r"multiprocessing[. ]spawn|spawn_main")
"""The command line of a worker that uvicorn or hypercorn has started."""


@rule(
    "scheduler-per-worker",
    effect="warn",
    title="Each of {count:several} workers starts {what:a scheduler}, so its jobs run"
    " {count:several} times",
    cause="Every worker process imports the app, and so runs this line. Heroku starts several"
    " workers (WEB_CONCURRENCY), and a second web dyno adds as many again.",
    fix="Move it to a separate file, and run that as one process: `clock: python clock.py` in"
    " the Procfile, then `heroku ps:scale clock=1`. The Heroku Scheduler add-on also runs"
    " each job once.",
    docs="https://devcenter.heroku.com/articles/clock-processes-python",
    basis="static",
    laptop="The laptop runs one process; gunicorn runs several.",
)
def scheduler_per_worker(shutdown: Shutdown) -> Iterator[Evidence]:
    count = _workers(shutdown)
    found = background_work(shutdown.boot.release.slug.plan) if count > 1 else None
    if found:
        yield at(found.place.text, found.place, count=str(count), what=found.what)
        yield Evidence(f"{count} worker processes ran")


@rule(
    "sessions-per-worker",
    effect="warn",
    title="Each of {count:several} workers keeps sessions in its own folder",
    cause="The folder is created when the app is imported, once in every worker process. A visitor"
    " whose next request goes to another worker is logged out; a restart, at least one a day, logs"
    " everybody out.",
    fix="Keep sessions in signed cookies (Flask's own session) or in Redis: `heroku addons:create"
    ' heroku-redis:mini`, then `SESSION_TYPE = "redis"`.',
    docs="https://devcenter.heroku.com/articles/dynos#ephemeral-filesystem",
    basis="static",
    laptop="The laptop runs one process, with one folder.",
)
def sessions_per_worker(shutdown: Shutdown) -> Iterator[Evidence]:
    count = _workers(shutdown)
    found = session_folders(shutdown.boot.release.slug.plan) if count > 1 else None
    if found:
        yield at(found.text, found, count=str(count))


def _workers(shutdown: Shutdown) -> int:
    """Return how many workers the web server had; 0 if that cannot be seen."""
    process, memory = shutdown.boot.process, shutdown.memory
    name = server(process) if process.name == "web" else None
    commands = [share.command for share in memory.shares] if memory else []
    if name == "gunicorn" and "--preload" not in process.command:
        return max(0, sum("gunicorn" in command for command in commands) - 1)
    if name in ("uvicorn", "hypercorn"):
        return sum(bool(_SPAWNED.search(command)) for command in commands)
    return 0
