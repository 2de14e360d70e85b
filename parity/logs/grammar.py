"""The grammar of one line of a log: its author, its time and its text.

Only the head of a line decides who wrote it: an app may print anything, including lines that look
like the router's. So every line must have the strictest form found at the head of the log. Forms:
https://devcenter.heroku.com/articles/logging#log-format (documented), log drains and the formats of
log services and of excerpts that people paste (observed).
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

LONGEST = 10_000
"""Bytes of one line (https://devcenter.heroku.com/articles/limits#logging, documented)."""

CHUNK = 1 << 20
PUSH, BUILD, OUTPUT = "git push", "build log", "an app's output"
"""Forms with a single author; `BUILD` is the dashboard's build log, which has no `remote:`."""

BARE = "bare messages"

_SGR = r"(?:\x1b\[[\d;]*m)*"
TIME = r"\d{1,4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)"
"""A line's time; whoever copies with the mouse often misses the first digit."""

_COLOUR = re.compile(r"\x1b\[[\d;]*m")


class LogEntry(NamedTuple):
    """A line of the log; `ps` as `web.1`, `router`, `api`. `at` is empty if the form has no time.

    The output of `git push` has the source `remote`.
    """

    at: str
    source: str
    ps: str
    text: str

    @property
    def platform(self) -> bool:
        """True if Heroku wrote it. A dyno's name has a number, so `app[api]` is not a dyno."""
        return self.source in ("heroku", "remote") or (self.source == "app" and "." not in self.ps)


class Form(NamedTuple):
    """A log format; it applies if the first of its `patterns` matches any line.

    The patterns have the groups at, source, ps, text; a line is parsed by the first that matches.
    """

    name: str
    patterns: tuple[re.Pattern[str], ...]

    @property
    def headed(self) -> bool:
        """True if each line names its author."""
        return self.name not in (BUILD, BARE, OUTPUT)

    def read(self, line: str) -> "re.Match[str] | None":
        """Parse a line in this form; None if it has another."""
        return next((match for p in self.patterns if (match := p.match(line))), None)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.DOTALL)


MESSAGE = _pattern(
    r"(?P<at>)(?P<source>)(?P<ps>)"
    r"(?P<text>(?:(?:sock=\w+ )?(?:at=)?\w+ )?code=[HLR]\d\d .*|Error [HLR]\d\d .*"
    r"|Starting process with command .*|Process exited with status \d+|Process running mem=.*"
    r"|State changed from \w+ to \w+)"
)
"""Heroku's messages without their source."""

_APP = _pattern(r"(?P<at>)(?P<source>)(?P<ps>)(?P<text>.*\S.*)")
_STEP = r"(?P<at>)(?P<source>)(?P<ps>)(?P<text>{})"

FORMS = (
    Form(
        "heroku logs",
        (
            _pattern(
                rf"{_SGR}(?P<at>{TIME}) {_SGR}(?P<source>[a-z][\w-]*)\[(?P<ps>[\w.-]+)\]:{_SGR} ?"
                r"(?P<text>.*)"
            ),
        ),
    ),
    Form(
        "log drain",
        (
            _pattern(
                rf"(?:[\d:., -]+ )?<\d+>1 (?P<at>{TIME}) (?:\S+ )?(?P<source>[a-z][\w-]*)"
                r" (?P<ps>[\w.-]+) -(?: -)? (?P<text>.*)"
            ),
        ),
    ),
    Form(
        "log drain without heads",
        (
            _pattern(
                r"(?P<at>)(?P<source>app|heroku) (?P<ps>router|logplex|api|[a-z]\w*\.\d+) -(?: -)?"
                r" (?P<text>.*)"
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
    Form(BARE, (MESSAGE, _APP)),
    Form(OUTPUT, (_APP,)),
)
"""The strictest first: the later ones say less about a line's author."""


def lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield a stream's lines, each of bounded length. A carriage return does not end a line."""
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
    return line[:LONGEST].rstrip(b"\r").decode("utf-8", "backslashreplace")


def utf8(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a stream as UTF-8 without a byte order mark; PowerShell's `>` writes UTF-16."""
    decoder = None
    for number, chunk in enumerate(chunks):
        if number == 0 and chunk[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            decoder = codecs.getincrementaldecoder("utf-16")("backslashreplace")
        if decoder:
            chunk = decoder.decode(chunk).encode("utf-8", "backslashreplace")
        yield chunk.removeprefix(codecs.BOM_UTF8) if number == 0 else chunk


def form_of(head: Iterable[str]) -> Form | None:
    """Return the strictest form of any line in the head of a log; None if there is no text."""
    head = list(head)
    return next((form for form in FORMS if any(map(form.patterns[0].match, head))), None)


def entry(form: Form, line: str) -> LogEntry | None:
    """Parse a line in that form; None if it has another."""
    match = form.read(line)
    if match is None:
        return None
    source, ps = match["source"], match["ps"]
    if form.name == BUILD:
        source = "remote"
    elif match.re is _APP:
        source, ps = "app", "web.1"
    text = _COLOUR.sub("", match["text"]) if "\x1b" in line else match["text"]
    return LogEntry(match["at"], source or "heroku", ps or _writer(text), text)


def _writer(message: str) -> str:
    return "router" if "code=" in message[:40] else "web.1"


def seconds(at: str) -> float:
    """Return a time of the log in seconds since the epoch, or 0 if it is not a time."""
    try:
        return datetime.fromisoformat(at).timestamp()
    except ValueError:
        return 0.0
