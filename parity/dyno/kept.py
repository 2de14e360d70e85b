"""A log in bounded memory: its beginning, its end, and how much was dropped between.

The notice is L10's: https://devcenter.heroku.com/articles/error-codes#l10-drain-buffer-overflow.
"""

import time
from collections import deque
from datetime import UTC, datetime

from parity.records import Line

FIRST, LAST = 1000, 2000
"""Lines kept of a flood (ours: Heroku keeps 1500 for `heroku logs`)."""


class Kept:
    """Keeps the first and the last lines."""

    def __init__(self) -> None:
        self._first: list[Line] = []
        self._last: deque[Line] = deque(maxlen=LAST)
        self._count = 0
        self._since = 0.0

    def add(self, line: Line) -> None:
        """Take one more line."""
        self._count += 1
        if len(self._first) < FIRST:
            self._first.append(line)
        else:
            if len(self._last) == LAST and not self._since:
                self._since = self._last[0].at
            self._last.append(line)

    def lines(self) -> tuple[Line, ...]:
        """What was kept, with a notice (as Heroku's L10) where lines are missing."""
        dropped = self._count - len(self._first) - len(self._last)
        if not dropped:
            return (*self._first, *self._last)
        since = datetime.fromtimestamp(self._since, UTC).isoformat(timespec="seconds")
        text = f"Error L10 (output buffer overflow): {dropped} messages dropped since {since}."
        notice = Line(time.time(), "heroku[logplex]", text)
        return (*self._first, notice, *self._last)
