"""The words of a shell command, with their places in the text, so that a few can be replaced.

How bash splits a line: https://www.gnu.org/software/bash/manual/bash.html#Shell-Operation
(documented).
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from parity.records import LONGEST

_WORD = re.compile(
    r"""(?P<blank>[ \t\n]+)"""
    r"""|(?P<end>&&|\|\||[;&|()\n])"""
    r"""|(?P<other>\d?[<>]+&?[ \t]*)"""
    r"""|(?P<comment>(?:(?<=\s)|^)\#.*)"""
    r"""|(?P<part>'[^']*'?|"(?:\\.|[^"\\])*"?|\\.|\$\([^()]*\)|`[^`]*`|[^\s;&|()<>'"\\`$]+|.)""",
    re.DOTALL,
)
_INNER = re.compile(r"(?:.*/)?(?:ba|da|z)?sh")
DEEPEST = 3
"""The most shells within shells that are looked into (ours)."""


class Word(NamedTuple):
    """A word of a command: its `text`, quotes included, from `start` to before `end`."""

    text: str
    start: int
    end: int

    @property
    def value(self) -> str:
        """The word without quotes and backslashes; variables stay as they are written."""
        return re.sub(r"""\\(.)|['"]""", r"\1", self.text)


class Replacement(NamedTuple):
    """A new text for the part of a command from `start` to before `end`."""

    start: int
    end: int
    text: str


def changed(command: str, changes: Iterable[Replacement]) -> str:
    """Return the command with the changes, none of which overlap."""
    for start, end, text in sorted(changes, reverse=True):
        command = f"{command[:start]}{text}{command[end:]}"
    return command


def simple_commands(line: str, deep: int = 0) -> Iterator[tuple[Word, ...]]:
    """Yield the words of each simple command in a line, then of those that `bash -c '…'` runs."""
    if len(line) > LONGEST:
        return
    for words in list(_split(line)):
        yield words
        inner = _inner(words) if deep < DEEPEST else None
        if inner:
            at = inner.start + 1
            for command in simple_commands(inner.text[1:-1], deep + 1):
                yield tuple(Word(w.text, w.start + at, w.end + at) for w in command)


def _split(line: str) -> Iterator[tuple[Word, ...]]:
    words: list[Word] = []
    start: int | None = None
    redirected = False
    for match in _WORD.finditer(line):
        if match["part"] and not match["comment"]:
            start = match.start() if start is None else start
            continue
        if start is not None and not redirected:
            words.append(Word(line[start : match.start()], start, match.start()))
        redirected = bool(match["other"]) or (redirected and start is None)
        start = None
        if match["end"] or match["comment"]:
            yield tuple(words)
            words, redirected = [], False
    if start is not None and not redirected:
        words.append(Word(line[start:], start, len(line)))
    yield tuple(words)


def _inner(words: tuple[Word, ...]) -> Word | None:
    """Return the quoted command that a shell gets with -c, if its text is what that shell reads."""
    for number, (before, word) in enumerate(pairwise(words)):
        shell = any(_INNER.fullmatch(w.value) for w in words[:number])
        whole = re.fullmatch(r"""'[^']*'|"[^"\\`]*\"""", word.text)
        if shell and whole and re.fullmatch(r"-\w*c", before.value):
            return word
    return None
