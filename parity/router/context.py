"""The state that all connections of one router share: profile, limits, names, dynos, pages, log."""

import asyncio
import time
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache
from random import randbytes

from parity.facts import router as facts
from parity.facts.limits import Limits
from parity.router.dynos import DynoPool
from parity.router.request_log import Passed
from parity.router.transport import Turn, clock

Page = Callable[[str, int], bytes]
"""Return the HTML of an error page, given Heroku's code and the status."""


class RouterContext:
    """The shared state of one router; `record` is called with each finished request."""

    def __init__(
        self,
        profile: facts.Profile,
        limits: Limits,
        dynos: DynoPool,
        names: set[str],
        page: Page,
        record: Callable[[Passed], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.profile = profile
        self.limits = limits
        self.client_idle = limits.client_idle.value  # read on every request
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
        """Return the current value of the Date header."""
        now = int(time.time())
        if now != self._dated:
            self._dated, self._date = now, formatdate(now, usegmt=True).encode()
        return self._date

    def knows(self, host: bytes) -> bool:
        """Return whether `host` is one of the app's names; any other name is refused.

        A stranger's page can point its own domain at this machine (DNS rebinding). It cannot do so
        with herokuapp.com or localhost.
        """
        name = _name(host)
        own = name in self.names or name in ("localhost", "127.0.0.1", "[::1]")
        return own or name.endswith((".herokuapp.com", ".localhost"))

    def request_id(self, wanted: bytes | None) -> bytes:
        """Return the client's X-Request-Id if it is valid, else a new one.

        https://devcenter.heroku.com/articles/http-request-id. Router 2.0's are random hex in UUID
        groups, without version bits; the legacy router's are UUIDs (both observed).
        """
        low, high = facts.REQUEST_ID
        if wanted and low <= len(wanted) <= high and not wanted.strip(_ID):
            return wanted
        d = randbytes(16).hex()
        if self.profile.name == "legacy":
            d = f"{d[:12]}4{d[13:16]}{'89ab'[int(d[16], 16) % 4]}{d[17:]}"  # RFC 9562 section 5.4
        return f"{d[:8]}-{d[8:12]}-{d[12:16]}-{d[16:20]}-{d[20:]}".encode()

    def watch(self) -> None:
        """Wake every waiting coroutine whose deadline has passed, then schedule the next round."""
        now = clock.now()
        for turn in [turn for turn in self.turns if turn.deadline <= now]:
            turn.wake()
        self.dynos.drop(now)
        self._timer = self.loop.call_later(self._tick, self.watch)

    def close(self) -> None:
        """Stop watching, and close the idle connections to dynos."""
        self._timer.cancel()
        self.dynos.drop(float("inf"))

    @property
    def _tick(self) -> float:
        """Seconds between two rounds: a tenth of the shortest limit, at most 0.1."""
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
    """Return a Host without its port, in lower case."""
    name = host.decode("latin-1").lower()
    return name.rpartition(":")[0] if not name.endswith("]") and ":" in name else name


_ID = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-"
