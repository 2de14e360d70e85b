"""Blocking work beside a running loop."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


async def beside(work: Callable[[], T]) -> T:
    """Return the result of blocking `work`, done in a thread while the loop goes on.

    Nobody waits for the thread when this is cancelled.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def later(act: Callable[..., None], what: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody wants to know any more
            loop.call_soon_threadsafe(_finish, done, act, what)

    def act() -> None:
        try:
            result = work()
        except BaseException as error:
            later(done.set_exception, error)
        else:
            later(done.set_result, result)

    threading.Thread(target=act, daemon=True).start()
    return await done


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of `work`, which must not be left half done.

    When this is cancelled, the work goes on, and is waited for.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    finally:
        if not task.done():
            await asyncio.wait([task])


def _finish(done: "asyncio.Future[Any]", act: Callable[..., None], what: Any) -> None:
    if not done.done():
        act(what)
