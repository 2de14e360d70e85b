"""The texts of rules, with their placeholders filled."""

import re
from collections.abc import Mapping

from parity.rules.shell import COMMAND, WORDS, word


class _Value(str):
    def __format__(self, _general: str) -> str:
        return str(self)


class _Absent(str):
    """A placeholder without a value."""

    def __format__(self, general: str) -> str:
        return "" if general == "-" else general or str(self)


class _Names(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return _Absent(key.upper())


def filled(text: str, names: Mapping[str, str]) -> str:
    """`text` with its placeholders filled; without a value `{name:text}` says the general text
    (`-`: nothing), and `{name}` stands in capitals. In a command each is one word of a shell's."""
    plain = _Names({name: _Value(value) for name, value in names.items()})
    if "`" not in text:
        return text.format_map(plain)
    words = _Names({n: _Value(v if n in WORDS else word(v)) for n, v in names.items()})
    general = re.search(r"\{[^{}]*`", text)  # a command in a general text: that holds no names
    parts = [text] if general else COMMAND.split(text)
    return "".join(part.format_map(words if at % 2 else plain) for at, part in enumerate(parts))
