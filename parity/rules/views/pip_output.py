"""The entries of the requirements files, and pip's messages about them."""

import posixpath
import re
from typing import NamedTuple

from parity.records import Slug, Source
from parity.records.tree import shortened
from parity.records.verdict import Evidence

REASON = "install-dependencies::pip"
FORMAT = "https://pip.pypa.io/en/stable/reference/requirements-file-format/"

UNAUTHORISED = r"40[13] Error, Credentials not correct|40[13] Client Error"
"""pip's messages about an index that needs a password."""

_INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)(?:\s*=\s*|\s*)(\S+)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LINK = 0o120000
_LINKS = 8
_SHOWN = 300


class RequirementEntry(NamedTuple):
    """One line of a requirements file; `name` is the normalised distribution, or empty."""

    file: str
    line: int
    text: str
    name: str


def normalised(name: str) -> str:
    """Return a distribution's name as indexes compare it (https://peps.python.org/pep-0503/)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def entries(source: Source, path: str = "requirements.txt") -> list[RequirementEntry]:
    """Return every entry of a requirements file and of the files that it includes."""
    lines: list[RequirementEntry] = []
    visited: set[str] = set()
    todo = [path]
    while todo:
        file = todo.pop(0)
        text = None if file in visited else text_of(source, file)
        if text is None:
            continue
        visited.add(file)
        for number, line in enumerate(text.splitlines(), 1):
            bare = re.sub(r"(^|\s)#.*", "", shortened(line)).strip()
            match = _INCLUDE.match(bare)
            if match:
                todo.append(posixpath.normpath(posixpath.join(posixpath.dirname(file), match[1])))
            if bare:
                lines.append(RequirementEntry(file, number, bare, _name(bare)))
    return lines


def line_for(source: Source, package: str) -> int | None:
    """Return the line of requirements.txt that requires a package."""
    known = normalised(package)
    asking = (e for e in entries(source) if e.file == "requirements.txt" and e.name == known)
    return next((entry.line for entry in asking), None)


def _name(text: str) -> str:
    """Return the distribution that a line requires by name; empty for addresses or options."""
    name = _NAME.match(text)
    if not name or re.match(r"[\w.-]*(?:/|\+\w|://)", text):
        return ""
    return normalised(name[0])


def text_of(source: Source, path: str) -> str | None:
    """Return a file as pip reads it: by its byte order mark, else as UTF-8. Links are followed."""
    for _ in range(_LINKS):
        entry = source.entries.get(path)
        if entry is None or entry.data is None:
            return None
        if entry.mode != _LINK:
            return decoded(entry.data)
        target = entry.data.decode("utf-8", "surrogateescape")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return None


def decoded(data: bytes) -> str:
    """Return the bytes of a requirements file as pip decodes them."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def named(source: Source, name: str) -> RequirementEntry | None:
    """Return the entry that requires the distribution `name`."""
    wanted = normalised(name)
    return next((entry for entry in entries(source) if entry.name == wanted), None)


def at_entry(at: RequirementEntry, seen: str, **names: str) -> Evidence:
    """Return evidence at a requirement; the entry itself and `names` fill the rule's texts."""
    values = {
        "entry": shown(at.text),
        "file": at.file,
        "name": at.name,
        "line": str(at.line),
        **names,
    }
    return Evidence(shown(seen), at.file, at.line, names=values)


def shown(text: str) -> str:
    """Return `text` as a report shows it: shortened, and without passwords in addresses."""
    bare = re.sub(r"(://)[^/@\s]+@", r"\1****@", text.strip())
    return bare if len(bare) <= _SHOWN else f"{bare[:_SHOWN]}…"


def pip_failed(slug: Slug) -> bool:
    """Return whether the push was rejected because pip could not install the requirements."""
    return slug.refusal is not None and slug.refusal.reason == REASON


def saying(slug: Slug, pattern: str) -> re.Match[str] | None:
    """Return the first match of `pattern` in the installer's output, if the installer failed."""
    if not pip_failed(slug):
        return None
    matches = (re.search(pattern, line) for line in slug.output)
    return next((match for match in matches if match), None)


def entry_named_in(slug: Slug, line: str) -> RequirementEntry | None:
    """Return the entry whose line pip names: `(from line 3 of FILE)`, `(from -r FILE (line 3))`."""
    match = re.search(r"line (?P<n>\d+) of (?P<f>.+)\)|-r (?P<g>\S+) \(line (?P<m>\d+)\)", line)
    if not match:
        return None
    file, number = inside(slug, match["f"] or match["g"]), int(match["n"] or match["m"])
    return next(
        (e for e in entries(slug.plan.source) if (e.file, e.line) == (file, number)),
        None,
    )


def inside(slug: Slug, path: str) -> str:
    """Return a path of the build relative to the tree."""
    return posixpath.normpath(path.removeprefix(f"{slug.root}/"))


def decisive(slug: Slug) -> str:
    """Return the installer's last message about why it failed."""
    errors = [line.strip() for line in slug.output if re.match(r"\s*(ERROR|error)\b", line)]
    real = [line for line in errors if "ResolutionImpossible" not in line]
    last = [line for line in slug.output if line.strip()] or ["pip ended with an error"]
    return shown((real or errors or last)[-1])
