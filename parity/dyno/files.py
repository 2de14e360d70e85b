"""What the app wrote in its dyno: gone with the dyno (https://devcenter.heroku.com/articles/dynos)."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

PASSING = (
    *(".pyc", ".pyo", ".pid", ".sock", ".lock", ".log", ".tmp", ".swp"),
    *("-journal", "-wal", "-shm"),
)
"""Endings of files that nobody would miss."""

PASSING_FOLDERS = frozenset(
    {"__pycache__", ".gunicorn", ".heroku", ".cache", "tmp", "node_modules", ".npm", ".local"}
)
MOST = 200


def written(copy: Path, slug: Path) -> tuple[str, ...]:
    """Regular files of the dyno's `copy` that the `slug` has not, or has otherwise; at most 200."""
    found: list[str] = []
    for path, here in _files(copy, ""):
        there = _stat(slug / path)
        if there is None or (here.st_size, here.st_mtime_ns) != (there.st_size, there.st_mtime_ns):
            found.append(path)
            if len(found) == MOST:
                break
    return tuple(sorted(found))


def _files(folder: Path, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
    """Path below `folder` and stat of every regular file worth a word; links are not followed."""
    try:
        with os.scandir(folder) as entries:
            listed = list(entries)
    except OSError:
        return
    for entry in listed:
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in PASSING_FOLDERS:
                yield from _files(Path(entry.path), f"{prefix}{entry.name}/")
        elif not entry.name.endswith(PASSING):
            found = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(found.st_mode):
                yield prefix + entry.name, found


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:
        return None
