"""Finds any of thousands of texts, in time that does not grow with their number.

Every text has four neighbouring groups of four bytes at its head; one of them lies where a
multiple of four begins, wherever the text does. So a look at each fourth place is enough, and a
set holds all the groups.
"""

import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

WINDOW = 7
"""Bytes that hold an aligned group of four wherever they begin; shorter texts need a pattern."""

LONG = 32
"""Bytes from which on texts are compared one by one: long slices are not hashed at each place."""

CUT = 8
"""Bytes of a text that count as the text where the data may break off."""

CERTAIN = 4
"""The same where it is known to break off."""

STRUCTURED = 14
"""The same there of a text that has parts, for it may begin as any URL does."""

_BEFORE = re.compile(
    rb"(?:\A|[^A-Za-z0-9_]|%[0-9A-Fa-f]{2}|\\[nrt]|\\x[0-9a-f]{2})(?<!\d[.:])\Z", re.DOTALL
)
_AFTER = rb"(?![A-Za-z0-9_]|(?<=\d)[.:]\d)"
"""What stands around a whole word; a number is none within an address or a time."""


class Span(NamedTuple):
    """Where a text stands, and whose it is."""

    start: int
    end: int
    name: str


class Text(NamedTuple):
    """What to look for; `word`: only between other characters than those of words. `whole`: it has
    no parts."""

    data: bytes
    name: str
    word: bool
    whole: bool


