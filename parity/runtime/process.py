"""One dyno while it is served: booted, seen to end, started again, stopped beside its successor."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from parity.dyno import Dyno
from parity.facts import lifecycle
from parity.facts.procfile import ROUTED
from parity.records import Boot, Shutdown
from parity.router import Backend
from parity.runtime.events import TICK, Events
from parity.system import folders

PATIENCE = 5.0
"""Seconds that a dyno which was killed has until its end is noticed (ours)."""


class Running:
    """Posts `booted` with what came of a start, and `ended` when a dyno that was up has ended.

    `fresh` makes a new copy of the slug for another start.
    """

    def __init__(self, dyno: Dyno, events: Events, fresh: Callable[[str], Path]) -> None:
        self.dyno = dyno
        self.backend = Backend(dyno.name, dyno.port, state="starting")
        self.boot: Boot | None = None
        self.crashes = 0
        self.answered = False
        self.leaving = False
        self._events = events
        self._fresh = fresh
        self._follows: asyncio.Task[None] | None = None
        self._ends: asyncio.Task[None] | None = None

    @property
    def routed(self) -> bool:
        """Whether the router sends it requests."""
        return self.dyno.type.name == ROUTED

    @property
    def gone(self) -> bool:
        """Whether it was told to leave, and has left."""
        return self._ends is not None and self._ends.done()

    def start(self) -> None:
        """Launch it; the loop does the rest. Raises `Trouble`."""
        self.boot, self.answered = None, False
        self.backend.state = "starting"
        self.dyno.launch()
        self._follows = self._events.loop.create_task(self._followed())

    def again(self) -> None:
        """Start it once more, with a fresh copy of the slug, after it has ended."""
        self._follows = self._events.loop.create_task(self._renewed())

    async def _renewed(self) -> None:
        old = self.dyno.folder
        try:
            await self.dyno.renew(self._fresh(self.dyno.name))
            folders.remove(old)
            self.start()
        except Exception as error:
            self._events.failed(error)

    def leave(self) -> None:
        """Stop it while the loop turns: its successor starts meanwhile, as on Heroku."""
        self.leaving = True
        self.backend.state = "crashed"
        if self.dyno.state == "up":
            self.dyno.say(lifecycle.RESTARTING)
            self.dyno.becomes("starting")
        self._ends = self._events.loop.create_task(self._left())

    async def stopped(self) -> Shutdown | None:
        """End it as Heroku does; None if there is nothing to tell of its end."""
        self.leaving = True
        if self._ends:
            await self._ends
            return None
        return await self._stop()

    async def _stop(self) -> Shutdown | None:
        if self.boot is None or self.boot.state != "up":
            self.dyno.order(b"K")
            if self._follows:
                await asyncio.wait([self._follows], timeout=PATIENCE)
            return None
        return await self.dyno.stop(self.boot, None)

    async def _left(self) -> None:
        try:
            await self._stop()
        except Exception as error:
            self._events.failed(error)
        self._events.post("stopped", self)

    async def _followed(self) -> None:
        try:
            self.boot = await self.dyno.boot()
            self.backend.address = ("127.0.0.1", self.dyno.watch.front)
            self._events.post("booted", self)
            if self.boot.state != "up":
                return
            while not self.leaving and self.dyno.watch.code is None:
                await asyncio.sleep(TICK)
            if not self.leaving:
                await self._ended(self.boot)
        except Exception as error:
            self._events.failed(error)

    async def _ended(self, boot: Boot) -> None:
        """A dyno has ended after it was up: a crash."""
        self.backend.state = "starting"  # until it is known what comes next
        self.boot = await self.dyno.settle(boot, failed=False, answered=self.answered)
        self._events.post("ended", self)
