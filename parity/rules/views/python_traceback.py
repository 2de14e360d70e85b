"""Crashes in a log: the exceptions of its last traceback, and the lines that rules search for."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise, takewhile
from typing import NamedTuple, TypeAlias

from parity.facts.sessions import FAILED
from parity.records import Boot, Frame, Plan, ProcessType, Release, Slug, Source, Traffic
from parity.rules.view import view
from parity.rules.views.dyno_paths import APP, as_on_heroku, plain
from parity.rules.views.ended_output import likely_status, waiting
from parity.rules.views.environments import of_the_app

_START = "Traceback (most recent call last):"  # a logger may put something before it
_FRAME = re.compile(r'\s+File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<name>.+))?')
_RAISED = re.compile(r"(?P<kind>[A-Za-z_][\w.]*?)(?::\s?(?P<message>.*))?$")
_LAST = re.compile(
    r"(?:[a-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Found|Configured|NotExist)(?:: .*)?"
)
_CHAINED = re.compile(r"During handling of the above exception|The above exception was the direct")
_GROUPED = re.compile(r"^\s*[|+] ?")
"""The prefix of every line in an ExceptionGroup's traceback (PEP 654)."""

_ENDINGS = ("HaltServer", "SystemExit", "KeyboardInterrupt", "CancelledError")  # consequences
_LONGEST = 300
"""Maximum length of an exception that is shown, in characters."""

Failing: TypeAlias = Boot | Release | Slug | Traffic
"""The records that may hold a crash: in the dyno, the release phase, the build, at a request."""


class Raised(NamedTuple):
    """One exception in the log: `frames`, outermost first, and `more`, the lines after its own."""

    kind: str
    message: str
    frames: tuple[Frame, ...]
    more: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """Return the exception as Python prints it."""
        text = f"{self.kind}: {self.message}" if self.message else self.kind
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

    @property
    def place(self) -> Frame | None:
        """Return the innermost frame in the app's own code."""
        own = [f for f in self.frames if of_the_app(f)]
        return own[-1] if own else None

    @property
    def importing(self) -> bool:
        """Return whether it was raised, and caught, during the app's import, without a request."""
        if any("/django/core/handlers/" in f.file for f in self.frames):
            return False  # Django imports the URLs during the first request
        own = [f.name for f in self.frames if of_the_app(f)]
        return bool(own) and set(own) == {"<module>"}


class Crash(NamedTuple):
    """The failure of a command in a dyno or the build, or of a request.

    `lines` is the log with paths as on Heroku. `exit` is None if the command still runs. `record`
    is where the failure was observed. `when` completes a sentence: "The app raises this …".
    """

    lines: tuple[str, ...]
    exit: int | None
    process: ProcessType
    slug: Slug
    record: Failing
    when: str = "while it starts"

    @property
    def plan(self) -> Plan:
        return self.slug.plan

    @property
    def source(self) -> Source:
        return self.slug.plan.source

    @property
    def starting(self) -> bool:
        """Return whether a command ended in a dyno or the release phase: no build, no request."""
        return isinstance(self.record, Boot | Release)

    @property
    def raised(self) -> Raised | None:
        """Return the last exception."""
        return last_raised(self.lines)

    @property
    def chain(self) -> tuple[Raised, ...]:
        """Return the last exception, then those during whose handling it was raised."""
        return chain(self.lines)

    @property
    def command(self) -> str:
        return self.process.command

    def saying(self, pattern: str) -> re.Match[str] | None:
        """Return the match of `pattern` in the last line that matches."""
        matches = (re.search(pattern, line) for line in reversed(self.lines))
        return next((match for match in matches if match), None)


class PythonError(Crash):
    """A crash with a Python exception in its log."""

    @property
    def raised(self) -> Raised:
        """Return the last exception."""
        return self.chain[0]


@view
def crash(record: Failing) -> Crash | None:
    """Return the crash that ended a boot, a release command, collectstatic or a request, if any."""
    if isinstance(record, Boot):
        return _booting(record)
    if isinstance(record, Traffic):
        return _answering(record)
    if isinstance(record, Slug):
        return _collecting(record)
    if record.status != "failed" or record.ended is None or record.command is None:
        return None
    lines = as_on_heroku(record.ended.output, record.slug, "")
    when = "in the release command"
    return Crash(lines, record.ended.exit, record.command, record.slug, record, when)


@view
def python_error(crash: Crash) -> PythonError | None:
    """Return the same crash if its log has a Python exception."""
    return PythonError(*crash) if crash.chain else None


def _booting(boot: Boot) -> Crash | None:
    slug = boot.release.slug
    lines = as_on_heroku(boot.output, slug, boot.home)
    if boot.state == "crashed":
        status = likely_status(lines) if boot.exit is None else boot.exit
        return Crash(lines, status, boot.process, slug, boot)
    looping = boot.state == "timeout" and not boot.listeners and not boot.foreign
    if looping and (last_raised(lines) or waiting(lines)):
        return Crash(lines, None, boot.process, slug, boot)
    return None


def _answering(traffic: Traffic) -> Crash | None:
    """Return the crash behind an answer that is the app's own 5xx, or behind a missing answer."""
    bad = next((e for e in traffic.exchanges if e.code or e.status >= 500), None)
    slug = traffic.boot.release.slug
    lines = as_on_heroku(traffic.since_boot, slug, traffic.boot.home)
    if script_failure(traffic):
        when = "when a visitor's session begins"
        return Crash(lines, None, traffic.boot.process, slug, traffic, when)
    if bad is None or bad.code not in (None, "H12", "H13", "H18"):
        return None
    if bad.code is None and not logged(traffic):
        traceback = plain(traffic.traceback or (), slug, traffic.boot.home)
        raised = last_raised(traceback)
        before = () if last_raised(lines) else lines
        lines = before if raised and raised.importing else before + traceback
    when = f"when it answers {bad.path}"
    return Crash(lines, None, traffic.boot.process, slug, traffic, when)


