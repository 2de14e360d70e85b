"""An app kept up behind the router: built, run, started again, built again, until it is to end."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, NoReturn

from parity.dyno import Dyno
from parity.dyno.containment import Containment
from parity.dyno.restart import pause
from parity.dyno.sandbox import Sandbox
from parity.facts.limits import Limits
from parity.records import Boot, Config, Release, Shutdown, Traffic
from parity.records.options import Options
from parity.records.verdict import Verdict
from parity.router import Backend, Passed, Router
from parity.runtime.events import Event, Events
from parity.runtime.formation import Formation
from parity.runtime.process import Running
from parity.serving.build import Built, build
from parity.serving.console import Teller
from parity.serving.error_panel import Pages
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
    """A release that runs, and what has to be closed after it."""

    built: Built
    released: Release
    formation: Formation
    running: tuple[Running, ...]
    closing: ExitStack


class Session:
    """Takes events one by one. `again` says how the user has the app built again."""

    def __init__(
        self,
        app: Path,
        config: Config,
        options: Options,
        *,
        work: Workspace,
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
        self._containment = Containment(options.isolation, options.network)
        self._limits = limits
        self._events = events
        self._teller = teller
        self._pages = pages
        self._again = again
        self._known = known
        self.router: Router | None = None
        self._live: Live | None = None
        self._leaving: list[Live] = []
        self._builds = 0
        self._building = self._stale = self._looking = self._hinted = False

    def run(self) -> NoReturn:
        """Until it is interrupted. Raises `interrupt.Interrupted`, and what stands in the way."""
        acts: dict[str, Callable[..., None]] = {
            "built": self._built,
            "booted": self._booted,
            "explained": self._explained,
            "ended": self._ended,
            "due": self._due,
            "failed": self._failed,
            "rebuild": self._rebuild,
            "stopped": self._stopped,
        }
        self._router.send_to([Backend("web.1", 0, state="starting")])
        self._build()
        while True:
            event: Event = self._events.next()
            acts[event.kind](event.value)

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
        running = [one for live in self._all() for one in live.running]
        ends = self._events.loop.run_until_complete(_ends(running))
        for one, end in zip(running, ends, strict=True):
            if end and one.boot and self._live and one in self._live.running:
                self._known.judge(self._live.released, one.boot, end, following="")

    def close(self) -> None:
        """Nothing is left."""
        for live in self._all():
            live.closing.close()
        self._teller.strays(self._containment.outlived)
        self._teller.close()

    @property
    def _router(self) -> Router:
        assert self.router, "the session has no router"
        return self.router

    def _all(self) -> list[Live]:
        return [*self._leaving, *([self._live] if self._live else [])]

    def _named(self, name: str) -> Running | None:
        running = self._live.running if self._live else ()
        return next((one for one in running if one.dyno.name == name), None)

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

    def _built(self, built: Built) -> None:
        self._building = False
        verdict = built.observed.verdict()
        made = verdict.plan.config.values if verdict.plan else {}
        config = self._config._replace(values={**made, **self._config.values})
        self._teller.knows(config, verdict)
        self._teller.restart()
        self._pages.config = config.values
        if built.released:
            self._release(built, built.released)
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

    def _release(self, built: Built, released: Release) -> None:
        """The new dynos start as soon as the old ones are told to end, as on Heroku."""
        formation = Formation(
            released, built.sandbox, built.options, self._limits, built.observed.say
        )
        closing = ExitStack()
        closing.callback(folders.remove, built.sandbox.work.root)
        old, running = self._live, []
        for process, name in built.dynos:
            dyno = formation.dyno(process, name)
            closing.callback(self._close, dyno)
            running.append(Running(dyno, self._events, formation.fresh))
        self._live = Live(built, released, formation, tuple(running), closing)
        if old:
            self._leaving.append(old)
            for one in old.running:
                one.leave()
        self._router.send_to([one.backend for one in running if one.routed])
        for one in running:
            one.start()
        if not any(one.routed for one in running):
            self._known.stands(built.observed.verdict(), self._again)

    def _close(self, dyno: Dyno) -> None:
        self._events.loop.run_until_complete(dyno.close())

    def _booted(self, one: Running) -> None:
        boot, live = one.boot, self._live
        if one.leaving or boot is None or live is None:
            return
        if boot.state == "up":
            one.backend.state = "up"
            self._teller.listens(boot, self._options.network)
            if all(other.backend.state != "crashed" for other in live.running):
                self._judge(boot, "")
        elif boot.state == "timeout" and not boot.foreign:
            explained, formation = self._known.judging.explained, live.formation
            self._events.job("explained", lambda: (one, explained(formation, boot)))
        else:
            self._down(one, boot)

    def _explained(self, told: tuple[Running, Boot]) -> None:
        one, boot = told
        if not one.leaving:
            self._down(one, boot)

    def _ended(self, one: Running) -> None:
        if one.boot and not one.leaving:
            self._down(one, one.boot)

    def _down(self, one: Running, boot: Boot) -> None:
        """It has crashed: tell why; the first time, start it again at once."""
        one.crashes += 1
        wait = pause(one.crashes, self._limits)
        following = self._again
        if not boot.predicted and wait:
            following = f"{self._again}; else {one.dyno.name} starts again in {wait / 60:.0f} min"
        known = self._judge(boot, following)
        if boot.predicted or wait:
            one.backend.state = "crashed"
            self._teller.note(
                f"{one.dyno.name} is down{'' if known else ' for the same reason'}: {following}"
            )
        if boot.predicted:
            return
        if wait:
            self._events.loop.call_later(wait, self._events.post, "due", one)
        else:
            one.again()

    def _due(self, one: Running) -> None:
        if not one.leaving:
            one.again()

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

    def _stopped(self, _one: Running) -> None:
        """Let go of a release whose dynos have all ended."""
        for live in self._leaving:
            if all(one.gone for one in live.running):
                live.closing.close()
        self._leaving = [x for x in self._leaving if not all(one.gone for one in x.running)]


async def _ends(running: Sequence[Running]) -> list[Shutdown | None]:
    return list(await asyncio.gather(*(one.stopped() for one in running)))
