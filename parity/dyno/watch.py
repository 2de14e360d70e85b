"""The loop around one dyno: takes its output, notices its end, lets its memory be measured.

One asyncio loop in the main thread. Its import is slow, so it happens while the app boots.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from parity.dyno.containment import DRAIN
from parity.dyno.lines import Lines, read
from parity.dyno.process import DynoProcess
from parity.dyno.relay import Relay
from parity.system import interrupt
from parity.system.awake import Clock

T = TypeVar("T")
TICK = 0.05
BEAT = 0.2
"""Seconds between two looks at the dyno's memory."""


class Watch:
    """Follows a launched `DynoProcess`; `on_lines` gets lines of output as they come.

    `on_beat` is called several times a second while the command runs. Dynos that run side by side,
    and the router, share a `loop`; what runs on it `aside` leaves it to others to notice an
    interruption.
    """

    def __init__(
        self,
        process: DynoProcess,
        on_lines: Callable[[list[str]], None],
        on_beat: Callable[[], None],
        *,
        port: int,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.code: int | None = None
        self.aside = False
        self._process = process
        self._on_lines = on_lines
        self._on_beat = on_beat
        self._lines = Lines()
        self._own_loop = loop is None
        self._loop = loop or asyncio.new_event_loop()
        self._loop.add_reader(process.output, self._read)
        self._loop.add_reader(process.guard.status, self._told)
        self._timer = self._loop.call_later(BEAT, self._beat)
        door = process.guard.door
        self._relay = Relay(self._loop, door, port) if door else None
        self.front = self._relay.front if self._relay else port
        """The port of this machine that leads to the dyno's `$PORT`."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, for what else has to happen while the dyno is watched."""
        return self._loop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` on the loop to its end. Raises what it raises, `Interrupted` too."""
        return self._loop.run_until_complete(work)

    async def tick(self, seconds: float = TICK) -> None:
        """Let the loop turn for at most `seconds`. Raises `interrupt.Interrupted`."""
        await asyncio.sleep(seconds)
        if not self.aside:
            interrupt.check()

    async def beside(self, work: Callable[[], T]) -> T:
        """The result of blocking `work`, done in a thread that nobody waits for at the end."""
        done: asyncio.Future[T] = self._loop.create_future()

        def act() -> None:
            try:
                result = work()
            except BaseException as error:
                self._later(_fail, done, error)
            else:
                self._later(_finish, done, result)

        threading.Thread(target=act, daemon=True).start()
        while not done.done():
            await asyncio.wait([done], timeout=BEAT)  # each turn of the loop costs CPU
            interrupt.check()
        return done.result()

    async def ended(self, seconds: float) -> bool:
        """Whether the command has ended, within at most `seconds`; its output is drained."""
        clock = Clock()
        until = clock.now() + seconds
        while self.code is None and clock.now() < until and not interrupt.again():
            await self.tick()
        if self.code is None:
            return False
        until = time.monotonic() + DRAIN
        while not self._finished and time.monotonic() < until:
            await asyncio.sleep(0.005)
        return True

    def close(self) -> None:
        """Stop following."""
        if self._relay:
            self._relay.close()
        self._loop.remove_reader(self._process.output)
        self._loop.remove_reader(self._process.guard.status)
        self._timer.cancel()
        if self._own_loop:
            self._loop.close()

    _finished = False

    def _beat(self) -> None:
        """Whenever the loop turns: also while a request is being answered."""
        self._timer = self._loop.call_later(BEAT, self._beat)
        if self.code is None:
            self._on_beat()

    def _later(self, act: Callable[..., None], *arguments: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(act, *arguments)
        except RuntimeError:
            return  # the loop is closed: the rehearsal was interrupted

    def _read(self) -> None:
        lines = read(self._process.output, self._lines)
        if lines is None:
            self._loop.remove_reader(self._process.output)
            self._finished = True
            lines = self._lines.end()
        if lines:
            self._on_lines(lines)

    def _told(self) -> None:
        code = self._process.guard.code()
        if code is not None:
            self.code = code
            self._loop.remove_reader(self._process.guard.status)
            self._process.ended(code)


def _fail(done: "asyncio.Future[Any]", error: BaseException) -> None:
    if not done.done():
        done.set_exception(error)


def _finish(done: "asyncio.Future[Any]", result: object) -> None:
    if not done.done():
        done.set_result(result)
