"""A tree made of the lines of code that tracebacks in a log quote."""

import re
from collections.abc import Iterable
from pathlib import Path

from parity.records import Entry, Source

DEEPEST = 20_000
"""The highest line number that is accepted: a log may contain anything."""

MOST = 50
"""The largest number of files."""

_FRAME = re.compile(r'\s+File "/app/(?P<file>[^"]+)", line (?P<line>\d+)')


def tree(home: str, lines: Iterable[str]) -> Source:
    """Return a tree of the quoted files, each empty except for the quoted lines."""
    files: dict[str, dict[int, str]] = {}
    place: tuple[str, int] | None = None
    for line in lines:
        if place and line.startswith("    "):
            files.setdefault(place[0], {})[place[1]] = line.strip()
        match = _FRAME.match(line)
        place = (match["file"], int(match["line"])) if match else None
        if place and (not 0 < place[1] <= DEEPEST or place[0].startswith(".heroku/")):
            place = None
    entries = {file: _entry(files[file]) for file in list(files)[:MOST]}
    return Source(Path(home), "folder", None, None, "", None, entries, (), {}, {})


def _entry(quoted: dict[int, str]) -> Entry:
    text = "\n".join(quoted.get(number, "") for number in range(1, max(quoted) + 1))
    data = text.encode("utf-8", "surrogatepass")
    return Entry(0o100644, len(data), None, data)
