"""Crashes of programs in other languages: the error, and the app's line that the trace names."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from parity.records import Source
from parity.records.verdict import Evidence
from parity.rules.views.exception_advice import PLAIN
from parity.rules.views.facts import Unhandled
from parity.rules.views.python_source import line_of
from parity.rules.views.python_traceback import Crash


class Trace(NamedTuple):
    """How a language prints a crash: the line of its error, and those that name a file and line."""

    error: str
    place: str


_TRACES = (
    Trace(r"^(?:panic|fatal error): .+", r"^\s+(\S+\.go):(\d+)"),  # Go
    Trace(r"^\S+\.rb:\d+:in [`'].+?': (.+ \([A-Z][\w:]*\))", r"(?:^|\s)(\S+\.r[bu]):(\d+):in "),
    Trace(  # PHP
        r"PHP (?:Fatal|Parse) error: {1,2}(?:Uncaught )?(.+?) in /",
        r" in (/\S+\.php)(?::| on line )(\d+)",
    ),
    Trace(r"^Exception in thread \"\w+\" (.+)", r"^\s+at .*\((\w+\.(?:java|kt|scala)):(\d+)\)"),
    Trace(r"^Unhandled exception\. (.+)", r" in (\S+\.[cf]s):line (\d+)"),  # .NET
    Trace(
        r"^thread '.+' panicked at .+", r"panicked at (?:'[^']{0,300}', )?(\S{1,200}\.rs):(\d+)"
    ),  # Rust
    Trace(r"^\*\* \([\w.]+\) .+", r"(?:^|\s)(\S+\.exs?):(\d+)(?::|$)"),  # Elixir
    Trace(r"error (TS\d+: .+)", r"^(\S+\.[cm]?tsx?)\((\d+),\d+\): error TS"),  # TypeScript
)
_FOLDERS = re.compile(r"^(?:/app|/tmp/build_\w+|\./)/?")


def unhandled(crash: Crash) -> Unhandled | None:
    """Return the error of a program in another language, at the app's own line if it names one."""
    if crash.raised or crash.exit in (0, 127):
        return None
    for trace in _TRACES:
        start = next((n for n, x in enumerate(crash.lines) if re.search(trace.error, x)), None)
        if start is not None:
            return _at(crash, trace, crash.lines[start:])
    return None


def _at(crash: Crash, trace: Trace, lines: Sequence[str]) -> Unhandled | None:
    match = re.search(trace.error, lines[0])
    error = (match[1] if match and match.groups() else lines[0]).strip()[:300]
    places = list(_places(crash.source, trace, lines[:60]))
    named = next(((file, line) for file, line in places if file in crash.source.entries), None)
    file, line = named or next(iter(places), ("", 0))
    if not file:
        return None
    names = {"error": error, "when": crash.when}
    code = line_of(crash.source, file, line)
    where = f", in line {line} of {file}" + (f": `{code}`" if code else "")
    return Unhandled(where, PLAIN, Evidence(error, file, line, names=names))


def _places(source: Source, trace: Trace, lines: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield the files and lines of a trace that can be the app's own, as in the tree."""
    for line in lines:
        match = re.search(trace.place, line)
        if match is None:
            continue
        file = _FOLDERS.sub("", match[1].strip("'`\""))
        if "/" not in file and file not in source.entries:  # Java names no folder
            same = (p for p in source.entries if posixpath.basename(p) == file)
            file = next(same, file)
        if not file.startswith(("/", "vendor/", ".heroku/", "node_modules/", "<")):
            yield file, int(match[2])
