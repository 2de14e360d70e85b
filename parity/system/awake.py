"""A clock that stands still while this machine, or parity itself, was stopped.

After Ctrl-Z, `docker pause` or a virtual machine's pause time has passed in which neither parity
nor, perhaps, the app could do anything: no limit of Heroku's runs out in it.
"""

import time

LONGEST_GAP = 2.0
"""Seconds between two looks at the clock after which parity was stopped in between (ours)."""


class Clock:
    """Counts seconds like `time.monotonic`; whoever waits looks at it at least once a second."""

    __slots__ = ("_last", "_slept")

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._slept = 0.0

    def now(self) -> float:
        """Seconds of which none was slept."""
        here = time.monotonic()
        if here - self._last > LONGEST_GAP:
            self._slept += here - self._last
        self._last = here
        return here - self._slept
