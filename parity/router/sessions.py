"""A visitor whose browser opens a session over a websocket, and waits for the first page."""

import contextlib
import http.client
import re
import socket
import time
from collections.abc import Iterator, Mapping

from parity.facts.sessions import Opening
from parity.records.scenario import Step
from parity.router.client import KEPT_BODY, NOTHING, ClientView
from parity.router.slow_clients import BINARY, CLOSE, TEXT, frame, head, send


def visit(
    port: int, opening: Opening, headers: Mapping[str, str], timeout: float, seconds: float
) -> ClientView:
    """Open a session against the router's `port`, and stay until its last message has come.

    It stays for at most `seconds`; the body has what was received.
    """
    chosen = {"Sec-WebSocket-Protocol": opening.protocol} if opening.protocol else {}
    step = Step(opening.path, websocket=("",))
    try:
        with socket.create_connection(("127.0.0.1", port), timeout) as sock:
            sock.sendall(head(step, {**headers, **chosen}))
            response = http.client.HTTPResponse(sock, method="GET")
            response.begin()
            received = {name.lower(): value for name, value in response.getheaders()}
            if response.status != 101:
                return ClientView(response.status, received, {}, b"", False)
            send(sock, TEXT if opening.text else BINARY, opening.message)
            body = b"\n".join(_messages(sock, opening, seconds))
            return ClientView(101, received, {}, body[:KEPT_BODY], True)
    except (OSError, http.client.HTTPException):
        return NOTHING


def _messages(sock: socket.socket, opening: Opening, seconds: float) -> Iterator[bytes]:
    until = time.monotonic() + seconds
    with contextlib.suppress(OSError):  # the server has closed, or says no more in time
        while (left := until - time.monotonic()) > 0:
            sock.settimeout(left)
            kind, content = frame(sock)
            yield content
            if kind == CLOSE or re.search(opening.last, content):
                return