class Finder:
    """Finds `texts` in bytes; line ends may stand anywhere in a text."""

    def __init__(self, texts: Sequence[Text]) -> None:
        self._names = {t.data: t.name for t in texts if not t.word}
        self._whole = {t.data for t in texts if t.whole and not t.word}
        short = [data for data in self._names if len(data) < WINDOW]
        self._short = re.compile(b"|".join(map(re.escape, short))) if short else None
        self._words = {t.data: t.name for t in texts if t.word}
        self._pattern = _words(self._words)
        self._groups = _groups(data for data in self._names if len(data) >= WINDOW)
        self._long: dict[bytes, list[bytes]] = {}
        for text in sorted((d for d in self._names if len(d) > LONG), key=len, reverse=True):
            self._long.setdefault(text[:LONG], []).append(text)
        self._longest = max(map(len, self._names), default=0)

    def spans(self, data: bytes, *, cut: bool = False) -> list[Span]:
        """All places, in order, none in another; `cut`: more of the data is known to follow."""
        flat = data.translate(None, b"\r\n") if b"\n" in data or b"\r" in data else data
        found = list(self._found(flat, cut=cut))
        if flat is not data and found:
            found = _mapped(found, data)
        if self._pattern:
            words = (m for m in self._pattern.finditer(data) if _word(data, m.start()))
            found += [Span(m.start(), m.end(), self._words[m[0]]) for m in words]
        return _apart(found) if len(found) > 1 else found

    def opened(self, data: bytes, *, cut: bool) -> int | None:
        """Where the last text begins that `data` breaks off in; None: it does not."""
        starts = [start for start, _ in self._heads(data)] if self._near(data) else []
        if cut:
            starts += range(max(0, len(data) - CUT), len(data))
        found = (s for s in sorted(starts) if self._begun(data, s, 1 if cut else CUT, cut=cut))
        return next(found, None)

    def ends(self, data: bytes, start: int) -> Span | None:
        """The longest end of a text at `start`, where the data may begin in the middle of one."""
        if self._tail_groups.isdisjoint(_view(data)):
            return None
        for at in range(min(len(data), start + self._longest), start + CUT - 1, -1):
            for text in self._tails.get(data[at - CUT : at], ()):
                if text.endswith(data[start:at]):
                    return Span(start, at, self._names[text])
        return None

    @cached_property
    def _tails(self) -> Mapping[bytes, list[bytes]]:
        found: dict[bytes, list[bytes]] = {}
        for text in self._whole:
            if len(text) > CUT:
                found.setdefault(text[-CUT:], []).append(text)
        return found

    @cached_property
    def _tail_groups(self) -> frozenset[int]:
        return frozenset(_groups(tail[-WINDOW:] for tail in self._tails))

    @cached_property
    def _sorted(self) -> list[bytes]:
        return sorted(self._names)

    def _near(self, data: bytes) -> bool:
        """Whether any group is there: for most lines, all that is ever done."""
        return not self._groups.keys().isdisjoint(_view(data))

    def _found(self, data: bytes, *, cut: bool) -> Iterator[Span]:
        if self._short:
            found = self._short.finditer(data)
            yield from (Span(m.start(), m.end(), self._names[m[0]]) for m in found)
        heads = self._heads(data) if self._groups and self._near(data) else ()
        past = 0
        for start, lengths in heads:
            if start < past:
                continue
            if end := self._end(data, start, lengths):
                yield Span(start, end, self._names[data[start:end]])
                past = end if end - start > 2 * LONG else past
            elif begun := self._begun(data, start, CUT, cut=cut):
                yield Span(start, len(data), begun)
                return
        for start in range(max(0, len(data) - CUT), len(data) - CERTAIN + 1) if cut else ():
            if begun := self._begun(data, start, CERTAIN, cut=cut):
                yield Span(start, len(data), begun)

    def _end(self, data: bytes, start: int, lengths: tuple[int, ...]) -> int:
        """Where the longest text that begins at `start` ends; 0: there is none."""
        for text in self._long.get(data[start : start + LONG], ()):
            if data.startswith(text, start):
                return start + len(text)
        ends = (start + n for n in lengths if data[start : start + n] in self._names)
        return next(ends, 0)

    def _heads(self, data: bytes) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Where texts may begin, and how long those are that begin so; the longest first."""
        groups = self._groups
        for at, group in enumerate(_view(data)):
            if group in groups:
                for offset, lengths in groups[group]:
                    if 4 * at >= offset:
                        yield 4 * at - offset, lengths

    def _begun(self, data: bytes, start: int, least: int, *, cut: bool) -> str | None:
        """Whose text begins at `start` and has not ended where the data does."""
        if not least <= len(data) - start <= self._longest:
            return None
        rest = data[start:]
        for at in range(bisect_left(self._sorted, rest), len(self._sorted)):
            text = self._sorted[at]
            if not text.startswith(rest):
                return None
            likely = text in self._whole or (cut and len(rest) >= STRUCTURED)
            if likely and len(text) > len(rest):
                return self._names[text]
        return None


def _view(data: bytes) -> memoryview:
    return memoryview(data)[: len(data) & ~3].cast("I")


def _groups(texts: Iterable[bytes]) -> dict[int, tuple[tuple[int, tuple[int, ...]], ...]]:
    """By group of four bytes: at which offsets of texts it stands, and how long those are."""
    found: dict[int, dict[int, set[int]]] = {}
    for text in texts:
        for offset in range(4):
            group = int.from_bytes(text[offset : offset + 4], sys.byteorder)
            found.setdefault(group, {}).setdefault(offset, set()).add(min(len(text), LONG))
    return {
        group: tuple(
            (at, tuple(sorted(n, reverse=True))) for at, n in sorted(offsets.items(), reverse=True)
        )
        for group, offsets in found.items()
    }


def _words(words: Mapping[bytes, str]) -> "re.Pattern[bytes] | None":
    if not words:
        return None
    longest = sorted(words, key=len, reverse=True)
    return re.compile(b"(?:" + b"|".join(map(re.escape, longest)) + b")" + _AFTER)


def _word(data: bytes, start: int) -> bool:
    """Whether a word may begin at `start`: not within another, but behind an escape."""
    return _BEFORE.search(data[max(0, start - 4) : start]) is not None


def _mapped(found: Sequence[Span], data: bytes) -> list[Span]:
    """Spans of the data without line ends, as those of the data."""
    breaks = [m.start() - n for n, m in enumerate(re.finditer(rb"[\r\n]", data))]
    return [
        Span(
            span.start + bisect_right(breaks, span.start),
            span.end + bisect_right(breaks, span.end - 1),
            span.name,
        )
        for span in found
    ]


def _apart(found: Sequence[Span]) -> list[Span]:
    """Overlapping spans as one, in the name of the longest."""
    merged: list[Span] = []
    longest = 0
    for span in sorted(found, key=lambda span: (span.start, -span.end)):
        if merged and span.start < merged[-1].end:
            last, length = merged[-1], span.end - span.start
            name = span.name if length > longest else last.name
            longest = max(longest, length)
            merged[-1] = Span(last.start, max(last.end, span.end), name)
        else:
            merged.append(span)
            longest = span.end - span.start
    return merged