def script_failure(traffic: Traffic) -> bool:
    """Return whether the log says that the script behind a page failed in a visitor's session."""
    good = not any(e.code or e.status >= 500 for e in traffic.exchanges)
    return good and any(re.search(FAILED, line.text) for line in traffic.since_boot)


def logged(traffic: Traffic) -> bool:
    """Return whether the log has an exception that a request can have raised."""
    slug = traffic.boot.release.slug
    raised = last_raised(as_on_heroku(traffic.since_boot, slug, traffic.boot.home))
    return raised is not None and not raised.importing


def _collecting(slug: Slug) -> Crash | None:
    if slug.refusal is None or not slug.refusal.reason.startswith("collectstatic-"):
        return None
    command = f"python {slug.refusal.file} collectstatic --noinput"
    process = ProcessType("collectstatic", command, 0)
    return Crash(plain(slug.output, slug, ""), 1, process, slug, slug, "in the build")


def last_raised(lines: Sequence[str]) -> Raised | None:
    """Return the last exception, from its traceback or a bare SyntaxError."""
    exceptions = chain(lines)
    return exceptions[0] if exceptions else None


def chain(lines: Sequence[str]) -> tuple[Raised, ...]:
    """Return the last exception, then those during whose handling it was raised."""
    return _chain(tuple(lines))


@lru_cache(maxsize=4)
def _chain(lines: tuple[str, ...]) -> tuple[Raised, ...]:
    plain = _ungrouped(lines)
    starts = [n for n, line in enumerate(plain) if line.rstrip().endswith(_START)]
    parts = [plain[start:end] for start, end in pairwise([*starts, len(plain)])]
    read = [(part, _parsed(part)) for part in parts]
    while read and (read[-1][1] is None or read[-1][1].kind in _ENDINGS):
        read.pop()
    if not read:
        return _unframed(plain, starts)
    exceptions = [read.pop()[1]]
    while read and any(_CHAINED.search(line) for line in read[-1][0]):
        exceptions.append(read.pop()[1])
    return tuple(x for x in exceptions if x)


def interrupted(lines: Sequence[str]) -> Raised | None:
    """Return where a worker was when its server stopped it: gunicorn raises SystemExit in it."""
    starts = [n for n, line in enumerate(lines) if line.rstrip().endswith(_START)]
    read = [_parsed(lines[start:end]) for start, end in pairwise([*starts, len(lines)])]
    exits = [raised for raised in read if raised and raised.kind == "SystemExit"]
    return exits[-1] if exits else None


def _unframed(lines: Sequence[str], starts: Sequence[int]) -> tuple[Raised, ...]:
    """Return the exception if no traceback is complete: interleaved ones, or a bare SyntaxError."""
    if starts:
        mixed = _mixed(lines[starts[0] :])
        return (mixed,) if mixed else ()
    bare = next((n for n, line in enumerate(lines) if _FRAME.fullmatch(line)), None)
    raised = None if bare is None else _parsed(lines[bare:], bare=True)
    return (raised,) if raised else ()


def _ungrouped(lines: Sequence[str]) -> Sequence[str]:
    if not any("Exception Group Traceback" in line for line in lines):
        return lines
    return [_GROUPED.sub("", line) for line in lines]


def _mixed(lines: Sequence[str]) -> Raised | None:
    """Return the last exception of interleaved tracebacks of several workers, with all frames.

    A pipe keeps a write of at most 4096 bytes together (pipe(7)).
    """
    last = next((n for n in range(len(lines) - 1, -1, -1) if _LAST.fullmatch(lines[n])), None)
    if last is None:
        return None
    frames = tuple(_frame(match) for match in map(_FRAME.match, lines[:last]) if match)
    kind, _, message = lines[last].partition(":")
    return Raised(kind.rpartition(".")[2], message.strip(), frames)


def _parsed(lines: Sequence[str], *, bare: bool = False) -> Raised | None:
    frames: list[Frame] = []
    for number, line in enumerate(lines):
        match = _FRAME.match(line)
        if match:
            frames.append(_frame(match))
        elif frames and line and not line.startswith(" "):
            raised = _RAISED.match(line)
            if raised is None:
                return None
            more = tuple(lines[number + 1 : number + 30])
            message = _message(raised["message"], more)
            if not any(map(of_the_app, frames)):
                frames += _named_by(more)
            return Raised(raised["kind"].rpartition(".")[2], message, tuple(frames), more)
        elif frames and not bare and not line and number > 1:
            return None
    return None


def _named_by(more: Sequence[str]) -> list[Frame]:
    """Return the frames that an exception names after its message, as FastAPI's do."""
    own = takewhile(lambda line: not line or line.startswith(" "), more)
    return [_frame(match) for match in map(_FRAME.match, own) if match]


def _message(text: str | None, more: Sequence[str]) -> str:
    """Return the text after the colon, with the next line if it is empty or ends with a colon."""
    if text is None:
        return ""
    text = text.strip()
    if text and not text.endswith(":"):
        return text
    after = next((line.strip() for line in more[:5] if re.search(r"\w", line)), "")
    return f"{text} {after}".strip()


def _frame(match: re.Match[str]) -> Frame:
    return Frame(
        match["file"].removeprefix(f"{APP}/"), int(match["line"]), None, match["name"] or ""
    )
