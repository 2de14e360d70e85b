"""Config vars: from `--env` files, else the app's `.env`, and from `--config KEY=VALUE`.

Heroku never reads `.env`, but `heroku local` does, so its values stand for those set on Heroku.
Nothing is expanded: `${NAME}` would come from the developer's own shell, which is not on Heroku.
"""

import os
import re
import select
import stat
import sys
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Literal

from parity.records import Config, ConfigProblem
from parity.system import interrupt
from parity.system.errors import Usage
from parity.system.places import within

RESERVED = ("PORT", "DYNO")
"""Variables that Heroku sets for each dyno and never takes from the config vars."""

WARN_BYTES, LIMIT_BYTES = 32 * 1024, 64 * 1024
"""Limits on all names and values together: the documented one, and one never reported as exceeded.

https://devcenter.heroku.com/articles/config-vars#limits (the raise to 64 kB is inferred)."""

DOTENV = ".env"

_FILE_BYTES = 1024 * 1024
_NAME = re.compile(r"\w+", re.ASCII)
"""https://devcenter.heroku.com/articles/platform-api-reference#config-vars (documented)."""


_WORD = re.compile(r"[A-Z_]{1,30}|[a-z_]{1,30}")
_SHOWN = re.compile(r"[\w. -]{1,40}")
"""The only unusable pairs and names that are shown: others may be part of a value, such as the
lines of a PEM key without quotes."""


def read(
    env_files: Sequence[Path | Literal["-"]], pairs: Sequence[str], default: Path | None
) -> Config:
    """Read the config vars; a later file wins over an earlier one, and a pair over any file.

    `-` is stdin; `default` is read if it exists and there are no `env_files`. Lines that cannot be
    parsed become problems. Raises `Usage` for a file or a pair that cannot be used.
    """
    config_vars = _Vars()
    for file in env_files:
        label = "standard input" if file == "-" else str(file)
        _parse(config_vars, label, _text(file, label))
    if not env_files and default and _inside(default):
        try:
            _parse(config_vars, default.name, _text(default, default.name))
        except Usage as error:
            config_vars.problems.append(ConfigProblem("line", str(error), default.name))
    for pair in pairs:
        _pair(config_vars, pair)
    return config_vars.config()


def without_dotenv(config: Config, kept: Container[str]) -> Config | None:
    """Return the config vars without those of the app's `.env`; None if it has set none.

    Those in `kept` stay, whatever has set them.
    """
    read_from = config.origin.items()
    gone = {name for name, origin in read_from if origin == DOTENV and name not in kept}
    rest = {name: value for name, value in config.values.items() if name not in gone}
    return config._replace(values=rest) if gone else None


class _Vars:
    """The config vars read so far, with their origins and problems."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.origin: dict[str, str] = {}
        self.problems: list[ConfigProblem] = []

    def take(self, name: str, value: str, origin: str, line: int | None = None) -> None:
        """Set one var, or note why Heroku would refuse it."""
        file = None if origin == "--config" else origin
        if not _NAME.fullmatch(name):
            shown = f" {name!r}" if _SHOWN.fullmatch(name) else ""
            text = f"the name{shown} has characters other than letters, digits and _"
            self.problems.append(ConfigProblem("name", text, file, line))
        elif "\0" in value:
            self.problems.append(ConfigProblem("line", f"{name} holds a NUL byte", file, line))
        elif len(value) > LIMIT_BYTES:
            text = f"{name} is longer than {LIMIT_BYTES // 1024} kB"
            self.problems.append(ConfigProblem("size", text, file, line))
        elif name not in RESERVED:
            self.values[name], self.origin[name] = value, origin
        elif name == "PORT" and file is None:
            self.problems.append(ConfigProblem("port", "PORT is set as a config var"))

    def config(self) -> Config:
        """Return the finished config vars, with a problem if they are too large."""
        size = sum(len(os.fsencode(k)) + len(os.fsencode(v)) for k, v in self.values.items())
        if size > WARN_BYTES:
            limit = LIMIT_BYTES if size > LIMIT_BYTES else WARN_BYTES
            text = f"all names and values together: {size} bytes, more than {limit // 1024} kB"
            self.problems.append(ConfigProblem("size", text))
        return Config(self.values, self.origin, tuple(self.problems))


def _pair(config_vars: _Vars, pair: str) -> None:
    name, equals, value = pair.partition("=")
    if not equals or not name:
        shown = pair if _WORD.fullmatch(pair) else "the value of a --config"
        raise Usage(f"{shown} is invalid. Must be in the format FOO=bar.")
    config_vars.take(name, value, "--config")


def _parse(config_vars: _Vars, label: str, text: str) -> None:
    from io import StringIO

    from dotenv.parser import parse_stream

    for binding in parse_stream(StringIO(text)):
        original = binding.original.string
        line = binding.original.line + _lines(original[: len(original) - len(original.lstrip())])
        if binding.error or (binding.key and binding.value is None):
            why = "not NAME=value, or a quote that is not closed"
            config_vars.problems.append(ConfigProblem("line", why, label, line))
        elif binding.key and binding.value is not None:
            config_vars.take(binding.key, binding.value, label, line)


def _lines(text: str) -> int:
    return len(text.replace("\r\n", "\n").replace("\r", "\n").splitlines())


def _inside(path: Path) -> bool:
    """Return whether `path` is a file, not a venv or a link that leads out of its folder."""
    return os.path.isfile(path) and within(str(path), str(path.parent))  # noqa: PTH113


def _text(file: Path | Literal["-"], label: str) -> str:
    try:
        data = _bytes(sys.stdin.fileno()) if file == "-" else _content(Path(file))
    except OSError as error:
        raise Usage(f"{label}: cannot be read: {error.strerror or error}") from error
    if len(data) > _FILE_BYTES:
        raise Usage(f"{label}: more than 1 MiB: not a file of config vars")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wide = " but UTF-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ""
        raise Usage(f"{label}: not UTF-8{wide} (byte {error.start + 1})") from error


def _content(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise IsADirectoryError(0, "it is a folder")
        return _bytes(descriptor)
    finally:
        os.close(descriptor)


def _bytes(descriptor: int) -> bytes:
    """Read everything, up to one byte more than is allowed."""
    data = b""
    while len(data) <= _FILE_BYTES:
        interrupt.check()
        if select.select([descriptor], [], [], 0.1)[0]:
            more = os.read(descriptor, 65536)
            if not more:
                break
            data += more
    return data
