"""The command line: arguments in, verdict out. The only place that prints and exits.

Third-party packages and slow modules are imported where they are used: `parity --help` and
`parity check` run on every commit.
"""

import argparse
import os
import sys

from parity import __version__, interrupt
from parity.commands import defaults, executing, given

TYPE_CHECKING = False  # typing's own costs 7 ms of `parity --help`

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from parity.verdict import Verdict

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

EPILOG = """\
exit status: 0 would work, 1 would fail on Heroku, 2 wrong usage, 3 could not tell,
4 a bug in parity, 129/130/131/143 ended by SIGHUP/SIGINT/SIGQUIT/SIGTERM
"""


def main(argv: "Sequence[str]") -> int:
    """Run one command line and return its exit code."""
    own, words = executing.split(argv)
    arguments = _parser(*own[:1]).parse_args(own)
    arguments.words = words
    try:
        code: int = arguments.act(defaults.filled(arguments, _parser, argv))
    except interrupt.Usage as error:
        return _told(f"parity: {error}", 2)
    except interrupt.Trouble as error:
        return _told(f"parity: could not tell: {error.what}\n  fix: {error.fix}", 3)
    except interrupt.Interrupted as ended:
        return 128 + ended.signum
    except BrokenPipeError:
        return 0
    except Exception as error:
        if os.environ.get("PARITY_DEBUG"):
            raise
        return _told(f"parity: {_bug(error)}", 4)
    return code


def parsed(argv: "Sequence[str]") -> argparse.Namespace:
    """The arguments of a command line, with the app's own defaults. Raises `interrupt.Usage`."""
    return defaults.filled(_parser(*argv[:1]).parse_args(argv), _parser, argv)


def _bug(error: Exception) -> str:
    """One line about a bug of ours, with the place, without a traceback."""
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    file = os.path.basename(place.tb_frame.f_code.co_filename) if place else "?"  # noqa: PTH119
    where = f"{file}:{place.tb_lineno}" if place else file
    return (
        f"a bug in parity ({type(error).__name__} at {where}: {error}). "
        "PARITY_DEBUG=1 shows the traceback; please report it."
    )


def _told(message: str, code: int) -> int:
    from parity.report.text import emit

    emit(message + "\n", sys.stderr)
    return code


def _width() -> int:
    try:
        width = os.get_terminal_size().columns
    except OSError:
        width = 80
    return min(width or 80, 100) - 2


