"""One process as a dyno: launched, watched, stopped as Heroku does it, with nothing left behind."""

from parity.dyno.launched import Launched
from parity.dyno.oneoff import one_off
from parity.records import Boot, Shutdown, Traffic

__all__ = ["Dyno", "one_off"]

AFTERMATH = 1.0
"""Seconds within which a command that ends after a failed request has ended because of it."""


class Dyno(Launched):
    """One process type of a release: its boot, its end, and between them.

    Its coroutines belong to one loop, on which any number of dynos live. Whoever has booted it has
    to `close` it, which ends whatever is left.
    """

    async def boot(self) -> Boot:
        """Wait until it is bound, has crashed, or cannot become either in time.

        It is launched unless it was before. Raises `Trouble` where no process can be started.
        """
        if not self._process:
            self.launch()
        bound = await self.follow()
        from parity.dyno.boot import booted  # slow, so while the app boots

        return await booted(self, bound)

    async def settle(self, boot: Boot, *, failed: bool, answered: bool = False) -> Boot:
        """Return what became of `boot` by now: a start command that has ended is a crash."""
        if not await self.watch.ended(AFTERMATH if failed else 0.0):
            self.quota.meter.started()
            return boot
        code = self.crashed()
        return boot._replace(
            state="crashed",
            exit=code,
            output=self.output(),
            bound_first=self.type.name == "web" and not answered,
            memory=self.quota.memory(),
        )

    async def stop(self, boot: Boot, traffic: Traffic | None) -> Shutdown:
        """SIGTERM to every process, the limit, SIGKILL; and what the dyno leaves behind."""
        from parity.dyno.stop import stopped

        return await stopped(self, boot, traffic)
