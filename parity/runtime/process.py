"""One dyno of a running release: started, seen to end, started again, told to end."""

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
"""Seconds that a dyno which was killed has until its end is noticed (ours)."""


class RunningDyno:
    """A dyno of a running release. Its coroutines belong to the loop that the release lives on.

    `fresh` makes a copy of the slug for another start. `boot` is what came of the last start, None
    until that is known; `crashes` counts those since the release. Whoever sends it the first
    requests may set `answered`, and the `traffic` that its end is to be told with.
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
        """True if the router sends it requests."""
        return self.dyno.type.name == ROUTED

    @property
    def stopping(self) -> bool:
        """True once its stop has begun."""
        return self._end is not None

    @property
    def number(self) -> int:
        """The 2 of `web.2`."""
        return int(self.dyno.name.rpartition(".")[2])

    @property
    def backend(self) -> "Backend":
        """The dyno as the router has it."""
        if self._backend is None:
            from parity.router import Backend  # slow: not before the dyno is launched

            self._backend = Backend(self.dyno.name, self.dyno.port, state="starting")
        return self._backend

    def shows(self, state: 'Literal["starting", "up", "crashed"]') -> None:
        """Let the router, if there is one, know its state."""
        if self._backend:
            self._backend.state = state

    def launch(self) -> None:
        """Spawn its command, which needs no loop yet. Raises `Trouble`."""
        self.boot, self.answered = None, False
        self.shows("starting")
        self.dyno.launch()

    async def start(self) -> Boot:
        """Wait for what comes of its start. It is launched unless it was. Raises `Trouble`."""
        boot = await self.dyno.boot()
        if self._backend:
            self._backend.address = ("127.0.0.1", self.dyno.watch.front)
        self.boot = boot
        return boot

    async def settle(self, *, failed: bool = False, answered: bool = False) -> Boot:
        """Return what became of its boot by now: a start command that has ended is a crash."""
        assert self.boot, "the dyno was not booted"
        self.boot = await self.dyno.settle(self.boot, failed=failed, answered=answered)
        return self.boot

    async def ended(self) -> bool:
        """Wait until it ends by itself; False if it was told to before."""
        return await self.rest(self.dyno.watch.over())

    async def rest(self, wait: Coroutine[Any, Any, object]) -> bool:
        """Wait; False as soon as the dyno is told to end."""
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
        """Make it ready to start once more: another port, a fresh copy of the slug."""
        from functools import partial

        from parity.system import folders
        from parity.system.beside import beside, to_its_end

        old, self.boot = self.dyno.folder, None
        fresh = await to_its_end(beside(partial(self._fresh, self.dyno.name)))
        await self.dyno.renew(fresh)
        await to_its_end(beside(partial(folders.remove, old)))

    def retire(self) -> None:
        """Say that it restarts: its successor starts while it ends, as on Heroku."""
        self._leave()
        self.shows("crashed")
        if self.dyno.state == "up":
            self.dyno.say(lifecycle.RESTARTING)
            self.dyno.becomes("starting")

    async def stop(self) -> Shutdown | None:
        """End it as Heroku does; None if it had not come up yet, and was killed."""
        import asyncio

        self._leave()
        if self._end is None:
            self._end = asyncio.ensure_future(self._stopped())
        return await self._end

    async def close(self) -> None:
        """End whatever is left of it."""
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

    async def _stopped(self) -> Shutdown | None:
        import asyncio

        if self.boot is not None:
            return await self.dyno.stop(self.boot, self.traffic)
        self.dyno.order(b"K")
        if self.supervision:
            await asyncio.wait([self.supervision], timeout=PATIENCE)
        return None