class _Help(argparse.RawDescriptionHelpFormatter):
    """With a width of our own: argparse would import shutil, with all its archives, for it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_width())


class _Parser(argparse.ArgumentParser):
    """Commands are parsers of the same kind, and so get the same help."""

    def __init__(self, **given: "Any") -> None:
        super().__init__(**{"formatter_class": _Help, **given})


def _parser(first: str = "") -> argparse.ArgumentParser:
    """With all commands; of the two that are run on every commit, with nothing but what is typed
    `first`: each command costs time."""
    parser: argparse.ArgumentParser = _Parser(
        prog="parity",
        description="Would `git push heroku main` and the first request work? "
        "And if not, which line is to blame?",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"parity {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", dest="command", required=True)
    if first != "check":
        run = commands.add_parser("run", help="rehearse the deploy of PATH and judge it")
        _add_common(run)
        _add_run(run)
        run.set_defaults(act=_run)
    if first != "run":
        check = commands.add_parser("check", help="the static part: runs none of the app's code")
        _add_common(check)
        check.set_defaults(act=_check)
    if first not in ("run", "check"):
        _add_rest(commands)
    return parser


def _add_rest(commands: "Commands") -> None:
    from parity.commands import completion, explaining, hook, serving, upkeep

    execute = commands.add_parser("exec", help="run a command in a one-off dyno, as heroku run")
    _add_source(execute)
    executing.describe(execute)
    execute.set_defaults(act=_exec)
    serve = commands.add_parser(
        "serve", help="keep the app up behind Heroku's router", formatter_class=_Help
    )
    _add_source(serve)
    serving.describe(serve)
    serve.set_defaults(act=_serve)
    explaining.add(commands)
    upkeep.add(commands)
    hook.add(commands, main)
    completion.add(commands, _parser)


def _add_common(parser: argparse.ArgumentParser) -> None:
    _add_source(parser)
    parser.add_argument("--format", default="full", metavar="KIND", help="full, concise, json, …")
    parser.add_argument("--report", action="append", default=[], metavar="KIND=FILE")
    parser.add_argument("--strict", action="store_true", help="warnings fail")
    parser.add_argument(
        "--first-only", action="store_true", help="stop where Heroku stops: no look at what follows"
    )


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", default=".", metavar="PATH", help="the app (default: .)")
    parser.add_argument("--ref", metavar="REV", help="test exactly this commit")
    parser.add_argument("--env", action="append", metavar="FILE", help="config vars (- for stdin)")
    parser.add_argument("--no-env", action="store_true", help="do not read .env")
    parser.add_argument("--config", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--stack", default="heroku-26", metavar="NAME")
    parser.add_argument("--buildpack", action="append", default=[], metavar="NAME")
    parser.add_argument("--new-app", action="store_true", help="create the app from app.json")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--path", dest="paths", action="append", metavar="/PATH", help="request it")
    parser.add_argument("--host", metavar="NAME", help="Host of the requests")
    parser.add_argument("--port", type=int, metavar="N", help="$PORT (default: random)")
    parser.add_argument("--dyno", default="basic", metavar="SIZE", help="basic, standard-2x, …")
    parser.add_argument("--router", default="2.0", metavar="NAME", help="2.0 or legacy")
    parser.add_argument("--process", action="append", default=[], metavar="TYPE[=N]")
    parser.add_argument("--scenario", metavar="FILE", help="requests of your own (TOML)")
    parser.add_argument("--exact", action="store_true", help="wait for Heroku's real limits")
    parser.add_argument("--run-release", action="store_true", help="run it against any database")
    parser.add_argument(
        "--isolation", default="auto", metavar="LEVEL", help="auto, pidns, guard, …"
    )
    parser.add_argument("--network", default="host", metavar="KIND", help="host, own")
    parser.add_argument("--metadata", action="store_true", help="HEROKU_APP_NAME and the like")
    parser.add_argument("--offline", action="store_true", help="install from pip's cache alone")
    parser.add_argument("--diff", action="store_true", help="print the fixes that were proved")
    parser.add_argument("--fix", action="store_true", help="write them into a clean git tree")
    parser.add_argument("--force", action="store_true", help="write them without git's safety")


def _run(arguments: argparse.Namespace) -> int:
    from parity.pipeline import rehearse
    from parity.report.show import Show

    given.checked(arguments)
    options, config = given.options_of(arguments), given.config_of(arguments)
    with Show(arguments, config, sys.stdout, sys.stderr) as show:
        verdict = rehearse(
            arguments.path,
            config=config,
            options=options,
            say=show.line,
            on_stage=show.stage,
            on_verdict=show.verdict,
        )
        show.final(verdict)
        if arguments.diff:
            show.diffs(verdict)
        if arguments.fix:
            from parity.commands import fixing

            fixing.run(arguments, verdict, show.masked(verdict))
    return verdict.exit_code


def _check(arguments: argparse.Namespace) -> int:
    from parity.pipeline import check
    from parity.report.show import Show

    options, config = given.options_of(arguments), given.config_of(arguments)
    with Show(arguments, config, sys.stdout, sys.stderr) as show:
        verdict: Verdict = check(arguments.path, config=config, options=options)
        show.final(verdict)
    return verdict.exit_code


def _exec(arguments: argparse.Namespace) -> int:
    options, config = given.options_of(arguments), given.config_of(arguments)
    return executing.run(arguments.path, arguments.words, config, options, quiet=arguments.quiet)


def _serve(arguments: argparse.Namespace) -> int:
    from parity.commands import serving

    return serving.run(arguments, given.config_of(arguments), given.options_of(arguments))
