"""One dyno of a running release, through its starts, restarts and end."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from parity.dyno import Dyno
from parity.facts import lifecycle
from parity.facts.procfile import ROUTED
from parity.records import Boot, Shutdown, Traffic

if TYPE_CHECKING:
    from asyncio import Future, Task

    from parity.router import Backend

PATIENCE = 5.0
"""Seconds within which the end of a killed dyno is noticed (ours)."""


class RunningDyno:
    """A dyno of a running release. Its coroutines belong to the release's loop.

    `fresh` makes a copy of the slug for another start. `boot` is the result of the last start, None
    until it is known; `crashes` counts those since the release. Code that sends the first requests
    may set `answered`, and the `traffic` to record with the dyno's end.
    """

    def __init__(self, dyno: Dyno, fresh: Callable[[str], Path]) -> None:
        self.dyno = dyno
        self.boot: Boot | None = None
        self.traffic: Traffic | None = None
        self.crashes = 0
        self.answered = False
        self.leaving = False
        self.supervision: Task[None] | None = None
        self._fresh = fresh
        self._backend: Backend | None = None
        self._rest: Future[Any] | None = None
        self._end: Task[Shutdown | None] | None = None
        self._closing: Task[None] | None = None

    @property
    def routed(self) -> bool:
        """True if the router sends requests to the dyno."""
        return self.dyno.type.name == ROUTED

    @property
    def stopping(self) -> bool:
        """True once the dyno's stop has begun."""
        return self._end is not None

    @property
    def number(self) -> int:
        """The number in the dyno's name: the 2 of `web.2`."""
        return int(self.dyno.name.rpartition(".")[2])

    @property
    def backend(self) -> "Backend":
        """The dyno as the router's backend."""
        if self._backend is None:
            from parity.router import Backend  # slow: not before the dyno is launched

            self._backend = Backend(self.dyno.name, self.dyno.port, state="starting")
        return self._backend

    def publish(self, state: 'Literal["starting", "up", "crashed"]') -> None:
        """Pass the dyno's state on to the router, if there is one."""
        if self._backend:
            self._backend.state = state

    def launch(self) -> None:
        """Start the command, which needs no loop yet. Raises `Trouble`."""
        self.boot, self.answered = None, False
        self.publish("starting")
        self.dyno.launch()

    async def start(self) -> Boot:
        """Return the result of the start; launches the dyno first if need be. Raises `Trouble`."""
        boot = await self.dyno.boot()
        if self._backend:
            self._backend.address = ("127.0.0.1", self.dyno.watch.front)
        self.boot = boot
        return boot

    async def settle(self, *, failed: bool = False, answered: bool = False) -> Boot:
        """Return the boot as it stands now: a start command that has ended since is a crash."""
        assert self.boot, "the dyno was not booted"
        self.boot = await self.dyno.settle(self.boot, failed=failed, answered=answered)
        return self.boot

    async def ended(self) -> bool:
        """Wait until the dyno ends by itself; return False if it is told to end first."""
        return await self.rest(self.dyno.watch.over())

    async def rest(self, wait: Coroutine[Any, Any, object]) -> bool:
        """Wait for `wait`; return False as soon as the dyno is told to end."""
        import asyncio

        if self.leaving:
            wait.close()
            return False
        self._rest = asyncio.ensure_future(wait)
        try:
            await asyncio.wait([self._rest])
        finally:
            self._rest.cancel()
        return not self.leaving

    async def renew(self) -> None:
        """Prepare another start, with a new port and a fresh copy of the slug."""
        from functools import partial

        from parity.system import folders
        from parity.system.beside import beside, to_its_end

        old, self.boot = self.dyno.folder, None
        fresh = await to_its_end(beside(partial(self._fresh, self.dyno.name)))
        await self.dyno.renew(fresh)
        await to_its_end(beside(partial(folders.remove, old)))

    def retire(self) -> None:
        """Log that the dyno restarts: its successor starts while it ends, as on Heroku."""
        self._leave()
        self.publish("crashed")
        if self.dyno.state == "up":
            self.dyno.say(lifecycle.RESTARTING)
            self.dyno.becomes("starting")

    async def stop(self) -> Shutdown | None:
        """Stop the dyno as Heroku does; return None if it was not up yet, and was killed."""
        import asyncio

        self._leave()
        if self._end is None:
            self._end = asyncio.ensure_future(self._shut_down())
        return await self._end

    async def close(self) -> None:
        """End whatever is left of the dyno."""
        import asyncio

        self._leave()
        if self.supervision:
            self.supervision.cancel()
            await asyncio.wait([self.supervision])
        if self._closing is None:
            self._closing = asyncio.ensure_future(self.dyno.close())
        await asyncio.shield(self._closing)

    def _leave(self) -> None:
        self.leaving = True
        if self._rest:
            self._rest.cancel()

    async def _shut_down(self) -> Shutdown | None:
        import asyncio

        if self.boot is not None:
            return await self.dyno.stop(self.boot, self.traffic)
        self.dyno.order(b"K")
        if self.supervision:
            await asyncio.wait([self.supervision], timeout=PATIENCE)
        return None
