"""The end of a dyno: https://devcenter.heroku.com/articles/dyno-shutdown-behavior (documented).

SIGTERM goes to every process; what is left after 30 seconds gets SIGKILL (R12).
"""

import time
from typing import TYPE_CHECKING

from parity import interrupt
from parity.dyno import tree
from parity.dyno.files import written
from parity.facts.dynos import MB
from parity.records import Boot, Shutdown, Traffic

if TYPE_CHECKING:
    from parity.dyno import Dyno

SETTLES = 3.0
"""Seconds within which every worker has started, whatever it still does then (ours)."""

BUSY = 0.01
"""CPU seconds in a tenth of a second that a worker which is starting uses at least (ours)."""


async def stopped(dyno: "Dyno", boot: Boot, traffic: Traffic | None) -> Shutdown:
    """Stop what still runs, and look at what would be lost. Raises `interrupt.Interrupted`."""
    began = time.monotonic()
    killed = False
    await _settled(dyno)
    if dyno.watch.code is None:
        dyno.watch.sample()
        _memory(dyno)
        killed = await _ended(dyno)
    seconds = time.monotonic() - began
    return Shutdown(
        boot=boot,
        traffic=traffic,
        seconds=seconds,
        exit=dyno.watch.code,
        killed=killed,
        peak=dyno.watch.peak or None,
        quota=dyno.size.quota,
        written=written(dyno.folder, dyno.release.slug.root),
        output=dyno.output(),
        samples=tuple(dyno.watch.samples),
    )


async def _settled(dyno: "Dyno") -> None:
    """Wait until nothing is still starting: a dyno that Heroku stops is hours old.

    A worker that gets SIGTERM before it has set its handlers never ends (gunicorn with gevent).
    """
    until, used = time.monotonic() + SETTLES, 0.0
    while dyno.watch.code is None and time.monotonic() < until and not interrupt.again():
        before, used = used, tree.busy(dyno.root)
        if before and used - before < BUSY:
            return
        await dyno.watch.tick(0.1)


async def _ended(dyno: "Dyno") -> bool:
    """Whether it took SIGKILL."""
    limit = dyno.limits.exit_timeout.value
    dyno.say("Stopping all processes with SIGTERM")
    dyno.order(b"T")
    if await dyno.watch.ended(limit):
        dyno.say(f"Process exited with status {dyno.watch.code}")
        return False
    if not interrupt.again():
        dyno.say(
            "Error R12 (Exit timeout) -> At least one process failed to exit "
            f"within {limit:.0f} seconds of SIGTERM"
        )
        dyno.say("Stopping remaining processes with SIGKILL")
    dyno.order(b"K")
    await dyno.watch.ended(5.0)
    dyno.say(f"Process exited with status {dyno.watch.code}")
    return True


def _memory(dyno: "Dyno") -> None:
    """R14 or R15, in the log lines of https://devcenter.heroku.com/articles/error-codes."""
    peak, quota = dyno.watch.peak, dyno.size.quota
    if peak <= quota:
        return
    dyno.say(f"Process running mem={peak // MB}M({100 * peak / quota:.1f}%)")
    if peak >= dyno.size.vastly * MB:
        dyno.say("Error R15 (Memory quota vastly exceeded)")
    else:
        dyno.say("Error R14 (Memory quota exceeded)")
