"""The visitor's view of a request and the router's record of it, merged into an `Exchange`."""

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from parity.records import Exchange
from parity.router.request_log import Passed

if TYPE_CHECKING:
    from parity.router.client import ClientView


def text(value: str) -> str:
    """Return a header's value, which was read as Latin-1, as a browser reads it."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def target(url: str) -> str:
    """Return path and query of `url` as a browser writes them in the request line."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return quote(path, safe="!#$%&'()*+,/:;=?@[]~") or "/"


def exchange(
    url: str, method: str, view: "ClientView", passed: Passed | None, first: str | None
) -> Exchange:
    """Merge the visitor's view of a request with the router's record of it.

    A refused request has no record. A visitor who left on purpose is no fault.
    """
    path = target(url)
    record = passed if passed and not (view.left and passed.code == "H27") else None
    status = record.status if record else view.status or (passed.status if passed else 0)
    return Exchange(
        method=method,
        path=path,
        host=urlsplit(url).netloc,
        status=status,
        code=record.code if record else None,
        detail=record.detail if record else "",
        connect_ms=(passed.connect_ms or 0) if passed else 0,
        service_ms=(passed.service_ms or 0) if passed else 0,
        bytes=(passed.bytes or 0) if passed else 0,
        headers=view.headers,
        body=view.body,
        first=first or path,
    )
