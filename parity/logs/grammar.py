"""One line of a log: who wrote it, when, and what it says.

Only what stands before the text decides who wrote a line: an app may print anything, also what
looks like the router. So the strictest form that the head of a log has is asked of every line.
Forms: https://devcenter.heroku.com/articles/logging#log-format (documented), log drains and what
services and people make of them (observed).
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

LONGEST = 10_000
"""Bytes of one line (https://devcenter.heroku.com/articles/limits#logging, documented)."""

CHUNK = 1 << 20
_SGR = r"(?:\x1b\[[\d;]*m)*"
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)"


class Entry(NamedTuple):
    """A line of the log; `ps` as `web.1`, `router`, `api`. `at` is empty where none is told.

    What `git push` printed has the source `remote`.
    """

    at: str
    source: str
    ps: str
    text: str

    @property
    def platform(self) -> bool:
        """Whether Heroku wrote it. A dyno's name has a number, so `app[api]` is no dyno."""
        return self.source in ("heroku", "remote") or (self.source == "app" and "." not in self.ps)


class Form(NamedTuple):
    """A way in which logs are written; `pattern` has the groups at, source, ps, text."""

    name: str
    pattern: re.Pattern[str]


FORMS = (
    Form(
        "heroku logs",
        re.compile(
            rf"{_SGR}(?P<at>{_TIME}) {_SGR}(?P<source>[a-z][\w-]*)\[(?P<ps>[\w.-]+)\]:{_SGR} ?"
            r"(?P<text>.*)",
            re.DOTALL,
        ),
    ),
    Form(
        "log drain",
        re.compile(
            rf"(?:\d+ )?<\d+>1 (?P<at>{_TIME}) (?:\S+ )?(?P<source>[a-z][\w-]*) (?P<ps>[\w.-]+)"
            r" -(?: -)? (?P<text>.*)",
            re.DOTALL,
        ),
    ),
    Form(
        "log service",
        re.compile(
            r"(?P<at>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) \S+ "
            r"(?P<source>app|heroku)/(?P<ps>[\w.-]+):? +(?P<text>.*)",
            re.DOTALL,
        ),
    ),
    Form(
        "git push",
        re.compile(r"(?P<at>)(?P<source>remote): ?(?P<ps>)(?P<text>.*)", re.DOTALL),
    ),
    Form(
        "cut out of a log",
        re.compile(
            r"\s*(?:…|\.\.\.)?(?P<at>)(?P<source>heroku|app|)\[(?P<ps>[\w.-]+)\]: (?P<text>.*)",
            re.DOTALL,
        ),
    ),
    Form(
        "a bare message",
        re.compile(
            r"(?P<at>)(?P<source>)(?P<ps>)(?P<text>(?:sock=\w+ )?(?:at=)?\w+ code=[HLR]\d\d .*"
            r"|Error [HLR]\d\d .*)",
            re.DOTALL,
        ),
    ),
)
"""The strictest first: of the later ones less is certain."""


def lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """The lines of a stream, each of bounded length. A carriage return ends no line."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield _text(line)
        if len(rest) > CHUNK:
            yield _text(rest)
            rest = b""
    if rest:
        yield _text(rest)


def _text(line: bytes) -> str:
    return line[:LONGEST].removesuffix(b"\r").decode("utf-8", "backslashreplace")


def form_of(head: Iterable[str]) -> Form | None:
    """The strictest form that any line of the head of a log has; None: it is no log."""
    head = list(head)
    return next((form for form in FORMS if any(map(form.pattern.match, head))), None)


def entry(form: Form, line: str) -> Entry | None:
    """The line in that form; None for one that has another."""
    match = form.pattern.match(line)
    if match is None:
        return None
    source, ps = match["source"] or "heroku", match["ps"] or _writer(match["text"])
    return Entry(match["at"], source, ps, match["text"])


def _writer(message: str) -> str:
    return "router" if " code=" in message[:40] else "web.1"


def seconds(at: str) -> float:
    """A time of the log as a number; 0 where it is none."""
    try:
        return datetime.fromisoformat(at).timestamp()
    except ValueError:
        return 0.0
