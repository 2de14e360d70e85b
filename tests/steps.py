"""The number of steps a backtracking matcher takes, and texts that make a pattern take many.

It walks the tree that `re` compiles from, in the same order as `re`, and counts: a figure that does
not depend on the machine's load.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from math import inf, log2
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

MANY = _constants.MAXREPEAT
SINGLE = {_constants.LITERAL, _constants.NOT_LITERAL, _constants.ANY, _constants.IN}
REPEATS = {
    _constants.MAX_REPEAT,
    _constants.MIN_REPEAT,
    _constants.POSSESSIVE_REPEAT,
}
USUAL = " aA0_./:-=\"'([<,\\\t"
"""Characters that patterns repeat."""

Items = Sequence[tuple[Any, Any]]
Then = Callable[[int], bool]


class Exploded(Exception):
    """The pattern took more steps than allowed."""


class Matcher:
    """Counts the steps of one pattern."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.tree = _parser.parse(pattern, flags)
        self.flags = self.tree.state.flags
        self.steps = 0
        self._most = 0
        self._singles: dict[tuple[int, str], bool] = {}

    def search(self, text: str, most: int, *, anchored: bool = False) -> int:
        """Return the steps of searching `text`, or matching its beginning. Raises `Exploded`."""
        self.steps, self._most, self._text = 0, most, text
        self._runs: dict[Any, list[int]] = {}
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(100_000)
        try:
            self._from(range(1 if anchored else len(text) + 1))
        finally:
            sys.setrecursionlimit(before)  # otherwise json overflows the C stack in another test
        return self.steps

    def _from(self, starts: range) -> None:
        for start in starts:
            self._groups: dict[int, tuple[int, int]] = {}
            if self._seq(self.tree, 0, start, lambda _: True):
                break

    def _step(self, count: int = 1) -> None:
        self.steps += count
        if self.steps > self._most:
            raise Exploded

    def _single(self, item: tuple[Any, Any], character: str) -> bool:
        key = (id(item), character)
        known = self._singles.get(key)
        if known is None:
            known = bool(_one(repr(item), item, self.flags).match(character))
            self._singles[key] = known
        return known

    def _run(self, item: tuple[Any, Any]) -> list[int]:
        """Return, for each position, how many characters from there `item` matches."""
        key = id(item)
        if key not in self._runs:
            runs = [0] * (len(self._text) + 1)
            for at in range(len(self._text) - 1, -1, -1):
                runs[at] = runs[at + 1] + 1 if self._single(item, self._text[at]) else 0
            self._runs[key] = runs
        return self._runs[key]

    def _seq(self, items: Items, at: int, i: int, then: Then) -> bool:
        for n in range(at, len(items)):
            item = items[n]
            op, value = item
            self._step()
            if op in SINGLE:
                if i >= len(self._text) or not self._single(item, self._text[i]):
                    return False
                i += 1
            elif op is _constants.AT:
                if not _at(value, self._text, i, self.flags):
                    return False
            else:
                return self._other(op, value, i, lambda j, n=n: self._seq(items, n + 1, j, then))
        return then(i)

    def _other(self, op: Any, value: Any, i: int, then: Then) -> bool:
        if op is _constants.SUBPATTERN:
            group, _, _, inner = value
            return self._seq(inner, 0, i, lambda j: self._captured(group, i, j, then))
        if op is _constants.BRANCH:
            return any(self._seq(branch, 0, i, then) for branch in value[1])
        if op in (_constants.ASSERT, _constants.ASSERT_NOT):
            return self._looks(value, i) is (op is _constants.ASSERT) and then(i)
        if op is _constants.ATOMIC_GROUP:
            ends = self._first(value, i)
            return ends is not None and then(ends)
        if op is _constants.GROUPREF:
            start, end = self._groups.get(value, (0, -1))
            text = self._text[start:end]
            self._step(len(text))
            return end >= 0 and self._text.startswith(text, i) and then(i + len(text))
        assert op in REPEATS, op
        least, most, inner = value
        if len(inner) == 1 and inner[0][0] in SINGLE:
            return self._row(op, least, most, inner[0], i, then)
        if op is _constants.POSSESSIVE_REPEAT:
            ends = self._first([(_constants.MAX_REPEAT, value)], i)
            return ends is not None and then(ends)
        return self._loop(op, least, most, inner, i, 0, -1, then)

    def _captured(self, group: int | None, start: int, end: int, then: Then) -> bool:
        if group is None:
            return then(end)
        before = self._groups.get(group)
        self._groups[group] = (start, end)
        if then(end):
            return True
        self._groups.pop(group)
        if before:
            self._groups[group] = before
        return False

    def _first(self, items: Items, i: int) -> int | None:
        ends: list[int] = []
        return ends[0] if self._seq(items, 0, i, lambda j: not ends.append(j)) else None

    def _looks(self, value: Any, i: int) -> bool:
        direction, inner = value
        if direction > 0:
            return self._first(inner, i) is not None
        width = inner.getwidth()[0]
        return i >= width and self._first(inner, i - width) is not None

    def _row(self, op: Any, least: int, most: int, item: Any, i: int, then: Then) -> bool:
        """Match a repeat of one character: `re` runs over it without looking at what follows."""
        room = min(self._run(item)[i], most)
        if room < least:
            self._step(room)
            return False
        if op is _constants.MIN_REPEAT:
            return any(self._stepped(i + n, then) for n in range(least, room + 1))
        self._step(room)
        if op is _constants.POSSESSIVE_REPEAT:
            return then(i + room)
        return any(self._stepped(i + n, then) for n in range(room, least - 1, -1))

    def _stepped(self, i: int, then: Then) -> bool:
        self._step()
        return then(i)

    def _loop(
        self, op: Any, least: int, most: int, inner: Items, i: int, n: int, last: int, then: Then
    ) -> bool:
        self._step()

        def more() -> bool:
            return self._seq(
                inner, 0, i, lambda j: self._loop(op, least, most, inner, j, n + 1, i, then)
            )

        if n < least:
            return more()
        can = n < most and i != last
        if op is _constants.MIN_REPEAT:
            return then(i) or (can and more())
        return (can and more()) or then(i)


