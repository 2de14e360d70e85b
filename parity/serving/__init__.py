"""`parity serve`: the story of a deploy with "until Ctrl-C" in place of the first requests."""

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
from parity.serving.console import Teller
from parity.serving.error_panel import Pages
from parity.serving.events import Events
from parity.serving.judge import Judge
from parity.serving.keys import Keys, there
from parity.serving.session import Session
from parity.serving.verdict_state import Knowing
from parity.serving.watch import Watching
from parity.system import interrupt, programs
from parity.system.errors import Usage


class Choice(NamedTuple):
    """What a user may choose of serving alone."""

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
    """Keep `app` up until it is to end; `q` returns what `parity run` would have returned.

    Raises `interrupt.Interrupted`, `Trouble`, and `Usage` for an `app` that is no folder.
    """
    if not app.is_dir():
        raise Usage(f"{app}: {'not a folder' if app.exists() else 'no such folder'}")
    host = f"{name_of(app)}.localhost"
    with workspace() as work, Edge() as edge:
        events = Events(edge)
        teller = Teller(config, events, quiet=choice.quiet)
        pages = Pages(teller)
        known = Knowing(judge, teller, pages, lambda: _browse(url) if choice.open else None)
        session = Session(
            *(app, config, options),
            work=work,
            edge=edge,
            limits=limits,
            events=events,
            teller=teller,
            pages=pages,
            again=_again(choice),
            known=known,
        )
        with opened(
            *(host, options, edge.loop, limits, teller.line, pages.page),
            https=choice.https,
            on_passed=session.passed,
        ) as shown:
            session.router, url = shown.router, shown.url
            teller.front(shown)
            with Keys(events), Watching(app, events) if choice.watch else nullcontext():
                return _run(session, known, events, edge)


def front(where: str, options: Options, choice: Choice, limits: Limits = LIMITS) -> int:
    """Put the router before a server at `where`, HOST:PORT, that somebody else has started.

    Raises `interrupt.Interrupted`, `Trouble`, `Usage`.
    """
    host, port = upstream.address(where)
    with Edge() as edge:
        events = Events(edge)
        teller = Teller(NO_CONFIG, events, quiet=choice.quiet)
        pages = Pages(teller)
        pages.knows(None, f"start what is to listen on {where}, or fix it, then load this again")
        with opened(
            *("localhost", options, edge.loop, limits, teller.line, pages.page),
            https=choice.https,
            backends=(Backend("web.1", port, host),),
        ) as opened_front:
            teller.front(opened_front)
            if choice.open:
                _browse(opened_front.url)
            try:
                with Keys(events):
                    edge.run(_until_it_ends(events), events.check)
            except interrupt.Interrupted:
                if not events.quitting:
                    raise
                return 0
            finally:
                teller.close()


async def _until_it_ends(events: Events) -> NoReturn:
    while True:
        await events.next()


def _run(session: Session, known: Knowing, events: Events, edge: Edge) -> int:
    try:
        edge.run(session.run(), events.check)
    except interrupt.Interrupted:
        code = known.exit_code
        session.stop()
        if not events.quitting:
            raise
        return code
    finally:
        session.close()


def _again(choice: Choice) -> str:
    if choice.watch:
        return "save a file, and parity builds again"
    return "press r in parity's terminal" if there() else "start `parity serve` again"


def _browse(url: str) -> None:
    """In a thread: a browser may take its time to come."""
    programs.narrow()
    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
