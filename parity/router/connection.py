"""One client's connection, from its first request to its last, as one coroutine.

Both sockets wake it, and it forwards whatever has come, in either direction. Conditions of the
codes: https://devcenter.heroku.com/articles/error-codes (documented).
"""

import asyncio
import time

from parity.facts import router as facts
from parity.router import headers, http1
from parity.router.context import RouterContext
from parity.router.forward import Talk
from parity.router.header_fields import Malformed
from parity.router.rejections import refused
from parity.router.request_log import Fault, Trip
from parity.router.transport import Turn, Wire


class ClientConnection:
    """The server side of `client`'s connection. `tls`: it came in on the https port."""

    __slots__ = ("_cut", "_keep", "_turn", "client", "context", "tls")

    def __init__(self, client: Wire, turn: Turn, context: RouterContext, *, tls: bool) -> None:
        self.client = client
        self.context = context
        self.tls = tls
        self._turn = turn
        self._keep = True
        self._cut = False

    async def serve(self) -> None:
        """Answer one request after another, then close."""
        try:
            while self._keep:
                head = await self._head()
                if head is None:
                    break
                await self._exchange(head)
            await self._leave()
        finally:
            self.client.close()

    async def _head(self) -> bytes | None:
        """Return the next request's head, or None if there is none or it was refused."""
        client, turn, checked = self.client, self._turn, 0
        until = turn.now + self.context.client_idle
        while client.clogged:  # it keeps sending requests without reading the answers
            if not await turn.wait(until):
                return None
        while True:
            data = client.inbox
            if data:
                try:
                    end = self._end(checked)
                except Malformed as bad:
                    self._refuse(bytes(data), bad)
                    return None
                if end:
                    return client.take_first(end)
                checked = len(client.inbox)
            if client.ended:
                return None
            if not await turn.wait(until):
                if data:
                    self._refuse(bytes(data), Malformed("bad request", "too slow", 408))
                return None

    def _end(self, checked: int) -> int:
        """Return where the request's head ends, or 0 if it has not yet. Raises `Malformed`."""
        client = self.client
        if client.inbox[:1] == b"\r":
            client.inbox = _without_empty_lines(client.inbox)
        end = http1.end_of_head(client.inbox, checked)
        if not end:
            http1.unfinished_request(client.inbox)
        return end

    def _refuse(self, head: bytes, bad: Malformed) -> None:
        """Answer a malformed request and close: there is no telling where the next one begins."""
        self._keep = False
        self.client.send(refused(head, bad, self.context, tls=self.tls))

    async def _exchange(self, head: bytes) -> None:
        """Answer or refuse one request, and log it."""
        context, turn = self.context, self._turn
        try:
            request = http1.request(head)
        except Malformed as bad:
            self._refuse(head, bad)
            return
        if not context.knows(request.host):
            self._refuse(head, Malformed("bad header", "no such app", 404))
            return
        trip = self._trip(request)
        fault = None
        context.dynos.active += 1
        try:
            self._admit()
            talk = Talk(trip, self.client, turn, context)
            await talk.hold()
            self._keep = self._keep and talk.client_kept
        except Fault as failed:
            fault = failed
            self._failed(trip, fault)
        except asyncio.CancelledError:
            fault = Fault("H24", "the router was stopped", status=trip.status)
            raise
        finally:
            context.dynos.active -= 1
            context.record(trip.passed(turn.now, fault, h26=context.profile.h26))

    def _trip(self, request: http1.RequestHead) -> Trip:
        known = request.known
        ids = known.get(b"x-request-id", ())
        self._keep = request.keep and not request.doubtful
        return Trip(
            request,
            self.context.request_id(ids[0] if len(ids) == 1 else None),
            headers.joined(known, b"x-forwarded-for", facts.CLIENT),
            tls=self.tls,
            wall=time.time(),
            began=self._turn.now,
        )

    def _admit(self) -> None:
        """Raise `Fault` for a request that the router answers itself."""
        context, dynos = self.context, self.context.dynos
        if context.maintenance:
            raise Fault("H80", "maintenance mode is on")
        if len(context.turns) > facts.CONNECTIONS.value:
            raise Fault("H22", f"{len(context.turns)} connections at once")
        if dynos.active > facts.CONCURRENCY.value * (len(dynos.backends) or 1):
            raise Fault("H11", f"{dynos.active} requests at once")

    def _failed(self, trip: Trip, fault: Fault) -> None:
        """Send Heroku's error page, or cut the connection if part of an answer was sent already."""
        if fault.status == 499 or trip.status:
            self._keep = False
            self._cut = trip.endless
            return
        page = self.context.page(fault.code, fault.status)
        self._keep = self._keep and trip.whole
        trip.bytes = len(page)
        date, profile = self.context.date(), self.context.profile
        self.client.send(
            headers.own(fault.status, page, "text/html", profile, keep=self._keep, date=date)
        )

    async def _leave(self) -> None:
        """Send the rest, read what comes, then close: unread bytes would cause a reset."""
        client, turn, context = self.client, self._turn, self.context
        began, idle = turn.now, context.idle_window
        while not client.sent and not client.broken:
            if not await turn.wait(max(began, client.taken) + idle):
                break
            client.take()
        if self._cut:
            client.close(reset=True)
            return
        client.finish()
        until = turn.now + context.limits.linger.value
        while not client.ended and await turn.wait(until):
            client.take()


def _without_empty_lines(data: bytes | bytearray) -> bytes | bytearray:
    """Return `data` without a few leading empty lines (RFC 9112 section 2.2)."""
    for _ in range(int(facts.EMPTY_LINES.value)):
        if not data.startswith(b"\r\n"):
            break
        data = data[2:]
    return data
