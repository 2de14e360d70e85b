"""What a log says: the last exception, where it was raised, and single telling lines."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from parity.records import Boot, Frame, Line, Plan, ProcessType, Release, Slug, Source

_START = "Traceback (most recent call last):"
_FRAME = re.compile(r'\s+File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<name>.+))?')
_RAISED = re.compile(r"(?P<kind>[A-Za-z_][\w.]*?)(?::\s?(?P<message>.*))?$")
_LAST = re.compile(
    r"(?:[a-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Found|Configured|NotExist)(?:: .*)?"
)
_ENDINGS = ("HaltServer", "SystemExit", "KeyboardInterrupt")
"""How a server ends itself because of an exception that came before."""

_NOT_THE_APP = (".heroku/", "/")


class Raised(NamedTuple):
    """One exception of the log: `frames` outermost first, files of the app relative to it."""

    kind: str
    message: str
    frames: tuple[Frame, ...]
    lines: tuple[str, ...]

    @property
    def told(self) -> str:
        """The exception as Python prints it."""
        return f"{self.kind}: {self.message}" if self.message else self.kind

    @property
    def place(self) -> Frame | None:
        """The innermost frame in the app's own code."""
        own = [f for f in self.frames if not f.file.startswith(_NOT_THE_APP) and f.file[0] != "<"]
        return own[-1] if own else None


class Crash(NamedTuple):
    """A command that ended badly, in a dyno of any kind."""

    lines: tuple[str, ...]
    exit: int
    process: ProcessType
    slug: Slug
    home: str

    @property
    def plan(self) -> Plan:
        return self.slug.plan

    @property
    def source(self) -> Source:
        return self.slug.plan.source

    @property
    def raised(self) -> Raised | None:
        return last_raised(self.lines, self.home)

    def saying(self, pattern: str) -> re.Match[str] | None:
        """The last line in which `pattern` is found."""
        return saying(self.lines, pattern)


def crash(record: Boot | Release | Slug) -> Crash | None:
    """The crash that a boot, a release command or collectstatic ended with, if it did."""
    if isinstance(record, Slug):
        return _collecting(record)
    if isinstance(record, Boot):
        if record.state != "crashed":
            return None
        code, slug, home = record.exit or 0, record.release.slug, record.home
        return Crash(texts(record.output), code, record.process, slug, home)
    if record.status != "failed" or record.ended is None or record.command is None:
        return None
    return Crash(texts(record.ended.output), record.ended.exit, record.command, record.slug, "")


def _collecting(slug: Slug) -> Crash | None:
    if slug.refusal is None or not slug.refusal.reason.startswith("collectstatic-"):
        return None
    command = f"python {slug.refusal.file} collectstatic --noinput"
    process = ProcessType("collectstatic", command, 0)
    return Crash(slug.output, 1, process, slug, str(slug.root))


def texts(lines: Iterable[Line]) -> tuple[str, ...]:
    """The text of log lines."""
    return tuple(line.text for line in lines)


def saying(lines: Sequence[str], pattern: str) -> re.Match[str] | None:
    """The last of `lines` in which `pattern` is found."""
    matches = (re.search(pattern, line) for line in reversed(lines))
    return next((match for match in matches if match), None)


def last_raised(lines: Sequence[str], home: str) -> Raised | None:
    """The last traceback that is complete; a bare SyntaxError has none and counts too."""
    starts = [n for n, line in enumerate(lines) if line.strip() == _START]
    for start in reversed(starts):
        found = _parsed(lines[start:], home)
        if found and found.kind not in _ENDINGS:
            return found
    if starts:
        return _mixed(lines[starts[0] :], home)
    bare = next((n for n, line in enumerate(lines) if _FRAME.fullmatch(line)), None)
    return None if bare is None else _parsed(lines[bare - 1 if bare else 0 :], home, bare=True)


def _mixed(lines: Sequence[str], home: str) -> Raised | None:
    """Tracebacks of several workers between each other: the last exception, all their frames.

    A pipe keeps only what is written in up to 4096 bytes together (pipe(7)).
    """
    last = next((n for n in range(len(lines) - 1, -1, -1) if _LAST.fullmatch(lines[n])), None)
    if last is None:
        return None
    matches = [match for match in map(_FRAME.match, lines[:last]) if match]
    frames = tuple(
        Frame(_relative(m["file"], home), int(m["line"]), None, m["name"] or "") for m in matches
    )
    kind, _, message = lines[last].partition(":")
    return Raised(kind.rpartition(".")[2], message.strip(), frames, tuple(lines[: last + 1]))


def _parsed(lines: Sequence[str], home: str, *, bare: bool = False) -> Raised | None:
    frames: list[Frame] = []
    for number, line in enumerate(lines):
        match = _FRAME.match(line)
        if match:
            file = _relative(match["file"], home)
            frames.append(Frame(file, int(match["line"]), None, match["name"] or ""))
        elif frames and line and not line.startswith(" "):
            raised = _RAISED.match(line)
            if raised:
                message = (raised["message"] or "").strip()
                return Raised(
                    raised["kind"].rpartition(".")[2],
                    message,
                    tuple(frames),
                    tuple(lines[: number + 1]),
                )
            return None
        elif frames and not bare and not line and number > 1:
            return None
    return None


def _relative(file: str, home: str) -> str:
    """A path as in the tree; every dyno's own folder is called web.1, release.4711 and so on."""
    if home and file.startswith(f"{home}/"):
        return file[len(home) + 1 :]
    inside = re.match(r".*/parity-[0-9a-f]{8}/[^/]+/(.+)", file)
    return inside[1] if inside else file
