"""The way from a port of this machine to the dyno's port in its own network."""

import asyncio
import socket

from parity.dyno.netns_sockets import Door

CHUNK = 1 << 16


class Relay:
    """Forwards connections to `front`, a port of 127.0.0.1, to `port` in the dyno's network.

    The two are the same, unless `port` is taken on this machine.
    """

    def __init__(self, door: Door, port: int) -> None:
        self._door, self._port = door, port
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def listen(self) -> int:
        """Start to listen, and return `front`. Raises `OSError`."""
        try:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        except OSError:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop, and end the connections that are still open."""
        if self._server:
            self._server.close()
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # a transport closes its socket in the loop's next turn
        await asyncio.sleep(0)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            from_dyno, to_dyno = await asyncio.open_connection(sock=await self._connected())
        except OSError:
            writer.transport.abort()
            return
        try:
            await asyncio.gather(_copy(reader, to_dyno), _copy(from_dyno, writer))
        finally:
            writer.close()
            to_dyno.close()

    async def _connected(self) -> socket.socket:
        dyno = self._door.socket(socket.AF_INET, socket.SOCK_STREAM)
        dyno.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(dyno, ("127.0.0.1", self._port))
        except OSError:
            dyno.close()
            raise
        return dyno


async def _copy(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    """Copy everything from one side to the other, and pass on a reset."""
    try:
        while data := await source.read(CHUNK):
            to.write(data)
            await to.drain()
        to.write_eof()
    except OSError:
        to.transport.abort()
