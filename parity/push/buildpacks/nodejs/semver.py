"""npm's version ranges: https://github.com/npm/node-semver#ranges (documented).

Only the parts that `engines.node` needs, without pre-releases. A library would be a third-party
import in `parity check`, which has none.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from parity.facts.nodejs import Version

HIGHEST = 10**16
"""A number larger than any that npm accepts in a version."""


class Interval(NamedTuple):
    """The versions from `low` up to, but not including, `high`."""

    low: Version
    high: Version


Range: TypeAlias = tuple[Interval, ...]

ANY = Interval((0, 0, 0), (HIGHEST, 0, 0))
_NOTHING = Interval((0, 0, 0), (0, 0, 0))
_NUMBER = r"(?:0|[1-9]\d{0,15})"
_PART = rf"(?:{_NUMBER}|[xX*])"
_PARTIAL = rf"[v=]*({_PART})(?:\.({_PART})(?:\.({_PART})(?:-[\w.-]+)?(?:\+[\w.-]+)?)?)?"
_COMPARATOR = re.compile(rf"(\^|~>?|[<>]=?|=)?\s*{_PARTIAL}(?:\s+|$)")
_HYPHEN = re.compile(rf"\s*({_PARTIAL})\s+-\s+({_PARTIAL})\s*")


def parse(text: str) -> Range | None:
    """Parse a range; None if it is not one."""
    intervals = [_alternative(part.strip()) for part in text.split("||")]
    return None if None in intervals else tuple(dict.fromkeys(i for i in intervals if i))


def admits(wanted: Range, version: Version) -> bool:
    """Return whether a version is in the range."""
    return any(i.low <= version < i.high for i in wanted)


def unbounded(wanted: Range) -> bool:
    """Return whether the range has no upper end."""
    return any(i.high[0] == HIGHEST and i != _NOTHING for i in wanted)


def _alternative(text: str) -> Interval | None:
    """Parse one alternative of a range, all of whose comparators must match."""
    hyphen = _HYPHEN.fullmatch(text)
    if hyphen:
        parts = hyphen.groups()
        return Interval(_low(parts[1:4]), _after(parts[5:8]))
    admitted = ANY
    for interval in _comparators(text):
        if interval is None:
            return None
        admitted = Interval(max(admitted.low, interval.low), min(admitted.high, interval.high))
    return admitted if admitted.low < admitted.high else _NOTHING


def _comparators(text: str) -> Iterator[Interval | None]:
    at = 0
    while at < len(text):
        match = _COMPARATOR.match(text, at)
        if match is None:
            yield None
            return
        yield _interval(match[1] or "=", match.groups()[1:4])
        at = match.end()


def _interval(operator: str, parts: tuple[str | None, ...]) -> Interval:
    low, after = _low(parts), _after(parts)
    top = (HIGHEST, 0, 0)
    match operator:
        case "^":
            return Interval(low, min(_caret(parts), top))
        case "~" | "~>":
            return Interval(low, _after(parts[:2]))
        case ">=":
            return Interval(low, top)
        case ">":
            return Interval(after, top)
        case "<":
            return Interval((0, 0, 0), low)
        case "<=":
            return Interval((0, 0, 0), after)
    return Interval(low, after)


def _numbers(parts: tuple[str | None, ...]) -> list[int]:
    """Return the numbers up to the first missing part or wildcard."""
    numbers = []
    for part in parts:
        if part is None or part in "xX*":
            break
        numbers.append(int(part))
    return numbers


def _low(parts: tuple[str | None, ...]) -> Version:
    major, minor, patch = (*_numbers(parts), 0, 0, 0)[:3]
    return major, minor, patch


def _after(parts: tuple[str | None, ...]) -> Version:
    """Return the first version after all that a partial version stands for."""
    match _numbers(parts):
        case []:
            return HIGHEST, 0, 0
        case [major]:
            return major + 1, 0, 0
        case [major, minor]:
            return major, minor + 1, 0
        case [major, minor, patch, *_]:
            return major, minor, patch + 1
    raise AssertionError(parts)


def _caret(parts: tuple[str | None, ...]) -> Version:
    """Return the next version that differs in the leftmost non-zero number."""
    numbers = _numbers(parts)
    leading = next((n for n, number in enumerate(numbers) if number), len(numbers) - 1)
    return _after(tuple(str(n) for n in numbers[: leading + 1]))
