"""The texts of rules, with their placeholders filled."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from parity.rules.shell import COMMAND, WORDS, word

QUOTED = frozenset("detail error headline last message seen text".split())
"""Placeholders for text that somebody wrote or printed: the manual shows `…` for them."""

NAMED = frozenset(
    """actual addon address asked attribute branch by call code command css deadly default
    encoding entry factory file files first folder hook host ignorer imported install
    installed language library limit line lock lts major manage manifest meant missing mjs
    module moving name newest older oldest one other own package packages parent path paths
    pattern peak pid pins plan port prefix process program quota right script seconds series
    server service set settings size soft stack status subject taken target tool top type
    url used value version versions wanted wish word worker wrong""".split()
)
"""Placeholders for names and numbers: the manual shows FILE or LINE, as manuals do."""

GAP = "…"


class Unfilled(Exception):
    """A placeholder without a value in the evidence or a general text in the rule."""


class Texts:
    """How texts are filled. `strict`: a placeholder that stays open is an error, as in tests."""

    strict = False


class _Value(str):
    def __format__(self, _general: str) -> str:
        return str(self)


class _Absent:
    """A placeholder without a value: it becomes its general text, or what `bare` returns."""

    def __init__(self, name: str, bare: Callable[[str], str]) -> None:
        self._name, self._bare = name, bare

    def __format__(self, general: str) -> str:
        if general:
            return "" if general == "-" else general
        return self._bare(self._name)


class _Names(dict[str, Any]):
    bare: Callable[[str], str]

    def __missing__(self, key: str) -> _Absent:
        return _Absent(key, self.bare)


def filled(text: str, names: Mapping[str, str]) -> str:
    """Return `text` with its placeholders filled.

    Without a value, `{name:text}` becomes the general text (`-`: nothing). In a command, each value
    is one word of a shell command. Raises `Unfilled` in tests.
    """
    return _filled(text, names, _open)


def general(text: str) -> str:
    """Return `text` as the manual shows it, for no app in particular."""
    return _filled(text, {}, _in_general).replace(f"{GAP}.", GAP).rstrip()


def _open(name: str) -> str:
    if Texts.strict:
        raise Unfilled(name)
    return GAP


def _in_general(name: str) -> str:
    return GAP if name in QUOTED else name.upper()


def _filled(text: str, names: Mapping[str, str], bare: Callable[[str], str]) -> str:
    plain = _Names({name: _Value(value) for name, value in names.items()})
    words = _Names({n: _Value(v if n in WORDS else word(v)) for n, v in names.items()})
    plain.bare = words.bare = bare
    if "`" not in text:
        return text.format_map(plain)
    inner = re.search(r"\{[^{}]*`", text)  # a command in a general text holds no names
    parts = [text] if inner else COMMAND.split(text)
    return "".join(part.format_map(words if at % 2 else plain) for at, part in enumerate(parts))
