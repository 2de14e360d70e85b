"""Queries to the pushed tree, with the answers of the shell's `-f`, `-d` and `-e` on Heroku."""

import posixpath
import stat

from parity.records import Entry, Source

_HOPS = 40
"""Number of links that Linux follows before it gives up (ELOOP)."""


def resolve(source: Source, path: str) -> str | None:
    """Return the path that `path` leads to through links; None if they form a circle.

    One that leads out of the tree is a path without an entry. A link's `data` is its target.
    """
    for _ in range(_HOPS):
        parts = path.split("/")
        heads = ("/".join(parts[: n + 1]) for n in range(len(parts)))
        link = next((head for head in heads if _is_link(source.entries.get(head))), None)
        if link is None:
            return path
        target = (source.entries[link].data or b"").decode("utf-8", "surrogateescape")
        rest = path[len(link) + 1 :]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(link), target, rest))
    return None


def file(source: Source, path: str) -> Entry | None:
    """Return the regular file at `path`, following links; None if there is none."""
    where = resolve(source, path)
    entry = source.entries.get(where) if where else None
    return entry if entry and stat.S_ISREG(entry.mode) else None


def folder(source: Source, path: str) -> bool:
    """Return whether `path` is a folder with files of the tree (git keeps no empty folder)."""
    where = resolve(source, path)
    if where is None:
        return False
    entry = source.entries.get(where)
    inside = "" if where == "." else f"{where}/"
    return bool(entry and stat.S_IFMT(entry.mode) == 0o160000) or any(
        name.startswith(inside) for name in source.entries
    )


def exists(source: Source, path: str) -> bool:
    """Return whether there is a file or folder at `path`."""
    return file(source, path) is not None or folder(source, path)


def _is_link(entry: Entry | None) -> bool:
    return entry is not None and stat.S_ISLNK(entry.mode)
