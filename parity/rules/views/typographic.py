"""Characters that word processors and web pages put where plain ones were typed.

https://unicode.org (documented).
"""

import re
import unicodedata
from collections.abc import Iterator

from parity.facts.servers import Server
from parity.rules.views.command_words import Replacement, changed, simple_commands

QUOTES = {
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"'),
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'"),
}
_BLANKS = {
    **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\u3000", " "),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", ""),
}
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
STRANGE = frozenset((*QUOTES, *_BLANKS, *DASHES))
"""The characters that bash takes for letters of a word."""

_SPANS = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"")
_LONG_WITH_ONE_DASH = frozenset({"java", "find"})
"""Programs with options such as `-jar`: a dash before a word is one dash."""


def strange(command: str) -> Iterator[str]:
    """Yield the characters outside plain quotes that bash takes for letters, not for syntax."""
    bare = _SPANS.sub("", command)
    yield from (character for character in bare if character in STRANGE)


def named(character: str) -> str:
    """Return a character's number and name: `U+2013 (en dash)`."""
    return f"U+{ord(character):04X} ({unicodedata.name(character).lower()})"


def plain(command: str, server: Server | None = None) -> str:
    """Return a command with plain quotes, blanks and dashes; text in plain quotes stays."""
    parts: list[str] = []
    end = 0
    for span in _SPANS.finditer(command):
        parts += [_undone(command[end : span.start()]), span[0]]
        end = span.end()
    text = "".join([*parts, _undone(command[end:])])
    words = [word for words in simple_commands(text) for word in words]
    one = any(word.value in _LONG_WITH_ONE_DASH for word in words[:1])
    changes = {Replacement(w.start, w.end, plain_word(w.text, server, one=one)) for w in words}
    return changed(text, [c for c in changes if c.text != text[c.start : c.end]])


def _undone(text: str) -> str:
    return "".join(QUOTES.get(c, _BLANKS.get(c, c)) for c in text)


def plain_word(word: str, server: Server | None = None, *, one: bool = False) -> str:
    """Return a word with plain dashes: one before a letter, two before a name."""
    quoted = re.search("['\"]", word)
    if quoted:
        end = quoted.start()
        return f"{plain_word(word[:end], server, one=one)}{word[end:]}"
    first = re.match(rf"[-{DASHES}]+", word)
    if not set(word) & set(DASHES):
        return word
    rest = re.sub(f"[{DASHES}]", "-", word[first.end() :] if first else word)
    if first is None:
        return rest
    name = re.match(r"[A-Za-z][\w.-]*", rest)
    if name is None:
        return f"{'--' if len(first[0]) > 1 or first[0] == chr(0x2014) else '-'}{rest}"
    options = server.flags | server.valued | {*server.address} if server else frozenset()
    letter = not re.match(r"[A-Za-z][\w.]*[A-Za-z]", name[0]) or f"-{name[0]}" in options
    glued = f"-{name[0][0]}" in options and f"--{name[0]}" not in options
    return f"{'-' if letter or one or glued else '--'}{rest}"
