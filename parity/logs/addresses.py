"""The addresses that a log names: where the app says it listens, and what $PORT was."""

import re
from collections.abc import Iterable, Iterator

from parity.facts.log_lines import LISTENS
from parity.logs.life import Life
from parity.records import Bind, Frame, Listener, Source
from parity.rules.views.python_source import found as places

_BINDS = r"\.run\(|\bserve\(|\.listen\(|run_server\(|\.bind\("
_PORT = re.compile(r"(?:--port|-p|--bind|-b|--http|--listen)[ =]?\S*?:?(\d{4,5})\b|:(\d{4,5})\b")

USUAL = frozenset({3000, 4173, 4567, 5000, 5173, 7860, 8000, 8050, 8080, 8081, 8501, 8888, 9292})
"""Default ports of frameworks, none of which is ever $PORT (observed)."""

SERVICES = frozenset({3306, 5432, 5672, 6379, 9092, 9200, 9229, 11211, 27017})
"""Ports of databases, caches, queues and debuggers: an app that mentions one speaks of another."""


class Another(int):
    """A $PORT that is not in the log; in a sentence it reads `$PORT is another number`."""

    def __format__(self, spec: str) -> str:
        return "another number"

    def __str__(self) -> str:
        return format(self)


def listeners(life: Life) -> Iterator[Listener]:
    """Yield the addresses that the app itself says it listens on."""
    for entry in life.output:
        match = LISTENS.search(entry.text)
        if match:
            host = (match["host"] or "0.0.0.0").strip("[]")
            host = {"localhost": "127.0.0.1", "*": "0.0.0.0"}.get(host, host)
            port = int(match["port"] or match["bare"])
            if port in SERVICES:
                continue
            yield Listener(host, port, 0, life.command, False, True, True)


def port(life: Life, named: Iterable[Listener]) -> int:
    """Return $PORT, which Heroku substitutes in the logged command, or else `Another`."""
    match = _PORT.search(life.command)
    if match and int(match[1] or match[2]) not in USUAL:
        return int(match[1] or match[2])
    first = next((x.port for x in named if x.port not in USUAL), None)
    return first if first is not None else Another()


def binds(listeners: tuple[Listener, ...], source: Source) -> tuple[Bind, ...] | None:
    """Return the only call in the app that can be listening; None if there are several."""
    calls = list(places(source, _BINDS))
    if len(calls) != 1:
        return None
    frame = Frame(calls[0].file, calls[0].line, calls[0].column, "")
    return tuple(Bind(x.host, x.port, (frame,)) for x in listeners)
