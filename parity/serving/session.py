"""An app kept up behind the router: built, run, started again, built again, until it is to end."""

import asyncio
from collections.abc import Awaitable
from functools import partial
from pathlib import Path
from typing import NamedTuple, NoReturn

from parity.dyno.containment import Containment
from parity.dyno.sandbox import Sandbox
from parity.facts.limits import Limits
from parity.records import Boot, Config, Release, Traffic
from parity.records.options import Options
from parity.records.verdict import Verdict
from parity.router import Backend, Passed, Router
from parity.runtime.edge import Edge
from parity.runtime.formation import Formation
from parity.runtime.process import RunningDyno
from parity.runtime.release import DynoEvent, RunningRelease, together
from parity.serving.build import Built, build
from parity.serving.console import Teller
from parity.serving.error_panel import Pages
from parity.serving.events import Events
from parity.serving.judge import asked
from parity.serving.verdict_state import Knowing
from parity.system import folders
from parity.system.workspace import Workspace

SERVER_ERROR = 500
REFUSED = 400
HOSTS = (
    "{path} was answered with 400: if the app serves only hosts that it knows, as Django's"
    " ALLOWED_HOSTS says, let it know {host}, too"
)
REASON = 0.3
"""Seconds after a failed answer within which its reason is in the app's log (ours)."""

CLIENTS = frozenset({"H27", "H28"})
"""What a client has done: nothing to look into."""


class Live(NamedTuple):
    """A release that runs, and the build that it came from."""

    built: Built
    released: Release
    running: RunningRelease


