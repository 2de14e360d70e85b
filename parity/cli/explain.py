"""`parity explain`: the page of an id, the index of all, or the diagnosis of a log from Heroku."""

import argparse
import os
import sys
from collections.abc import Iterator

from parity.system import interrupt
from parity.system.errors import Usage

TYPE_CHECKING = False  # typing's own costs 7 ms of `parity --help`

if TYPE_CHECKING:
    from collections.abc import Callable

    from parity.records.verdict import Verdict

ONE_ROW = 1000
"""Columns of the index in a pipe, so that `grep` sees whole titles."""

CHUNK = 1 << 16
"""Bytes of a log that are read at once."""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    explain = commands.add_parser(
        "explain", help="what a code, a finding or a log means, and its fixes"
    )
    explain.add_argument(
        "id", nargs="?", metavar="ID", help="R10, binds-loopback, …; a file with a log, - for stdin"
    )
    explain.add_argument("--all", action="store_true", help="every page, as Markdown")
    explain.add_argument("--schema", action="store_true", help="the JSON Schema of --format json")
    explain.set_defaults(act=act)


def act(arguments: argparse.Namespace) -> int:
    """Print what was asked for. Raises `Usage` for an unknown id."""
    from parity.report import explain
    from parity.report.show import capable, coloured, columns
    from parity.system.text import emit

    if arguments.id and not explain.known(arguments.id) and _readable(arguments.id):
        return _log(arguments.id)
    if arguments.schema:
        from parity.report.json import schema

        emit(schema(), sys.stdout)
    elif arguments.all:
        from parity.report.manual_markdown import everything

        emit(everything(), sys.stdout)
    elif arguments.id is None:
        width = columns(sys.stdout) if capable(sys.stdout) else ONE_ROW
        emit(explain.index(width), sys.stdout)
    else:
        page = explain.page(arguments.id, columns(sys.stdout), coloured(sys.stdout))
        emit(page or _unknown(arguments.id), sys.stdout)
    return 0


def _unknown(id: str) -> str:
    from parity.report.explain import nearest

    near = ", ".join(nearest(id))
    raise Usage(
        f"no such ID: {id}. "
        + (f"Did you mean {near}?" if near else "`parity explain` alone lists them all.")
    )


def _readable(name: str) -> bool:
    return name == "-" or os.path.exists(name)  # noqa: PTH110


def _log(name: str) -> int:
    """Explain a log; if a signal ends it (`--tail`), what has come so far.

    Raises `Usage` if it cannot be read.
    """
    from parity.logs import causes, read
    from parity.report.log_report import page, unclear
    from parity.report.show import coloured, columns
    from parity.system.text import emit

    try:
        story = read(_chunks(name), _hidden())
    except OSError as error:
        raise Usage(f"{name}: cannot be read: {error.strerror or error}") from error
    interrupt.answering()
    here = _here()
    plan = here.plan if here else None
    found_causes = causes(story, plan, here.findings if here else ())
    trouble = unclear(story, found_causes)
    if trouble:
        raise trouble
    source = plan.source if plan else None
    text = page(story, found_causes, source, columns(sys.stdout), coloured(sys.stdout))
    emit(text, sys.stdout)
    interrupt.check()
    return 0


def _chunks(name: str) -> Iterator[bytes]:
    """Yield a file's or stdin's bytes as they come, until a signal ends them. Raises `OSError`."""
    import select

    descriptor = sys.stdin.fileno() if name == "-" else os.open(name, os.O_RDONLY | os.O_NONBLOCK)
    while not interrupt.came():
        if select.select([descriptor], [], [], 0.1)[0]:
            data = os.read(descriptor, CHUNK)
            if not data:
                return
            yield data


def _here() -> "Verdict | None":
    """Return what `parity check` says about the current folder, or None if it is not an app."""
    from parity.facts.buildpacks import BUILDPACKS
    from parity.push.buildpacks import LANGUAGES
    from parity.rehearsal.pipeline import check

    packs = [BUILDPACKS[id] for id in LANGUAGES]
    names = {name for pack in packs for name in (*pack.files, *pack.entries)}
    if not any(os.path.isfile(name) for name in ("Procfile", *names)):  # noqa: PTH113
        return None
    try:
        verdict = check(".")
    except Usage:
        return None
    plan = verdict.plan
    return verdict if plan and (plan.procfile or plan.buildpack) else None


def _hidden() -> "Callable[[str], str] | None":
    """Return a function that hides the values in the folder's .env, which the app may have logged.

    None: there are none.
    """
    from pathlib import Path

    from parity.push.config import read

    config = read([], [], Path(".env"))
    if not config.values:
        return None
    from parity.masking.mask import Mask

    return Mask(config, None).excerpt
