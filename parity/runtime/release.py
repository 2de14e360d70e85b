"""A running release: its dynos behind a router, kept up, scaled, replaced and stopped.

All dynos behind a router run in this way. It judges nothing; code that needs to know what happens
is a `ReleaseListener`. Any number of releases can live on one loop.
"""

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeVar

from parity.dyno.restart import pause
from parity.records import Boot, ProcessType, Shutdown
from parity.runtime.formation import Formation
from parity.runtime.process import RunningDyno

if TYPE_CHECKING:
    from asyncio import Task

    from parity.router import Router

T = TypeVar("T")


class DynoEvent(NamedTuple):
    """An event in the life of a dyno.

    The dyno is up (`booted`), its start has failed (`crashed`), it has ended by itself after it was
    up (`ended`), or it was stopped (`stopped`, with its `shutdown` if it was up). `boot` is the
    result of its start. After a crash it starts again in `restarts_in` seconds; None: not at all.
    """

    kind: Literal["booted", "crashed", "ended", "stopped"]
    dyno: RunningDyno
    boot: Boot | None
    restarts_in: float | None = None
    shutdown: Shutdown | None = None


class ReleaseListener(Protocol):
    """Receives the events of a release, on its loop."""

    async def happened(self, event: DynoEvent) -> None:
        """Handle an event; the release goes on with that dyno when this returns."""

    def failed(self, error: BaseException) -> None:
        """Handle an `error` of this machine, or of a listener; the dyno is left as it is."""


