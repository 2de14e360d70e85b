"""`parity serve`: the story of a deploy with "until Ctrl-C" in place of the first requests."""

import asyncio
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

from parity import interrupt
from parity.facts.limits import LIMITS, Limits
from parity.facts.router import PROFILES
from parity.formation import name_of
from parity.pipeline import NO_CONFIG, Options
from parity.records import Config
from parity.router import Backend, Passed, Router
from parity.router.door import Page
from parity.serve import upstream
from parity.serve.events import Events
from parity.serve.keys import Keys, there
from parity.serve.pages import Pages
from parity.serve.session import Session
from parity.serve.telling import Teller
from parity.serve.watching import Watching
from parity.workspace import workspace

PORT = 5006
"""Where the router listens if nothing is said and nobody else does (ours)."""


class Choice(NamedTuple):
    """What a user may choose of serving alone."""

    watch: bool = False
    open: bool = False
    quiet: bool = False


def serve(
    app: Path, config: Config, options: Options, choice: Choice, limits: Limits = LIMITS
) -> int:
    """Keep `app` up until it is to end; `q` returns what `parity run` would have returned.

    Raises `interrupt.Interrupted`, `interrupt.Trouble`, and `interrupt.Usage` for an `app` that is
    no folder.
    """
    if not app.is_dir():
        raise interrupt.Usage(f"{app}: {'not a folder' if app.exists() else 'no such folder'}")
    host = f"{name_of(app)}.localhost"
    with workspace() as work, _loop() as loop:
        events = Events(loop)
        teller = Teller(config, events, quiet=choice.quiet)
        pages = Pages(teller)
        session = Session(
            app,
            config,
            options,
            work=work,
            limits=limits,
            events=events,
            teller=teller,
            pages=pages,
            again=_again(choice),
            on_settled=lambda: _opened(url) if choice.open else None,
        )
        with _router([], host, options, loop, limits, teller, pages.page, session.passed) as router:
            session.router = router
            url = f"http://{host}:{router.http.port}"
            teller.address(url)
            watching = Watching(app, events) if choice.watch else nullcontext()
            with Keys(events), watching:
                return _run(session, events)


def front(where: str, options: Options, choice: Choice, limits: Limits = LIMITS) -> int:
    """Put the router before a server at `where`, HOST:PORT, that somebody else has started.

    Raises `interrupt.Interrupted`, `interrupt.Trouble`, `interrupt.Usage`.
    """
    host, port = upstream.address(where)
    with _loop() as loop:
        events = Events(loop)
        teller = Teller(NO_CONFIG, events, quiet=choice.quiet)
        pages = Pages(teller)
        pages.knows(None, f"start what is to listen on {where}, or mend it, then load this again")
        backend = Backend("web.1", port, host)
        with _router([backend], "localhost", options, loop, limits, teller, pages.page) as router:
            url = f"http://localhost:{router.http.port}"
            teller.address(url)
            if choice.open:
                _opened(url)
            try:
                with Keys(events):
                    while True:
                        events.next()
            except interrupt.Interrupted:
                if not events.quitting:
                    raise
                return 0
            finally:
                teller.close()


def _run(session: Session, events: Events) -> int:
    try:
        session.run()
    except interrupt.Interrupted:
        session.stop()
        if not events.quitting:
            raise
        return session.exit_code
    finally:
        session.close()


def _router(
    backends: list[Backend],
    host: str,
    options: Options,
    loop: asyncio.AbstractEventLoop,
    limits: Limits,
    teller: Teller,
    page: Page,
    on_passed: Callable[[Passed], None] | None = None,
) -> Router:
    """The router on the port that was typed, else on the usual one, else on any."""

    def at(port: int) -> Router:
        return Router(
            backends,
            host,
            loop=loop,
            during=lambda work: work(),
            limits=limits,
            say=teller.line,
            profile=PROFILES[options.router],
            port=port,
            page=page,
            on_passed=on_passed,
        )

    return at(options.port or (PORT if _free(PORT) else 0))


def _free(port: int) -> bool:
    import socket

    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False


def _again(choice: Choice) -> str:
    if choice.watch:
        return "save a file, and parity builds again"
    return "press r in parity's terminal" if there() else "start `parity serve` again"


def _opened(url: str) -> None:
    """In a thread: a browser may take its time to come."""
    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop on which nothing is left when it closes."""
    loop = asyncio.new_event_loop()
    try:
        yield loop
    finally:
        loop.run_until_complete(_cancelled(asyncio.all_tasks(loop)))
        loop.close()


async def _cancelled(tasks: "set[asyncio.Task[object]]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
