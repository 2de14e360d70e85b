"""`[tool.parity]` in the app's pyproject.toml: what is typed at every run, written down once.

A key is a long option without its dashes. The file may come from a stranger: what it could use to
write elsewhere or to reach a database stays on the command line.
"""

import argparse
import os
from collections.abc import Callable, Iterator, Sequence

from parity.commands.typed import commands
from parity.interrupt import Usage

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any, TypeAlias

TYPED_ONLY = frozenset({"help", "ref", "report", "run-release", "fix", "force", "upstream"})
"""Options that a file must not set."""

Parser: "TypeAlias" = Callable[[], argparse.ArgumentParser]
LARGEST = 1024 * 1024
FILE = "pyproject.toml"


def filled(
    arguments: argparse.Namespace,
    parser: Callable[[], argparse.ArgumentParser],
    argv: Sequence[str],
) -> argparse.Namespace:
    """`arguments`, with the app's defaults for what was not typed. Raises `Usage`."""
    table = _table(getattr(arguments, "path", None))
    if not table:
        return arguments
    typed = _typed(parser(), argv)
    known = {name: action for p in _commands(parser()).values() for name, action in _options(p)}
    mine = {action.dest for _, action in _options(_commands(parser())[arguments.command])}
    for key, value in table.items():
        action = known.get(key)
        if action is None:
            raise Usage(f"{FILE}: [tool.parity] has no key {key!r}{_near(key, known)}")
        made = _made(key, action, value)
        if action.dest in mine and action.dest not in typed:
            setattr(arguments, action.dest, made)
    return arguments


def _table(path: str | None) -> "dict[str, Any]":
    """The app's table; empty where there is none. Raises `Usage` for one that cannot be read."""
    file = os.path.normpath(os.path.join(path or "", FILE))  # noqa: PTH118
    if path is None or not os.path.isfile(file):  # noqa: PTH113
        return {}
    try:
        with open(file, "rb") as stream:  # noqa: PTH123
            data = stream.read(LARGEST)
    except OSError as error:
        raise Usage(f"{file} cannot be read: {error.strerror}") from error
    if b"parity" not in data:
        return {}
    import tomllib

    try:
        tool = tomllib.loads(data.decode()).get("tool", {})
    except UnicodeDecodeError as error:
        raise Usage(f"{file} is no TOML: not UTF-8 (byte {error.start + 1})") from error
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, too
        raise Usage(f"{file} is no TOML: {error}") from error
    table = tool.get("parity", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise Usage(f"{file}: tool.parity must be a table")
    return table


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands that take a PATH, by name."""
    return {
        name: command
        for name, command in commands(parser).items()
        if any(a.dest == "path" and not a.option_strings for a in command._actions)
    }


def _options(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.Action]]:
    for action in parser._actions:
        for option in action.option_strings:
            name = option.removeprefix("--")
            if name != option and name not in TYPED_ONLY:
                yield name, action


def _typed(parser: argparse.ArgumentParser, argv: Sequence[str]) -> frozenset[str]:
    """What stands on the command line itself."""
    for command in _commands(parser).values():
        for action in command._actions:
            action.default = argparse.SUPPRESS
    return frozenset(vars(parser.parse_args(argv)))


def _near(key: str, known: "dict[str, Any]") -> str:
    option = key.replace("_", "-")
    if option in TYPED_ONLY:
        return f": type --{option} on the command line"
    from parity.report.text import offered

    return offered(option, sorted(known))


def _made(key: str, action: argparse.Action, value: "Any") -> "Any":
    """The value as the option would have it. Raises `Usage` for one of another type."""
    if key == "config" and isinstance(value, dict):
        value = [f"{name}={inner}" for name, inner in value.items()]
    if isinstance(action, argparse._StoreTrueAction):
        wanted, right = "true or false", isinstance(value, bool)
    elif isinstance(action, argparse._AppendAction):
        value = [value] if isinstance(value, str) else value
        wanted = "a string or a list of strings"
        right = isinstance(value, list) and all(isinstance(item, str) for item in value)
    elif action.type is int:
        wanted, right = "a number", isinstance(value, int) and not isinstance(value, bool)
    else:
        wanted, right = "a string", isinstance(value, str)
    if not right:
        raise Usage(f"{FILE}: [tool.parity] {key} must be {wanted}")
    if action.choices is not None and value not in action.choices:
        raise Usage(f"{FILE}: [tool.parity] {key}: one of {', '.join(map(str, action.choices))}")
    return value