class RunningRelease:
    """The dynos of one release, each a process type and a name (`web.1`).

    A `router` sends to its web dynos, from the start until another release takes their place.
    Either `start` it, which keeps its dynos up, or `boot` it and look after them yourself. In any
    case `close` it, which ends whatever is left. The folders of its dynos belong to its sandbox,
    and are removed with that.
    """

    def __init__(
        self,
        formation: Formation,
        dynos: Sequence[tuple[ProcessType, str]],
        *,
        router: "Router | None" = None,
        listener: ReleaseListener | None = None,
    ) -> None:
        self.formation = formation
        self.dynos: list[RunningDyno] = []
        self._wanted = dynos
        self._router = router
        self._listener = listener
        self._launched = False
        self._surplus: list[RunningDyno] = []

    def named(self, name: str) -> RunningDyno | None:
        """Return the dyno of that name, if there is one."""
        return next((one for one in self.dynos if one.dyno.name == name), None)

    def prepare(self) -> None:
        """Make a copy of the slug for each dyno; this takes as long as the slug is large."""
        self.dynos = self.dynos or [self._new_dyno(*each) for each in self._wanted]

    def launch(self) -> None:
        """Launch every dyno before there is a loop; otherwise `boot` and `start` do it.

        Raises `Trouble` for a process that cannot be spawned.
        """
        self.prepare()
        self._launched = True
        for one in self.dynos:
            one.launch()

    async def boot(self) -> list[Boot]:
        """Start every dyno, and return the results. Raises `Trouble`."""
        await self._ensure_launched()
        return await together([one.start() for one in self.dynos])

    async def start(self) -> None:
        """Start every dyno, and keep it up as Heroku does; the listener gets the events.

        Raises `Trouble` for a process that cannot be spawned.
        """
        await self._ensure_launched()
        for one in self.dynos:
            self._supervise(one)

    async def replace(self, old: "RunningRelease") -> "Task[list[Shutdown | None]]":
        """Start while the dynos of `old` are told to end, as Heroku does at a new release.

        Returns a task that ends with the dynos of `old`; after it, `old` must be closed.
        """
        import asyncio

        await self._ensure_prepared()
        for one in old.dynos:
            one.retire()
        ended = asyncio.ensure_future(old.stop())
        await self.start()
        return ended

    async def scale(self, process: ProcessType, count: int) -> list[Shutdown | None]:
        """Scale a type to `count` dynos: start the missing ones, and stop those beyond it."""
        present = {one.number: one for one in self.dynos if one.dyno.type.name == process.name}
        names = [f"{process.name}.{n}" for n in range(1, count + 1) if n not in present]
        added = [await _in_thread(partial(self._new_dyno, process, name)) for name in names]
        surplus = [one for number, one in present.items() if number > count]
        self.dynos = [*(one for one in self.dynos if one not in surplus), *added]
        self._surplus += surplus
        self._route()
        for one in added:
            one.launch()
            self._supervise(one)
        return await together([self._remove(one) for one in surplus])

    async def stop(self) -> list[Shutdown | None]:
        """Stop every dyno as Heroku does.

        Returns their shutdowns, with None for each dyno that was not up yet, and was killed.
        """
        return await together([self._end(one) for one in self.dynos])

    async def close(self) -> None:
        """End whatever is left."""
        import asyncio

        closes = [one.close() for one in (*self.dynos, *self._surplus)]
        for result in await asyncio.gather(*closes, return_exceptions=True):
            if result is not None:
                raise result

    def abandon(self) -> None:
        """End every launched dyno when there is no loop."""
        for one in self.dynos:
            one.dyno.abandon()

    def _new_dyno(self, process: ProcessType, name: str) -> RunningDyno:
        return RunningDyno(self.formation.dyno(process, name), self.formation.fresh)

    async def _ensure_prepared(self) -> None:
        if not self.dynos:
            await _in_thread(self.prepare)

    async def _ensure_launched(self) -> None:
        """Launch every dyno unless that is done, and send the router's requests to them."""
        await self._ensure_prepared()
        self._route()
        if not self._launched:
            self.launch()

    def _route(self) -> None:
        if self._router:
            self._router.send_to([one.backend for one in self.dynos if one.routed])

    def _supervise(self, one: RunningDyno) -> None:
        import asyncio

        one.supervision = asyncio.ensure_future(self._keep_up(one))

    async def _keep_up(self, one: RunningDyno) -> None:
        import asyncio

        try:
            while await self._run_once(one):
                await one.renew()
                if one.leaving:
                    return
                one.launch()
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            if self._listener is None:
                raise
            self._listener.failed(error)

    async def _run_once(self, one: RunningDyno) -> bool:
        """Start a dyno, and follow it to its end; return whether it starts again, after a pause."""
        import asyncio

        kind: Literal["crashed", "ended"] = "crashed"
        boot = await one.start()
        if boot.state == "up" and not one.leaving:
            kind = "ended"
            one.publish("up")
            await self._tell(DynoEvent("booted", one, boot))
            if not await one.ended():
                return False
            one.publish("starting")  # until the next step is known
            boot = await one.settle(answered=one.answered)
        if one.leaving:
            return False
        one.crashes += 1
        wait = None if boot.predicted else pause(one.crashes, self.formation.limits)
        await self._tell(DynoEvent(kind, one, boot, wait))
        if wait == 0:
            return not one.leaving
        one.publish("crashed")
        return wait is not None and await one.rest(asyncio.sleep(wait))

    async def _end(self, one: RunningDyno) -> Shutdown | None:
        first = not one.stopping
        shutdown = await one.stop()
        if first:
            await self._tell(DynoEvent("stopped", one, one.boot, shutdown=shutdown))
        return shutdown

    async def _remove(self, one: RunningDyno) -> Shutdown | None:
        from parity.system import folders

        shutdown = await self._end(one)
        await one.close()
        self._surplus.remove(one)
        await _in_thread(partial(folders.remove, one.dyno.folder))
        return shutdown

    async def _tell(self, event: DynoEvent) -> None:
        if self._listener:
            await self._listener.happened(event)


async def _in_thread(work: Callable[[], T]) -> T:
    """Do work on files in a thread, and never leave it half done."""
    from parity.system.beside import beside, to_its_end  # slow: not before a dyno is launched

    return await to_its_end(beside(work))


async def together(works: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Return the results of concurrent `works`; if one raises, cancel the others."""
    import asyncio

    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
