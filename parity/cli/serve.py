"""`parity serve`: the app behind Heroku's router, in a browser, until Ctrl-C."""

import argparse

from parity.system.errors import Usage

TYPE_CHECKING = False  # typing's own costs 7 ms of `parity --help`

if TYPE_CHECKING:
    from parity.records import Config
    from parity.records.options import Options

EPILOG = """\
The address is the first line on stdout, Heroku's log follows; all else is on stderr.
At a terminal: r builds and starts again, q ends. Ctrl-C stops the dynos as Heroku does,
a second one kills them.

exit status: after q as `parity run`: 0, 1 or 3; 2 wrong usage, 3 no way to serve here,
4 a bug in parity, 129/130/131/143 ended by SIGHUP/SIGINT/SIGQUIT/SIGTERM
"""


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the options that only `parity serve` takes."""
    parser.epilog = EPILOG
    parser.add_argument("--port", type=int, metavar="N", help="the router's port (default: 5006)")
    parser.add_argument("--watch", action="store_true", help="build again when the tree changes")
    parser.add_argument("--open", action="store_true", help="open the browser once it is up")
    parser.add_argument("--https", action="store_true", help="https, too (extra parity[https])")
    parser.add_argument("--upstream", metavar="HOST:PORT", help="front a server started elsewhere")


def run(arguments: argparse.Namespace, config: "Config", options: "Options") -> int:
    """Serve what was asked for. Raises what `parity.serving.serve` raises."""
    from pathlib import Path

    from parity import serving
    from parity.rehearsal.diagnosis import Diagnosis

    choice = serving.Choice(arguments.watch, arguments.open, arguments.https, arguments.quiet)
    if arguments.upstream:
        if arguments.watch:
            raise Usage("--watch: parity does not start what --upstream names")
        return serving.front(arguments.upstream, options, choice)
    if arguments.watch and arguments.ref:
        raise Usage("--watch looks at the files on disk: leave out --ref")
    judge = Diagnosis(strict=options.strict)
    return serving.serve(Path(arguments.path), config, options, choice, judge)