_ones: dict[tuple[str, int], re.Pattern[str]] = {}


def _one(key: str, item: tuple[Any, Any], flags: int) -> re.Pattern[str]:
    """Return the compiled pattern of one character."""
    kept = flags & (re.IGNORECASE | re.DOTALL | re.ASCII)
    if (key, kept) not in _ones:
        state = _parser.State()
        state.flags = kept | (0 if kept & re.ASCII else re.UNICODE)
        _ones[key, kept] = _compiler.compile(_parser.SubPattern(state, [item]), kept)
    return _ones[key, kept]


_ATS = {
    _constants.AT_BEGINNING: r"^",
    _constants.AT_BEGINNING_STRING: r"\A",
    _constants.AT_BOUNDARY: r"\b",
    _constants.AT_NON_BOUNDARY: r"\B",
    _constants.AT_END: r"$",
    _constants.AT_END_STRING: r"\Z",
}


@lru_cache(None)
def _anchor(which: Any, flags: int) -> re.Pattern[str]:
    return re.compile(_ATS[which], flags)


def _at(which: Any, text: str, i: int, flags: int) -> bool:
    return _anchor(which, flags & re.MULTILINE).match(text, i) is not None


def attacks(matcher: Matcher) -> Iterator[tuple[str, str]]:
    """Yield beginnings and parts to repeat: texts that stay in the pattern's repeats for long.

    For every unbounded repeat: what leads to it, and each kind of character that it matches.
    """
    repeats = list(_repeats(matcher.tree, ""))
    leaves = {repr(leaf): leaf for _, body in repeats for leaf in _leaves(body)}
    literals = "".join(chr(v) for o, v in _leaves(matcher.tree) if o is _constants.LITERAL)
    kinds: dict[tuple[bool | str, ...], str] = {}
    for character in dict.fromkeys(USUAL + literals):
        taken = tuple(matcher._single(leaf, character) for leaf in leaves.values())
        marks = character if character in literals and not character.isalnum() else ""
        kinds.setdefault((*taken, marks), character)
    seen: dict[tuple[str, str], None] = {}
    for head, body in repeats:
        pumps = [c for c in kinds.values() if _takes(matcher, body, c)]
        if len(body) > 1 or body[0][0] not in SINGLE:
            pumps.append(_sample(body))
        seen |= {(start, pump): None for pump in pumps for start in ("", head)}
        seen[("", head + (pumps or [_sample(body)])[0])] = None
    yield from (attack for attack in seen if attack[1])


