"""A clock that does not advance while this machine, or parity itself, is stopped.

During Ctrl-Z, `docker pause` or the pause of a virtual machine, neither parity nor, perhaps, the
app can do anything, so none of Heroku's limits may run out.
"""

import time

LONGEST_GAP = 2.0
"""Seconds between two readings above which parity must have been stopped in between (ours)."""


class Clock:
    """Counts seconds like `time.monotonic`; it has to be read at least once a second."""

    __slots__ = ("_last", "_slept")

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._slept = 0.0

    def now(self) -> float:
        """Return the seconds, without those during which parity was stopped."""
        here = time.monotonic()
        if here - self._last > LONGEST_GAP:
            self._slept += here - self._last
        self._last = here
        return here - self._slept
