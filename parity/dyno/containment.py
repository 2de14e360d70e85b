"""Runs strangers' commands under a guard: the build's installers, hooks, one-off commands."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from parity.dyno import isolation, shared, signals
from parity.dyno.environment import CLEAN, COOKIE, cookie, packed
from parity.dyno.isolation import Place, Refused
from parity.dyno.netns_sockets import Door
from parity.dyno.output import Output
from parity.records import Ended, Line, Stray
from parity.system import interrupt
from parity.system.awake import Clock
from parity.system.log_buffer import Log

TICK = 0.1
DRAIN = 0.5
"""Seconds that output may take to arrive after the command has ended."""

BEGIN = 20.0
"""Seconds that a guard may take to start on a busy machine (ours)."""

_HERE = Path(__file__).parent
START = f"""\
import sys
for name, folder in (("parity", {str(_HERE.parent)!r}), ("parity.dyno", {str(_HERE)!r})):
    sys.modules[name] = type(sys)(name)
    sys.modules[name].__path__ = [folder]
from parity.dyno.guard import main
main(sys.argv[1:])
"""
"""Starts guard.py, compiled, without the packages above it: their imports would be slow."""


_outlived: list[Stray] = []


def reap(process: "subprocess.Popen[bytes]") -> None:
    """Wait for a guard that has been let go; one that is stuck is killed."""
    try:
        process.wait(1.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def outlived() -> tuple[Stray, ...]:
    """What had to be looked for after the end of its command, and was not yet told."""
    told = tuple(_outlived)
    _outlived.clear()
    return told


class Guard:
    """The parity side of a guard: its pipes, and the orders that go through them."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.root: int | None = None
        self.door = Door() if place.own_network else None
        self._control_end, self.control = os.pipe()
        self.status, self._status_end = os.pipe()
        os.set_blocking(self.status, False)
        self._told, self._cookie, self._env = b"", "", -1
        self._strays: list[Stray] = []
        self._code: int | None = None
        self._refused: str | None = None
        self._ready = self._over = self._done = self._released = False

    @property
    def pass_fds(self) -> tuple[int, ...]:
        """What the guard process inherits."""
        door = (self.door.far.fileno(),) if self.door else ()
        return (self._control_end, self._status_end, self._env, *door)

    def command(self, argv: Sequence[str], env: Mapping[str, str]) -> list[str]:
        """The guard's own command line for `argv`, which is to run in `env`.

        The guard itself is to run in `CLEAN`. Raises `OSError`, `ValueError`.
        """
        self._env = packed(env)
        control, status, given, *door = (str(fd) for fd in self.pass_fds)
        self._cookie = f"{COOKIE}={env.get(COOKIE, '')}"
        app, *rest = self.place.arguments()
        own = [control, status, given, self.place.level, self._cookie, app]
        own += [*(door or ["-1"]), *rest]
        return [sys.executable, "-I", "-S", "-c", START, *own, *argv]

    def started(self) -> None:
        """Close the ends that belong to the guard process."""
        os.close(self._control_end)
        os.close(self._status_end)
        if self._env >= 0:
            os.close(self._env)
        if self.door:
            self.door.far.close()

    def begun(self, check: Callable[[], None] = interrupt.check) -> None:
        """Wait until the command has been started, or its guard killed; `check` as often as that.

        Raises `Refused`, and what `check` raises (`interrupt.Interrupted`).
        """
        until = time.monotonic() + BEGIN
        while not (self._ready or self._over) and time.monotonic() < until:
            signals.ready([self.status], TICK)
            self._listen()
            check()
        if self._refused or not (self._ready or self._over):
            raise Refused(self._refused or f"its guard did not start within {BEGIN:.0f} s")

    def order(self, letter: bytes) -> None:
        """`T`: SIGTERM to every process; `K`: end them all. A guard that has gone needs none."""
        try:
            os.write(self.control, letter)
        except OSError:
            return

    def code(self) -> int | None:
        """The command's exit code if the guard has told it, or has gone."""
        self._listen()
        return 137 if self._code is None and self._over else self._code

    def release(self) -> None:
        """Let go: the guard kills what is left, and is waited for."""
        if self._released:
            return
        self._released = True
        os.close(self.control)
        until = time.monotonic() + BEGIN
        while not self._over and time.monotonic() < until:
            signals.ready([self.status], TICK)
            self._listen()
        alive = (Stray(pid, signals.command(pid), ended=False) for pid in self._alive())
        _outlived.extend([*self._strays, *alive])

    def _alive(self) -> list[int]:
        """What a guard that was killed, or is stuck, could not end."""
        if not self._over:
            return signals.descendants(self.root) if self.root else []
        if self._done or not self._cookie or self.place.level == "pidns":
            return []
        files = shared.held(signals.marked(self._cookie))
        left = signals.end_marked(self._cookie)
        shared.removed(files)
        return left

    def close(self) -> None:
        """Let go, and know nothing more."""
        self.release()
        os.close(self.status)
        if self.door:
            self.door.close()

    def _listen(self) -> None:
        """Take what the guard has told."""
        try:
            data = os.read(self.status, 4096)
        except BlockingIOError:
            return
        self._over = self._over or not data
        *lines, self._told = (self._told + data).split(b"\n")
        for line in lines:
            word, _, rest = line.decode().partition(" ")
            if word == "root":
                self.root = int(rest)
            elif word == "exit":
                self._code = int(rest)
            elif word == "refused":
                self._refused, self._over = rest, True
            elif word == "left":
                pid, how, command = rest.split(" ", 2)
                self._strays.append(Stray(int(pid), command, how == "ended"))
            self._ready = self._ready or word == "ready"
            self._done = self._done or word == "done"


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    on_line: Callable[[str], None],
    limit: float,
    isolated: str = isolation.AUTO,
) -> Ended:
    """Run `argv` to its end, or for `limit` seconds; nothing of it is left afterwards.

    It sees this machine's files where they are. Raises `interrupt.Interrupted`,
    `Trouble`, and `OSError` where no process can be started.
    """

    def at(level: str) -> Ended:
        return start(Place(level), argv, cwd=cwd, env=env, on_line=on_line, limit=limit)

    return isolation.tried(isolated, at)


def start(
    place: Place,
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    on_line: Callable[[str], None],
    limit: float,
) -> Ended:
    """The same at one `place`. Raises `isolation.Refused`, too."""
    env = {**env, COOKIE: cookie()}
    guard = Guard(place)
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
    told, clock = Log(), Clock()
    began = clock.now()

    def take(lines: list[str]) -> None:
        for text in lines:
            told.add(Line(time.time(), "app", text))
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
    return Ended(code, told.lines(), clock.now() - began, timed_out)
