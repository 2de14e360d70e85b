"""One port for http and https: what begins with a TLS handshake is decrypted, then routed as https.

So an app that sends a browser from http to https on the same host finds it again at the same port.
"""

import asyncio
import contextlib
import socket
import ssl
from typing import Self

from parity.router import Router
from parity.router.listener import Front

HANDSHAKE = 0x16
"""The first byte of a TLS connection (RFC 8446 section 5.1)."""

SILENT = 60.0
"""Seconds within which a client has to say something: as the router itself waits."""

CHUNK = 64 * 1024


class Decrypting:
    """Listens on `port` while it is entered, on loopback. Raises `Trouble` for a port in use."""

    def __init__(self, router: Router, port: int, context: ssl.SSLContext) -> None:
        self._router = router
        self._wanted = port
        self._context = context
        self._loop = router.loop
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._front = Front(self._loop, self._wanted, self._accepted, tls=False)
        self.port = self._front.port
        return self

    def __exit__(self, *_: object) -> None:
        self._front.close()
        for task in self._tasks:
            task.cancel()

    def _accepted(self, sock: socket.socket, _tls: bool) -> None:
        task = self._loop.create_task(self._serve(sock))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, sock: socket.socket) -> None:
        try:
            first = await asyncio.wait_for(self._first(sock), SILENT)
        except (OSError, TimeoutError, asyncio.CancelledError):
            sock.close()
            return
        if not first or first[0] != HANDSHAKE:
            self._router.take(sock)
            return
        with contextlib.suppress(OSError):
            await self._decrypted(sock)

    async def _first(self, sock: socket.socket) -> bytes:
        """The first byte, which stays where it is."""
        ready = asyncio.Event()
        self._loop.add_reader(sock.fileno(), ready.set)
        try:
            await ready.wait()
        finally:
            self._loop.remove_reader(sock.fileno())
        return sock.recv(1, socket.MSG_PEEK)

    async def _decrypted(self, sock: socket.socket) -> None:
        """Between the client and the router's port for what was https outside. Raises `OSError`."""
        reader = asyncio.StreamReader(CHUNK, loop=self._loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=self._loop)
        transport, _ = await self._loop.connect_accepted_socket(
            lambda: protocol, sock, ssl=self._context
        )
        client = asyncio.StreamWriter(transport, protocol, reader, self._loop)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._router.https.port)
        except OSError:
            transport.abort()
            raise
        try:
            await asyncio.gather(_pumped(reader, back), _pumped(there, client))
        finally:
            client.close()
            back.close()


async def _pumped(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    """Everything from one side to the other, and its end; TLS knows no half of an end."""
    try:
        while data := await source.read(CHUNK):
            to.write(data)
            await to.drain()
        if to.can_write_eof():
            to.write_eof()
        else:
            to.close()
    except OSError:
        to.transport.abort()
