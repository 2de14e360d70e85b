"""Fingerprints of a folder in the cache: cheap ones from sizes and times, exact ones by content."""

import os
import stat
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from zlib import crc32

from parity.system import interrupt

CACHED = "__pycache__"
CHUNK = 1 << 20


def entries(place: Path, sealed: int, own: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield every path below `place`, with its status, except those that start with `own`.

    Compiled Python newer than `sealed` (nanoseconds) is skipped, because any run may write it.
    """
    root, todo = os.fspath(place), [""]
    while todo:
        prefix = todo.pop()
        compiled = prefix.endswith(f"{CACHED}/")
        with os.scandir(f"{root}/{prefix}") as listed:
            for entry in listed:
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    todo.append(f"{prefix}{entry.name}/")
                    if entry.name == CACHED:
                        continue
                elif compiled and newer(status, sealed):
                    continue
                if prefix or not entry.name.startswith(own):
                    yield prefix + entry.name, status


def newer(status: os.stat_result, sealed: int) -> bool:
    """Return whether it is a regular file that was written after `sealed`."""
    return stat.S_ISREG(status.st_mode) and status.st_mtime_ns > sealed


def summed(place: Path, sealed: int, own: str) -> tuple[int, int, int]:
    """Return the number of paths, a checksum of names, modes, sizes and times, the last change."""
    count = total = changed = 0
    for path, status in entries(place, sealed, own):
        summary = f"{path}\0{status.st_mode}"
        if not stat.S_ISDIR(status.st_mode):
            summary += f"\0{status.st_size}\0{status.st_mtime_ns}"
        count += 1
        total += crc32(os.fsencode(summary))
        changed = max(changed, status.st_ctime_ns)
    return count, total, changed


def digest(place: Path, sealed: int, own: str) -> str:
    """Return a hash of names, modes and content. Raises `OSError`, `interrupt.Interrupted`."""
    whole = sha256()
    for path, status in sorted(entries(place, sealed, own), key=lambda pair: pair[0]):
        whole.update(f"{path}\0{status.st_mode}\0".encode("utf-8", "surrogateescape"))
        if stat.S_ISLNK(status.st_mode):
            whole.update(os.fsencode((place / path).readlink()))
        elif stat.S_ISREG(status.st_mode):
            whole.update(_content(f"{place}/{path}"))
    return whole.hexdigest()


def _content(path: str) -> bytes:
    interrupt.check()
    one = sha256()
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(fd, "rb", 0) as file:
        while data := file.read(CHUNK):
            one.update(data)
    return one.digest()


def younger(place: Path, sealed: int) -> list[Path]:
    """Return the compiled Python that was written after `sealed`."""
    return [
        path
        for folder in place.rglob(CACHED)
        for path in folder.iterdir()
        if newer(path.lstat(), sealed)
    ]
