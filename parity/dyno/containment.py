"""Runs untrusted commands under a guard: the build's installers, hooks, one-off commands."""

import os
import subprocess
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from parity.dyno.environment import CLEAN, COOKIE, cookie
from parity.dyno.guard_pipes import TICK, Guard, reap
from parity.dyno.isolation import AUTO, Place, at_best, levels
from parity.dyno.output import Output
from parity.records import Ended, Line, Stray
from parity.system import interrupt
from parity.system.awake import Clock
from parity.system.log_buffer import Log

DRAIN = 0.5
"""Seconds that output may still take to arrive after the command has ended."""


class Containment:
    """The containment of one run's commands, and the processes that have outlived them.

    `isolation` is a level, or `auto` for the best that this machine grants; `network` is `host`,
    or `own` for a network of the dyno's own. Concurrent runs have one each.
    """

    def __init__(self, isolation: str = AUTO, network: str = "host") -> None:
        self.isolation = isolation
        self.network = network
        self._outlived: list[Stray] = []

    @property
    def own_network(self) -> bool:
        """True if each dyno has its own network."""
        return self.network == "own"

    @property
    def outlived(self) -> tuple[Stray, ...]:
        """The processes so far that had to be looked for after the end of their command."""
        return tuple(self._outlived)

    def note(self, strays: Sequence[Stray]) -> None:
        """Record processes that have outlived a command."""
        self._outlived.extend(strays)

    def levels(self) -> Generator[str, None, None]:
        """Return the levels that a dyno tries, as `isolation.levels` does."""
        return levels(self.isolation, own_network=self.own_network)

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        on_line: Callable[[str], None],
        limit: float,
    ) -> Ended:
        """Run `argv` to its end, or for `limit` seconds, and leave none of its processes behind.

        The command has this machine's files and network. Raises `interrupt.Interrupted`,
        `Trouble`, and `OSError` if no process can be started.
        """

        def run_at(level: str) -> Ended:
            return self.start(Place(level), argv, cwd=cwd, env=env, on_line=on_line, limit=limit)

        return at_best(levels(self.isolation), run_at)

    def start(
        self,
        place: Place,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        on_line: Callable[[str], None],
        limit: float,
    ) -> Ended:
        """Run `argv` in one `place`, as `run` does. Raises `isolation.Refused`, too."""
        env = {**env, COOKIE: cookie()}
        guard = Guard(place, self.note)
        try:
            with _opened(guard, argv, cwd, env) as process:
                guard.begun()
                return _followed(guard, process, on_line, limit)
        finally:
            guard.close()


@contextmanager
def _opened(
    guard: Guard, argv: Sequence[str], cwd: Path, env: Mapping[str, str]
) -> "Iterator[subprocess.Popen[bytes]]":
    try:
        process = subprocess.Popen(
            guard.command(argv, env),
            cwd=cwd,
            env=CLEAN,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=guard.pass_fds,
            start_new_session=True,
        )
    finally:
        guard.started()
    assert process.stdout
    with process.stdout:
        try:
            yield process
        finally:
            guard.release()
            reap(process)


def _followed(
    guard: Guard,
    process: "subprocess.Popen[bytes]",
    on_line: Callable[[str], None],
    limit: float,
) -> Ended:
    assert process.stdout
    log, clock = Log(), Clock()
    began = clock.now()

    def take(lines: list[str]) -> None:
        for text in lines:
            log.add(Line(time.time(), "app", text))
            on_line(text)

    os.set_blocking(process.stdout.fileno(), False)
    output = Output(process.stdout.fileno(), take)
    timed_out = False
    while (code := guard.code()) is None:
        output.wait(guard.status, TICK)
        interrupt.check()
        if clock.now() - began > limit and not timed_out:
            timed_out = True
            guard.order(b"K")
    output.drain(DRAIN)
    return Ended(code, log.lines(), clock.now() - began, timed_out)
