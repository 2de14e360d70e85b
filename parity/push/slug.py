"""The slug as a folder, which is copied for every dyno and measured for Heroku's limit.

https://devcenter.heroku.com/articles/slug-compiler#slug-size (documented).
"""

import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from parity.system import folders, interrupt

MB = 1024 * 1024
SMALL = 300 * MB
"""Size in bytes up to which a slug is within Heroku's soft limit even without compression."""

SAMPLE, STEP = 128 * 1024, 2 * MB
"""The first 128 kB of every 2 MB are compressed: a 16th of the work, and a few percent off."""


class Size(NamedTuple):
    """A size in bytes, on disk and compressed as Heroku counts it (None: too small to matter)."""

    bytes: int
    packed: int | None


def copy(slug: Path, to: Path) -> None:
    """Copy the slug into the empty folder `to`, links as links. Raises `Interrupted`, `OSError`.

    Sockets and pipes that a build step left behind are not part of a slug.
    """
    with folders.Cursor(to) as target:
        for step in folders.walk(slug):
            if step.name is None:
                if step.depth:
                    target.up(os.fstat(step.fd))
                continue
            if step.name:
                target.down(step.name, make=True)
            for entry in step.files:
                interrupt.check()
                _copied(entry.name, step.fd, target.fd)


def _copied(name: str, source: int, target: int) -> None:
    """Copy one file or link from an open folder into another."""
    status = os.lstat(name, dir_fd=source)
    if stat.S_ISLNK(status.st_mode):
        os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
    elif stat.S_ISREG(status.st_mode):
        folders.copy_file(name, source, name, target)


def size(folder: Path) -> Size:
    """Return the size of a folder's files, not following links. Raises `Interrupted`, `OSError`.

    The compressed size is an estimate from samples.
    """
    total = sum(status.st_size for _, status, _ in _files(folder))
    return Size(total, packed(folder) if total > SMALL else None)


def packed(folder: Path) -> int:
    """Estimate the folder's size in bytes as a gzipped tar file, which is what a slug is."""
    return sum(size for _, size in packed_files(folder))


def packed_files(folder: Path, *, whole: bool = False) -> Iterator[tuple[str, int]]:
    """Yield each file with its compressed size, estimated unless the `whole` file is read."""
    for path, status, step in _files(folder):
        yield path, _packed(path, step.fd, status.st_size, STEP if whole else SAMPLE)


def _files(folder: Path) -> Iterator[tuple[str, os.stat_result, folders.FolderStep]]:
    """Yield the path, status and folder of every regular file."""
    parts: list[str] = []
    for step in folders.walk(folder):
        interrupt.check()
        parts[max(0, step.depth - 1) :] = [step.name] if step.name else []
        for entry in step.files:
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(status.st_mode):
                yield "/".join((str(folder), *parts, entry.name)), status, step


def _packed(path: str, folder: int, length: int, sample: int) -> int:
    """Return the gzipped size of a file, reading the first `sample` bytes of every `STEP`."""
    interrupt.check()
    read = packed = 0
    with os.fdopen(os.open(path.rpartition("/")[2], os.O_RDONLY, dir_fd=folder), "rb") as file:
        for start in range(0, length, STEP):
            file.seek(start)
            data = file.read(sample)
            read += len(data)
            packed += len(zlib.compress(data, 6))
    return length * packed // read if read else 0