def _takes(matcher: Matcher, body: Items, character: str) -> bool:
    return any(matcher._single(leaf, character) for leaf in _leaves(body))


def _leaves(items: Items) -> Iterator[tuple[Any, Any]]:
    for item in items:
        op, value = item
        if op in SINGLE:
            yield item
        for inner in _inside(op, value):
            yield from _leaves(inner)


def _inside(op: Any, value: Any) -> list[Items]:
    if op is _constants.SUBPATTERN:
        return [value[3]]
    if op is _constants.BRANCH:
        return list(value[1])
    if op in REPEATS:
        return [value[2]]
    if op in (_constants.ASSERT, _constants.ASSERT_NOT):
        return [value[1]]
    return [value] if op is _constants.ATOMIC_GROUP else []


def _repeats(items: Items, head: str) -> Iterator[tuple[str, Items]]:
    """Yield every unbounded repeat, with a text that leads to it."""
    for op, value in items:
        if op in REPEATS and value[1] > SHORT:
            yield head, value[2]
        for inner in _inside(op, value):
            yield from _repeats(inner, head)
        head += _sample([(op, value)])


def _sample(items: Items) -> str:
    """Return a short text that the items match."""
    found = ""
    for op, value in items:
        if op is _constants.LITERAL:
            found += chr(value)
        elif op in SINGLE:
            usual = (c for c in "aA0" + USUAL if _one(repr((op, value)), (op, value), 0).match(c))
            found += next(usual, "x") if op is not _constants.IN else _of_set(value)
        elif op is _constants.BRANCH:
            found += _sample(value[1][0])
        elif op in REPEATS:
            found += _sample(value[2]) * max(value[0], 0)
        elif op not in (_constants.ASSERT, _constants.ASSERT_NOT):
            found += "".join(_sample(inner) for inner in _inside(op, value))
    return found


def _of_set(value: Any) -> str:
    pattern = _one(repr((_constants.IN, value)), (_constants.IN, value), 0)
    own = [
        chr(v if o is _constants.LITERAL else v[0])
        for o, v in value
        if o in (_constants.LITERAL, _constants.RANGE)
    ]
    return next((c for c in [*"aA0", *USUAL, *own] if pattern.match(c)), "x")


END = "\0"
"""A character that no pattern waits for."""

SHORT = 120
"""Length of the shorter text; the other is twice as long."""

LINEAR = 2.6
"""A linear pattern takes at most this factor of steps for twice the text; a quadratic one, 4."""

FEW = 100_000
"""Steps that a short text may take; more means exponential growth."""


class Growth(NamedTuple):
    """`ratio` of the steps at both lengths, `steps` extrapolated to a text of `size`, the text."""

    ratio: float
    steps: float
    text: str


def growth(
    pattern: str, flags: int, size: int, *, anchored: bool = False, few_enough: float = 0
) -> Growth:
    """Return the worst growth among the texts that attack a pattern.

    Texts of `size` that take less than `few_enough` steps are of no interest.
    """
    matcher = Matcher(pattern, flags)
    worst = Growth(0, 0, "")
    for start, part in attacks(matcher):
        told = f"{start!r} + {part!r} * n"
        count = max(6, SHORT // len(part))
        text = start + part * count + END
        try:
            few = matcher.search(text, FEW, anchored=anchored)
            if few * (size / len(text)) ** 3 < few_enough:
                continue  # even if it grew with the cube
            many = matcher.search(start + part * 2 * count + END, few * 10, anchored=anchored)
        except Exploded:
            return Growth(inf, inf, told)
        ratio = many / few
        steps = many * (size / (2 * len(part) * count)) ** log2(ratio)
        if ratio > LINEAR and steps > worst.steps:
            worst = Growth(ratio, steps, told)
    return worst
