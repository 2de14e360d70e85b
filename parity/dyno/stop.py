"""The end of a dyno: https://devcenter.heroku.com/articles/dyno-shutdown-behavior (documented).

SIGTERM goes to every process; what is left after 30 seconds gets SIGKILL (R12).
"""

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

from parity.dyno import process_tree
from parity.dyno import survivors as left
from parity.dyno.files import written
from parity.facts import lifecycle
from parity.records import Boot, Shutdown, Survivor, Traffic
from parity.system import interrupt
from parity.system.beside import beside

if TYPE_CHECKING:
    from parity.dyno.launched import Launched

SETTLES, LONGEST = 3.0, 15.0
"""Seconds after which every worker counts as started, whatever it still does: when the machine
was free for them, and in any case (ours)."""

BUSY = 0.01
"""The fewest CPU seconds per tenth of a second that a starting worker uses (ours)."""


async def stopped(dyno: "Launched", boot: Boot, traffic: Traffic | None) -> Shutdown:
    """Stop what still runs, and return what would be lost."""
    began = time.monotonic()
    survivors: tuple[Survivor, ...] | None = None
    outside: tuple[str, ...] = ()
    await _settled(dyno)
    if dyno.watch.code is None:
        dyno.quota.last()
        outside = left.written_outside(dyno.root, dyno.folder, dyno.release.slug)
        survivors = await _ended(dyno)
    elif dyno.state == "up":
        dyno.crashed()
    seconds, memory = time.monotonic() - began, dyno.quota.memory()
    slug, command = dyno.release.slug.root, dyno.type.command
    lost = await beside(partial(written, dyno.folder, slug, command))
    return Shutdown(
        boot=boot,
        traffic=traffic,
        seconds=seconds,
        exit=dyno.watch.code,
        killed=survivors is not None,
        peak=memory.peak or None,
        quota=dyno.size.quota,
        written=lost,
        output=dyno.output(),
        samples=tuple(dyno.quota.meter.samples),
        memory=memory,
        survivors=survivors or (),
        outside=outside,
    )


async def _settled(dyno: "Launched") -> None:
    """Wait until no worker is still starting: a dyno that Heroku stops is hours old.

    A worker that gets SIGTERM before it has set its handlers never ends (gunicorn with gevent),
    and one that is still loading has not yet reached the memory that counts.
    """
    began, used, waited = time.monotonic(), 0.0, process_tree.waited(dyno.root)
    while dyno.watch.code is None and not interrupt.again():
        lost = process_tree.waited(dyno.root) - waited
        if time.monotonic() - began > min(SETTLES + lost, LONGEST):
            return
        before, used = used, process_tree.busy(dyno.root)
        if before and used - before < BUSY and not dyno.quota.meter.grows():
            return
        await asyncio.sleep(0.1)


async def _ended(dyno: "Launched") -> tuple[Survivor, ...] | None:
    """End the dyno; return the processes that took SIGKILL, or None if all ended by themselves."""
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
