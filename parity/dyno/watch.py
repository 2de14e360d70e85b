"""The loop around one dyno: takes its output, notices its end, samples its memory.

One asyncio loop in the main thread. Its import is slow, so it happens while the app boots.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from parity import interrupt
from parity.dyno import tree
from parity.dyno.contained import DRAIN
from parity.dyno.lines import Lines, read
from parity.dyno.process import DynoProcess
from parity.dyno.relay import Relay

T = TypeVar("T")
TICK = 0.05
MEMORY_EVERY = 2.0
SAMPLES = 2000
"""Measurements of memory that are kept: more than an hour of them."""


class Watch:
    """Follows a launched `DynoProcess`; `on_lines` gets lines of output as they come.

    On `loop`, if it shares one with other dynos and the router, else on one of its own.
    """

    def __init__(
        self,
        process: DynoProcess,
        on_lines: Callable[[list[str]], None],
        port: int,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.code: int | None = None
        self.peak = 0
        self.samples: deque[tuple[float, int]] = deque(maxlen=SAMPLES)
        self._began = time.monotonic()
        self._process = process
        self._on_lines = on_lines
        self._lines = Lines()
        self._sampled = 0.0
        self._shared = loop is not None
        self._loop = loop or asyncio.new_event_loop()
        self._loop.add_reader(process.output, self._read)
        self._loop.add_reader(process.guard.status, self._told)
        door = process.guard.door
        self._relay = Relay(self._loop, door, port) if door else None

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
        interrupt.check()
        if time.monotonic() - self._sampled > MEMORY_EVERY:
            self.sample()

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
            await asyncio.wait([done], timeout=TICK)
            interrupt.check()
        return done.result()

    async def ended(self, seconds: float) -> bool:
        """Whether the command has ended, within at most `seconds`; its output is drained."""
        until = time.monotonic() + seconds
        while self.code is None and time.monotonic() < until and not interrupt.again():
            await self.tick()
        if self.code is None:
            return False
        until = time.monotonic() + DRAIN
        while not self._finished and time.monotonic() < until:
            await asyncio.sleep(0.005)
        return True

    def sample(self) -> None:
        """Measure the tree's memory now."""
        self._sampled = time.monotonic()
        used = tree.memory(self._process.pid)
        self.samples.append((self._sampled - self._began, used))
        self.peak = max(self.peak, used)

    def close(self) -> None:
        """Stop following."""
        if self._relay:
            self._relay.close()
        self._loop.remove_reader(self._process.output)
        self._loop.remove_reader(self._process.guard.status)
        if not self._shared:
            self._loop.close()

    _finished = False

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
