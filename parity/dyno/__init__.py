"""One process as a dyno: launched, watched and stopped as on Heroku, with nothing left behind."""

from parity.dyno.launched import Launched
from parity.dyno.oneoff import one_off
from parity.records import Boot, Shutdown, Traffic

__all__ = ["Dyno", "one_off"]

AFTERMATH = 1.0
"""Seconds after a failed request in which the command's end counts as its consequence."""


class Dyno(Launched):
    """One process of a release, from its boot to its end.

    Its coroutines belong to one loop, which any number of dynos share. The code that boots a dyno
    must also `close` it, which ends whatever is left.
    """

    async def boot(self) -> Boot:
        """Wait until the dyno is bound, has crashed, or can do neither in time.

        Launches it unless that is done already. Raises `Trouble` if no process can be started.
        """
        if not self._process:
            self.launch()
        bound = await self.follow()
        from parity.dyno.boot import booted  # slow, so while the app boots

        return await booted(self, bound)

    async def settle(self, boot: Boot, *, failed: bool, answered: bool = False) -> Boot:
        """Return `boot` as it stands now: a start command that has ended since is a crash."""
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
        """Stop the dyno (SIGTERM, the limit, SIGKILL), and return what it leaves behind."""
        from parity.dyno.stop import stopped

        return await stopped(self, boot, traffic)
