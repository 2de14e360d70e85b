"""A dyno's process: launched, watched, told to end; its boot and its end are in other files."""

import queue
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from parity.dyno import environment, isolation
from parity.dyno.port import choose
from parity.facts import lifecycle
from parity.facts.dynos import DynoSize
from parity.facts.limits import Limits
from parity.records import Line, ProcessType, Release, Say
from parity.system.log_buffer import Log

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from parity.dyno.containment import Containment
    from parity.dyno.listeners import Bound
    from parity.dyno.process import DynoProcess
    from parity.dyno.quota import Quota
    from parity.dyno.watch import Watch

T = TypeVar("T")
KILLED = 137


class Launched:
    """One process of a release, launched and watched, in `folder`, its copy of the slug.

    `extra_env` is for second looks; with `trace` the app's own code writes a `report` (trace.py);
    dynos that run side by side share a `loop`. Leaving it ends whatever is left of the dyno.
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
        loop: "AbstractEventLoop | None" = None,
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
        self._loop = loop
        self._wanted = port
        self._state = "starting"

    _process: "DynoProcess | None" = None
    _watch: "Watch | None" = None
    _quota: "Quota | None" = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._let_go()

    def _let_go(self) -> None:
        """End what is left of the command."""
        if self._watch:
            self._watch.close()
        if self._process:
            self._process.close()
        self._watch = self._process = None

    @property
    def watch(self) -> "Watch":
        """The loop around the running dyno."""
        assert self._watch, "the dyno was not launched"
        return self._watch

    @property
    def root(self) -> int:
        """The process id at the top of the dyno's tree."""
        assert self._process, "the dyno was not launched"
        return self._process.pid

    @property
    def quota(self) -> "Quota":
        """The eye on the running dyno's memory."""
        assert self._quota, "the dyno was not launched"
        return self._quota

    @property
    def state(self) -> str:
        """Heroku's name for what the dyno is doing."""
        return self._state

    @property
    def command(self) -> str:
        """The command as Heroku logs it: with `$PORT` substituted (observed)."""
        text = self.type.command.replace("${PORT}", str(self.port))
        return text.replace("$PORT", str(self.port))

    def renew(self, folder: Path) -> None:
        """Make ready to `boot` again: another $PORT, and in `folder` a fresh copy of the slug.

        After a crash, or a stop. How long Heroku waits before it: `parity.dyno.restart.pause`.
        """
        self._let_go()
        self.folder, self._log = folder, Log()
        self.port = choose(self._wanted, own_network=self.containment.own_network)
        if self._state != "starting":
            self.becomes("starting")

    def alive(self) -> bool:
        """Whether the start command still runs."""
        return not self.watch.run(self.watch.ended(0.0))

    def during(self, work: Callable[[], T]) -> T:
        """Run blocking `work` in a thread while the dyno is being watched."""
        return self.watch.run(self.watch.beside(work))

    def output(self) -> tuple[Line, ...]:
        """The app's log so far."""
        return self._log.lines()

    def say(self, text: str) -> None:
        """One line of Heroku's about the dyno."""
        self._say(Line(time.time(), f"heroku[{self.name}]", text))

    def told(self, texts: Sequence[str]) -> None:
        """Lines of the app's own."""
        now, source = time.time(), f"app[{self.name}]"
        for text in texts:
            line = Line(now, source, text)
            self._log.add(line)
            self._say(line)

    def becomes(self, state: str) -> None:
        """Say the change of state."""
        assert state in lifecycle.NEXT[self._state], f"{self._state} to {state}"
        self.say(lifecycle.changed(self._state, state))
        self._state = state

    def order(self, letter: bytes) -> None:
        """`T` or `K`, to every process of the dyno."""
        if self._process:
            self._process.guard.order(letter)

    def launch(self) -> "Bound":
        """Start the command at the best level; what is slow to import comes meanwhile."""
        from parity.dyno.listeners import Bound

        self.say(lifecycle.starting(self.command))
        self.began = time.monotonic()
        bound = Bound(self.port)  # before: what listens already is not the dyno's
        isolation.at_best(self.containment.levels(), self._start)
        assert self._process
        door = self._process.guard.door
        return Bound(self.port, door.socket) if door else bound

    def _start(self, level: str) -> None:
        """Raises `isolation.Refused`, `Trouble`."""
        from parity.dyno.process import DynoProcess, unpassed

        place = self._place(level)
        argv = environment.command(self.type.command)
        try:
            env, note = self._environment(place), self.containment.note
            self._process = DynoProcess(argv, self.name, env, place, note)
            self._process.run(self.events)
        except (OSError, ValueError) as error:
            self._ended()
            raise unpassed(error) from error
        try:
            self._process.guard.begun()
        except isolation.Refused:
            self._ended()
            raise
        self.isolation, self.home = level, place.home
        self._follow()

    def _follow(self) -> None:
        """Take the output of the launched process, and measure its memory."""
        from parity.dyno.quota import Quota
        from parity.dyno.watch import Watch

        assert self._process
        self._quota = Quota(self)
        self._watch = Watch(
            self._process, self.told, self._quota.beat, port=self.port, loop=self._loop
        )

    def _ended(self) -> None:
        if self._process:
            self._process.close()
            self._process = None

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
        """Say that the command has ended; its status."""
        code = self.watch.code if self.watch.code is not None else KILLED
        self.say(lifecycle.exited(code))
        self.becomes("crashed")
        return code
