"""The command line: arguments in, verdict out. The only place that prints and exits.

Third-party packages and slow modules are imported where they are used: `parity --help` and `parity
check` run on every commit.
"""

import argparse
import os
import sys

from parity.cli import check, project_file, run
from parity.cli import exec as one_off
from parity.cli import parser as typed
from parity.cli.parser import Parser
from parity.system import interrupt
from parity.system.errors import Trouble, Usage, troubled
from parity.version import __version__

TYPE_CHECKING = False  # typing's own costs 7 ms of `parity --help`

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parity.cli.parser import Commands

EPILOG = """\
exit status: 0 would work, 1 would fail on Heroku, 2 wrong usage, 3 could not tell,
4 a bug in parity, 129/130/131/143 ended by SIGHUP/SIGINT/SIGQUIT/SIGTERM
"""


def main(argv: "Sequence[str]") -> int:
    """Run one command line and return its exit code."""
    own, words = one_off.split(argv)
    arguments = argparse.Namespace()
    try:
        arguments = typed.read(_parser, own)
        arguments.words = words
        code: int = arguments.act(project_file.filled(arguments, _parser, own))
    except Usage as error:
        return _failed(2, arguments, f"parity: {error}")
    except Trouble as error:
        return _stuck(error, arguments)
    except interrupt.Interrupted as ended:
        return 128 + ended.signum
    except BrokenPipeError:
        return 0
    except Exception as error:
        if trouble := troubled(error):
            return _stuck(trouble, arguments)
        if os.environ.get("PARITY_DEBUG"):
            raise
        return _failed(4, arguments, f"parity: {_bug(error)}")
    return code


def parsed(argv: "Sequence[str]") -> argparse.Namespace:
    """Return the arguments of a command line, with the app's own defaults. Raises `Usage`."""
    return project_file.filled(typed.read(_parser, argv), _parser, argv)


def _bug(error: Exception) -> str:
    """Return one line about a bug of ours, with the place, without a traceback."""
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    file = os.path.basename(place.tb_frame.f_code.co_filename) if place else "?"  # noqa: PTH119
    where = f"{file}:{place.tb_lineno}" if place else file
    return (
        f"a bug in parity ({type(error).__name__} at {where}: {error}). "
        "PARITY_DEBUG=1 shows the traceback; please report it."
    )


def _stuck(trouble: Trouble, arguments: argparse.Namespace) -> int:
    lines = (f"parity: could not tell: {trouble.what}", f"  fix: {trouble.fix}")
    return _failed(3, arguments, *lines)


def _failed(code: int, arguments: argparse.Namespace, *lines: str) -> int:
    from parity.system.text import emit, oneline

    message = "".join(f"{oneline(line)}\n" for line in lines)
    if config := getattr(arguments, "known", None):
        from parity.masking.mask import Mask

        message = Mask(config, None).text(message)
    emit(message, sys.stderr)
    return code


def _parser(first: str = "") -> argparse.ArgumentParser:
    """Create the parser, with all commands unless `first` is one of the two run on every commit.

    For these it has nothing else, as each command costs time.
    """
    parser: argparse.ArgumentParser = Parser(
        prog="parity",
        description="Would `git push heroku main` and the first request work? "
        "And if not, which line is to blame?",
        epilog=EPILOG,
    )
    parser.add_argument("-V", "--version", action="version", version=f"parity {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", dest="command", required=True)
    if first != "check":
        run.add(commands)
    if first != "run":
        check.add(commands)
    if first not in ("run", "check"):
        _add_rest(commands)
    return parser


def _add_rest(commands: "Commands") -> None:
    from parity.cli import cache, completion, doctor, explain, hook, serve

    one_off.add(commands)
    serve.add(commands)
    explain.add(commands)
    doctor.add(commands)
    cache.add(commands)
    hook.add(commands, main)
    completion.add(commands, _parser)
