"""The edge between synchronous code and the loop on which dynos and routers live."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from parity.system import interrupt

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task

T = TypeVar("T")
TICK = 0.05
"""Seconds between two checks for a signal."""


class Closeable(Protocol):
    """An object that may have started processes, and ends them."""

    async def close(self) -> None:
        """End whatever is left."""

    def abandon(self) -> None:
        """End whatever is left when there is no loop."""


class Edge:
    """A loop that turns while `run` waits, and rests in between; a context manager.

    The loop is created when it is first needed: its import is slow, and a dyno can start before.
    """

    def __init__(self) -> None:
        self._loop: AbstractEventLoop | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop and not self._loop.is_closed():
            self.finish(_cancelled())
            self._loop.close()

    @property
    def loop(self) -> "AbstractEventLoop":
        """The loop, for objects that live on it."""
        if self._loop is None:
            import asyncio

            self._loop = asyncio.new_event_loop()
        return self._loop

    def run(self, work: Coroutine[Any, Any, T], check: Callable[[], None] = interrupt.check) -> T:
        """Run `work` to its end, and return its result.

        `check` is called several times a second. What it raises (`interrupt.Interrupted`) ends the
        work and is raised here.
        """
        task = self._task(work)
        try:
            self.loop.run_until_complete(_watched(task, check))
        except BaseException:
            if not task.done():  # raised by a signal's handler, anywhere in the loop
                task.cancel()
            raise
        return task.result()

    def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` that closes something to its end, regardless of signals."""
        return self.loop.run_until_complete(self._task(work))

    @contextmanager
    def holding(self, what: Closeable) -> Iterator[None]:
        """Close `what`, which lives on the loop, after the block, regardless of signals."""
        try:
            yield
        finally:
            try:
                self.loop  # noqa: B018 — raises if none can be created
            except BaseException:
                what.abandon()
                raise
            self.finish(what.close())

    def beside(self, work: Callable[[], T]) -> T:
        """Do blocking `work` in a thread while the loop turns, and return its result."""
        from parity.system.beside import beside

        return self.run(beside(work))

    def _task(self, work: Coroutine[Any, Any, T]) -> "Task[T]":
        try:
            return self.loop.create_task(work)
        except BaseException:
            work.close()
            raise


async def _watched(task: "Task[Any]", check: Callable[[], None]) -> None:
    """Wait for `task`, and never return or raise before it is over."""
    import asyncio

    try:
        while not task.done():
            await asyncio.wait([task], timeout=TICK)
            if not task.done():
                check()
    except BaseException:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise


async def _cancelled() -> None:
    """Cancel all tasks that still run on the loop."""
    import asyncio

    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
