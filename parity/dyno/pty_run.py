"""A one-off dyno at the user's terminal or pipes, as with `heroku run`, but without a network.

The command has parity's own streams, byte for byte. Only at a terminal is there something between,
a pseudo-terminal (pty(7)), so that Ctrl-C, job control and the window's size reach the command.
https://devcenter.heroku.com/articles/one-off-dynos.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from parity.dyno import environment, isolation, port, process_tree
from parity.dyno.containment import DRAIN, Containment
from parity.dyno.guard_pipes import TICK, Guard, reap
from parity.dyno.signals import ready
from parity.facts.dynos import DynoSize
from parity.facts.limits import Limits
from parity.records import Slug
from parity.system import interrupt

if TYPE_CHECKING:
    from parity.dyno.terminal import Terminal

TAKE_TERMINAL = 'exec 0<>/proc/self/fd/0; exec "$@"'
"""Makes the terminal the session's own: that takes a session's first process to open it (tty(4)).
The guard has created the session; this opens the terminal that was passed to it."""


def attached(
    slug: Slug,
    command: str,
    name: str,
    *,
    folder: Path,
    size: DynoSize,
    limits: Limits,
    terminal: bool,
    containment: Containment,
) -> int:
    """Run `command` in `folder`, its copy of the slug, to its end, and return its exit code.

    No process of it is left. Raises `interrupt.Interrupted`, `Trouble`, and `OSError` if no
    process can be started.
    """
    number = port.choose()

    def run_at(level: str) -> int:
        place = isolation.dyno(level, folder, slug, size, own_network=containment.own_network)
        extra = _terminal_variables() if terminal else {}
        env = environment.variables(
            slug.plan.config.values, place=place, name=name, port=number, size=size, extra=extra
        )
        argv = environment.command(command)
        guard = Guard(place, containment.note)
        return _at_terminal(argv, env, guard) if terminal else _piped(argv, env, guard, limits)

    return isolation.at_best(containment.levels(), run_at)


def _piped(argv: list[str], env: Mapping[str, str], guard: Guard, limits: Limits) -> int:
    with _guarded(argv, env, guard, None):
        return _waited(guard, limits)


def _at_terminal(argv: list[str], env: Mapping[str, str], guard: Guard) -> int:
    from parity.dyno.terminal import Terminal, closable

    with closable(), Terminal() as own:
        wrapped = ["bash", "-c", TAKE_TERMINAL, "bash", *argv]
        with _guarded(wrapped, env, guard, own.inner):
            own.started()
            return _relayed(guard, own)


def _terminal_variables() -> dict[str, str]:
    """Return the variables that `heroku run` passes on: the terminal's kind and size."""
    size = os.get_terminal_size(0)
    kind = {"TERM": os.environ["TERM"]} if os.environ.get("TERM") else {}
    return {**kind, "COLUMNS": str(size.columns), "LINES": str(size.lines)}


@contextmanager
def _guarded(
    argv: list[str], env: Mapping[str, str], guard: Guard, stream: int | None
) -> Iterator[None]:
    """Run the command under a guard with `stream` as its streams, else parity's; kill it at the
    end."""
    process = None
    try:
        try:
            process = subprocess.Popen(
                guard.command(argv, env),
                cwd=guard.place.app,
                env=environment.CLEAN,
                stdin=stream,
                stdout=stream,
                stderr=stream,
                pass_fds=guard.pass_fds,
                start_new_session=True,
            )
        finally:
            guard.started()
        guard.begun(check=_later)
        yield
    finally:
        guard.close()
        if process:
            reap(process)


def _later() -> None:
    """Ignore signals: the command may already run, and then handles its own (see `_waited`)."""


def _waited(guard: Guard, limits: Limits) -> int:
    """Wait for the end; pass on a signal to parity, and kill the command after a second one."""
    signum: int | None = None
    until = float("inf")
    while (code := guard.code()) is None:
        ready([guard.status], TICK)
        try:
            interrupt.check()
        except interrupt.Interrupted as interrupted:
            signum, until = interrupted.signum, _passed_on(guard, interrupted.signum, limits)
        if interrupt.again() or time.monotonic() > until:
            guard.order(b"K")
            until = float("inf")
    return code if signum in (None, signal.SIGINT) else 128 + signum


def _passed_on(guard: Guard, signum: int, limits: Limits) -> float:
    """Pass a signal on to every process of the dyno; return the time by which they must end."""
    if signum != signal.SIGINT:
        guard.order(b"T")
        return time.monotonic() + limits.exit_timeout.value
    for pid in process_tree.pids(guard.root or 0):
        with suppress(OSError):
            os.kill(pid, signum)
    return float("inf")


def _relayed(guard: Guard, own: "Terminal") -> int:
    """Copy bytes in both directions until the command has ended, and for a moment after."""
    while (code := guard.code()) is None:
        own.turn(guard.status, TICK)
        interrupt.check()
    until = time.monotonic() + DRAIN
    while time.monotonic() < until and own.shown():
        continue
    return code
