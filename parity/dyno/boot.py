"""A boot, from launch to bound: https://devcenter.heroku.com/articles/dyno-startup-behavior.

Only failures are predicted: an exit, a listener in the wrong place while the app is idle, or
workers that die again and again. `--exact` waits for Heroku's limit instead.
"""

import asyncio
import re
import time
from typing import TYPE_CHECKING, Literal

from parity.dyno import process_tree
from parity.dyno.cores import seen
from parity.dyno.listeners import Bound
from parity.facts import lifecycle
from parity.records import Boot, Listener
from parity.system.awake import Clock
from parity.system.beside import beside

if TYPE_CHECKING:
    from parity.dyno.launched import Launched

IDLE_SHARE = 0.02
"""The share of one core below which a process tree counts as idle (ours)."""

IN_USE = re.compile(r"address already in use|EADDRINUSE|port \d+ is in use", re.IGNORECASE)
DIED = re.compile(r"Child process \[\d+\] died")
"""Uvicorn's log line for a worker that has ended; it starts another one, forever (observed)."""

DEATHS = 6
"""Deaths of workers, none of which has listened, after which the boot counts as failed (ours)."""

WORKER_TICK = 0.2
WORKER_WATCH = 3.0
"""Seconds for which a process without a port is watched before it counts as up (ours)."""


async def booted(dyno: "Launched", bound: Bound) -> Boot:
    """Return the boot's outcome."""
    if dyno.type.name != "web":
        return await _worker(dyno, bound)
    idle, deaths, clock = Idle(dyno), WorkerDeaths(dyno), Clock()
    limit, predict = dyno.began + dyno.limits.boot_timeout.value, not dyno.exact
    while dyno.watch.code is None:
        now = clock.now()
        bound.look(dyno.root)
        if bound.ours() and bound.reachable() is not False:  # at once: no backlog is full yet
            dyno.becomes("up")
            return _boot(dyno, bound, "up", reachable=True)
        if predict and _wrong(bound) and idle.since(now) >= _patience(dyno):
            if await _certain(dyno, bound):
                return await _predicted(dyno, bound)
            predict = False
        if predict and not bound.own and deaths.enough(now):
            return await _predicted(dyno, bound)
        if now > limit:
            return await _timeout(dyno, bound)
        await asyncio.sleep(_step(now - dyno.began))
    await dyno.watch.ended(0.0)
    return _crash(dyno, bound)


def _patience(dyno: "Launched") -> float:
    return dyno.limits.idle_before_verdict.value


def _step(elapsed: float) -> float:
    """Return the seconds until the next look: few at first, when most apps bind."""
    return 0.002 if elapsed < 1 else 0.005 if elapsed < 5 else 0.02


def _wrong(bound: Bound) -> bool:
    """Return whether the dyno listens, but nowhere that the router looks."""
    return bool(bound.own) and bound.ours() is None


async def _certain(dyno: "Launched", bound: Bound) -> bool:
    """Return whether a listener is the server: it answers HTTP, or has `$PORT` on loopback."""
    await beside(bound.ask_all)
    return any(x.http or (x.loopback and x.port == dyno.port) for x in bound.own)


async def _predicted(dyno: "Launched", bound: Bound) -> Boot:
    """End the dyno, and return the failure before Heroku's limit has passed."""
    reached = await _reached(bound)
    dyno.order(b"K")
    await dyno.watch.ended(5.0)
    return _boot(dyno, bound, "timeout", predicted=True, reachable=reached)


class Idle:
    """The time for which the dyno's processes have used hardly any CPU."""

    def __init__(self, dyno: "Launched") -> None:
        self._dyno = dyno
        self._checked = self._since = time.monotonic()
        self._used = 0.0

    def since(self, now: float) -> float:
        """Return the seconds of idleness until `now`; looks at most five times a second."""
        if now - self._checked >= 0.2:
            used = process_tree.busy(self._dyno.root)
            if used - self._used > IDLE_SHARE * (now - self._checked) + 0.01:
                self._since = now
            self._used, self._checked = used, now
        return now - self._since


