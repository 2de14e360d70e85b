"""The parser of the command line, and its one-line errors."""

import argparse
import os

from parity.system.errors import Usage

TYPE_CHECKING = False  # as in parity.cli

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn, TypeAlias

    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]

SERVE = frozenset({"local", "open", "start", "up", "web"})
"""Other tools' commands for what `parity serve` does."""

COMMANDS = 16
"""Columns for a command's name in the list of all: argparse ignores its indent."""


class _Help(argparse.RawDescriptionHelpFormatter):
    """Sets the width itself: for that, argparse would import shutil and its archive formats."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_width())
        self._action_max_length = COMMANDS


class Parser(argparse.ArgumentParser):
    """A parser whose commands are parsers of the same kind, with the same help and errors.

    Raises `Usage` where argparse would print how everything is used, and exit.
    """

    def __init__(self, **settings: "Any") -> None:
        super().__init__(**{"formatter_class": _Help, **settings})

    def error(self, message: str) -> "NoReturn":
        """Raise argparse's complaint as `Usage`."""
        raise Usage(f"{message}; see `{self.prog} --help`")

    def _check_value(self, action: argparse.Action, value: "Any") -> None:
        if action.choices is not None and value not in action.choices:
            from parity.system.text import offered

            if action.dest == "command" and value in SERVE:
                raise Usage(f"no command {value}: to keep the app up, type parity serve")
            raise Usage(f"no {action.dest} {value}{offered(str(value), action.choices)}")

    def _get_value(self, action: argparse.Action, text: str) -> "Any":
        try:
            return super()._get_value(action, text)
        except argparse.ArgumentError:
            raise Usage(f"{action.option_strings[-1]} {text}: not a valid number") from None


def read(
    make: "Callable[..., argparse.ArgumentParser]", argv: "Sequence[str]"
) -> argparse.Namespace:
    """Return the arguments of a command line; `make` creates the parser with the needed commands.

    Raises `Usage` for invalid ones, and `SystemExit` once help is printed.
    """
    argv = _asked_for_help(argv)
    arguments, rest = make(*argv[:1]).parse_known_args(argv)
    if rest:
        raise Usage(_unknown(rest[0], arguments.command, commands(make())))
    return arguments


def _asked_for_help(argv: "Sequence[str]") -> "Sequence[str]":
    """Return the arguments, with `--help` in place of `help` and of nothing at all."""
    if argv[:1] == ["help"]:
        return [*argv[1:2], "--help"]
    return argv or ["--help"]


def commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the commands of parity's parser, by name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _unknown(word: str, command: str, known: "dict[str, argparse.ArgumentParser]") -> str:
    """Return what to type in place of an argument that the command does not take."""
    from parity.cli.options import FORMATS

    more = f"; see `parity {command} --help`"
    option = word.partition("=")[0]
    if option == "-f":
        return f"parity {command} has no -f: Heroku reads only the file called Procfile"
    if option.startswith("--") and option[2:] in FORMATS:
        return f"parity {command} has no {option}; type --format {option[2:]}"
    if not option.startswith("-"):
        return f"{word} is one argument too many{more}"
    if option in known[command]._option_string_actions:
        return f"{option} goes after the command: parity {command} {option}"
    others = [name for name, p in known.items() if option in p._option_string_actions]
    if others:
        return f"parity {command} has no {option}; parity {others[0]} has"
    from parity.system.text import offered

    near = offered(option, known[command]._option_string_actions, "")
    return f"parity {command} has no {option}{near or more}"


def _width() -> int:
    try:
        width = os.get_terminal_size().columns
    except OSError:
        width = 80
    return min(width or 80, 100) - 2
