"""`parity serve`: a deploy that keeps the app up until Ctrl-C instead of sending requests."""

import threading
import webbrowser
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple, NoReturn

from parity.dyno.abandoned import workspace
from parity.facts.limits import LIMITS, Limits
from parity.records import Config
from parity.records.options import Options
from parity.router import Backend
from parity.runtime.deploy import NO_CONFIG
from parity.runtime.edge import Edge
from parity.runtime.formation import name_of
from parity.runtime.front import opened
from parity.serving import upstream
from parity.serving.console import Console
from parity.serving.error_panel import Pages
from parity.serving.events import Events
from parity.serving.judge import Judge
from parity.serving.keys import Keys, at_terminal
from parity.serving.session import Session
from parity.serving.verdict_state import Current
from parity.serving.watch import TreeWatch
from parity.system import interrupt, programs
from parity.system.errors import Usage


class Choice(NamedTuple):
    """The options that only serving has."""

    watch: bool = False
    open: bool = False
    https: bool = False
    quiet: bool = False


def serve(
    app: Path,
    config: Config,
    options: Options,
    choice: Choice,
    judge: Judge,
    limits: Limits = LIMITS,
) -> int:
    """Keep `app` up until the user ends it; after `q`, return the exit code of `parity run`.

    Raises `interrupt.Interrupted`, `Trouble`, and `Usage` for an `app` that is not a folder.
    """
    if not app.is_dir():
        raise Usage(f"{app}: {'not a folder' if app.exists() else 'no such folder'}")
    host = f"{name_of(app)}.localhost"
    with workspace() as work, Edge() as edge:
        events = Events(edge)
        console = Console(config, events, quiet=choice.quiet)
        pages = Pages(console)
        current = Current(judge, console, pages, lambda: _browse(console.url), opens=choice.open)
        session = Session(
            *(app, config, options),
            work=work,
            edge=edge,
            limits=limits,
            events=events,
            console=console,
            pages=pages,
            rebuild=_rebuild_hint(choice),
            current=current,
        )
        with opened(
            *(host, options, edge.loop, limits, console.line, pages.page),
            https=choice.https,
            on_passed=session.passed,
        ) as opened_front:
            session.router = opened_front.router
            console.front(opened_front)
            with Keys(events), TreeWatch(app, events) if choice.watch else nullcontext():
                return _run(session, current, events, edge)


def front(where: str, options: Options, choice: Choice, limits: Limits = LIMITS) -> int:
    """Put the router before a server at `where`, HOST:PORT, that parity has not started.

    Raises `interrupt.Interrupted`, `Trouble`, `Usage`.
    """
    host, port = upstream.address(where)
    with Edge() as edge:
        events = Events(edge)
        console = Console(NO_CONFIG, events, quiet=choice.quiet)
        pages = Pages(console)
        pages.update(None, f"start what is to listen on {where}, or fix it, then load this again")
        with opened(
            *("localhost", options, edge.loop, limits, console.line, pages.page),
            https=choice.https,
            backends=(Backend("web.1", port, host),),
        ) as opened_front:
            console.front(opened_front)
            if choice.open:
                _browse(opened_front.url)
            try:
                with Keys(events):
                    edge.run(_until_it_ends(events, opened_front.url), events.check)
            except interrupt.Interrupted:
                if not events.quitting:
                    raise
                return 0
            finally:
                console.close()


async def _until_it_ends(events: Events, url: str) -> NoReturn:
    while True:
        if (await events.next()).kind == "open":
            _browse(url)


def _run(session: Session, current: Current, events: Events, edge: Edge) -> int:
    try:
        edge.run(session.run(), events.check)
    except interrupt.Interrupted:
        code = current.exit_code
        session.stop()
        if not events.quitting:
            raise
        return code
    finally:
        session.close()


def _rebuild_hint(choice: Choice) -> str:
    if choice.watch:
        return "save a file, and parity builds again"
    return "press r in parity's terminal" if at_terminal() else "start `parity serve` again"


def _browse(url: str) -> None:
    """Open a browser, in a thread because it may take long to start."""
    programs.narrow()
    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