class Session:
    """Takes events one by one, on the loop of `edge`.

    `again` says how the user has the app built again.
    """

    def __init__(
        self,
        app: Path,
        config: Config,
        options: Options,
        *,
        work: Workspace,
        edge: Edge,
        limits: Limits,
        events: Events,
        teller: Teller,
        pages: Pages,
        again: str,
        known: Knowing,
    ) -> None:
        self._app = app
        self._config = config
        self._options = options._replace(port=None)
        self._work = work
        self._edge = edge
        self._containment = Containment(options.isolation, options.network)
        self._limits = limits
        self._events = events
        self._teller = teller
        self._pages = pages
        self._again = again
        self._known = known
        self.router: Router | None = None
        self._live: Live | None = None
        self._releases: list[Live] = []
        self._ends: set[asyncio.Task[None]] = set()
        self._builds = 0
        self._building = self._stale = self._looking = self._hinted = False

    async def run(self) -> NoReturn:
        """Until it is cancelled. Raises what stands in the way."""
        self._router.send_to([Backend("web.1", 0, state="starting")])
        self._build()
        while True:
            event = await self._events.next()
            if event.kind == "built":
                await self._built(event.value)
            elif event.kind == "failed":
                self._failed(event.value)
            else:
                self._rebuild(event.value)

    def passed(self, passed: Passed) -> None:
        """A request is over; one that failed is looked into, as soon as the log has its reason."""
        one = self._named(passed.dyno)
        if one and passed.code is None:
            one.answered = True
        if one and passed.code is None and passed.status == REFUSED and not self._hinted:
            self._hinted = True
            self._teller.note(HOSTS.format(path=passed.path, host=passed.host))
        failed = passed.status >= SERVER_ERROR if passed.code is None else True
        if one and failed and passed.code not in CLIENTS and not self._looking:
            self._looking = True
            self._events.loop.call_later(REASON, self._events.post, "failed", passed)

    def stop(self) -> None:
        """Stop every dyno as Heroku does, and tell what that has shown."""
        up = [one for one in self._dynos() if one.boot and one.boot.state == "up"]
        self._edge.run(together([live.running.stop() for live in self._releases]))
        for one in up:
            end = self._edge.run(one.stop())
            if end and one.boot and self._live:
                self._known.judge(self._live.released, one.boot, end, following="")

    def close(self) -> None:
        """Nothing is left."""
        for live in [*self._releases]:
            self._edge.finish(live.running.close())
            folders.remove(live.built.sandbox.work.root)
        self._teller.strays(self._containment.outlived)
        self._teller.close()

    @property
    def _router(self) -> Router:
        assert self.router, "the session has no router"
        return self.router

    def _dynos(self) -> list[RunningDyno]:
        return self._live.running.dynos if self._live else []

    def _named(self, name: str) -> RunningDyno | None:
        return self._live.running.named(name) if self._live else None

    def _rebuild(self, why: str) -> None:
        self._teller.note(f"{why}: building again")
        self._build()

    def _build(self) -> None:
        """Build in a thread, while what was released before goes on."""
        if self._building:
            self._stale = True
            return
        self._building, self._stale = True, False
        self._builds += 1
        work, first = Workspace(self._work.folder(f"v{self._builds}")), self._builds == 1
        sandbox = Sandbox(work, self._containment)
        self._events.job(
            "built",
            lambda: build(
                self._app,
                self._config,
                self._options,
                sandbox,
                self._limits,
                self._teller.line,
                self._teller.stage,
                judge=self._known.judging,
                first=first,
            ),
        )

    async def _built(self, built: Built) -> None:
        self._building = False
        verdict = built.observed.verdict()
        made = verdict.plan.config.values if verdict.plan else {}
        config = self._config._replace(values={**made, **self._config.values})
        self._teller.knows(config, verdict)
        self._teller.restart()
        self._pages.config = config.values
        if built.released:
            await self._release(built, built.released)
        else:
            self._rejected(built, verdict)
        if self._stale:
            self._build()

    def _rejected(self, built: Built, verdict: Verdict) -> None:
        self._teller.report(self._teller.masked(verdict))
        folders.remove(built.sandbox.work.root)
        if self._live:
            self._teller.note("what was released before stays up, as on Heroku")
            return
        self._router.send_to([], blank=True)
        self._known.stands(verdict, self._again)

    async def _release(self, built: Built, released: Release) -> None:
        """The new dynos start as soon as the old ones are told to end, as on Heroku."""
        say = built.observed.say
        formation = Formation(released, built.sandbox, built.options, self._limits, say)
        running = RunningRelease(formation, built.dynos, router=self._router, listener=self)
        old, live = self._live, Live(built, released, running)
        self._releases.append(live)
        await self._events.beside(running.prepare)
        self._live = live
        if old:
            task = asyncio.ensure_future(self._replaced(old, await running.replace(old.running)))
            self._ends.add(task)
            task.add_done_callback(self._ends.discard)
        else:
            await running.start()
        if not any(one.routed for one in running.dynos):
            self._known.stands(built.observed.verdict(), self._again)

    async def _replaced(self, old: Live, ended: "Awaitable[object]") -> None:
        """Let go of a release once its dynos have ended."""
        try:
            await ended
            await old.running.close()
            folders.remove(old.built.sandbox.work.root)
            self._releases.remove(old)
        except Exception as error:
            self._events.failed(error)

    def failed(self, error: BaseException) -> None:
        """Something stands in the way of a dyno: `run` raises it."""
        self._events.failed(error)

    async def happened(self, event: DynoEvent) -> None:
        """Tell what became of a dyno of the release that is served."""
        if event.dyno.leaving or event.dyno not in self._dynos() or event.boot is None:
            return
        if event.kind == "booted":
            self._booted(event.boot)
        else:
            await self._down(event, event.boot)

    def _booted(self, boot: Boot) -> None:
        self._teller.listens(boot, self._options.network)
        if all(other.backend.state != "crashed" for other in self._dynos()):
            self._judge(boot, "")

    async def _down(self, event: DynoEvent, boot: Boot) -> None:
        """It has crashed: tell why, and whether it starts again."""
        one, wait = event.dyno, event.restarts_in
        if event.kind == "crashed" and boot.state == "timeout" and not boot.foreign:
            boot = await self._events.beside(partial(self._explained, boot))
            if one.leaving:
                return
        following = self._again
        if wait:
            following = f"{self._again}; else {one.dyno.name} starts again in {wait / 60:.0f} min"
        known = self._judge(boot, following)
        if wait != 0:
            self._teller.note(
                f"{one.dyno.name} is down{'' if known else ' for the same reason'}: {following}"
            )

    def _explained(self, boot: Boot) -> Boot:
        """A second look at it; in a thread."""
        assert self._live
        return self._known.judging.explained(self._live.running.formation, boot)

    def _failed(self, passed: Passed) -> None:
        """Look into a request that failed, unless its dyno has ended: that is told anyway."""
        self._looking = False
        one = self._named(passed.dyno)
        if one and one.boot and one.boot.state == "up" and one.dyno.watch.code is None:
            traffic = asked(one.boot, passed, one.dyno.output())
            self._judge(one.boot, self._again, traffic)

    def _judge(self, boot: Boot, following: str, *later: Traffic) -> bool:
        """Tell what is new; whether there was anything."""
        assert self._live
        log = self._live.built.observed.verdict().log
        released = self._live.released
        return self._known.judge(released, boot, *later, following=following, log=log)
