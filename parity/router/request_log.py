"""The router's record of one request: what goes into the log and into a report."""

from typing import NamedTuple

from parity.facts.router import CODES
from parity.router.http1 import RequestHead


class Fault(Exception):
    """The reason why a request fails: Heroku's `code`; `detail` is what the sockets showed.

    `cause` is logged beside the code; `status` is set where it is not the code's own.
    """

    def __init__(self, code: str, detail: str, *, cause: str = "", status: int = 0) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.cause = cause
        self.status = status or CODES[code].status


class Passed(NamedTuple):
    """A finished request. Times in ms, None where the log leaves them empty.

    `code` None: the dyno's answer went through. `sent`: the status that the client saw (0: none).
    """

    method: str
    path: str
    host: str
    request_id: str
    fwd: str
    tls: bool
    dyno: str
    connect_ms: int | None
    service_ms: int | None
    status: int
    bytes: int | None
    code: str | None
    cause: str
    detail: str
    sent: int


class Trip:
    """A request in progress. Times in seconds of the router's clock (`transport.clock`).

    `wall`: its arrival in seconds since 1970. `whole`: all of the request has come. `continued`:
    the client was sent `100 Continue`. `status`: of the dyno's answer, once sent (0: nothing yet).
    `endless`: only a close tells the client that the answer is over. `note`: what was odd about a
    good answer.
    """

    __slots__ = (
        *("began", "bytes", "connected", "continued", "dyno", "endless", "fwd", "note", "request"),
        *("request_id", "status", "tls", "wall", "whole"),
    )

    def __init__(
        self,
        request: RequestHead,
        request_id: bytes,
        fwd: bytes,
        *,
        tls: bool,
        wall: float,
        began: float,
    ) -> None:
        self.request = request
        self.request_id = request_id
        self.fwd = fwd
        self.tls = tls
        self.wall = wall
        self.began = self.connected = began
        self.whole = request.body.length == 0
        self.dyno = ""
        self.status = 0
        self.bytes = 0
        self.continued = False
        self.endless = False
        self.note = ""

    @property
    def connect_ms(self) -> int:
        """Milliseconds from the request's arrival to a connection to a dyno."""
        return int((self.connected - self.began) * 1000)

    def passed(self, now: float, fault: Fault | None, *, h26: bool = True) -> Passed:
        """Return the finished record; without `h26` the log has no such code."""
        request_id, fwd = self.request_id.decode(), self.fwd.decode("latin-1")
        began, connected, status = self.began, self.connected, self.status
        method, path, host = self.request.text
        good = Passed(
            method,
            path,
            host,
            request_id,
            fwd,
            self.tls,
            self.dyno,
            int((connected - began) * 1000),
            int((now - connected) * 1000),
            status,
            self.bytes,
            None,
            "",
            self.note,
            status,
        )
        return self._failed(good, fault, h26) if fault else good

    def _failed(self, good: Passed, fault: Fault, h26: bool) -> Passed:
        """Return the record of a failed request, with the fields that Heroku logs for its code."""
        filled = CODES[fault.code].fields if self.dyno else ""
        counted = "b" in filled or ("n" in filled and self.bytes)
        return good._replace(
            dyno=self.dyno if "d" in filled else "",
            connect_ms=good.connect_ms if "c" in filled else None,
            service_ms=good.service_ms if "s" in filled else None,
            status=fault.status,
            bytes=0 if "0" in filled else self.bytes if counted else None,
            code=fault.code if h26 or fault.code != "H26" else None,
            cause=fault.cause,
            detail=fault.detail,
        )
