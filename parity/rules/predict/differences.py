"""What every start executes and a newer Python no longer has, or does differently."""

import ast
import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from parity.facts.changes import BACKPORTS, BROUGHT_BY, EVENT_LOOP, REMOVED, Removal
from parity.facts.packages import STANDARD_LIBRARY_GONE
from parity.records import Plan
from parity.rules.predict.executed import expressions
from parity.rules.predict.start import Executed, Start, file_of, option, start
from parity.rules.views.python_source import CodePlace, dotted, place

_SYNC = ("sync", "gthread", "gunicorn.workers.sync.SyncWorker")


class Difference(NamedTuple):
    """A `name` that Python 3.`gone` lacks, or that raises there, where it is used."""

    name: str
    gone: int
    now: str
    place: CodePlace


def differences(
    plan: Plan, packages: Collection[str], here: int, heroku: int
) -> Iterator[Difference]:
    """Yield what a start executes that Python 3.`here` has and 3.`heroku` does not."""
    web = start(plan) if here < heroku else None
    for file in web.files if web else ():
        for node, name in _used(file):
            removal = _removal(name, packages)
            if web and removal and here < removal.gone <= heroku and _certain(web, node, name):
                where = place(web.source, file.path, node)
                yield Difference(name, removal.gone, removal.now, where)


def _certain(web: Start, node: ast.expr | ast.stmt, name: str) -> bool:
    """Return whether the use fails: no file of the app has that name, and no loop is there."""
    if file_of(web, name.partition(".")[0]):
        return False
    return name != EVENT_LOOP or (isinstance(node, ast.Call) and _no_loop(web))


def _removal(name: str, packages: Collection[str]) -> Removal | None:
    """Return how a name went; None if it is there, or a package brings it back."""
    top = name.partition(".")[0]
    if top not in STANDARD_LIBRARY_GONE:
        return REMOVED.get(name)
    back = BACKPORTS.format(module=re.escape(top))
    brought = BROUGHT_BY.get(top) in packages or any(re.fullmatch(back, one) for one in packages)
    return None if brought else Removal(STANDARD_LIBRARY_GONE[top], "")


def _used(file: Executed) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    """Yield each import, and each call or attribute, with the full name that it uses."""
    known: dict[str, str] = {}
    for node in file.statements:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                known[alias.asname or top] = alias.name if alias.asname else top
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                known[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                yield node, f"{node.module}.{alias.name}"
        for part in expressions(node):
            if isinstance(part, ast.Call | ast.Attribute):
                called = dotted(part.func if isinstance(part, ast.Call) else part)
                first, dot, rest = called.partition(".")
                if first in known:
                    yield part, f"{known[first]}{dot}{rest}"


def _no_loop(web: Start) -> bool:
    """Return whether no event loop runs or is set while the start executes the app's files.

    Uvicorn imports the app while its loop runs; other asynchronous servers and workers may.
    """
    names = {name for file in web.files for _, name in _used(file)}
    if any(
        re.search(r"set_event_loop|^(?:uvloop|nest_asyncio|gevent|eventlet)\b", n) for n in names
    ):
        return False
    if web.program == "gunicorn":
        workers = option(web.words, "-k", "--worker-class")
        configured = "gunicorn.conf.py" in web.source.entries or option(web.words, "-c", "--config")
        return not configured and all(worker in _SYNC for worker in workers)
    return web.program.startswith(("python", "waitress"))
