"""The launcher: honcho's Process, with the child under a guard and without its reading loop.

honcho's own loop sees no exit while a grandchild holds the pipe, and reads lines of any length.
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
    """One process type's command in its own session; `events` gets honcho's messages."""

    def __init__(
        self,
        argv: list[str],
        name: str,
        env: Mapping[str, str],
        place: Place,
        outlived: Callable[[Sequence[Stray]], None],
    ) -> None:
        """Raises `OSError`, `ValueError` for an environment that no process can have."""
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
        """The process id above the command's: the root of the dyno's process tree."""
        return self.guard.root or int(self._child.pid)

    @property
    def output(self) -> int:
        """The file descriptor of the merged stdout and stderr."""
        return int(self._child.stdout.fileno())

    def ended(self, code: int) -> None:
        """Say that the command has ended with `code`."""
        self._send_message({"returncode": code}, type="stop")

    def close(self) -> None:
        """End whatever is left, without a loop."""
        self.guard.release()
        if self._child:
            reap(self._child)
        self.shut()

    @property
    def gone(self) -> bool:
        """True once the guard's process has ended, and was waited for."""
        return self._child is None or self._child.poll() is not None

    def shut(self) -> None:
        """Close the pipes; a guard that is stuck is killed."""
        if not self.gone:
            self._child.kill()
            self._child.wait()
        if self._child:
            self._child.stdout.close()
        self.guard.close()


def unpassed(error: OSError | ValueError) -> Trouble:
    """Why the command and its environment could not be handed over."""
    fix = "Config vars of more than 128 kB or with NUL bytes cannot be passed to a process."
    if isinstance(error, OSError) and error.errno != E2BIG:
        told = troubled(error)
        fix = told.fix if told else RUN_ELSEWHERE
    return Trouble(f"the dyno cannot be started: {error}", fix)
