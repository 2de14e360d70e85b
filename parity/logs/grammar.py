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
PUSH, BUILD, OUTPUT = "git push", "build log", "an app's output"
"""Forms that tell who wrote all of it: `BUILD` is the dashboard's, which has no `remote:`."""

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
    """A way in which logs are written, known by one line that the first of its `patterns` takes.

    They have the groups at, source, ps, text; a line is read by the first that takes it.
    """

    name: str
    patterns: tuple[re.Pattern[str], ...]

    def read(self, line: str) -> "re.Match[str] | None":
        """The line in this form; None for one that has another."""
        return next((match for p in self.patterns if (match := p.match(line))), None)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.DOTALL)


MESSAGE = _pattern(
    r"(?P<at>)(?P<source>)(?P<ps>)"
    r"(?P<text>(?:(?:sock=\w+ )?(?:at=)?\w+ )?code=[HLR]\d\d .*|Error [HLR]\d\d .*"
    r"|Starting process with command .*|Process exited with status \d+|Process running mem=.*"
    r"|State changed from \w+ to \w+)"
)
"""What Heroku says, without who says it."""

_APP = _pattern(r"(?P<at>)(?P<source>)(?P<ps>)(?P<text>.*\S.*)")
_STEP = r"(?P<at>)(?P<source>)(?P<ps>)(?P<text>{})"

FORMS = (
    Form(
        "heroku logs",
        (
            _pattern(
                rf"{_SGR}(?P<at>{_TIME}) {_SGR}(?P<source>[a-z][\w-]*)\[(?P<ps>[\w.-]+)\]:{_SGR} ?"
                r"(?P<text>.*)"
            ),
        ),
    ),
    Form(
        "log drain",
        (
            _pattern(
                rf"(?:\d+ )?<\d+>1 (?P<at>{_TIME}) (?:\S+ )?(?P<source>[a-z][\w-]*)"
                r" (?P<ps>[\w.-]+) -(?: -)? (?P<text>.*)"
            ),
        ),
    ),
    Form(
        "log service",
        (
            _pattern(
                r"(?P<at>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) \S+ "
                r"(?P<source>app|heroku)/(?P<ps>[\w.-]+):? +(?P<text>.*)"
            ),
        ),
    ),
    Form(PUSH, (_pattern(r"(?P<at>)(?P<source>remote): ?(?P<ps>)(?P<text>.*)"),)),
    Form(
        "cut out of a log",
        (
            _pattern(
                r"\s*(?:…|\.\.\.)?(?P<at>)(?P<source>heroku|app|)\[(?P<ps>[\w.-]+)\]: (?P<text>.*)"
            ),
            MESSAGE,
        ),
    ),
    Form(BUILD, (_pattern(_STEP.format(r"-----> \S.*| ! {5}\S.*")), _pattern(_STEP.format(".*")))),
    Form("bare messages", (MESSAGE, _APP)),
    Form(OUTPUT, (_APP,)),
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
    """The strictest form that any line of the head of a log has; None: there is nothing in it."""
    head = list(head)
    return next((form for form in FORMS if any(map(form.patterns[0].match, head))), None)


def entry(form: Form, line: str) -> Entry | None:
    """The line in that form; None for one that has another."""
    match = form.read(line)
    if match is None:
        return None
    source, ps = match["source"], match["ps"]
    if form.name == BUILD:
        source = "remote"
    elif match.re is _APP:
        source, ps = "app", "web.1"
    return Entry(match["at"], source or "heroku", ps or _writer(match["text"]), match["text"])


def _writer(message: str) -> str:
    return "router" if "code=" in message[:40] else "web.1"


def seconds(at: str) -> float:
    """A time of the log as a number; 0 where it is none."""
    try:
        return datetime.fromisoformat(at).timestamp()
    except ValueError:
        return 0.0
