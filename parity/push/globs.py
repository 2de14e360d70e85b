"""Ruby's globs, matched in time proportional to pattern times name, for every pattern.

A glob becomes a state machine with one state for each token. All states that a name can be in are
followed in parallel, so nothing is tried twice; transitions between sets of states are cached. A
pattern with at most one `*` and no braces becomes a regular expression instead, which is faster and
cannot run away.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

REMEMBERED = 2000
"""Transitions between sets of states that are cached for each pattern."""

_TOKEN = re.compile(r"\*\*/|\*+|\?|\[[^]]*\]|\{[^}]*\}|[^*?\[{]|[\[{]")
_HIDDEN = r"(?!\.)"

Matches: TypeAlias = Callable[[str], bool]


class _Set(NamedTuple):
    """The content of a bracket expression: characters and ranges, possibly negated."""

    negated: bool
    ranges: tuple[tuple[str, str], ...]

    def has(self, character: str) -> bool:
        """Return whether `character` is in the set."""
        return self.negated is not any(low <= character <= high for low, high in self.ranges)


class _State(NamedTuple):
    """A state: `takes` one character (None: none), then leads to `after`.

    `visible`: it cannot be left before a dot.
    """

    takes: "_Set | None"
    visible: bool
    after: tuple[int, ...]


_IN_NAME = _Set(True, (("/", "/"),))


def glob(pattern: str) -> Matches:
    """Return a function that matches whole paths: `*`, `**/`, `?`, `[…]` and `{…,…}`."""
    tokens = list(_tokens(pattern))
    texts = [text for text, _ in tokens]
    stars = sum(text.startswith("*") and text != "**/" for text in texts)
    if stars > 1 or texts.count("**/") > 1 or any(len(t) > 1 and t[0] == "{" for t in texts):
        return _Machine(tokens).matches
    regex = re.compile("".join(_regex(text, first) for text, first in tokens))
    return lambda path: regex.fullmatch(path) is not None


def _tokens(pattern: str) -> Iterator[tuple[str, bool]]:
    """Yield the tokens of a pattern, and whether each starts a name that must not be hidden."""
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
    """Return the set as a regular expression; an empty one matches nothing, negated everything."""
    parts = "".join(f"{re.escape(low)}-{re.escape(high)}" for low, high in taken.ranges)
    if not parts:
        return "[\\s\\S]" if taken.negated else r"(?!)"
    return f"[{'^' if taken.negated else ''}{parts}]"


def _set(inside: str) -> _Set:
    """Parse a bracket expression. A range that ends before its start matches nothing."""
    negated = inside[0] in "!^"
    rest, ranges = inside[negated:], []
    while rest:
        wide = len(rest) > 2 and rest[1] == "-"
        ranges.append((rest[0], rest[2] if wide else rest[0]))
        rest = rest[3 if wide else 1 :]
    return _Set(negated, tuple((low, high) for low, high in ranges if low <= high))


class _Machine:
    """The state machine of one pattern; the state after the last is its end."""

    def __init__(self, tokens: list[tuple[str, bool]]) -> None:
        self._states: list[_State] = []
        self._known: dict[tuple[frozenset[int], str], frozenset[int]] = {}
        for text, first in tokens:
            self._add(text, first)
        self._end = len(self._states)

    def matches(self, path: str) -> bool:
        """Return whether the whole `path` leads to the end."""
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
        """Return these states and all that they reach without a character; `dot`: one is next."""
        reached, todo = set(states), list(states)
        while todo:
            number = todo.pop()
            if number < self._end and not self._states[number].takes:
                state = self._states[number]
                new = () if dot and state.visible else set(state.after) - reached
                reached.update(new)
                todo.extend(new)
        return reached

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
        """Append a state that leads to the states `steps` further on."""
        here = len(self._states)
        self._states.append(_State(takes, visible, tuple(here + step for step in steps)))

    def _choice(self, words: list[str]) -> None:
        """Append the states for `{…,…}`. Each word starts as a pattern does."""
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
