"""The entries of the requirements files, and what pip said about them."""

import posixpath
import re
from typing import NamedTuple

from parity.records import Slug, Source
from parity.verdict import Evidence

_INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)(?:\s+|=)?(\S+)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Entry(NamedTuple):
    """One line of a requirements file; `name` is the normalised distribution, if it has one."""

    file: str
    line: int
    text: str
    name: str


def normalised(name: str) -> str:
    """A distribution's name as indexes compare it (https://peps.python.org/pep-0503/)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def entries(source: Source, path: str = "requirements.txt") -> list[Entry]:
    """Every entry of a requirements file and of those that it includes."""
    found: list[Entry] = []
    seen: set[str] = set()
    todo = [path]
    while todo:
        file = todo.pop()
        if file in seen or file not in source.entries:
            continue
        seen.add(file)
        for number, text in enumerate(_text(source, file).splitlines(), 1):
            text = re.sub(r"(^|\s)#.*", "", text).strip()
            match = _INCLUDE.match(text)
            if match:
                todo.append(posixpath.normpath(posixpath.join(posixpath.dirname(file), match[1])))
            if text:
                name = None if text.startswith("-") else _NAME.match(text)
                found.append(Entry(file, number, text, normalised(name[0]) if name else ""))
    return found


def _text(source: Source, path: str) -> str:
    """As pip reads it: a byte order mark decides (UTF-16 is fine), else UTF-8."""
    data = source.entries[path].data or b""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def named(source: Source, name: str) -> Entry | None:
    """The entry that requires the distribution `name`."""
    wanted = normalised(name)
    return next((entry for entry in entries(source) if entry.name == wanted), None)


def found(entry: Entry, seen: str, **names: str) -> Evidence:
    """Evidence at a requirement; `names` fill the rule's texts besides the entry itself."""
    told = {"entry": entry.text, "file": entry.file, "name": entry.name, **names}
    return Evidence(seen, entry.file, entry.line, names=told)


def saying(slug: Slug, pattern: str) -> re.Match[str] | None:
    """The first line of the installer's output in which `pattern` is found."""
    matches = (re.search(pattern, line) for line in slug.output)
    return next((match for match in matches if match), None)


def decisive(slug: Slug) -> str:
    """The installer's last word on why it failed."""
    errors = [line.strip() for line in slug.output if re.match(r"\s*(ERROR|error)\b", line)]
    real = [line for line in errors if "ResolutionImpossible" not in line]
    return (real or errors or [line for line in slug.output if line.strip()] or [""])[-1].strip()
