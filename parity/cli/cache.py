"""`parity cache`: what parity keeps from earlier builds."""

import argparse
import sys
import time

from parity.cli.doctor import add_format

TYPE_CHECKING = False  # typing's own costs 7 ms of `parity --help`

if TYPE_CHECKING:
    from parity.cli.parser import Commands

DAY = 86400


def add(commands: "Commands") -> None:
    """Add the command to parity's own."""
    cache = commands.add_parser("cache", help="what parity keeps from earlier builds")
    cache.add_argument("action", nargs="?", default="show", choices=["show", "clear"])
    cache.add_argument("--older", type=_days, metavar="DAYS", help="only what is unused that long")
    add_format(cache)
    cache.set_defaults(act=_act)


def _act(arguments: argparse.Namespace) -> int:
    from parity.push import cache, cache_contents
    from parity.report import doctor as machine
    from parity.report.show import coloured, columns
    from parity.system.text import emit

    out, days = sys.stdout, arguments.older or 0
    before = time.time() - days * DAY
    chosen = [
        one for one in cache_contents.everything() if arguments.older is None or one.used < before
    ]
    if arguments.action == "clear":
        emit(machine.cleared(cache_contents.clear(chosen)), out)
    elif arguments.format == "json":
        emit(machine.cache_document(cache.root(), chosen), out)
    else:
        emit(machine.cache(cache.root(), chosen, width=columns(out), colour=coloured(out)), out)
    return 0


def _days(text: str) -> float:
    """Parse a number of days. Raises `ValueError`."""
    days = float(text)
    if not 0 <= days < 1e6:
        raise ValueError
    return days
