"""Defaults for the options: the app's in `[tool.parity]`, and the user's own file.

A key is a long option without its dashes. The app may come from a stranger: its table chooses what
is judged, and nothing that gives parity more reach. What the user typed takes precedence, then the
user's own file, then the app's.
"""

import argparse
import os
from collections.abc import Callable, Iterator, Sequence

from parity.cli.parser import commands
from parity.system.errors import Usage
from parity.system.places import within

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any, TypeAlias

TYPED_ONLY = frozenset({"help", "ref", "report", "run-release", "fix", "force", "upstream"})
"""Options that no file may set."""

APP = frozenset(
    "config diff dyno exact first-only format host ignore log metadata new-app no-env offline path"
    " process router stack strict verbose watch".split()
)
"""Options that the app's own table may set: they choose what is judged, and how it is reported."""

PATHS = frozenset({"buildpack", "env", "scenario"})
"""Options that it may set to a path inside the app. All others are the user's to choose."""

WRITES = frozenset({"github"})
"""Formats that also write a file, which only the user may ask for."""

Parser: "TypeAlias" = Callable[[], argparse.ArgumentParser]
LARGEST = 1024 * 1024
FILE = "pyproject.toml"


class _Table:
    """The keys of one file. `app` is the app's folder if the file is the app's, else None."""

    def __init__(self, label: str, folder: str, keys: "dict[str, Any]", app: str | None) -> None:
        self.label, self.folder, self.keys, self.app = label, folder, keys, app


def filled(
    arguments: argparse.Namespace,
    parser: Callable[[], argparse.ArgumentParser],
    argv: Sequence[str],
) -> argparse.Namespace:
    """Return `arguments`, with defaults from both files for what was not typed. Raises `Usage`."""
    path = getattr(arguments, "path", None)
    tables = [] if path is None else [t for t in (_apps(path), _users(path)) if t.keys]
    if not tables:
        return arguments
    typed = _typed(parser(), argv)
    known = {name: action for p in _commands(parser()).values() for name, action in _options(p)}
    mine = {action.dest for _, action in _options(_commands(parser())[arguments.command])}
    for table in tables:
        for key, value in table.keys.items():
            action = known.get(key)
            if action is None:
                raise Usage(f"{table.label} has no key {key!r}{_near(key, known)}")
            allowed = _allowed(table, key, _converted(table.label, key, action, value))
            if action.dest in mine and action.dest not in typed:
                setattr(arguments, action.dest, allowed)
    return arguments


