"""What all connections of one router share: its profile, limits, names, dynos, pages and log."""

import asyncio
import time
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache
from random import randbytes

from parity.facts import router as facts
from parity.facts.limits import Limits
from parity.router.dynos import Dynos
from parity.router.request_log import Passed
from parity.router.transport import Turn, clock

Page = Callable[[str, int], bytes]
"""The HTML for a fault: from Heroku's code and the status."""


class Door:
    """Shared by the coroutines of one loop; `record` gets each request that is over."""

    def __init__(
        self,
        profile: facts.Profile,
        limits: Limits,
        dynos: Dynos,
        names: set[str],
        page: Page,
        record: Callable[[Passed], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.profile = profile
        self.limits = limits
        self.client_idle = limits.client_idle.value  # read for each request
        self.first_byte = limits.first_byte.value
        self.idle_window = limits.idle_window.value
        self.dynos = dynos
        self.names = names
        self.page = page
        self.record = record
        self.maintenance = False
        self.loop = loop
        self.turns: set[Turn] = set()
        self._date = b""
        self._dated = 0

    def date(self) -> bytes:
        """The Date header's value now."""
        now = int(time.time())
        if now != self._dated:
            self._dated, self._date = now, formatdate(now, usegmt=True).encode()
        return self._date

    def knows(self, host: bytes) -> bool:
        """Whether `host` is one of ours: nobody else's name for this machine gets an answer.

        A page of a stranger can give its own domain this machine's address (DNS rebinding). It
        cannot do so with herokuapp.com, nor with localhost.
        """
        name = _name(host)
        own = name in self.names or name in ("localhost", "127.0.0.1", "[::1]")
        return own or name.endswith((".herokuapp.com", ".localhost"))

    def request_id(self, given: bytes | None) -> bytes:
        """The client's own X-Request-Id if it is a good one, else a new one.

        https://devcenter.heroku.com/articles/http-request-id. Router 2.0's are random hex in UUID
        groups, without version bits; the legacy router's are UUIDs (both observed).
        """
        low, high = facts.REQUEST_ID
        if given and low <= len(given) <= high and not given.strip(_ID):
            return given
        d = randbytes(16).hex()
        if self.profile.name == "legacy":
            d = f"{d[:12]}4{d[13:16]}{'89ab'[int(d[16], 16) % 4]}{d[17:]}"  # RFC 9562 section 5.4
        return f"{d[:8]}-{d[8:12]}-{d[12:16]}-{d[16:20]}-{d[20:]}".encode()

    def watch(self) -> None:
        """Wake every coroutine that waits and whose deadline has come; again and again."""
        now = clock.now()
        for turn in [turn for turn in self.turns if turn.deadline <= now]:
            turn.wake()
        self.dynos.drop(now)
        self._timer = self.loop.call_later(self._tick, self.watch)

    def close(self) -> None:
        """Stop watching, and close the connections that are kept."""
        self._timer.cancel()
        self.dynos.drop(float("inf"))

    @property
    def _tick(self) -> float:
        """Often enough for the shortest limit: a tenth of a second for Heroku's own."""
        limits = self.limits
        shortest = min(
            limits.connect_timeout.value,
            limits.first_byte.value,
            limits.idle_window.value,
            limits.client_idle.value,
            limits.boot_wait.value,
        )
        return max(0.005, min(0.1, shortest / 10))


@lru_cache(64)
def _name(host: bytes) -> str:
    """A Host without its port, in small letters."""
    name = host.decode("latin-1").lower()
    return name.rpartition(":")[0] if not name.endswith("]") and ":" in name else name


_ID = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-"
