"""A one-off dyno at the user's own terminal, or pipes: `heroku run` without the network between.

Its streams are ours, byte for byte; only at a terminal something stands between, a pseudo-terminal
of its own (pty(7)), so that Ctrl-C, job control and the size of the window are the command's.
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
"""A session's first process takes a terminal that it opens as its own (tty(4)); the guard has made
the session, this opens what it was handed."""


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
    """Run `command` in `folder`, its copy of the slug, to its end; its exit code.

    Nothing of it is left. Raises `interrupt.Interrupted`, `Trouble`, and `OSError` where
    no process can be started.
    """
    number = port.choose()

    def at(level: str) -> int:
        place = isolation.dyno(level, folder, slug, size, own_network=containment.own_network)
        extra = _terminal_variables() if terminal else {}
        env = environment.variables(
            slug.plan.config.values, place=place, name=name, port=number, size=size, extra=extra
        )
        argv = environment.command(command)
        guard = Guard(place, containment.note)
        return _at_terminal(argv, env, guard) if terminal else _piped(argv, env, guard, limits)

    return isolation.at_best(containment.levels(), at)


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
    """What `heroku run` passes on: the kind and the size of the terminal."""
    size = os.get_terminal_size(0)
    kind = {"TERM": os.environ["TERM"]} if os.environ.get("TERM") else {}
    return {**kind, "COLUMNS": str(size.columns), "LINES": str(size.lines)}


@contextmanager
def _guarded(
    argv: list[str], env: Mapping[str, str], guard: Guard, stream: int | None
) -> Iterator[None]:
    """The command under a guard, its three streams `stream` or ours; killed at the end."""
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
    """The command may already run, so that a signal is its own to handle: see `_waited`."""


def _waited(guard: Guard, limits: Limits) -> int:
    """Wait for the end; a signal of ours is passed on, a second one kills."""
    ended: int | None = None
    until = float("inf")
    while (code := guard.code()) is None:
        ready([guard.status], TICK)
        try:
            interrupt.check()
        except interrupt.Interrupted as told:
            ended, until = told.signum, _passed_on(guard, told.signum, limits)
        if interrupt.again() or time.monotonic() > until:
            guard.order(b"K")
            until = float("inf")
    return code if ended in (None, signal.SIGINT) else 128 + ended


def _passed_on(guard: Guard, signum: int, limits: Limits) -> float:
    """Tell every process of the dyno; until when it may take to end."""
    if signum != signal.SIGINT:
        guard.order(b"T")
        return time.monotonic() + limits.exit_timeout.value
    for pid in process_tree.pids(guard.root or 0):
        with suppress(OSError):
            os.kill(pid, signum)
    return float("inf")


def _relayed(guard: Guard, own: "Terminal") -> int:
    """Pass bytes to and fro until the command has ended, and for a moment after."""
    while (code := guard.code()) is None:
        own.turn(guard.status, TICK)
        interrupt.check()
    until = time.monotonic() + DRAIN
    while time.monotonic() < until and own.shown():
        continue
    return code
