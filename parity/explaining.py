"""`parity explain`: the page of an id, the index of all, or what a log of Heroku's says."""

import argparse
import os
import sys
from collections.abc import Iterator

from parity import interrupt

TYPE_CHECKING = False  # typing's own costs 7 ms of `parity --help`

if TYPE_CHECKING:
    from parity.records import Plan

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
    """Print what was asked for. Raises `interrupt.Usage` for an id that nothing has."""
    from parity.report import explain
    from parity.report.show import coloured, columns
    from parity.report.text import emit

    if arguments.id and not explain.known(arguments.id) and _readable(arguments.id):
        return _log(arguments.id)
    if arguments.schema:
        from parity.report.json import schema

        emit(schema(), sys.stdout)
    elif arguments.all:
        from parity.report.pages import everything

        emit(everything(), sys.stdout)
    elif arguments.id is None:
        emit(explain.index(), sys.stdout)
    else:
        page = explain.page(arguments.id, columns(sys.stdout), coloured(sys.stdout))
        emit(page or _unknown(arguments.id), sys.stdout)
    return 0


def _unknown(id: str) -> str:
    from parity.report.explain import nearest

    near = ", ".join(nearest(id))
    raise interrupt.Usage(
        f"no such ID: {id}. "
        + (f"Did you mean {near}?" if near else "`parity explain` alone lists them all.")
    )


def _readable(name: str) -> bool:
    return name == "-" or os.path.exists(name)  # noqa: PTH110


def _log(name: str) -> int:
    """Explain a log. Raises `interrupt.Usage` for one that cannot be read."""
    from parity.logs import causes, read
    from parity.report.show import coloured, columns
    from parity.report.text import emit
    from parity.report.told import page

    try:
        story = read(_chunks(name))
    except OSError as error:
        raise interrupt.Usage(f"{name}: cannot be read: {error.strerror or error}") from error
    if story.form is None:
        raise interrupt.Trouble(
            f"no line of this is as Heroku logs it ({story.count} lines)",
            "Type `heroku logs --num 1500 | parity explain -`.",
        )
    plan = _here()
    source = plan.source if plan else None
    told = page(story, causes(story, plan), source, columns(sys.stdout), coloured(sys.stdout))
    emit(_masked(told), sys.stdout)
    return 0


def _chunks(name: str) -> Iterator[bytes]:
    """A file's or stdin's bytes as they come. Raises `OSError`, `interrupt.Interrupted`."""
    import select

    descriptor = sys.stdin.fileno() if name == "-" else os.open(name, os.O_RDONLY | os.O_NONBLOCK)
    while True:
        interrupt.check()
        if select.select([descriptor], [], [], 0.1)[0]:
            data = os.read(descriptor, CHUNK)
            if not data:
                return
            yield data


def _here() -> "Plan | None":
    """What Heroku would make of the folder we are in; None if it is no app's."""
    from parity.pipeline import check

    try:
        plan = check(".").plan
    except interrupt.Usage:
        return None
    return plan if plan and (plan.procfile or plan.buildpack) else None


def _masked(text: str) -> str:
    """The app may have logged a value that stands in its .env."""
    from pathlib import Path

    from parity.push.config import read
    from parity.report.mask import Mask

    config = read([], [], Path(".env"))
    return Mask(config, None).text(text) if config.values else text
