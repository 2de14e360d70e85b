"""Requirements files as pip reads them, and the other files that an installation depends on.

https://pip.pypa.io/en/stable/reference/requirements-file-format/ (documented).
"""

import codecs
import os
import posixpath
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

LIMIT = 4 * 1024 * 1024
"""Bytes that are read of one requirements file (ours)."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)(?:\s*=\s*|\s*)(\S+)")
_OPTION = re.compile(
    r"(-e|--editable|-f|--find-links|-i|--index-url|--extra-index-url)(?:\s*=\s*|\s+)(\S+)"
)
_REMOTE = re.compile(r"(?:(?:git|hg|svn|bzr)\+[a-z]+|https?|ftp|git|ssh):", re.IGNORECASE)
_ARCHIVE = re.compile(r"\.(?:whl|zip|tar\.\w+|tgz)$", re.IGNORECASE)
_ABSOLUTE = re.compile(r"(?:file:(?://(?:localhost)?)?)?(/[^#;\s]+)")


def read(folder: Path, path: str = "requirements.txt") -> dict[str, str]:
    """Read a requirements file and all that it includes within `folder`, by path."""
    files: dict[str, str] = {}
    todo = [path]
    while todo:
        name = todo.pop()
        text = None if name in files else _text(folder, name)
        if text is None:
            continue
        files[name] = text
        for line in lines(text):
            match = _INCLUDE.match(line)
            if match and not _REMOTE.match(match[1]):
                todo.append(posixpath.normpath(posixpath.join(posixpath.dirname(name), match[1])))
    return files


def _text(folder: Path, name: str) -> str | None:
    """Read a file in the tree, None if there is none. Links within the tree are followed."""
    real = os.path.realpath(folder / name)
    if not real.startswith(f"{os.path.realpath(folder)}/"):
        return None
    try:
        fd = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return None
        return decoded(file.read(LIMIT))


def decoded(data: bytes) -> str:
    """Decode a requirements file as pip does: by its byte order mark, otherwise as UTF-8."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    return data.decode("utf-8", "surrogateescape")


def lines(text: str) -> Iterator[str]:
    """Yield the non-empty lines, stripped and without comments."""
    for line in text.splitlines():
        bare = re.sub(r"(^|\s)#.*", "", line).strip()
        if bare:
            yield bare


def tied_to_tree(files: Mapping[str, str]) -> bool:
    """Return whether the installation depends on other files of the tree."""
    return any(_local(line) for text in files.values() for line in lines(text))


def _local(line: str) -> bool:
    option = _OPTION.match(line)
    if option:
        return not _REMOTE.match(option[2])
    target = _target(line)
    if line.startswith("-") or _REMOTE.match(target):
        return False
    return "/" in target or target.startswith((".", "file:")) or bool(_ARCHIVE.search(target))


def _target(line: str) -> str:
    """Return the URL or path in a requirement, or its name."""
    name, at, address = line.partition("@")
    return (address if at and "/" not in name else line).strip().split(";")[0].split(" ")[0]


def paths_of_this_machine(files: Mapping[str, str]) -> list[str]:
    """Return the requirements on this disk outside the tree, which do not exist on Heroku."""
    paths = []
    for text in files.values():
        for line in lines(text):
            option = _OPTION.match(line)
            if option and option[1] not in ("-e", "--editable"):
                continue
            match = _ABSOLUTE.match(option[2] if option else _target(line))
            if match and os.path.lexists(match[1]):
                paths.append(match[1])
    return paths


def includes_of_this_machine(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Return the included files on this disk outside the tree, as they are written."""
    includes = []
    for name, text in files.items():
        for line in lines(text):
            match = _INCLUDE.match(line)
            if match and not _REMOTE.match(match[1]):
                path = posixpath.normpath(posixpath.join(posixpath.dirname(name), match[1]))
                if path.startswith(("/", "../")) and os.path.lexists(folder / path):
                    includes.append(match[1])
    return includes


def indexes(files: Mapping[str, str]) -> list[str]:
    """Return the URLs of the package indexes in the files."""
    option = re.compile(r"(?:-i|--(?:extra-)?index-url)(?:\s*=\s*|\s+)(https?://\S+)")
    matches = (option.match(line) for text in files.values() for line in lines(text))
    return [match[1] for match in matches if match]


def names_an_index(files: Mapping[str, str]) -> bool:
    """Return whether the app itself sets where packages come from."""
    option = re.compile(r"(?:-i|-f|--(?:extra-)?index-url|--find-links)\b")
    return any(option.match(line) for text in files.values() for line in lines(text))
