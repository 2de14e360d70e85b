"""What happens while an app is served, one thing after the other, from one loop and its threads."""

import asyncio
import os
import signal
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal, NamedTuple

from parity.system import interrupt

TICK = 0.05
"""Seconds between two looks for a signal."""

Kind = Literal["built", "booted", "explained", "ended", "due", "failed", "rebuild", "stopped"]


class Event(NamedTuple):
    kind: Kind
    value: Any = None


class Events:
    """The loop turns while `next` waits; what an event leads to is done while it stands still."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.quitting = False
        self._waiting: deque[Event | BaseException] = deque()
        self._jobs = 0

    def post(self, kind: Kind, value: Any = None) -> None:
        """Something has happened, on the loop."""
        self._waiting.append(Event(kind, value))

    def post_from_thread(self, kind: Kind, value: Any = None) -> None:
        """Something has happened elsewhere."""
        self._later(self._waiting.append, Event(kind, value))

    def failed(self, error: BaseException) -> None:
        """`next` is to raise `error`."""
        self._waiting.append(error)

    def failed_in_thread(self, error: BaseException) -> None:
        """The same, elsewhere."""
        self._later(self.failed, error)

    def job(self, kind: Kind, work: Callable[[], Any]) -> None:
        """Do blocking `work` in a thread; its result is an event, what it raises is raised."""

        def act() -> None:
            try:
                result = work()
            except BaseException as error:
                self._later(self._done, error)
            else:
                self._later(self._done, Event(kind, result))

        self._jobs += 1
        threading.Thread(target=act, name=f"parity-{kind}", daemon=True).start()

    def next(self) -> Event:
        """The next event. Raises `interrupt.Interrupted`, and what a job has raised."""
        return self.loop.run_until_complete(self._next())

    def quit(self) -> None:
        """End everything as Ctrl-C does, but as what was meant to be; unless it ends already."""
        if interrupt.came():
            return
        self.quitting = True
        os.kill(os.getpid(), signal.SIGINT)

    async def _next(self) -> Event:
        while not self._waiting:
            await asyncio.sleep(TICK)
            if not self._jobs:  # else the job notices, ends what it has started, and raises
                interrupt.check()
        first = self._waiting.popleft()
        if isinstance(first, BaseException):
            raise first
        return first

    def _done(self, what: Event | BaseException) -> None:
        self._jobs -= 1
        self._waiting.append(what)

    def _later(self, act: Callable[[Any], None], what: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody wants to know any more
            self.loop.call_soon_threadsafe(act, what)
