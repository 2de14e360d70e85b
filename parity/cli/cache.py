"""`parity doctor` and `parity cache`: the machine, not the app."""

import argparse
import sys
import time

from parity.system import interrupt

TYPE_CHECKING = False  # as in parity.cli

if TYPE_CHECKING:
    from parity.cli.parser import Commands

DOCTOR = """\
exit status: 0 if this machine gives verdicts of full fidelity, 3 if some verdict
could be `could not tell` because of it; each line says what fixes it
"""
DAY = 86400
KINDS = ("full", "json")


def add(commands: "Commands") -> None:
    """Add both commands to parity's own."""
    doctor = commands.add_parser(
        "doctor",
        help="what this machine can and cannot do",
        epilog=DOCTOR,
    )
    doctor.add_argument("--offline", action="store_true", help="do not ask the package index")
    doctor.add_argument(
        "--format", default="full", choices=KINDS, metavar="KIND", help="full, json"
    )
    doctor.set_defaults(act=_doctor)
    cache = commands.add_parser("cache", help="what parity keeps from earlier builds")
    cache.add_argument("action", nargs="?", default="show", choices=["show", "clear"])
    cache.add_argument("--older", type=_days, metavar="DAYS", help="only what is unused that long")
    _add_format(cache)
    cache.set_defaults(act=_cache)


def _add_format(parser: argparse.ArgumentParser) -> None:
    kinds = ", ".join(KINDS)
    parser.add_argument("--format", default="full", choices=KINDS, metavar="KIND", help=kinds)


def _doctor(arguments: argparse.Namespace) -> int:
    from parity import doctor
    from parity.report import doctor as machine
    from parity.report.show import coloured, columns
    from parity.system.text import emit

    checks = []
    for check in doctor.examine(offline=arguments.offline):
        interrupt.check()
        checks.append(check)
    out = sys.stdout
    text = (
        machine.doctor_document(checks)
        if arguments.format == "json"
        else machine.doctor(checks, width=columns(out), colour=coloured(out))
    )
    emit(text, out)
    return machine.exit_code(checks)


def _cache(arguments: argparse.Namespace) -> int:
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
