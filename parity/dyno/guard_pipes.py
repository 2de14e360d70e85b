"""Parity's side of a guard, through which an untrusted command is started and ended."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from parity.dyno import shared, signals
from parity.dyno.environment import COOKIE, packed
from parity.dyno.isolation import Place, Refused
from parity.dyno.netns_sockets import Door
from parity.records import Stray
from parity.system import interrupt

TICK = 0.1
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
"""Starts guard.py from its compiled file without the packages above it, which are slow to
import."""


def reap(process: "subprocess.Popen[bytes]") -> None:
    """Wait for a released guard to end; kill it if it is stuck."""
    try:
        process.wait(1.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Guard:
    """Parity's side of a guard: its pipes, and the orders that go through them.

    `outlived` is called with the processes that had to be looked for after the command's end.
    """

    def __init__(self, place: Place, outlived: Callable[[Sequence[Stray]], None]) -> None:
        self.place = place
        self._outlived = outlived
        self.root: int | None = None
        self.door = Door() if place.own_network else None
        self._control_end, self.control = os.pipe()
        self.status, self._status_end = os.pipe()
        os.set_blocking(self.status, False)
        self._partial, self._cookie, self._env = b"", "", -1
        self._strays: list[Stray] = []
        self._code: int | None = None
        self._refused: str | None = None
        self._ready = self._over = self._done = self._released = False

    @property
    def pass_fds(self) -> tuple[int, ...]:
        """The file descriptors that the guard process inherits."""
        door = (self.door.far.fileno(),) if self.door else ()
        return (self._control_end, self._status_end, self._env, *door)

    def command(self, argv: Sequence[str], env: Mapping[str, str]) -> list[str]:
        """Return the guard's own command line for `argv`, which will run in `env`.

        The guard itself must run in `CLEAN`. Raises `OSError`, `ValueError`.
        """
        self._env = packed(env)
        control, status, environment, *door = (str(fd) for fd in self.pass_fds)
        self._cookie = f"{COOKIE}={env.get(COOKIE, '')}"
        app, *rest = self.place.arguments()
        own = [control, status, environment, self.place.level, self._cookie, app]
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
        """Wait until the command has been started, or its guard killed; call `check` meanwhile.

        Raises `Refused`, and what `check` raises (`interrupt.Interrupted`).
        """
        until = time.monotonic() + BEGIN
        while not self.settled and time.monotonic() < until:
            signals.ready([self.status], TICK)
            self.listen()
            check()
        self.granted()

    @property
    def settled(self) -> bool:
        """True once the command has been started, or can no longer be."""
        return self._ready or self._over

    @property
    def over(self) -> bool:
        """True once the guard has ended."""
        return self._over

    def granted(self) -> None:
        """Raise `Refused` if the command was not started."""
        if self._refused or not self.settled:
            raise Refused(self._refused or f"its guard did not start within {BEGIN:.0f} s")

    def order(self, letter: bytes) -> None:
        """Send the guard an order, if it is there: `T`, SIGTERM to every process; `K`, end all."""
        try:
            os.write(self.control, letter)
        except OSError:
            return

    def code(self) -> int | None:
        """Return the command's exit code if the guard has reported one; 137 if it just ended."""
        self.listen()
        return 137 if self._code is None and self._over else self._code

    def release(self) -> None:
        """Have the guard kill what is left, and wait for its end."""
        if not self.let_go():
            return
        until = time.monotonic() + BEGIN
        while not self._over and time.monotonic() < until:
            signals.ready([self.status], TICK)
            self.listen()
        self.swept()

    def let_go(self) -> bool:
        """Have the guard kill what is left, and end; return False if that was done before."""
        if self._released:
            return False
        self._released = True
        os.close(self.control)
        return True

    @property
    def failed(self) -> bool:
        """True if the guard did not end what was left, so that `swept` may take long."""
        return not (self._over and self._done)

    def swept(self) -> None:
        """End what the guard could not end, and report the processes that outlived the command."""
        alive = [Stray(pid, signals.command(pid), ended=False) for pid in self._alive()]
        self._outlived([*self._strays, *alive])

    def _alive(self) -> list[int]:
        """Return the processes that a guard which was killed, or is stuck, could not end."""
        if not self._over:
            return signals.descendants(self.root) if self.root else []
        if self._done or not self._cookie or self.place.level == "pidns":
            return []
        files = shared.held(signals.marked(self._cookie))
        left = signals.end_marked(self._cookie)
        shared.remove(files)
        return left

    def close(self) -> None:
        """Release the guard, and close the pipes."""
        self.release()
        os.close(self.status)
        if self.door:
            self.door.close()

    def listen(self) -> None:
        """Read the guard's reports."""
        try:
            data = os.read(self.status, 4096)
        except BlockingIOError:
            return
        self._over = self._over or not data
        *lines, self._partial = (self._partial + data).split(b"\n")
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
