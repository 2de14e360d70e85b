"""One port for http and https: a connection that begins with a TLS handshake is routed as https.

So a browser that an app redirects from http to https on the same host reaches the app again.
"""

import asyncio
import contextlib
import socket
import ssl
from typing import Self

from parity.router import Router
from parity.router.listener import ListeningSocket

HANDSHAKE = 0x16
"""The first byte of a TLS connection (RFC 8446 section 5.1)."""

SILENT = 60.0
"""Seconds within which a client must send something, as with the router itself."""

CHUNK = 64 * 1024


class Decrypting:
    """Listens on `port` of loopback while entered. Raises `Trouble` for a port in use."""

    def __init__(self, router: Router, port: int, context: ssl.SSLContext) -> None:
        self._router = router
        self._wanted = port
        self._context = context
        self._loop = router.loop
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._front = ListeningSocket(self._loop, self._wanted, self._accepted, tls=False)
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
            await self._decrypt(sock)

    async def _first(self, sock: socket.socket) -> bytes:
        """Return the first byte, which stays in the socket."""
        ready = asyncio.Event()
        self._loop.add_reader(sock.fileno(), ready.set)
        try:
            await ready.wait()
        finally:
            self._loop.remove_reader(sock.fileno())
        return sock.recv(1, socket.MSG_PEEK)

    async def _decrypt(self, sock: socket.socket) -> None:
        """Decrypt the connection, and forward it to the router's https port. Raises `OSError`."""
        reader = asyncio.StreamReader(CHUNK, loop=self._loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=self._loop)
        transport, _ = await self._loop.connect_accepted_socket(
            lambda: protocol, sock, ssl=self._context
        )
        client = asyncio.StreamWriter(transport, protocol, reader, self._loop)
        try:
            source, target = await asyncio.open_connection("127.0.0.1", self._router.https.port)
        except OSError:
            transport.abort()
            raise
        try:
            await asyncio.gather(_copy(reader, target), _copy(source, client))
        finally:
            client.close()
            target.close()


async def _copy(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    """Copy everything from one side to the other, and its end; TLS has no half-closed state."""
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
