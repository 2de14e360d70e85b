"""A release that runs: its dynos behind a router, kept up, scaled, replaced, stopped.

This is the one way in which dynos are run. It judges nothing; whoever wants to know what happens
is a `Listener`. Any number of releases live on one loop.
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
    """Something that has happened to a dyno.

    It is up (`booted`), its start has failed (`crashed`), it has ended by itself after it was up
    (`ended`), or it has ended because it had to (`stopped`, with its `shutdown` if it was up).
    `boot` is what came of its start. After a crash it starts again in `restarts_in` seconds; None:
    not at all.
    """

    kind: Literal["booted", "crashed", "ended", "stopped"]
    dyno: RunningDyno
    boot: Boot | None
    restarts_in: float | None = None
    shutdown: Shutdown | None = None


class Listener(Protocol):
    """Hears what happens to a release, on its loop."""

    async def happened(self, event: DynoEvent) -> None:
        """Something has happened; the release goes on with that dyno when this is over."""

    def failed(self, error: BaseException) -> None:
        """This machine, or a listener, stands in the way of a dyno, which is left as it is."""


class RunningRelease:
    """The dynos of one release, each a process type and a name (`web.1`).

    A `router` is kept to its web dynos, from the start until another release takes their place.
    Either `start` it, which keeps its dynos up, or `boot` it and look after them yourself. In any
    case `close` it: it ends whatever is left. The folders of its dynos are its sandbox's, and go
    with that.
    """

    def __init__(
        self,
        formation: Formation,
        dynos: Sequence[tuple[ProcessType, str]],
        *,
        router: "Router | None" = None,
        listener: Listener | None = None,
    ) -> None:
        self.formation = formation
        self.dynos: list[RunningDyno] = []
        self._wanted = dynos
        self._router = router
        self._listener = listener
        self._launched = False
        self._going: list[RunningDyno] = []

    def named(self, name: str) -> RunningDyno | None:
        """Return the dyno of that name."""
        return next((one for one in self.dynos if one.dyno.name == name), None)

    def prepare(self) -> None:
        """Make a copy of the slug for each dyno; this takes as long as the slug is large."""
        self.dynos = self.dynos or [self._made(*each) for each in self._wanted]

    def launch(self) -> None:
        """Spawn every dyno before there is a loop; else `boot` and `start` do it.

        Raises `Trouble` for a process that cannot be spawned.
        """
        self.prepare()
        self._launched = True
        for one in self.dynos:
            one.launch()

    async def boot(self) -> list[Boot]:
        """Start every dyno, and wait for what comes of it. Raises `Trouble`."""
        await self._begun()
        return await together([one.start() for one in self.dynos])

    async def start(self) -> None:
        """Start every dyno, and keep it up as Heroku does; the listener hears of what happens.

        Raises `Trouble` for a process that cannot be spawned.
        """
        await self._begun()
        for one in self.dynos:
            self._supervise(one)

    async def replace(self, old: "RunningRelease") -> "Task[list[Shutdown | None]]":
        """Start, while the dynos of `old` are told to end, as Heroku does at a new release.

        Returns the end of `old`, still to be awaited; then it is to be closed.
        """
        import asyncio

        await self._prepared()
        for one in old.dynos:
            one.retire()
        ended = asyncio.ensure_future(old.stop())
        await self.start()
        return ended

    async def scale(self, process: ProcessType, count: int) -> list[Shutdown | None]:
        """Have `count` dynos of a type: the missing ones start, those beyond it are stopped."""
        mine = {one.number: one for one in self.dynos if one.dyno.type.name == process.name}
        new = [f"{process.name}.{n}" for n in range(1, count + 1) if n not in mine]
        made = [await _aside(partial(self._made, process, name)) for name in new]
        gone = [one for number, one in mine.items() if number > count]
        self.dynos = [*(one for one in self.dynos if one not in gone), *made]
        self._going += gone
        self._route()
        for one in made:
            one.launch()
            self._supervise(one)
        return await together([self._removed(one) for one in gone])

    async def stop(self) -> list[Shutdown | None]:
        """Stop every dyno as Heroku does.

        Returns their shutdowns; None for one that was not up yet, and was killed.
        """
        return await together([self._end(one) for one in self.dynos])

    async def close(self) -> None:
        """End whatever is left."""
        import asyncio

        closes = [one.close() for one in (*self.dynos, *self._going)]
        for result in await asyncio.gather(*closes, return_exceptions=True):
            if result is not None:
                raise result

    def abandon(self) -> None:
        """End what was launched, where no loop can be had."""
        for one in self.dynos:
            one.dyno.abandon()

    def _made(self, process: ProcessType, name: str) -> RunningDyno:
        return RunningDyno(self.formation.dyno(process, name), self.formation.fresh)

    async def _prepared(self) -> None:
        if not self.dynos:
            await _aside(self.prepare)

    async def _begun(self) -> None:
        """Every dyno launched, and known to the router."""
        await self._prepared()
        self._route()
        if not self._launched:
            self.launch()

    def _route(self) -> None:
        if self._router:
            self._router.send_to([one.backend for one in self.dynos if one.routed])

    def _supervise(self, one: RunningDyno) -> None:
        import asyncio

        one.supervision = asyncio.ensure_future(self._kept_up(one))

    async def _kept_up(self, one: RunningDyno) -> None:
        import asyncio

        try:
            while await self._lived(one):
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

    async def _lived(self, one: RunningDyno) -> bool:
        """Start it, see it end, wait as long as Heroku does; True if it is to start again."""
        import asyncio

        kind: Literal["crashed", "ended"] = "crashed"
        boot = await one.start()
        if boot.state == "up" and not one.leaving:
            kind = "ended"
            one.shows("up")
            await self._tell(DynoEvent("booted", one, boot))
            if not await one.ended():
                return False
            one.shows("starting")  # until it is known what comes next
            boot = await one.settle(answered=one.answered)
        if one.leaving:
            return False
        one.crashes += 1
        wait = None if boot.predicted else pause(one.crashes, self.formation.limits)
        await self._tell(DynoEvent(kind, one, boot, wait))
        if wait == 0:
            return not one.leaving
        one.shows("crashed")
        return wait is not None and await one.rest(asyncio.sleep(wait))

    async def _end(self, one: RunningDyno) -> Shutdown | None:
        first = not one.stopping
        shutdown = await one.stop()
        if first:
            await self._tell(DynoEvent("stopped", one, one.boot, shutdown=shutdown))
        return shutdown

    async def _removed(self, one: RunningDyno) -> Shutdown | None:
        from parity.system import folders

        shutdown = await self._end(one)
        await one.close()
        self._going.remove(one)
        await _aside(partial(folders.remove, one.dyno.folder))
        return shutdown

    async def _tell(self, event: DynoEvent) -> None:
        if self._listener:
            await self._listener.happened(event)


async def _aside(work: Callable[[], T]) -> T:
    """Do work on files in a thread; it is not left half done."""
    from parity.system.beside import beside, to_its_end  # slow: not before a dyno is launched

    return await to_its_end(beside(work))


async def together(works: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Return the results of `works`, done at once; where one raises, the others are cancelled."""
    import asyncio

    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
