"""A dyno's memory quota, enforced as on Heroku: R14 every 21 seconds while over, R15 at once.

https://devcenter.heroku.com/articles/dyno-memory-behavior (documented); the interval of R14 is
from public logs (observed).
"""

import time
from typing import TYPE_CHECKING, Literal, Protocol

from parity.dyno.memory import Meter
from parity.facts import lifecycle
from parity.records import Memory

if TYPE_CHECKING:
    from parity.facts.dynos import DynoSize
    from parity.facts.limits import Limits


class Measured(Protocol):
    """A dyno whose memory is measured."""

    size: "DynoSize"
    limits: "Limits"

    @property
    def root(self) -> int:
        """The process id at the top of the dyno's tree."""

    def say(self, text: str) -> None:
        """Log one of Heroku's lines about the dyno."""

    def order(self, letter: bytes) -> None:
        """Send an order for every process of the dyno; `K` ends them."""


class Quota:
    """Watches a launched dyno's memory; `beat` must be called several times a second."""

    def __init__(self, dyno: Measured) -> None:
        self.meter = Meter(dyno.root, dyno.size)
        self._dyno = dyno
        self._over: Literal["R14", "R15"] | None = None
        self._since: float | None = None
        self._logged = 0.0

    def beat(self) -> None:
        """Measure, and act as Heroku would."""
        self._act(self.meter.look(), self._dyno.limits.memory_patience.value)

    def last(self) -> None:
        """Measure exactly before the dyno is stopped, and act without patience."""
        self._act(self.meter.look(exact=True), 0.0)

    def memory(self) -> Memory:
        """Return the measurement so far, and the error that was logged because of it."""
        return self.meter.so_far()._replace(over=self._over)

    def _act(self, used: int | None, patience: float) -> None:
        size = self._dyno.size
        if used is None or self._over == "R15":
            return
        if used >= size.deadly:
            self._kill(used)
        elif used > size.quota and size.swaps:
            self._warn(used, patience)
        else:
            self._since = None

    def _warn(self, used: int, patience: float) -> None:
        """Log R14, but not for a short peak, which Heroku would hardly ever notice."""
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        fresh = self._over is None and now - self._since >= patience
        if fresh or (self._over and now - self._logged >= self._dyno.limits.memory_every.value):
            self._log(used, lifecycle.R14)
            self._over, self._logged = "R14", now

    def _kill(self, used: int) -> None:
        """Log R15, and end the dyno."""
        self._over = "R15"
        self._log(used, lifecycle.R15)
        self._dyno.say(lifecycle.KILLING)
        self._dyno.order(b"K")

    def _log(self, used: int, error: str) -> None:
        self._dyno.say(lifecycle.running(used, self._dyno.size.quota))
        self._dyno.say(error)
