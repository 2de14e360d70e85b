"""What the app wrote in its dyno: gone with the dyno (https://devcenter.heroku.com/articles/dynos)."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

PASSING = (
    *(".pyc", ".pyo", ".pid", ".sock", ".lock", ".tmp", ".swp"),
    *("-journal", "-wal", "-shm"),
)
"""Endings of files that nobody would miss."""

PASSING_FOLDERS = frozenset({"__pycache__", "tmp", "node_modules"})
"""Folders that nobody would miss; nor, in HOME itself, those of libraries, whose names begin with
a dot (`.cache`, `.gunicorn`, `.config`)."""

MOST = 200
_LOG = r"--?\w*log\w*-?(?:file|location|f)?[ =]+[\"']?([^\s\"']+)"


def written(copy: Path, slug: Path, command: str = "") -> tuple[str, ...]:
    """Regular files of the dyno's `copy` that the `slug` has not, or has otherwise; at most 200.

    Not what the `command` names as its server's own log (`gunicorn --access-logfile`).
    """
    own = {match[1].removeprefix("./") for match in re.finditer(_LOG, command)}
    found: list[str] = []
    for path, here in _files(copy, ""):
        there = _stat(slug / path)
        same = there and (here.st_size, here.st_mtime_ns) == (there.st_size, there.st_mtime_ns)
        if same or path in own:
            continue
        if there is None and path.startswith(".") and not (slug / path.split("/")[0]).exists():
            continue
        found.append(path)
        if len(found) == MOST:
            break
    return tuple(sorted(found))


def _files(folder: Path, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
    """Path below `folder` and stat of every regular file worth a word; links are not followed."""
    todo = [prefix]
    while todo:
        prefix = todo.pop()
        try:
            with os.scandir(folder / prefix) as entries:
                listed = list(entries)
        except OSError:
            continue
        for entry in listed:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in PASSING_FOLDERS and prefix + entry.name != ".heroku":
                    todo.append(f"{prefix}{entry.name}/")
            elif not entry.name.endswith(PASSING):
                found = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(found.st_mode):
                    yield prefix + entry.name, found


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:
        return None