class WorkerDeaths:
    """The server's workers that die one after the other before they listen."""

    def __init__(self, dyno: "Launched") -> None:
        self._dyno = dyno
        self._next = dyno.began + 1.0

    def enough(self, now: float) -> bool:
        """Return whether `DEATHS` workers have died; looks at most twice a second."""
        if now < self._next:
            return False
        self._next = now + 0.5
        return sum(bool(DIED.search(line.text)) for line in self._dyno.output()) >= DEATHS


async def _timeout(dyno: "Launched", bound: Bound) -> Boot:
    """Log R10 as Heroku does once its limit has passed, end the dyno, and return the outcome."""
    await beside(bound.ask_all)
    dyno.say(lifecycle.boot_timeout(dyno.limits.boot_timeout.value))
    dyno.say(lifecycle.KILLING)
    reached = await _reached(bound)
    dyno.order(b"K")
    await dyno.watch.ended(5.0)
    dyno.say(lifecycle.exited(137))
    dyno.becomes("crashed")
    return _boot(dyno, bound, "timeout", code=137, reachable=reached)


async def _reached(bound: Bound) -> bool | None:
    own = any(x.port == bound.port for x in bound.own)
    return await beside(bound.reachable) if own else None


def _crash(dyno: "Launched", bound: Bound) -> Boot:
    """Return the outcome of an ended start command; R10 if a stranger holds the app's fixed port.

    Such a port is free on Heroku, where the app would listen on it and not on `$PORT`.
    """
    blocking = _blocking(dyno, bound)
    code = dyno.watch.code
    if blocking:
        bound.foreign = blocking
        return _boot(dyno, bound, "timeout", code=code, predicted=True)
    assert code is not None, "the command has ended"
    dyno.say(lifecycle.exited(code))
    dyno.becomes("crashed")
    return _boot(dyno, bound, "crashed", code=code)


def _blocking(dyno: "Launched", bound: Bound) -> tuple[Listener, ...]:
    """Return the strangers on ports other than `$PORT` that the app's log says are in use."""
    text = "\n".join(line.text for line in dyno.output())
    if not IN_USE.search(text):
        return ()
    ports = {int(number) for number in re.findall(r"\b\d{2,5}\b", text)} - {dyno.port}
    return tuple(x for x in bound.strangers() if x.port in ports)


async def _worker(dyno: "Launched", bound: Bound) -> Boot:
    """Return the outcome for a process without a port: up once it has run for a while."""
    dyno.becomes("up")
    clock = Clock()
    until = clock.now() + WORKER_WATCH
    while dyno.watch.code is None and clock.now() < until:
        await asyncio.sleep(WORKER_TICK)
        bound.look(dyno.root)
    if dyno.watch.code is None:
        dyno.quota.meter.started()
        return _boot(dyno, bound, "up")
    await dyno.watch.ended(0.0)
    return _crash(dyno, bound)


def _boot(
    dyno: "Launched",
    bound: Bound,
    state: Literal["up", "crashed", "timeout", "unknown"],
    *,
    code: int | None = None,
    predicted: bool = False,
    reachable: bool | None = None,
    why: str | None = None,
) -> Boot:
    return Boot(
        release=dyno.release,
        process=dyno.type,
        name=dyno.name,
        port=dyno.port,
        state=state,
        predicted=predicted,
        exit=code,
        seconds=time.monotonic() - dyno.began,
        listeners=bound.own,
        reachable=reachable,
        foreign=bound.foreign,
        output=dyno.output(),
        command=dyno.command,
        home=str(dyno.home),
        size=dyno.size.name,
        why=why,
        isolation=dyno.isolation,
        memory=dyno.quota.memory(),
        front=dyno.watch.front,
        cores=seen(dyno.isolation, dyno.size),
    )
