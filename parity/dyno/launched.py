"""A dyno's process: launching and following it, and ending it; boot.py and stop.py judge it."""

import queue
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from parity.dyno import environment, isolation
from parity.dyno.port import choose
from parity.facts import lifecycle
from parity.facts.dynos import DynoSize
from parity.facts.limits import Limits
from parity.records import Line, ProcessType, Release, Say
from parity.system.log_buffer import Log

if TYPE_CHECKING:
    from parity.dyno.containment import Containment
    from parity.dyno.listeners import Bound
    from parity.dyno.process import DynoProcess
    from parity.dyno.quota import Quota
    from parity.dyno.watch import Watch

KILLED = 137


class Launched:
    """One process of a release, which runs in `folder`, its copy of the slug.

    `extra_env` is for second looks; with `trace`, hooks in the app write a `report` (trace.py).
    """

    def __init__(
        self,
        release: Release,
        process: ProcessType,
        name: str,
        *,
        folder: Path,
        size: DynoSize,
        limits: Limits,
        say: Say,
        port: int | None = None,
        exact: bool = False,
        trace: bool = False,
        extra_env: Mapping[str, str] | None = None,
        containment: "Containment",
    ) -> None:
        self.release = release
        self.type = process
        self.name = name
        self.folder = folder
        self.size = size
        self.limits = limits
        self.exact = exact
        self.containment = containment
        self.isolation: str | None = None
        self.home = folder
        self.report = folder.with_name(f"{folder.name}.trace") if trace else None
        self.port = choose(port, own_network=containment.own_network)
        self.events: queue.SimpleQueue[object] = queue.SimpleQueue()
        self.began = 0.0
        self._extra = dict(extra_env or {})
        self._say = say
        self._log = Log()
        self._wanted = port
        self._state = "starting"

    _process: "DynoProcess | None" = None
    _watch: "Watch | None" = None
    _quota: "Quota | None" = None

    _bound: "Bound | None" = None
    _levels: Generator[str, None, None]

    async def close(self) -> None:
        """End what is left of the command."""
        watch, self._watch = self._watch, None
        if watch:
            await watch.close()
        await self._let_go()

    def abandon(self) -> None:
        """End the launched command when there is no loop to follow it."""
        process, self._process = self._process, None
        if process:
            process.close()

    async def _let_go(self) -> None:
        process, self._process = self._process, None
        if process:
            from parity.dyno.watch import let_go
            from parity.system.beside import to_its_end

            await to_its_end(let_go(process))

    @property
    def watch(self) -> "Watch":
        """The watch on the running dyno."""
        assert self._watch, "the dyno was not launched"
        return self._watch

    @property
    def root(self) -> int:
        """The process id at the top of the dyno's tree."""
        assert self._process, "the dyno was not launched"
        return self._process.pid

    @property
    def quota(self) -> "Quota":
        """The quota of the running dyno's memory."""
        assert self._quota, "the dyno was not launched"
        return self._quota

    @property
    def state(self) -> str:
        """The dyno's state, by Heroku's name."""
        return self._state

    @property
    def command(self) -> str:
        """The command as Heroku logs it, with `$PORT` substituted (observed)."""
        text = self.type.command.replace("${PORT}", str(self.port))
        return text.replace("$PORT", str(self.port))

    async def renew(self, folder: Path) -> None:
        """Prepare another `boot`, with a new $PORT and a fresh copy of the slug in `folder`.

        Called after a crash or a stop; `parity.dyno.restart.pause` says how long Heroku waits.
        """
        await self.close()
        self.folder, self._log = folder, Log()
        self.port = choose(self._wanted, own_network=self.containment.own_network)
        if self._state != "starting":
            self.becomes("starting")

    def output(self) -> tuple[Line, ...]:
        """Return the app's log so far."""
        return self._log.lines()

    def say(self, text: str) -> None:
        """Log one of Heroku's lines about the dyno."""
        self._say(Line(time.time(), f"heroku[{self.name}]", text))

    def log_output(self, texts: Sequence[str]) -> None:
        """Log lines of the app's output."""
        now, source = time.time(), f"app[{self.name}]"
        for text in texts:
            line = Line(now, source, text)
            self._log.add(line)
            self._say(line)

    def becomes(self, state: str) -> None:
        """Change the state, and log that as Heroku does."""
        assert state in lifecycle.NEXT[self._state], f"{self._state} to {state}"
        self.say(lifecycle.changed(self._state, state))
        self._state = state

    def order(self, letter: bytes) -> None:
        """Send an order for every process of the dyno: `T` for SIGTERM, `K` for SIGKILL."""
        if self._process:
            self._process.guard.order(letter)

    def launch(self) -> None:
        """Start the command. This needs no loop, so that slow imports can happen meanwhile."""
        from parity.dyno.listeners import Bound

        self.say(lifecycle.starting(self.command))
        self.began = time.monotonic()
        self._bound = Bound(self.port)  # before the start: what listens already is not the dyno's
        self._levels = self.containment.levels()
        self._spawn(next(self._levels))

    async def follow(self) -> "Bound":
        """Wait until the command runs, at the best level that works, and follow it from then on.

        Raises `Trouble`.
        """
        from parity.dyno.listeners import Bound
        from parity.dyno.quota import Quota
        from parity.dyno.watch import Watch

        process = await self._begun()
        self._quota = Quota(self)
        self._watch = Watch(process, self.log_output, self._quota.beat, port=self.port)
        await self._watch.relay()
        door = process.guard.door
        assert self._bound
        return Bound(self.port, door.socket) if door else self._bound

    async def _begun(self) -> "DynoProcess":
        from parity.dyno.watch import begun

        while True:
            assert self._process, "the dyno was not launched"
            try:
                await begun(self._process.guard)
            except isolation.Refused as refused:
                await self._let_go()
                self._spawn(self._levels.throw(refused))
            else:
                return self._process

    def _spawn(self, level: str) -> None:
        """Start the command at `level`. Raises `Trouble`."""
        from parity.dyno.process import DynoProcess, start_trouble

        place = self._place(level)
        argv = environment.command(self.type.command)
        try:
            env, note = self._environment(place), self.containment.note
            self._process = DynoProcess(argv, self.name, env, place, note)
            self._process.run(self.events)
        except (OSError, ValueError) as error:
            self.abandon()
            raise start_trouble(error) from error
        self.isolation, self.home = level, place.home

    def _place(self, level: str) -> isolation.Place:
        from parity.dyno import trace

        traced = trace.files(self.report) if self.report else ()
        for path in traced:
            path.touch(mode=0o600)
        slug, own_network = self.release.slug, self.containment.own_network
        return isolation.dyno(
            level, self.folder, slug, self.size, writable=traced, own_network=own_network
        )

    def _environment(self, place: isolation.Place) -> dict[str, str]:
        from parity.dyno import trace

        extra = self._extra
        if self.report:
            extra = {**extra, **trace.variables(self.report, place.home, self.release)}
        return environment.variables(
            self.release.slug.plan.config.values,
            place=place,
            name=self.name,
            port=self.port,
            size=self.size,
            extra=extra,
        )

    def crashed(self) -> int:
        """Log that the command has ended, and return its exit status."""
        code = self.watch.code if self.watch.code is not None else KILLED
        self.say(lifecycle.exited(code))
        self.becomes("crashed")
        return code
