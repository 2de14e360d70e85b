"""An app kept up behind the router: built, run, restarted and rebuilt until the user ends it."""

import asyncio
import time
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
from parity.serving import unpushed_files
from parity.serving.build import Built, build
from parity.serving.console import Console
from parity.serving.error_panel import Pages
from parity.serving.events import Events
from parity.serving.judge import failed_request
from parity.serving.verdict_state import Current
from parity.system import folders
from parity.system.workspace import Workspace

SERVER_ERROR = 500
REFUSED = 400
HOSTS = (
    "{path} was answered with 400: if the app serves only hosts that it knows, as Django's"
    " ALLOWED_HOSTS says, let it know {host}, too"
)
REASON = 0.3
"""Seconds after a failed answer within which its reason appears in the app's log (ours)."""

CLIENTS = frozenset({"H27", "H28"})
"""Faults of clients, which need no explanation."""


class Live(NamedTuple):
    """A running release, and the build that it came from."""

    built: Built
    released: Release
    running: RunningRelease


class Session:
    """Handles events one by one, on the loop of `edge`.

    `rebuild` tells the user how to build again.
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
        console: Console,
        pages: Pages,
        rebuild: str,
        current: Current,
    ) -> None:
        self._app = app
        self._config = config
        self._options = options._replace(port=None)
        self._work = work
        self._edge = edge
        self._containment = Containment(options.isolation, options.network)
        self._limits = limits
        self._events = events
        self._console = console
        self._pages = pages
        self._hint = rebuild
        self._current = current
        self.router: Router | None = None
        self._live: Live | None = None
        self._releases: list[Live] = []
        self._ends: set[asyncio.Task[None]] = set()
        self._builds, self._began = 0, 0.0
        self._building = self._stale = self._looking = self._hinted = False

    async def run(self) -> NoReturn:
        """Handle events until cancelled. Raises the errors of jobs and listeners."""
        self._router.send_to([Backend("web.1", 0, state="starting")])
        self._build()
        while True:
            event = await self._events.next()
            if event.kind == "built":
                await self._built(event.value)
            elif event.kind == "failed":
                self._failed(event.value)
            elif event.kind == "open":
                self._current.browse()
            else:
                self._rebuild(event.value)

    def passed(self, passed: Passed) -> None:
        """Note a finished request; have a failed one explained once the log has its reason."""
        one = self._named(passed.dyno)
        if one and passed.code is None:
            one.answered = True
        if one and passed.code is None and passed.status == REFUSED and not self._hinted:
            self._hinted = True
            self._console.note(HOSTS.format(path=passed.path, host=passed.host))
        failed = passed.status >= SERVER_ERROR if passed.code is None else True
        if one and failed and passed.code not in CLIENTS and not self._looking:
            self._looking = True
            self._events.loop.call_later(REASON, self._events.post, "failed", passed)

    def stop(self) -> None:
        """Stop every dyno as Heroku does, and report what that shows."""
        up = [one for one in self._dynos() if one.boot and one.boot.state == "up"]
        self._edge.run(together([live.running.stop() for live in self._releases]))
        for one in up:
            end = self._edge.run(one.stop())
            if end and one.boot and self._live:
                self._current.consider(self._live.released, one.boot, end, following="")

    def close(self) -> None:
        """End every release, and remove its files."""
        for live in [*self._releases]:
            self._edge.finish(live.running.close())
            folders.remove(live.built.sandbox.work.root)
        self._console.strays(self._containment.outlived)
        self._console.close()

    @property
    def _router(self) -> Router:
        assert self.router, "the session has no router"
        return self.router

    def _dynos(self) -> list[RunningDyno]:
        return self._live.running.dynos if self._live else []

    def _named(self, name: str) -> RunningDyno | None:
        return self._live.running.named(name) if self._live else None

    def _rebuild(self, why: str) -> None:
        self._console.note(f"{why}: building again")
        self._build()

    def _build(self) -> None:
        """Build in a thread, while the last release keeps running."""
        if self._building:
            self._stale = True
            return
        self._building, self._stale = True, False
        self._builds, self._began = self._builds + 1, time.monotonic()
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
                self._console.line,
                self._console.stage,
                judge=self._current.judge,
                first=first,
            ),
        )

    async def _built(self, built: Built) -> None:
        self._building = False
        verdict = built.observed.verdict()
        planned = verdict.plan.config.values if verdict.plan else {}
        config = self._config._replace(values={**planned, **self._config.values})
        self._console.mask_with(config, verdict)
        self._console.restart()
        self._pages.config = config.values
        if built.released:
            await self._release(built, built.released)
        else:
            self._rejected(built, verdict)
        if self._stale:
            self._build()

    def _rejected(self, built: Built, verdict: Verdict) -> None:
        self._console.report(self._console.masked(verdict))
        self._console.note(f"next: {self._hint}")
        folders.remove(built.sandbox.work.root)
        if self._live:
            self._console.note("what was released before stays up, as on Heroku")
            return
        self._router.send_to([], blank=True)
        self._current.update(verdict, self._hint)

    async def _release(self, built: Built, released: Release) -> None:
        """Start the new dynos as soon as the old ones are told to end, as on Heroku."""
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
            self._current.update(built.observed.verdict(), self._hint)

    async def _replaced(self, old: Live, ended: "Awaitable[object]") -> None:
        """Close a release once its dynos have ended."""
        try:
            await ended
            await old.running.close()
            folders.remove(old.built.sandbox.work.root)
            self._releases.remove(old)
        except Exception as error:
            self._events.failed(error)

    def failed(self, error: BaseException) -> None:
        """Make `run` raise the `error` that prevents a dyno."""
        self._events.failed(error)

    async def happened(self, event: DynoEvent) -> None:
        """Report an event of a dyno of the current release."""
        if event.dyno.leaving or event.dyno not in self._dynos() or event.boot is None:
            return
        if event.kind == "booted":
            self._booted(event.boot)
        else:
            await self._down(event, event.boot)

    def _booted(self, boot: Boot) -> None:
        self._console.note_exposure(boot, self._options.network)
        if all(other.backend.state != "crashed" for other in self._dynos()):
            self._judge(boot, "")
            if boot.process.name == "web":
                self._console.ready(time.monotonic() - self._began)

    async def _down(self, event: DynoEvent, boot: Boot) -> None:
        """Report why a dyno is down, and whether it starts again."""
        one, wait = event.dyno, event.restarts_in
        if event.kind == "crashed" and boot.state == "timeout" and not boot.foreign:
            boot = await self._events.beside(partial(self._explained, boot))
            if one.leaving:
                return
        following = self._hint
        if wait:
            following = f"{self._hint}; else {one.dyno.name} starts again in {wait / 60:.0f} min"
        new = self._judge(boot, following)
        self._unpushed(one)
        if wait != 0:
            self._console.note(
                f"{one.dyno.name} is down{'' if new else ' for the same reason'}: {following}"
            )

    def _explained(self, boot: Boot) -> Boot:
        """Return the boot with the result of a second look; called in a thread."""
        assert self._live
        return self._current.judge.explained(self._live.running.formation, boot)

    def _failed(self, passed: Passed) -> None:
        """Explain a failed request, unless its dyno has ended, which is reported anyway."""
        self._looking = False
        one = self._named(passed.dyno)
        if one and one.boot and one.boot.state == "up" and one.dyno.watch.code is None:
            traffic = failed_request(one.boot, passed, one.dyno.output())
            self._judge(one.boot, self._hint, traffic)
            self._unpushed(one)

    def _unpushed(self, one: RunningDyno) -> None:
        """Name the files that the dyno's error asks for, and that are not in git."""
        if self._live:
            source = self._live.released.slug.plan.source
            for path in unpushed_files.missed(source, one.dyno.output()):
                self._console.unpushed(path, ignored=source.absent[path] is not None)

    def _judge(self, boot: Boot, following: str, *later: Traffic) -> bool:
        """Report new findings, and return whether there are any."""
        assert self._live
        log = self._live.built.observed.verdict().log
        released = self._live.released
        return self._current.consider(released, boot, *later, following=following, log=log)
