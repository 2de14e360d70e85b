"""`parity run`: rehearse the deploy, and report the verdict."""

import argparse
import sys

from parity.cli import options as cli_options

TYPE_CHECKING = False  # typing's own costs 7 ms of `parity --help`

if TYPE_CHECKING:
    from parity.cli.parser import Commands


def add(commands: "Commands") -> None:
    """Add the command to parity's own."""
    parser = commands.add_parser("run", help="rehearse the deploy of PATH and judge it")
    cli_options.source(parser)
    cli_options.report(parser)
    cli_options.log(parser)
    cli_options.requests(parser)
    cli_options.dynos(parser)
    cli_options.fixes(parser)
    parser.set_defaults(act=_act)


def _act(arguments: argparse.Namespace) -> int:
    from parity.rehearsal.pipeline import rehearse
    from parity.report.show import Show

    cli_options.checked(arguments)
    options, config = cli_options.options_of(arguments), cli_options.config_of(arguments)
    if arguments.fix:
        from parity.cli import fix

        fix.check(arguments)
    with Show(arguments, config, sys.stdout, sys.stderr) as show:
        verdict = rehearse(
            arguments.path,
            config=config,
            options=options,
            say=show.line,
            on_stage=show.stage,
            on_verdict=show.verdict,
            on_listen=show.listens,
        )
        show.final(verdict)
        if arguments.diff:
            from parity.cli import diff

            diff.run(show, verdict)
        if arguments.fix:
            fix.run(arguments, verdict, show.masked(verdict))
    return verdict.exit_code
