"""The files that the app wrote, lost with the dyno: https://devcenter.heroku.com/articles/dynos."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

PASSING = (
    *(".pyc", ".pyo", ".pid", ".sock", ".lock", ".tmp", ".swp"),
    *("-journal", "-wal", "-shm"),
)
"""Endings of disposable files."""

PASSING_FOLDERS = frozenset({"__pycache__", "tmp", "node_modules"})
"""Disposable folders; so are, directly in HOME, those of libraries, whose names begin with a dot
(`.cache`, `.gunicorn`, `.config`)."""

MOST = 200
_LOG = r"--?\w*log\w*-?(?:file|location|f)?[ =]+[\"']?([^\s\"']+)"


def written(copy: Path, slug: Path, command: str = "") -> tuple[str, ...]:
    """Return the regular files of the dyno's `copy` that are new or changed since the `slug`.

    At most 200, without those that `command` names as its server's own log
    (`gunicorn --access-logfile`).
    """
    own = {match[1].removeprefix("./") for match in re.finditer(_LOG, command)}
    paths: list[str] = []
    for path, here in _files(copy, ""):
        there = _stat(slug / path)
        same = there and (here.st_size, here.st_mtime_ns) == (there.st_size, there.st_mtime_ns)
        if same or path in own:
            continue
        if there is None and path.startswith(".") and not (slug / path.split("/")[0]).exists():
            continue
        paths.append(path)
        if len(paths) == MOST:
            break
    return tuple(sorted(paths))


def _files(folder: Path, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield path and status of every regular file that is not disposable; no links are followed."""
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
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(status.st_mode):
                    yield prefix + entry.name, status


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:
        return None
