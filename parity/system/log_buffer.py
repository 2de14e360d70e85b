"""A log in bounded memory: the beginning and end of every source, and how much is missing."""

from collections import deque

from parity.records import Line

FIRST, LAST = 1000, 2000
"""Lines kept per source (ours: Heroku keeps 1500 for `heroku logs`)."""

FIRST_LENGTH, LAST_LENGTH = 1 << 20, 2 << 20
"""Characters kept per source."""


class Log:
    """Keeps the first and the last lines of every source, in their order."""

    def __init__(self) -> None:
        self._sources: dict[str, _Kept] = {}
        self._count = 0

    def add(self, line: Line) -> None:
        """Add a line."""
        source = self._sources.get(line.source)
        if source is None:
            source = self._sources[line.source] = _Kept()
        self._count += 1
        source.add(self._count, line)

    def lines(self) -> tuple[Line, ...]:
        """Return the lines kept, with a notice (as Heroku's L10) where lines are missing."""
        numbered = [pair for source in self._sources.values() for pair in source.numbered()]
        return tuple(line for _, line in sorted(numbered, key=_number))


def _number(pair: tuple[int, Line]) -> int:
    return pair[0]


class _Kept:
    """One source's first and last lines, each with its number in the log."""

    def __init__(self) -> None:
        self._first: list[tuple[int, Line]] = []
        self._last: deque[tuple[int, Line]] = deque()
        self._room, self._length = FIRST_LENGTH, 0
        self._dropped = 0
        self._since: tuple[int, Line] | None = None

    def add(self, number: int, line: Line) -> None:
        size = len(line.text)
        if self._room > 0 and len(self._first) < FIRST:
            self._first.append((number, line))
            self._room -= size
            return
        self._last.append((number, line))
        self._length += size
        while len(self._last) > LAST or self._length > LAST_LENGTH:
            dropped = self._last.popleft()
            self._since = self._since or dropped
            self._length -= len(dropped[1].text)
            self._dropped += 1

    def numbered(self) -> list[tuple[int, Line]]:
        if self._since is None:
            return [*self._first, *self._last]
        number, line = self._since
        return [*self._first, (number, _notice(line, self._dropped)), *self._last]


def _notice(first: Line, dropped: int) -> Line:
    """Return the notice of missing lines in the words of a log drain (observed)."""
    from datetime import UTC, datetime

    since = datetime.fromtimestamp(first.at, UTC).isoformat(timespec="seconds")
    text = f"Error L10 (output buffer overflow): {dropped} messages dropped since {since}."
    return Line(first.at, "heroku[logplex]", text)
