"""npm's version ranges: https://github.com/npm/node-semver#ranges (documented).

Only what `engines.node` needs: no pre-releases. A library would be a third-party import of `parity
check`, which has none.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from parity.facts.nodejs import Version

HIGHEST = 10**16
"""npm takes no larger number in a version."""


class Interval(NamedTuple):
    """Versions from `low` up to, but without, `high`."""

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
    """The versions that a range admits; None if it is no range."""
    found = [_alternative(part.strip()) for part in text.split("||")]
    return None if None in found else tuple(dict.fromkeys(i for i in found if i))


def admits(wanted: Range, version: Version) -> bool:
    """Whether a version is in the range."""
    return any(i.low <= version < i.high for i in wanted)


def unbounded(wanted: Range) -> bool:
    """Whether the range has no upper end."""
    return any(i.high[0] == HIGHEST and i != _NOTHING for i in wanted)


def _alternative(text: str) -> Interval | None:
    """What one alternative of a range admits: everything it says must hold."""
    hyphen = _HYPHEN.fullmatch(text)
    if hyphen:
        parts = hyphen.groups()
        return Interval(_low(parts[1:4]), _after(parts[5:8]))
    made = ANY
    for interval in _comparators(text):
        if interval is None:
            return None
        made = Interval(max(made.low, interval.low), min(made.high, interval.high))
    return made if made.low < made.high else _NOTHING


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
    """The parts up to the first that is left open."""
    found = []
    for part in parts:
        if part is None or part in "xX*":
            break
        found.append(int(part))
    return found


def _low(parts: tuple[str | None, ...]) -> Version:
    major, minor, patch = (*_numbers(parts), 0, 0, 0)[:3]
    return major, minor, patch


def _after(parts: tuple[str | None, ...]) -> Version:
    """The first version behind all that a partial one means."""
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
    """The first version that differs in the leftmost number that is not zero."""
    given = _numbers(parts)
    leading = next((n for n, number in enumerate(given) if number), len(given) - 1)
    return _after(tuple(str(n) for n in given[: leading + 1]))
