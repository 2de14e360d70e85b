"""The web dynos behind the router: choosing one for each request, and connecting to it.

https://devcenter.heroku.com/articles/http-routing (documented): random choice, five seconds of
quarantine after a failed connection, at most ten tries.
"""

import asyncio
import errno
import socket
from random import random
from typing import Literal

from parity.facts import router as facts
from parity.facts.limits import Limits
from parity.router.request_log import Fault, Trip
from parity.router.transport import Turn, Wire

LOOK_AGAIN = 0.05
"""Seconds between two checks for a dyno that is up (ours; Heroku's is about a second)."""


class Backend:
    """One web dyno; whoever runs it keeps `state` up to date."""

    def __init__(
        self,
        name: str,
        port: int,
        host: str = "127.0.0.1",
        state: Literal["starting", "up", "crashed"] = "up",
    ) -> None:
        self.name = name
        self.address = (host, port)
        self.state: Literal["starting", "up", "crashed"] = state
        self.quarantined = 0.0
        self.idle: list[Link] = []

    def kept(self, turn: Turn) -> "Link | None":
        """Return an idle connection to reuse, woken by `turn` from now on, or None."""
        while self.idle:
            link = self.idle.pop()
            if link.until > turn.now:
                link.wire.turn = turn
                return link
            link.wire.close()
        return None


class Link:
    """A connection to `backend`. `used`: it has served a request before."""

    def __init__(self, backend: Backend, wire: Wire) -> None:
        self.backend = backend
        self.wire = wire
        self.used = False
        self.until = 0.0

    def wake(self) -> None:
        """Drop the idle connection: the dyno has closed it or sent bytes unasked."""
        if self in self.backend.idle:
            self.backend.idle.remove(self)
        self.wire.close()


class DynoPool:
    """Connects each request to a dyno, and keeps connections for reuse.

    `blank`: the app has no release yet.
    """

    def __init__(
        self, backends: list[Backend], limits: Limits, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.backends = backends
        self.blank = False
        self.active = 0
        self._limits = limits
        self._idle = limits.dyno_idle.value
        self._loop = loop

    def chosen(self, now: float) -> Backend | None:
        """Return one of the dynos that are up, at random, or None."""
        backends = self.backends
        if backends:
            first = backends[int(random() * len(backends))]
            if first.state == "up" and first.quarantined <= now:
                return first
        ready = [b for b in backends if b.state == "up" and b.quarantined <= now]
        return ready[int(random() * len(ready))] if ready else None

    async def reach(
        self, trip: Trip, client: Wire, turn: Turn, backend: Backend | None = None
    ) -> Link:
        """Return a new connection to a dyno that is up, preferably `backend`. Raises `Fault`."""
        try:
            return await self._linked(trip, client, turn, backend)
        finally:
            trip.connected = turn.now

    async def _linked(self, trip: Trip, client: Wire, turn: Turn, backend: Backend | None) -> Link:
        until = trip.began + self._limits.boot_wait.value
        tries = 0
        while True:
            backend = backend or self.chosen(turn.now)
            if backend:
                trip.dyno = backend.name
                try:
                    return await self._connect(backend, turn)
                except Fault as fault:
                    if fault.code == "H99":
                        raise
                    backend.quarantined = turn.now + self._limits.quarantine.value
                    tries += 1
                    if tries >= min(facts.TRIES.value, len(self.backends)):
                        raise
                    backend = None
                    continue
            now = turn.now
            self._check_states(now >= until)
            await turn.wait(min(until, now + LOOK_AGAIN))
            if client.ended:
                raise Fault("H27", "the client left while no dyno was up")

    def _check_states(self, late: bool) -> None:
        """Raise `Fault` if waiting cannot help, or if it is too `late`."""
        states = {backend.state for backend in self.backends}
        if not states and self.blank:
            raise Fault("H81", "nothing has been released yet")
        if not states:
            raise Fault("H14", "there is no web dyno")
        if states == {"crashed"}:
            raise Fault("H10", "every web dyno has crashed")
        if late and "up" in states:
            raise Fault("H99", "no dyno could be reached")
        if late:
            raise Fault("H20", "no dyno came up in time")

    async def _connect(self, backend: Backend, turn: Turn) -> Link:
        try:
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        except OSError as none:
            raise Fault("H99", f"this machine has no socket left: {none.strerror}") from None
        try:
            sock.setblocking(False)
            error = sock.connect_ex(backend.address)
            if error == errno.EINPROGRESS and not _connected(sock):
                error = await self._connecting(sock, turn)
            if error == errno.EADDRNOTAVAIL:
                raise Fault("H99", "this machine has no port left for another connection")
            itself = sock.getsockname() == backend.address  # possible for a free port
            if error not in (0, errno.EINPROGRESS) or itself:
                raise Fault("H21", f"{backend.name} refused the connection")
        except BaseException:
            sock.close()
            raise
        return Link(backend, Wire(sock, self._loop, turn, int(facts.BUFFER.value)))

    async def _connecting(self, sock: socket.socket, turn: Turn) -> int:
        """Wait for a pending connection and return its error, 0 for none. Raises `Fault` (H19)."""
        until = turn.now + self._limits.connect_timeout.value
        writable: list[bool] = []

        def ready() -> None:
            writable.append(True)
            turn.wake()

        self._loop.add_writer(sock.fileno(), ready)
        try:
            while not writable:
                if not await turn.wait(until):
                    raise Fault(
                        "H19", f"no connection within {self._limits.connect_timeout.value} s"
                    )
        finally:
            self._loop.remove_writer(sock.fileno())
        return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def keep(self, link: Link, now: float) -> None:
        """Keep a connection, idle since `now`, for the next request."""
        link.used = True
        link.until = now + self._idle
        link.wire.turn = link
        if link.wire.inbox or link.wire.ended or link.backend.state != "up":
            link.wire.close()
        else:
            link.backend.idle.append(link)

    def drop(self, until: float) -> None:
        """Close connections whose idle time ends by `until`, and those to dynos that are not up."""
        for backend in self.backends:
            gone = backend.state != "up"
            for link in [link for link in backend.idle if gone or link.until <= until]:
                backend.idle.remove(link)
                link.wire.close()


def _connected(sock: socket.socket) -> bool:
    """Return whether the handshake is already over, as it usually is on loopback."""
    try:
        sock.getpeername()
    except OSError:
        return False
    return True