def _apps(path: str) -> _Table:
    """Return the table of the app at `path`. Raises `Usage` if it cannot be read."""
    file = os.path.normpath(os.path.join(path, FILE))  # noqa: PTH118
    label, folder = f"{FILE}: [tool.parity]", "" if path == "." else path
    if not os.path.isfile(file) or not within(file, path):  # noqa: PTH113
        return _Table(label, folder, {}, path)
    tool = _content(file, file, b"parity").get("tool", {})
    table = tool.get("parity", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise Usage(f"{file}: tool.parity must be a table")
    return _Table(label, folder, table, path)


def own_file() -> str:
    """Return the path of the user's own file (XDG Base Directory); it need not exist."""
    folder = os.environ.get("XDG_CONFIG_HOME", "")
    base = folder if os.path.isabs(folder) else os.path.expanduser("~/.config")  # noqa: PTH111, PTH117
    return os.path.join(base, "parity", "config.toml")  # noqa: PTH118


def _shown() -> str:
    file, home = own_file(), os.path.expanduser("~/")  # noqa: PTH111
    return f"~/{file[len(home) :]}" if len(home) > 2 and file.startswith(home) else file


def _users(path: str) -> _Table:
    """Return the user's own table, for a run on the app at `path`. Raises `Usage`."""
    file = own_file()
    label, folder = f"{_shown()}:", os.path.dirname(file)  # noqa: PTH120
    if not os.path.isabs(file) or not os.path.isfile(file):  # noqa: PTH113, PTH117
        return _Table(label, folder, {}, None)
    if within(file, _repository(path)):
        raise Usage(f"{label} it is in the tested repository, so it may not be yours")
    return _Table(label, folder, _content(file, _shown()), None)


def _repository(path: str) -> str:
    """Return the nearest folder around the app with a `.git`, or the app's own if there is none."""
    place = own = os.path.realpath(path)
    while not os.path.lexists(os.path.join(place, ".git")):  # noqa: PTH118
        if place == os.path.dirname(place):  # noqa: PTH120
            return own
        place = os.path.dirname(place)  # noqa: PTH120
    return place


def _content(file: str, label: str, word: bytes = b"") -> "dict[str, Any]":
    """Read a TOML file; return nothing if it does not contain `word`. Raises `Usage`."""
    try:
        with open(file, "rb") as stream:  # noqa: PTH123
            data = stream.read(LARGEST)
    except OSError as error:
        raise Usage(f"{label} cannot be read: {error.strerror}") from error
    if word not in data:
        return {}
    import tomllib

    try:
        return tomllib.loads(data.decode())
    except UnicodeDecodeError as error:
        raise Usage(f"{label} is not TOML: not UTF-8 (byte {error.start + 1})") from error
    except (ValueError, RecursionError) as error:  # also for a number of 5,000 digits
        raise Usage(f"{label} is not TOML: {error}") from error


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the commands that take a PATH, by name."""
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
    """Return the options that are on the command line itself."""
    for command in _commands(parser).values():
        for action in command._actions:
            action.default = argparse.SUPPRESS
    return frozenset(vars(parser.parse_args(argv)))


def _near(key: str, known: "dict[str, Any]") -> str:
    option = key.replace("_", "-")
    if option in TYPED_ONLY:
        return f": type --{option} on the command line"
    from parity.system.text import offered

    return offered(option, sorted(known))


def _converted(label: str, key: str, action: argparse.Action, value: "Any") -> "Any":
    """Return the value converted for its option. Raises `Usage` for one of another type."""
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
        raise Usage(f"{label} {key} must be {wanted}")
    if action.choices is not None and value not in action.choices:
        raise Usage(f"{label} {key}: one of {', '.join(map(str, action.choices))}")
    return value


def _allowed(table: _Table, key: str, value: "Any") -> "Any":
    """Return the value, its paths resolved. Raises `Usage` for what the file may not choose."""
    if table.app is not None and key not in APP | PATHS:
        raise Usage(f"{table.label} {key} is yours alone to choose: {_yours(key)}")
    if table.app is not None and key == "format" and value in WRITES:
        raise Usage(f"{table.label} format: {value} is yours alone to choose: {_yours(key)}")
    if key not in PATHS:
        return value
    if isinstance(value, str):
        return _placed(table, key, value)
    return [_placed(table, key, item) for item in value]


def _yours(key: str) -> str:
    return f"type --{key} on the command line or put it in {_shown()}"


def _placed(table: _Table, key: str, text: str) -> str:
    """Return a path in a file, which is relative to that file. Raises `Usage`."""
    if "\0" in text:
        raise Usage(f"{table.label} {key}: {text!r} contains a NUL byte")
    if table.app is None:
        text = os.path.expanduser(text)  # noqa: PTH111
    place = os.path.join(table.folder, text)  # noqa: PTH118
    if key == "buildpack":
        from parity.push.buildpacks import naming

        chosen = naming.folder(text, table.folder) or naming.folder(text)
        if chosen is None:
            return text
        place = str(chosen)
    if table.app is None:
        return text if text == "-" else place
    if text == "-" or not within(place, table.app) or _special(place):
        raise Usage(f"{table.label} {key}: {text} is not a file in the app: {_yours(key)}")
    return place


def _special(place: str) -> bool:
    """Return whether there is something other than a file or a folder, which might never end."""
    there = os.path.exists(place)  # noqa: PTH110
    return there and not (os.path.isfile(place) or os.path.isdir(place))  # noqa: PTH112, PTH113
