"""`parity doctor`: what this machine can and cannot do."""

import argparse
import sys

from parity.system import interrupt

TYPE_CHECKING = False  # typing's own costs 7 ms of `parity --help`

if TYPE_CHECKING:
    from parity.cli.parser import Commands

EPILOG = """\
exit status: 0 if this machine gives verdicts of full fidelity, 3 if some verdict
could be `could not tell` because of it; each line says what fixes it
"""
KINDS = ("full", "json")


def add(commands: "Commands") -> None:
    """Add the command to parity's own."""
    what = "what this machine can and cannot do"
    parser = commands.add_parser("doctor", help=what, epilog=EPILOG)
    parser.add_argument("--offline", action="store_true", help="do not ask the package index")
    add_format(parser)
    parser.set_defaults(act=_act)


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add `--format`, for reports on the machine."""
    kinds = ", ".join(KINDS)
    parser.add_argument("--format", default="full", choices=KINDS, metavar="KIND", help=kinds)


def _act(arguments: argparse.Namespace) -> int:
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
