"""The events while an app is served, in sequence, from one loop and its threads."""

import asyncio
import os
import signal
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal, NamedTuple, TypeVar

from parity.runtime.edge import Edge
from parity.system import interrupt
from parity.system.beside import beside, to_its_end

T = TypeVar("T")
Kind = Literal["built", "failed", "rebuild", "open"]


class Event(NamedTuple):
    """A result or request that the session handles."""

    kind: Kind
    value: Any = None


class Events:
    """A queue on the loop of `edge`, to which threads may post, too."""

    def __init__(self, edge: Edge) -> None:
        self.loop = edge.loop
        self.quitting = False
        self._waiting: deque[Event | BaseException] = deque()
        self._new = asyncio.Event()
        self._jobs = 0

    def post(self, kind: Kind, value: Any = None) -> None:
        """Add an event, from the loop."""
        self._add(Event(kind, value))

    def post_from_thread(self, kind: Kind, value: Any = None) -> None:
        """Add an event, from another thread."""
        self._call_on_loop(self._add, Event(kind, value))

    def failed(self, error: BaseException) -> None:
        """Make `next` raise `error`; from the loop."""
        self._add(error)

    def failed_in_thread(self, error: BaseException) -> None:
        """Make `next` raise `error`; from another thread."""
        self._call_on_loop(self._add, error)

    def job(self, kind: Kind, work: Callable[[], Any]) -> None:
        """Do blocking `work` in a thread; `next` returns its result, or raises its error."""

        def act() -> None:
            try:
                result = work()
            except BaseException as error:
                self._call_on_loop(self._done, error)
            else:
                self._call_on_loop(self._done, Event(kind, result))

        self._jobs += 1
        threading.Thread(target=act, name=f"parity-{kind}", daemon=True).start()

    async def beside(self, work: Callable[[], T]) -> T:
        """Return the result of blocking `work`, which notices a signal itself."""
        self._jobs += 1
        try:
            return await to_its_end(beside(work))
        finally:
            self._jobs -= 1

    async def next(self) -> Event:
        """Return the next event. Raises the error of a job that failed."""
        while not self._waiting:
            self._new.clear()
            await self._new.wait()
        first = self._waiting.popleft()
        if isinstance(first, BaseException):
            raise first
        return first

    def check(self) -> None:
        """Raise `Interrupted` if a signal has come.

        A job that still runs notices the signal itself: it ends what it has started, and raises.
        """
        if not self._jobs:
            interrupt.check()

    def quit(self) -> None:
        """End everything as Ctrl-C does, but as a success; do nothing if it ends already."""
        if interrupt.came():
            return
        self.quitting = True
        os.kill(os.getpid(), signal.SIGINT)

    def _add(self, what: Event | BaseException) -> None:
        self._waiting.append(what)
        self._new.set()

    def _done(self, what: Event | BaseException) -> None:
        self._jobs -= 1
        self._add(what)

    def _call_on_loop(self, act: Callable[[Any], None], what: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed, so nothing waits for the event
            self.loop.call_soon_threadsafe(act, what)
