"""`parity serve`: the app behind Heroku's router, in a browser, until Ctrl-C."""

import argparse

from parity.cli import options as cli_options
from parity.system.errors import Usage

TYPE_CHECKING = False  # typing's own costs 7 ms of `parity --help`

if TYPE_CHECKING:
    from parity.cli.parser import Commands

EPILOG = """\
The address is the first line on stdout, Heroku's log follows; all else is on stderr.
At a terminal: r builds and starts again, q ends. Ctrl-C stops the dynos as Heroku does,
a second one kills them.

exit status: after q as `parity run`: 0, 1 or 3; 2 wrong usage, 3 no way to serve here,
4 a bug in parity, 129/130/131/143 ended by SIGHUP/SIGINT/SIGQUIT/SIGTERM
"""


def add(commands: "Commands") -> None:
    """Add the command to parity's own."""
    what = "keep the app up behind Heroku's router"
    parser = commands.add_parser("serve", help=what, epilog=EPILOG)
    cli_options.source(parser)
    cli_options.ignore(parser)
    add = parser.add_argument
    add("-p", "--port", type=int, metavar="N", help="the router's port (default: 5006)")
    parser.add_argument("--watch", action="store_true", help="build again when the tree changes")
    parser.add_argument("--open", action="store_true", help="open the browser once it is up")
    parser.add_argument("--https", action="store_true", help="https, too (extra parity[https])")
    parser.add_argument("--upstream", metavar="HOST:PORT", help="front a server started elsewhere")
    cli_options.dynos(parser)
    parser.set_defaults(act=_act)


def _act(arguments: argparse.Namespace) -> int:
    """Serve what was asked for. Raises what `parity.serving.serve` raises."""
    from pathlib import Path

    from parity import serving
    from parity.rehearsal.diagnosis import Diagnosis

    config, options = cli_options.config_of(arguments), cli_options.options_of(arguments)
    choice = serving.Choice(arguments.watch, arguments.open, arguments.https, arguments.quiet)
    if arguments.upstream:
        if arguments.watch:
            raise Usage("--watch: parity does not start what --upstream names")
        return serving.front(arguments.upstream, options, choice)
    if arguments.watch and arguments.ref:
        raise Usage("--watch looks at the files on disk: leave out --ref")
    judge = Diagnosis(strict=options.strict, ignore=options.ignore)
    return serving.serve(Path(arguments.path), config, options, choice, judge)
