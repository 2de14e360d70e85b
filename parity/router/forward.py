"""One request and its answer on one connection to a dyno.

Bodies are forwarded in both directions as they come; a side that does not read holds up the other.
"""

from collections.abc import Awaitable

from parity.facts import router as facts
from parity.router import headers, http1
from parity.router.body import NOTHING, Follow, follow
from parity.router.context import RouterContext
from parity.router.dynos import Link
from parity.router.header_fields import Malformed
from parity.router.http1 import ResponseHead
from parity.router.request_log import Fault, Trip
from parity.router.transport import Turn, Wire
from parity.router.tunnel import tunnel

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
REPEATABLE = frozenset((b"GET", b"HEAD", b"OPTIONS", b"TRACE"))
"""Methods sent again when a reused connection turns out to be dead (reported of Router 2.0)."""


class Talk:
    """The exchange of `trip` between `client` and a dyno.

    Afterwards `client_kept` says whether the client's connection can serve another request.
    """

    __slots__ = (
        *("_client", "_context", "_dyno", "_heard", "_moved", "_seen", "_trip", "_turn", "_upload"),
        *("_used", "client_kept"),
    )

    def __init__(self, trip: Trip, client: Wire, turn: Turn, context: RouterContext) -> None:
        self.client_kept = True
        self._trip = trip
        self._client = client
        self._turn = turn
        self._context = context
        self._upload = NOTHING if trip.whole else follow(trip.request.body)
        self._heard = 0.0
        self._seen = 0

    async def hold(self) -> None:
        """Find a dyno, and forward the request and the answer. Raises `Fault`."""
        trip, turn, context = self._trip, self._turn, self._context
        dynos, profile = context.dynos, context.profile
        keep, reusable = profile.keeps and (trip.request.keep or profile.name != "legacy"), False
        backend = dynos.chosen(turn.now)
        link = backend.kept(turn) if backend else None
        link = link or await dynos.reach(trip, self._client, turn, backend)
        try:
            self._ask(link, keep=keep)
            while (response := self._answer()) is None:
                if self._dyno.ended:  # a reused connection was dead: try a new one
                    self._dyno.close()
                    link = await dynos.reach(trip, self._client, turn)
                    self._ask(link, keep=keep)
                elif not await turn.wait(self._deadline()):
                    raise self._silence()
            if response.status == 101:
                await self._switch(response)
                return
            if 0 < response.body.length <= profile.held and response.body.kind == "length":
                await self._whole(response.body.length)
            body = self._deliver(response)
            if body is not None:
                await self._follow(response, body)
            reusable = keep and response.keep and trip.whole and not self._dyno.inbox
        finally:
            if reusable:
                dynos.keep(link, turn.now)
            else:
                link.wire.close()

    def _ask(self, link: Link, *, keep: bool) -> None:
        """Send the request's head; the body follows as it comes."""
        trip, profile = self._trip, self._context.profile
        trip.dyno = link.backend.name
        self._dyno, self._used, self._moved = link.wire, link.used, self._turn.now
        self._dyno.send(headers.to_dyno(trip, profile, keep=keep))
        if trip.request.expects and profile.continues and not trip.continued:
            self._client.send(CONTINUE)
            trip.continued = True

    def _pump(self) -> None:
        """Forward what has come of the request's body."""
        upload, client = self._upload, self._client
        if upload.done or not client.inbox or self._dyno.clogged:
            return
        try:
            self._dyno.send(upload.feed(bytes(client.take())))
        except Malformed as bad:
            self._dyno.send(bad.good)
            raise Fault("H26", bad.reason, cause="bad chunk") from None
        self._moved = self._turn.now
        self._trip.whole = upload.done
        if upload.done:
            client.put_back(upload.rest)

    def _answer(self) -> ResponseHead | None:
        """Return the head of the final answer, or of a protocol switch, if it has come.

        Raises `Fault` if it can no longer come, unless the request can be sent again.
        """
        while True:
            if not self._trip.whole:
                if self._dyno.inbox:
                    self._client.look()
                self._pump()
            response = self._head()
            if response is None:
                if self._client.ended or self._dyno.ended:
                    self._ends()
                return None
            if response.status >= 200 or self._is_last(response.status):
                return response

    def _head(self) -> ResponseHead | None:
        """Return the dyno's next head, if it has come. Raises `Fault` for an unreadable one."""
        data = self._dyno.inbox
        if len(data) == self._seen:
            return None
        self._heard = self._turn.now
        try:
            end = http1.end_of_head(data, self._seen)
            if not end:
                http1.unfinished_response(data)
                self._seen = len(data)
                return None
            self._seen = 0
            blanks, method = self._context.profile.blanks, self._trip.request.method
            return http1.response(self._dyno.take_first(end), method, blanks=blanks)
        except Malformed as bad:
            raise _unreadable(bad) from None

    def _is_last(self, status: int) -> bool:
        """Return whether an interim answer ends the exchange, and forward a `100 Continue`."""
        trip, request = self._trip, self._trip.request
        if status == 101 and not request.upgrade:
            raise Fault("H17", "101 Switching Protocols without a request to upgrade")
        if status == 100:
            if trip.continued and not self._context.profile.continues and request.expects:
                raise Fault("H17", "100 Continue twice")
            if request.minor and not trip.continued:
                self._client.send(CONTINUE)
            trip.continued = True
            return False
        if status != 101:
            trip.note = f"Heroku's router does not forward the interim answer {status}"
        return status == 101 or self._context.profile.interim_ends

    def _ends(self) -> None:
        """Raise `Fault` if one side has left before the answer's head was complete."""
        trip = self._trip
        if self._client.ended and (trip.whole or not self._client.inbox):
            raise Fault("H27", "the client left before the answer")
        if not self._dyno.ended:
            return
        stale = self._used and not self._heard
        if stale and trip.request.body.kind == "none" and trip.request.method in REPEATABLE:
            return
        if not trip.whole:
            raise Fault("H18", "the dyno closed the connection while the request was being sent")
        if stale:
            raise Fault("H18", "the dyno closed a connection that was kept for this request")
        part = "in the middle of the head" if self._seen else "before the first byte"
        raise Fault("H13", f"the connection was closed {part} of an answer")

    def _deadline(self) -> float:
        moved = max(self._moved, self._dyno.taken)
        if self._trip.whole and not self._heard:
            return moved + self._context.first_byte
        return max(moved, self._heard) + self._context.idle_window

    def _any_bytes(self) -> Awaitable[bool]:
        """Wait for an event; the result is False if no byte has moved within the idle window."""
        moved = max(self._heard, self._client.taken, self._dyno.taken)
        return self._turn.wait(moved + self._context.idle_window)

    def _silence(self) -> Fault:
        """Return the fault for an answer that did not begin in time: the client's or the dyno's."""
        if not self._trip.whole and not self._dyno.clogged:
            return Fault("H28", "the client did not finish its request")
        if not self._trip.whole:
            return Fault("H12", "the dyno does not read the request's body")
        if self._seen:
            return Fault("H15", "silent in the middle of the head")
        return Fault("H12", "not one byte of an answer within the limit")

    def _deliver(self, response: ResponseHead) -> Follow | None:
        """Send the final answer's head and what has come of its body; return an unfinished body."""
        trip, profile, body = self._trip, self._context.profile, response.body
        decoded = body.kind == "chunked" and trip.request.minor == 0
        self.client_kept = self._keeps(response, decoded)
        head = headers.to_client(
            response,
            profile,
            connection=b"keep-alive" if self.client_kept else b"close",
            date=self._context.date(),
            decoded=decoded,
        )
        trip.status = response.status
        trip.endless = decoded or body.kind == "close"
        trip.bytes += len(head) if profile.heads else 0
        if len(self._dyno.inbox) == body.length:
            trip.bytes += body.length  # the whole body is here
            self._client.send(head + self._dyno.take())
            return None
        followed = follow(body, decoded=decoded)
        self._pass(followed, head)
        return followed

    async def _follow(self, response: ResponseHead, body: Follow) -> None:
        """Forward the rest of the final answer's body as it comes."""
        while not body.done:
            self._pump()
            if self._dyno.inbox and not self._client.clogged:
                self._pass(body, b"")
            elif self._over(response):
                break
            elif not await self._any_bytes():
                raise self._stuck()
        if body.rest:
            self._trip.note = f"the dyno sent {len(body.rest)} bytes more than it promised"
            self._dyno.put_back(body.rest)

    def _keeps(self, response: ResponseHead, decoded: bool) -> bool:
        """Return whether the client can send another request after this answer."""
        trip, request = self._trip, self._trip.request
        if not request.keep or request.doubtful or not trip.whole or decoded:
            return False
        waiting = request.expects and not trip.continued
        return response.body.kind != "close" and response.status >= 200 and not waiting

    async def _whole(self, length: int) -> None:
        """Wait for a short body, so that a truncated one can be answered with an error page."""
        while len(self._dyno.inbox) < length:
            self._pump()
            if self._dyno.ended:
                received = len(self._dyno.inbox)
                raise Fault("H18", f"the connection was closed after {received} of {length} bytes")
            if self._client.ended:
                raise Fault("H27", "the client left during the answer")
            have = len(self._dyno.inbox)
            if not await self._any_bytes():
                raise Fault("H15", "silent in the middle of the answer")
            if len(self._dyno.inbox) > have:
                self._heard = self._turn.now

    def _pass(self, body: Follow, head: bytes) -> None:
        """Send `head` and what has come of the body."""
        self._heard = self._turn.now
        data = bytes(self._dyno.take()) if not body.done and self._dyno.inbox else b""
        try:
            piece = body.feed(data) if data else b""
        except Malformed as bad:
            self._client.send(head + bad.good)
            self._trip.bytes += len(bad.good)
            raise self._truncated(f"a broken chunk in the answer: {bad.reason}") from None
        self._client.send(head + piece if head else piece)
        self._trip.bytes += len(piece)

    def _over(self, response: ResponseHead) -> bool:
        """Return whether a closed connection ends the answer. Raises `Fault` if it cuts it off."""
        if self._client.ended or self._client.broken:
            raise Fault("H27", "the client left during the answer")
        if not self._dyno.ended or self._dyno.inbox:
            return False
        if response.body.kind != "close":
            raise self._truncated("the connection was closed in the middle of the answer")
        return True

    def _truncated(self, detail: str) -> Fault:
        status = self._trip.status if self._context.profile.partial else 0
        return Fault("H18", detail, status=status)

    def _stuck(self) -> Fault:
        if self._client.clogged:
            return Fault("H28", "the client does not read the answer")
        return Fault("H15", "silent in the middle of the answer")

    async def _switch(self, response: ResponseHead) -> None:
        """Send the answer that switches protocols, then copy bytes until one side ends."""
        self.client_kept = False
        date, profile = self._context.date(), self._context.profile
        self._client.send(headers.to_client(response, profile, connection=b"Upgrade", date=date))
        self._trip.status = 101
        idle = self._context.idle_window
        await tunnel(self._client, self._dyno, self._turn, self._trip, idle)


def _unreadable(bad: Malformed) -> Fault:
    """Return the fault for an answer that cannot be forwarded."""
    cause = facts.RESTRICTIONS.get(bad.kind)
    if cause:
        return Fault("H25", bad.reason, cause=cause)
    return Fault("H17", bad.reason)
