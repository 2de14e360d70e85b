"""The tree that a log quotes: lines in tracebacks, npm's scripts, and the root of a failed push."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from parity.records import Entry, Source

DEEPEST = 20_000
"""The highest line number that is accepted: a log may contain anything."""

MOST = 50
"""The largest number of files."""

INSIDE = "…"
"""Stands for the unknown files of a folder that a log names."""

_FRAME = re.compile(r'\s+File "/app/(?P<file>[^"]+)", line (?P<line>\d+)')
_BANNER = re.compile(r"\s*> (?:@[\w.-]+/)?[\w.-]+@\S+ (?P<name>[\w:.-]+)(?: /\S*)?\s*")
_TEXT = re.compile(r"\s*[>$] (?P<text>\S.*?)\s*")
_YARN = re.compile(r"\s*yarn run v\d\S*\s*")
_ROOT = "Currently the root directory of your app contains:"


def tree(home: str, lines: Iterable[str], pushed: Iterable[str] = ()) -> Source:
    """Return a tree of the quoted files, each empty except for the quoted lines."""
    lines = list(lines)
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
    entries |= {name: Entry(0o100644, 0, None, None) for name in _listed(pushed)}
    called = scripts(lines)
    if called:
        text = json.dumps({"scripts": dict(called)})
        entries["package.json"] = _entry({1: text})
    return Source(Path(home), "log", None, None, "", None, entries, (), {}, {})


def _entry(quoted: dict[int, str]) -> Entry:
    text = "\n".join(quoted.get(number, "") for number in range(1, max(quoted) + 1))
    data = text.encode("utf-8", "surrogatepass")
    return Entry(0o100644, len(data), None, data)


def scripts(lines: Iterable[str]) -> Mapping[str, str]:
    """Return the scripts of package.json that npm or yarn names when it starts them, in order."""
    called: dict[str, str] = {}
    name: str | None = None
    for line in lines:
        banner, text = _BANNER.fullmatch(line), _TEXT.fullmatch(line)
        if banner or _YARN.fullmatch(line):
            name = banner["name"] if banner else None if called else "start"
        elif text and name:
            called.setdefault(name, text["text"])
            name = None
    return dict(list(called.items())[:MOST])


def _listed(pushed: Iterable[str]) -> Iterator[str]:
    """Yield what Heroku lists of the root, each folder as an unknown file in it."""
    rows = iter(pushed)
    if not any(_ROOT in row for row in rows):
        return
    for number, row in enumerate(rows):
        name = row.removeprefix(" !").strip()
        if number > MOST or name.startswith(("Push", "If ", "For ")) or " " in name:
            return
        if name:
            yield f"{name}{INSIDE}" if name.endswith("/") else name
