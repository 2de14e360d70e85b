"""Requests that never reach a dyno, because they are malformed or for an unknown host."""

import re

from parity.facts.router import CLIENT, REQUEST_ERRORS
from parity.router import headers, pages
from parity.router.context import RouterContext
from parity.router.header_fields import Malformed
from parity.router.request_log import Passed

_LINE = re.compile(rb"([!-~]{1,127}) ([!-~]{1,8192}) HTTP/")
_HOST = re.compile(rb"(?i)\r\nhost:[ \t]*([a-z0-9_.:\[\]-]+)[ \t]*\r\n")


def refused(head: bytes, bad: Malformed, context: RouterContext, *, tls: bool) -> bytes:
    """Return the answer to a refused `head`; it is logged where Heroku's router logs it (H26)."""
    status = bad.status
    if status == 404:
        body, kind = pages.no_such_app(), "text/html"
    else:
        status = context.profile.long_line if status == 414 else status
        body, kind = f"{status}: {bad.reason}\n".encode(), "text/plain"
    if context.profile.h26 and status in (400, 417):
        _record(head, bad, context, tls=tls)
    return headers.own(status, body, kind, context.profile, keep=False, date=context.date())


def _record(head: bytes, bad: Malformed, context: RouterContext, *, tls: bool) -> None:
    """Log H26, if the request is readable enough to say which app it was for."""
    line, host = _LINE.match(head), _HOST.search(head)
    if not line or not host or not context.knows(host[1]):
        return
    context.record(
        Passed(
            method=line[1].decode(),
            path=line[2].decode(),
            host=host[1].decode(),
            request_id=context.request_id(None).decode(),
            fwd=CLIENT.decode(),
            tls=tls,
            dyno="",
            connect_ms=None,
            service_ms=None,
            status=bad.status,
            bytes=None,
            code="H26",
            cause=REQUEST_ERRORS[bad.kind],
            detail=bad.reason,
            sent=bad.status,
        )
    )
