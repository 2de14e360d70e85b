"""The watch on a dyno: follows its output, its end and its memory on the running loop.

Importing asyncio is slow, so it happens while the app boots.
"""

import asyncio
import time
from collections.abc import Callable

from parity.dyno.containment import DRAIN
from parity.dyno.guard_pipes import BEGIN, Guard
from parity.dyno.lines import Lines, read
from parity.dyno.process import DynoProcess
from parity.dyno.relay import Relay
from parity.system import interrupt
from parity.system.awake import Clock
from parity.system.beside import beside

TICK = 0.05
BEAT = 0.2
"""Seconds between two looks at the dyno's memory."""

REAP = 1.0
"""Seconds that a guard's process may take to end after its last report (ours)."""


async def begun(guard: Guard) -> None:
    """Wait until the command has been started, or its guard killed. Raises `Refused`."""
    await _listen_until(guard, lambda: guard.settled, BEGIN)
    guard.granted()


async def let_go(process: DynoProcess) -> None:
    """End whatever is left of the command."""
    guard = process.guard
    if guard.let_go():
        await _listen_until(guard, lambda: guard.over, BEGIN)
        if guard.failed:
            await beside(guard.swept)
        else:
            guard.swept()
    until = time.monotonic() + REAP
    while not process.gone and time.monotonic() < until:
        await asyncio.sleep(0.002)
    process.shut()


async def _listen_until(guard: Guard, enough: Callable[[], bool], seconds: float) -> None:
    """Read the guard's reports until `enough` returns True, for at most `seconds`."""
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(guard.status, readable.set)
    try:
        async with asyncio.timeout(seconds):
            while not enough():
                await readable.wait()
                readable.clear()
                guard.listen()
    except TimeoutError:
        return
    finally:
        loop.remove_reader(guard.status)


class Watch:
    """Follows a started `DynoProcess`; `on_lines` gets lines of output as they come.

    `on_beat` is called several times a second while the command runs.
    """

    def __init__(
        self,
        process: DynoProcess,
        on_lines: Callable[[list[str]], None],
        on_beat: Callable[[], None],
        *,
        port: int,
    ) -> None:
        self.code: int | None = None
        self.front = port
        """The port of this machine that leads to the dyno's `$PORT`."""
        self._process = process
        self._on_lines = on_lines
        self._on_beat = on_beat
        self._lines = Lines()
        self._over = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(process.output, self._read)
        self._loop.add_reader(process.guard.status, self._on_status)
        self._timer = self._loop.call_later(BEAT, self._beat)
        self._on_status()

    async def relay(self) -> None:
        """Open the relay into the dyno's own network, if it has one. Raises `OSError`."""
        door = self._process.guard.door
        if door:
            self._relay = Relay(door, self.front)
            self.front = await self._relay.listen()

    async def over(self) -> None:
        """Wait until the command has ended."""
        await self._over.wait()

    async def ended(self, seconds: float) -> bool:
        """Return whether the command ends within `seconds`; its output is drained then."""
        clock = Clock()
        until = clock.now() + seconds
        while self.code is None and clock.now() < until and not interrupt.again():
            await asyncio.sleep(TICK)
        if self.code is None:
            return False
        until = time.monotonic() + DRAIN
        while not self._finished and time.monotonic() < until:
            await asyncio.sleep(0.005)
        return True

    async def close(self) -> None:
        """Stop following."""
        self._loop.remove_reader(self._process.output)
        self._loop.remove_reader(self._process.guard.status)
        self._timer.cancel()
        if self._relay:
            await self._relay.close()

    _relay: Relay | None = None
    _finished = False

    def _beat(self) -> None:
        """Call `on_beat`, and schedule the next call, even while a request is being answered."""
        self._timer = self._loop.call_later(BEAT, self._beat)
        if self.code is None:
            self._on_beat()

    def _read(self) -> None:
        lines = read(self._process.output, self._lines)
        if lines is None:
            self._loop.remove_reader(self._process.output)
            self._finished = True
            lines = self._lines.end()
        if lines:
            self._on_lines(lines)

    def _on_status(self) -> None:
        code = self._process.guard.code()
        if code is not None:
            self.code = code
            self._over.set()
            self._loop.remove_reader(self._process.guard.status)
            self._process.ended(code)
