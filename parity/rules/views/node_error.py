"""What Node.js writes when it crashes: the error, and where it was thrown."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from parity.facts.buildpacks import NODE
from parity.records import Frame
from parity.records.verdict import Evidence
from parity.rules.view import view
from parity.rules.views.dyno_paths import APP
from parity.rules.views.node_source import is_node
from parity.rules.views.python_source import line_of
from parity.rules.views.python_traceback import Crash

_AT = re.compile(
    r"^\s+at (?:async )?(?:(?P<name>[^()]+?) )?\(?(?:file://)?(?P<file>/[^:()]+|[^:()\s]+\.\w+)"
    r":(?P<line>\d+):(?P<column>\d+)\)?"
)
_ERROR = re.compile(
    r"^(?:Uncaught )?(?P<kind>(?:[A-Z]\w*)?(?:Error|Exception|Warning)\b|\[?[A-Z]\w+Error)"
    r"(?: \[(?P<code>\w+)\])?(?::\s?(?P<message>.*))?$"
)
_PLACE = re.compile(r"^(?:file://)?(/[^:\s]+):(\d+)$")
_INSIDE = re.compile(r".*/parity-[0-9a-f]{8,12}/[^/]+/(.+)")


class Thrown(NamedTuple):
    """One error in the log; `frames` are innermost first, with the app's files as in the tree."""

    kind: str
    code: str
    message: str
    frames: tuple[Frame, ...]

    @property
    def told(self) -> str:
        """Return the error as Node.js prints it."""
        code = f" [{self.code}]" if self.code else ""
        return f"{self.kind}{code}: {self.message}" if self.message else self.kind

    @property
    def place(self) -> Frame | None:
        """Return the innermost frame in the app's own code."""
        return next((f for f in self.frames if own(f.file)), None)


def own(file: str) -> bool:
    """Return whether a file is the app's own, not part of a package or of Node.js."""
    return not file.startswith(("/", "node:", "internal/")) and "node_modules/" not in file


class NodeCrash(Crash):
    """A crash of an app that Node.js runs."""


@view
def node_crash(crash: Crash) -> NodeCrash | None:
    """Return the same crash if Node.js runs the app."""
    return NodeCrash(*crash) if is_node(crash.plan) or NODE in crash.slug.interpreters else None


class NodeError(NamedTuple):
    """The error with which Node.js ended a command, or answered a request."""

    crash: NodeCrash
    thrown: Thrown

    def at(self, **names: str) -> Evidence | None:
        """Return evidence at the app's innermost frame."""
        place = self.thrown.place
        if place is None:
            return None
        values = {
            "error": self.thrown.told,
            "file": place.file,
            "line": str(place.line),
            "code": line_of(self.crash.source, place.file, place.line),
            **names,
        }
        return Evidence(self.thrown.told, place.file, place.line, place.column, names=values)


@view
def node_error(crash: NodeCrash) -> NodeError | None:
    """Return the last error in the log."""
    error = thrown(crash.lines, APP)
    return NodeError(crash, error) if error else None


def relative(file: str, home: str) -> str:
    """Return a path as in the tree; a dyno's own folder is called web.1, release.1 and so on."""
    file = file.removeprefix("file://")
    if home and file.startswith(f"{home}/"):
        return file[len(home) + 1 :]
    inside = _INSIDE.match(file)
    return inside[1] if inside else file


def thrown(lines: Sequence[str], home: str) -> Thrown | None:
    """Return the last error in the log, with its frames; for a syntax error, the line above it."""
    starts = [n for n, line in enumerate(lines) if _ERROR.match(line.strip())]
    for start in reversed(starts):
        match = _ERROR.match(lines[start].strip())
        frames = _frames(lines[start + 1 :], home)
        place = _marked(lines[:start], home)
        if match and (frames or place):
            message = (match["message"] or "").strip()
            code = match["code"] or _code(lines[start:])
            return Thrown(match["kind"], code, message, (*((place,) if place else ()), *frames))
    return None


def _code(lines: Sequence[str]) -> str:
    """Return the code that is printed below the frames: `code: 'MODULE_NOT_FOUND'`."""
    matches = (re.match(r"\s+code: '(\w+)'", line) for line in lines[:40])
    return next((match[1] for match in matches if match), "")


def _frames(lines: Sequence[str], home: str) -> tuple[Frame, ...]:
    frames: list[Frame] = []
    for number, line in enumerate(lines):
        match = _AT.match(line)
        if match:
            file = relative(match["file"], home)
            name = (match["name"] or "").strip()
            frames.append(Frame(file, int(match["line"]), int(match["column"]), name))
        elif not line.lstrip().startswith("at ") and (frames or number > 12):
            break
    return tuple(frames)


def _marked(lines: Sequence[str], home: str) -> Frame | None:
    """Return the file and line above a source line with a caret, where a syntax error has them."""
    for line in reversed(lines[-8:]):
        match = _PLACE.match(line.strip())
        if match:
            file = relative(match[1], home)
            return Frame(file, int(match[2]), None, "") if own(file) else None
    return None
