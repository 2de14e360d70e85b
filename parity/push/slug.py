"""The slug as a folder: copied for every dyno, measured against Heroku's limit.

https://devcenter.heroku.com/articles/slug-compiler#slug-size (documented).
"""

import os
import shutil
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from parity import interrupt

MB = 1024 * 1024
SMALL = 300 * MB
"""Bytes up to which a slug is no matter: Heroku's soft limit, for a compressed one."""

SAMPLE, STEP = 128 * 1024, 2 * MB
"""Of every 2 MB the first 128 kB are compressed: a 16th of the work, and a few percent off."""


class Size(NamedTuple):
    """Bytes on disk, and compressed as Heroku counts them (None: too few to matter)."""

    bytes: int
    packed: int | None


def copy(slug: Path, to: Path) -> None:
    """Copy the slug into the empty folder `to`; links stay. Raises `Interrupted`, `OSError`."""
    with os.scandir(slug) as entries:
        for entry in entries:
            target = to / entry.name
            if entry.is_dir(follow_symlinks=False):
                shutil.copytree(entry.path, target, symlinks=True, copy_function=_copied)
            else:
                _copied(entry.path, str(target))


def _copied(path: str, to: str, *, follow_symlinks: bool = False) -> None:
    """One file or link; a socket or pipe that a build step left is no part of a slug."""
    interrupt.check()
    mode = os.lstat(path).st_mode
    if stat.S_ISREG(mode) or stat.S_ISLNK(mode):
        shutil.copy2(path, to, follow_symlinks=follow_symlinks)


def size(folder: Path) -> Size:
    """The size of a folder's files, without what links lead to. Raises `Interrupted`, `OSError`.

    The compressed one is an estimate from samples.
    """
    total = sum(found.st_size for _, found in _files(folder))
    return Size(total, packed(folder) if total > SMALL else None)


def packed(folder: Path) -> int:
    """About how many bytes the folder has in a gzipped tar file, which is what a slug is."""
    return sum(size for _, size in packed_files(folder))


def packed_files(folder: Path, *, whole: bool = False) -> Iterator[tuple[str, int]]:
    """Each file with the bytes that it has compressed: an estimate, unless the `whole` is read."""
    for path, found in _files(folder):
        yield path, _packed(path, found.st_size, STEP if whole else SAMPLE)


def _files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    todo = [os.fspath(folder)]
    while todo:
        interrupt.check()
        with os.scandir(todo.pop()) as entries:
            for entry in entries:
                found = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(found.st_mode):
                    todo.append(entry.path)
                elif stat.S_ISREG(found.st_mode):
                    yield entry.path, found


def _packed(path: str, length: int, sample: int) -> int:
    """What gzip would make of a file, of which `sample` bytes of every step are read."""
    interrupt.check()
    read = packed = 0
    with Path(path).open("rb") as file:
        for start in range(0, length, STEP):
            file.seek(start)
            data = file.read(sample)
            read += len(data)
            packed += len(zlib.compress(data, 6))
    return length * packed // read if read else 0
