"""A search for thousands of texts at once, in time that does not grow with their number.

The head of every text has four overlapping groups of four bytes, one of which is aligned to a
multiple of four wherever the text begins. So it is enough to look at every fourth place, in a table
of all the groups.
"""

import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

WINDOW = 7
"""Bytes that contain an aligned group of four wherever they begin; shorter texts need a pattern."""

LONG = 32
"""Length in bytes above which texts are compared one by one, which avoids hashing long slices."""

CUT = 8
"""Bytes of a text that count as the text if the data may be truncated after them."""

CERTAIN = 4
"""The same if the data is known to be truncated."""

STRUCTURED = 14
"""The same for a text that has parts, as it may begin like any URL."""

_BEFORE = re.compile(
    rb"(?:\A|[^A-Za-z0-9_]|%[0-9A-Fa-f]{2}|\\[nrt]|\\x[0-9a-f]{2})(?<!\d[.:])\Z", re.DOTALL
)
_AFTER = rb"(?![A-Za-z0-9_]|(?<=\d)[.:]\d)"
"""What surrounds a whole word; a number inside an address or a time is not a whole word."""


class Span(NamedTuple):
    """The place of a text, and the name it belongs to."""

    start: int
    end: int
    name: str


class Text(NamedTuple):
    """A text to search for. `word`: only as a whole word. `whole`: it has no parts."""

    data: bytes
    name: str
    word: bool
    whole: bool


class Finder:
    """A search for `texts` in bytes, which finds them even with line breaks inside."""

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
        """Return all places, in order and disjoint; `cut`: the data is known to be truncated."""
        flat = data.translate(None, b"\r\n") if b"\n" in data or b"\r" in data else data
        spans = list(self._search(flat, cut=cut))
        if flat is not data and spans:
            spans = _mapped(spans, data)
        if self._pattern:
            words = (m for m in self._pattern.finditer(data) if _word(data, m.start()))
            spans += [Span(m.start(), m.end(), self._words[m[0]]) for m in words]
        return _apart(spans) if len(spans) > 1 else spans

    def opened(self, data: bytes, *, cut: bool) -> int | None:
        """Return where the last text begins that is truncated by the end of `data`, or None."""
        starts = [start for start, _ in self._heads(data)] if self._near(data) else []
        if cut:
            starts += range(max(0, len(data) - CUT), len(data))
        truncated = (s for s in sorted(starts) if self._begun(data, s, 1 if cut else CUT, cut=cut))
        return next(truncated, None)

    def ends(self, data: bytes, start: int) -> Span | None:
        """Return the longest ending of a text at `start`, where the data may begin inside one."""
        if self._tail_groups.isdisjoint(_view(data)):
            return None
        for at in range(min(len(data), start + self._longest), start + CUT - 1, -1):
            for text in self._tails.get(data[at - CUT : at], ()):
                if text.endswith(data[start:at]):
                    return Span(start, at, self._names[text])
        return None

    @cached_property
    def _tails(self) -> Mapping[bytes, list[bytes]]:
        by_tail: dict[bytes, list[bytes]] = {}
        for text in self._whole:
            if len(text) > CUT:
                by_tail.setdefault(text[-CUT:], []).append(text)
        return by_tail

    @cached_property
    def _tail_groups(self) -> frozenset[int]:
        return frozenset(_groups(tail[-WINDOW:] for tail in self._tails))

    @cached_property
    def _sorted(self) -> list[bytes]:
        return sorted(self._names)

    def _near(self, data: bytes) -> bool:
        """Return whether any group occurs: for most lines, nothing more is needed."""
        return not self._groups.keys().isdisjoint(_view(data))

    def _search(self, data: bytes, *, cut: bool) -> Iterator[Span]:
        if self._short:
            matches = self._short.finditer(data)
            yield from (Span(m.start(), m.end(), self._names[m[0]]) for m in matches)
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
        """Return the end of the longest text that begins at `start`, 0 if there is none."""
        for text in self._long.get(data[start : start + LONG], ()):
            if data.startswith(text, start):
                return start + len(text)
        ends = (start + n for n in lengths if data[start : start + n] in self._names)
        return next(ends, 0)

    def _heads(self, data: bytes) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yield the places where texts may begin, with their possible lengths, longest first."""
        groups = self._groups
        for at, group in enumerate(_view(data)):
            if group in groups:
                for offset, lengths in groups[group]:
                    if 4 * at >= offset:
                        yield 4 * at - offset, lengths

    def _begun(self, data: bytes, start: int, least: int, *, cut: bool) -> str | None:
        """Return the name of the text that begins at `start` and is truncated by the end."""
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
    """Return, for each group of four bytes, its offsets in texts and the texts' lengths."""
    table: dict[int, dict[int, set[int]]] = {}
    for text in texts:
        for offset in range(4):
            group = int.from_bytes(text[offset : offset + 4], sys.byteorder)
            table.setdefault(group, {}).setdefault(offset, set()).add(min(len(text), LONG))
    return {
        group: tuple(
            (at, tuple(sorted(n, reverse=True))) for at, n in sorted(offsets.items(), reverse=True)
        )
        for group, offsets in table.items()
    }


def _words(words: Mapping[bytes, str]) -> "re.Pattern[bytes] | None":
    if not words:
        return None
    longest = sorted(words, key=len, reverse=True)
    return re.compile(b"(?:" + b"|".join(map(re.escape, longest)) + b")" + _AFTER)


def _word(data: bytes, start: int) -> bool:
    """Return whether a word may begin at `start`: not inside another, but after an escape."""
    return _BEFORE.search(data[max(0, start - 4) : start]) is not None


def _mapped(spans: Sequence[Span], data: bytes) -> list[Span]:
    """Translate spans of the data without line breaks to spans of the data."""
    breaks = [m.start() - n for n, m in enumerate(re.finditer(rb"[\r\n]", data))]
    return [
        Span(
            span.start + bisect_right(breaks, span.start),
            span.end + bisect_right(breaks, span.end - 1),
            span.name,
        )
        for span in spans
    ]


def _apart(spans: Sequence[Span]) -> list[Span]:
    """Merge overlapping spans under the name of the longest."""
    merged: list[Span] = []
    longest = 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if merged and span.start < merged[-1].end:
            last, length = merged[-1], span.end - span.start
            name = span.name if length > longest else last.name
            longest = max(longest, length)
            merged[-1] = Span(last.start, max(last.end, span.end), name)
        else:
            merged.append(span)
            longest = span.end - span.start
    return merged
