"""One process as a dyno: launched, watched, stopped as Heroku does it, with nothing left behind."""

from collections.abc import Coroutine
from typing import TYPE_CHECKING

from parity.dyno.launched import Launched
from parity.dyno.oneoff import one_off
from parity.records import Boot, Shutdown, Traffic

if TYPE_CHECKING:
    from asyncio import Task

__all__ = ["Dyno", "one_off"]

AFTERMATH = 1.0
"""Seconds within which a command that ends after a failed request has ended because of it."""


class Dyno(Launched):
    """A context manager around one process type of a release: its boot, its end, and between them.

    Leaving it ends whatever is left of the dyno.
    """

    def boot(self) -> Boot:
        """Launch, and wait until it is bound, has crashed, or cannot become either in time."""
        bound = self.launch()
        from parity.dyno.boot import booted  # slow, so while the app boots

        return self.watch.run(booted(self, bound))

    def boot_aside(self) -> "Task[Boot]":
        """Launch, and let the loop that it shares do the rest: the boot, once it is done."""
        assert self._loop, "a dyno aside needs a loop that others turn"
        bound = self.launch()
        from parity.dyno.boot import booted

        self.watch.aside = True
        return self._loop.create_task(booted(self, bound))

    def settle(self, boot: Boot, *, failed: bool, answered: bool = False) -> Boot:
        """What became of `boot` by now: a start command that has ended is a crash."""
        if not self.watch.run(self.watch.ended(AFTERMATH if failed else 0.0)):
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

    def stop(self, boot: Boot, traffic: Traffic | None) -> Shutdown:
        """SIGTERM to every process, the limit, SIGKILL; and what the dyno leaves behind."""
        return self.watch.run(self.stopping(boot, traffic))

    def stopping(
        self, boot: Boot, traffic: Traffic | None
    ) -> "Coroutine[object, object, Shutdown]":
        """The same for a loop on which several dynos stop at once."""
        from parity.dyno.stop import stopped

        self.watch.aside = False
        return stopped(self, boot, traffic)
