"""The launcher: honcho's Process, with the child under a guard and without honcho's read loop.

That loop misses an exit while a grandchild holds the pipe, and reads lines of any length.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from errno import E2BIG
from subprocess import DEVNULL
from typing import Any

from honcho.process import Process

from parity.dyno.environment import CLEAN
from parity.dyno.guard_pipes import Guard, reap
from parity.dyno.isolation import RUN_ELSEWHERE, Place
from parity.records import Stray
from parity.system.errors import Trouble, troubled


class DynoProcess(Process):  # type: ignore[misc]
    """The command of one process type, in its own session; `events` gets honcho's messages."""

    def __init__(
        self,
        argv: list[str],
        name: str,
        env: Mapping[str, str],
        place: Place,
        outlived: Callable[[Sequence[Stray]], None],
    ) -> None:
        """Prepare the guard. Raises `OSError`, `ValueError` for an impossible environment."""
        self.guard = Guard(place, outlived)
        try:
            command = "exec " + shlex.join(self.guard.command(argv, env))
        except (OSError, ValueError):
            self.guard.started()
            self.guard.close()
            raise
        super().__init__(command, name=name, env=dict(CLEAN), cwd=str(place.app))

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        """Start the child; the caller follows its output and end. Raises `OSError`."""
        self._events = events
        try:
            self._child = self._child_ctor(
                self.cmd,
                env=self.env,
                cwd=self.cwd,
                stdin=DEVNULL,
                pass_fds=self.guard.pass_fds,
            )
        finally:
            self.guard.started()
        self._send_message({"pid": self._child.pid}, type="start")

    @property
    def pid(self) -> int:
        """The root of the dyno's process tree: the id of the process above the command."""
        return self.guard.root or int(self._child.pid)

    @property
    def output(self) -> int:
        """The file descriptor of the merged stdout and stderr."""
        return int(self._child.stdout.fileno())

    def ended(self, code: int) -> None:
        """Send the event that the command has ended with `code`."""
        self._send_message({"returncode": code}, type="stop")

    def close(self) -> None:
        """End whatever is left, without an event loop."""
        self.guard.release()
        if self._child:
            reap(self._child)
        self.shut()

    @property
    def gone(self) -> bool:
        """True once the guard's process has ended and been waited for."""
        return self._child is None or self._child.poll() is not None

    def shut(self) -> None:
        """Close the pipes; kill a guard that is stuck."""
        if not self.gone:
            self._child.kill()
            self._child.wait()
        if self._child:
            self._child.stdout.close()
        self.guard.close()


def start_trouble(error: OSError | ValueError) -> Trouble:
    """Return the trouble to raise for an `error` that kept the command from starting."""
    fix = "Config vars of more than 128 kB or with NUL bytes cannot be passed to a process."
    if isinstance(error, OSError) and error.errno != E2BIG:
        trouble = troubled(error)
        fix = trouble.fix if trouble else RUN_ELSEWHERE
    return Trouble(f"the dyno cannot be started: {error}", fix)
