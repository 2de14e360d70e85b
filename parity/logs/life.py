"""One start of a dyno, and one code, as a log tells of them."""

from collections import deque
from typing import NamedTuple

from parity.logs.grammar import LogEntry

KEPT = 400
"""Lines of a dyno's output that are kept: a traceback is shorter."""


class Tally(NamedTuple):
    """How often a code occurred, from when to when, and its words in the log."""

    code: str
    words: str
    times: int
    first: str
    last: str


class Life:
    """One start of a dyno: its output and its end.

    `deploys` is the number of deploys that the log showed before it. A log may show that it crashed
    (`down`) without its exit status.
    """

    def __init__(self, ps: str, command: str, at: str, deploys: int = 0) -> None:
        self.ps = ps
        self.command = command
        self.at = at
        self.deploys = deploys
        self.down = False
        self.output: deque[LogEntry] = deque(maxlen=KEPT)
        self.exit: int | None = None
        self.error: str | None = None
        self.stopped = False
        self.was_up = False
        self.memory: tuple[int, float] | None = None

    @property
    def type(self) -> str:
        return self.ps.partition(".")[0]

    @property
    def crashed(self) -> bool:
        """True if it ended by itself, not by R10 or R15."""
        ended = (self.exit is not None or self.down) and self.error is None
        return ended and (self.down or self.exit != 0 or self.type == "web")
