"""The end of a dyno: https://devcenter.heroku.com/articles/dyno-shutdown-behavior (documented).

SIGTERM goes to every process; what is left after 30 seconds gets SIGKILL (R12).
"""

import time
from typing import TYPE_CHECKING

from parity import interrupt
from parity.dyno import left
from parity.dyno.files import written
from parity.dyno.watch import BEAT
from parity.facts import lifecycle
from parity.records import Boot, Shutdown, Survivor, Traffic

if TYPE_CHECKING:
    from parity.dyno import Dyno

STILL_LOADING = 3.0
"""Seconds that a dyno whose memory still grows is left alone before it is stopped (ours)."""


async def stopped(dyno: "Dyno", boot: Boot, traffic: Traffic | None) -> Shutdown:
    """Stop what still runs, and look at what would be lost. Raises `interrupt.Interrupted`."""
    began = time.monotonic()
    survivors: tuple[Survivor, ...] | None = None
    outside: tuple[str, ...] = ()
    await _loaded(dyno)
    if dyno.watch.code is None:
        dyno.quota.last()
        outside = left.written_outside(dyno.root, dyno.folder, dyno.release.slug)
        survivors = await _ended(dyno)
    elif dyno.state == "up":
        dyno.crashed()
    memory = dyno.quota.memory()
    return Shutdown(
        boot=boot,
        traffic=traffic,
        seconds=time.monotonic() - began,
        exit=dyno.watch.code,
        killed=survivors is not None,
        peak=memory.peak or None,
        quota=dyno.size.quota,
        written=written(dyno.folder, dyno.release.slug.root, dyno.type.command),
        output=dyno.output(),
        samples=tuple(dyno.quota.meter.samples),
        memory=memory,
        survivors=survivors or (),
        outside=outside,
    )


async def _loaded(dyno: "Dyno") -> None:
    """Wait a little for workers that are still loading: their memory counts, too."""
    until = time.monotonic() + STILL_LOADING
    while dyno.watch.code is None and time.monotonic() < until and dyno.quota.meter.grows():
        await dyno.watch.tick(BEAT)


async def _ended(dyno: "Dyno") -> tuple[Survivor, ...] | None:
    """What it took SIGKILL to end; None if all left by themselves."""
    limit = dyno.limits.exit_timeout.value
    if dyno.quota.memory().over == "R15":
        await dyno.watch.ended(5.0)
        dyno.crashed()
        return None
    if dyno.state == "up":
        dyno.becomes("down")
    dyno.say(lifecycle.STOPPING)
    dyno.order(b"T")
    if await dyno.watch.ended(limit):
        dyno.say(lifecycle.exited(dyno.watch.code or 0))
        return None
    survivors = left.survivors(dyno.root)
    if not interrupt.again():
        dyno.say(lifecycle.exit_timeout(limit))
        dyno.say(lifecycle.KILLING_REST)
    dyno.order(b"K")
    await dyno.watch.ended(5.0)
    dyno.say(lifecycle.exited(137 if dyno.watch.code is None else dyno.watch.code))
    return survivors
