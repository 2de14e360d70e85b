"""Visitors that no library can play: slow ones, ones that leave, websockets. Run in threads."""

import base64
import contextlib
import http.client
import secrets
import socket
import struct
import threading
import time
from collections.abc import Mapping
from functools import partial

from parity.records.scenario import Step
from parity.router.client import KEPT_BODY, NOTHING, ClientView, leaving

TEXT, BINARY, CLOSE = 1, 2, 8
"""Kinds of websocket frames: RFC 6455 section 5.2."""

PIECES = 20
"""Parts in which a slow body is sent."""


def visit(
    port: int, step: Step, headers: Mapping[str, str], timeout: float, patience: float
) -> ClientView:
    """Play `step` against the router's `port`; an answer is read for at most `patience` seconds."""
    with socket.create_connection(("127.0.0.1", port), timeout) as sock:
        stay = threading.TIMEOUT_MAX if step.leave is None else step.leave
        with leaving(partial(sock.shutdown, socket.SHUT_RDWR), stay) as left:
            try:
                sock.sendall(head(step, headers))
                _send_body(sock, step)
                view = _answer(sock, step, patience)
            except (OSError, http.client.HTTPException):
                view = NOTHING
        return view._replace(left=view.left or left.is_set())


def head(step: Step, headers: Mapping[str, str]) -> bytes:
    """Return the head of a request, which asks for a websocket if the step has messages."""
    sent = {**headers}
    if step.websocket:
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        sent |= {"Connection": "Upgrade", "Upgrade": "websocket"}
        sent |= {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key}
    elif step.body:
        sent["Content-Length"] = str(len(step.body))
    lines = (f"{name}: {value}" for name, value in sent.items())
    return "\r\n".join((f"{step.method} {step.path} HTTP/1.1", *lines, "", "")).encode("latin-1")


def _send_body(sock: socket.socket, step: Step) -> None:
    """Send the body over `step.seconds`; stop if the router has already answered and closed."""
    size = max(len(step.body) // PIECES, 1) if step.seconds else max(len(step.body), 1)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for at in range(0, len(step.body), size):
            if at:
                time.sleep(step.seconds / PIECES)
            sock.sendall(step.body[at : at + size])


def _answer(sock: socket.socket, step: Step, patience: float) -> ClientView:
    response = http.client.HTTPResponse(sock, method=step.method)
    response.begin()
    headers = {name.lower(): value for name, value in response.getheaders()}
    if step.websocket and response.status == 101:
        heard = [_reply(sock, text) for text in step.websocket]
        return ClientView(101, headers, {}, b"\n".join(heard), False)
    body = b""
    lost = contextlib.suppress(OSError, http.client.HTTPException)
    with lost, leaving(partial(sock.shutdown, socket.SHUT_RDWR), patience) as cut:
        while piece := response.read1(16 * 1024):
            body += piece[: KEPT_BODY - len(body)]
    return ClientView(response.status, headers, {}, body, cut.is_set())


def send(sock: socket.socket, opcode: int, data: bytes) -> None:
    """Send one message of at most 64 kB (RFC 6455 section 5.2)."""
    mask, length = secrets.token_bytes(4), len(data)
    masked = bytes(byte ^ mask[n % 4] for n, byte in enumerate(data))
    size = bytes([0x80 | length]) if length < 126 else b"\xfe" + struct.pack("!H", length)
    sock.sendall(bytes([0x80 | opcode]) + size + mask + masked)


def _reply(sock: socket.socket, text: str) -> bytes:
    """Send one text message and wait for one in return."""
    send(sock, TEXT, text.encode())
    while True:
        opcode, content = frame(sock)
        if opcode in (TEXT, BINARY):
            return content
        if opcode == CLOSE:
            raise ConnectionResetError("the app closed the websocket")


def frame(sock: socket.socket) -> tuple[int, bytes]:
    """Return the opcode and the content of the next frame. Raises `OSError` if none comes."""
    first, second = _exactly(sock, 2)
    length = second & 0x7F
    if length == 126:
        (length,) = struct.unpack("!H", _exactly(sock, 2))
    elif length == 127:
        (length,) = struct.unpack("!Q", _exactly(sock, 8))
    return first & 0x0F, _exactly(sock, length)


def _exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise ConnectionResetError("closed in the middle of a message")
        data += piece
    return data
