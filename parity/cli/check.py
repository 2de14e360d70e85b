"""`parity check`: the part of a rehearsal that runs none of the app's code."""

import argparse
import sys

from parity.cli import options as cli_options

TYPE_CHECKING = False  # typing's own costs 7 ms of `parity --help`

if TYPE_CHECKING:
    from parity.cli.parser import Commands
    from parity.records.verdict import Verdict


def add(commands: "Commands") -> None:
    """Add the command to parity's own."""
    parser = commands.add_parser("check", help="the static part: runs none of the app's code")
    cli_options.source(parser)
    cli_options.report(parser)
    parser.set_defaults(act=_act)


def _act(arguments: argparse.Namespace) -> int:
    from parity.rehearsal.pipeline import check
    from parity.report.show import Show

    options, config = cli_options.options_of(arguments), cli_options.config_of(arguments)
    with Show(arguments, config, sys.stdout, sys.stderr) as show:
        verdict: Verdict = check(arguments.path, config=config, options=options)
        show.final(verdict)
    return verdict.exit_code
