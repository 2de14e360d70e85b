"""Questions to the pushed tree, answered as the shell's `-f`, `-d` and `-e` would on Heroku."""

import posixpath
import stat

from parity.records import Entry, Source

_HOPS = 40
"""Links that Linux follows before it gives up (ELOOP)."""


def resolve(source: Source, path: str) -> str | None:
    """Where `path` leads once links are followed (a name of nothing: out of the tree).

    None: in circles. A link's `data` is its target, as git keeps it.
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
    """The regular file at `path`, links followed; None if there is none."""
    where = resolve(source, path)
    entry = source.entries.get(where) if where else None
    return entry if entry and stat.S_ISREG(entry.mode) else None


def folder(source: Source, path: str) -> bool:
    """Whether `path` is a folder that holds something of the tree (git keeps no empty one)."""
    where = resolve(source, path)
    if where is None:
        return False
    entry = source.entries.get(where)
    inside = "" if where == "." else f"{where}/"
    return bool(entry and stat.S_IFMT(entry.mode) == 0o160000) or any(
        name.startswith(inside) for name in source.entries
    )


def exists(source: Source, path: str) -> bool:
    """Whether there is anything at `path`."""
    return file(source, path) is not None or folder(source, path)


def _is_link(entry: Entry | None) -> bool:
    return entry is not None and stat.S_ISLNK(entry.mode)
