"""The first session of a page whose script runs per visitor: Streamlit, Shiny, Dash."""

import re
from typing import TYPE_CHECKING

from parity.facts.sessions import DASH_CONFIG, DASH_PARTS, OPENINGS, SECONDS, STARTED
from parity.records import Exchange, Traffic

if TYPE_CHECKING:
    from parity.router import Router

OK = 200
SERVER_ERROR = 500


def opened(router: "Router", traffic: Traffic) -> tuple[Exchange, ...] | None:
    """Open a session as the page in a browser does; return the requests that fail in it.

    None if the app has no such page.
    """
    last = next((e for e in reversed(traffic.exchanges) if not e.scenario), None)
    if last is None or last.status != OK or last.code:
        return None
    program = re.search(STARTED, traffic.boot.process.command)
    if program:
        router.converse(OPENINGS[program[1]], SECONDS)
        return ()
    dash = re.search(DASH_CONFIG, last.body)
    if dash is None:
        return None
    paths = [f"{dash[1].decode('latin-1')}{part}" for part in DASH_PARTS]
    answers = (e for path in paths for e in router.probe(path))
    return tuple(e for e in answers if e.code or e.status >= SERVER_ERROR)
