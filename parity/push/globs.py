"""Ruby's globs, matched in time that grows with pattern times name, whatever the pattern is.

A glob becomes a machine with one state for each of its signs. All states that a name can be in are
followed side by side, so nothing is tried twice; sets of states that were met are remembered. A
pattern with at most one `*` and no braces is a regular expression, which is faster and cannot run
away.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

REMEMBERED = 2000
"""Steps from one set of states to the next that are remembered for each pattern."""

_TOKEN = re.compile(r"\*\*/|\*+|\?|\[[^]]*\]|\{[^}]*\}|[^*?\[{]|[\[{]")
_HIDDEN = r"(?!\.)"

Matches: TypeAlias = Callable[[str], bool]


class _Set(NamedTuple):
    """What stands in brackets: single characters and ranges, or all but those."""

    negated: bool
    ranges: tuple[tuple[str, str], ...]

    def has(self, character: str) -> bool:
        """Whether it takes this one."""
        return self.negated is not any(low <= character <= high for low, high in self.ranges)


class _State(NamedTuple):
    """`takes` one character, or none (None); `visible`: not before a dot. Then on to `after`."""

    takes: "_Set | None"
    visible: bool
    after: tuple[int, ...]


_IN_NAME = _Set(True, (("/", "/"),))


def glob(pattern: str) -> Matches:
    """Whether a whole path is what `pattern` stands for: `*`, `**/`, `?`, `[…]`, `{…,…}`."""
    tokens = list(_tokens(pattern))
    texts = [text for text, _ in tokens]
    stars = sum(text.startswith("*") and text != "**/" for text in texts)
    if stars > 1 or texts.count("**/") > 1 or any(len(t) > 1 and t[0] == "{" for t in texts):
        return _Machine(tokens).matches
    regex = re.compile("".join(_regex(text, first) for text, first in tokens))
    return lambda path: regex.fullmatch(path) is not None


def _tokens(pattern: str) -> Iterator[tuple[str, bool]]:
    """The signs of a pattern; each with whether a name begins there that must not be hidden."""
    for token in _TOKEN.finditer(pattern):
        text, at = token[0], token.start()
        first = (at == 0 or pattern[at - 1] == "/") and text[0] in "*?[" and text != "**/"
        yield text, first


def _regex(text: str, first: bool) -> str:
    return (_HIDDEN if first else "") + _plain(text)


def _plain(text: str) -> str:
    if text == "**/":
        return r"(?:(?!\.)[^/]+/)*"
    if text.startswith("*"):
        return "[^/]*"
    if text == "?":
        return "[^/]"
    if len(text) > 2 and text[0] == "[":
        return _class(_set(text[1:-1]))
    return re.escape(text)


def _class(taken: _Set) -> str:
    """As a regular expression; an empty set takes nothing, its opposite everything."""
    parts = "".join(f"{re.escape(low)}-{re.escape(high)}" for low, high in taken.ranges)
    if not parts:
        return "[\\s\\S]" if taken.negated else r"(?!)"
    return f"[{'^' if taken.negated else ''}{parts}]"


def _set(inside: str) -> _Set:
    """A range whose end comes before its beginning takes nothing."""
    negated = inside[0] in "!^"
    rest, ranges = inside[negated:], []
    while rest:
        wide = len(rest) > 2 and rest[1] == "-"
        ranges.append((rest[0], rest[2] if wide else rest[0]))
        rest = rest[3 if wide else 1 :]
    return _Set(negated, tuple((low, high) for low, high in ranges if low <= high))


class _Machine:
    """The states of one pattern, the last of which is its end."""

    def __init__(self, tokens: list[tuple[str, bool]]) -> None:
        self._states: list[_State] = []
        self._known: dict[tuple[frozenset[int], str], frozenset[int]] = {}
        for text, first in tokens:
            self._add(text, first)
        self._end = len(self._states)

    def matches(self, path: str) -> bool:
        """Whether the whole `path` leads to the end."""
        states = frozenset({0})
        for character in path:
            states = self._after(states, character)
            if not states:
                return False
        return self._end in self._reached(states, dot=False)

    def _after(self, states: frozenset[int], character: str) -> frozenset[int]:
        key = (states, character)
        if key not in self._known:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            here = (self._states[n] for n in self._reached(states, character == ".") - {self._end})
            taking = (state for state in here if state.takes and state.takes.has(character))
            self._known[key] = frozenset(n for state in taking for n in state.after)
        return self._known[key]

    def _reached(self, states: frozenset[int], dot: bool) -> set[int]:
        """These states, and where they lead without a character; `dot`: one comes next."""
        found, todo = set(states), list(states)
        while todo:
            number = todo.pop()
            if number < self._end and not self._states[number].takes:
                state = self._states[number]
                new = () if dot and state.visible else set(state.after) - found
                found.update(new)
                todo.extend(new)
        return found

    def _add(self, text: str, first: bool) -> None:
        if first:
            self._state(None, 1, visible=True)
        if text == "**/":
            self._state(None, 1, 5)
            self._state(None, 1, visible=True)
            self._state(_IN_NAME, 1)
            self._state(None, -1, 1)
            self._state(_Set(False, (("/", "/"),)), -4)
        elif text.startswith("*"):
            self._state(None, 1, 2)
            self._state(_IN_NAME, -1)
        elif text == "?":
            self._state(_IN_NAME, 1)
        elif len(text) > 2 and text[0] == "[":
            self._state(_set(text[1:-1]), 1)
        elif len(text) > 1 and text[0] == "{":
            self._choice(text[1:-1].split(","))
        else:
            for character in text:
                self._state(_Set(False, ((character, character),)), 1)

    def _state(self, takes: _Set | None, *steps: int, visible: bool = False) -> None:
        """One more state, from which `steps` further on is what comes after it."""
        here = len(self._states)
        self._states.append(_State(takes, visible, tuple(here + step for step in steps)))

    def _choice(self, words: list[str]) -> None:
        """Each word begins as a pattern does."""
        fork = len(self._states)
        self._state(None)
        starts, ends = [], []
        for word in words:
            starts.append(len(self._states))
            for text, first in _tokens(word):
                self._add(text, first)
            ends.append(len(self._states))
            self._state(None)
        after = len(self._states)
        self._states[fork] = _State(None, False, tuple(starts))
        for end in ends:
            self._states[end] = _State(None, False, (after,))
