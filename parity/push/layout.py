"""Writing of a tree into an empty folder, for a build or a dyno."""

import os
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from parity.push import git
from parity.push.worktree import EXECUTABLE, FILE, LARGE, LINK, SUBMODULE, content, proper
from parity.records import Entry
from parity.system import folders, interrupt
from parity.system.places import within


def lay_out(
    root: Path, entries: Mapping[str, Entry], folder: Path, stores: Sequence[Path] = ()
) -> None:
    """Write the tree into the empty `folder`. Raises `interrupt.Interrupted`, `OSError`."""
    with folders.Cursor(folder) as cursor:
        for path, entry in entries.items():
            if entry.mode == SUBMODULE and proper(path):
                cursor.to([*path.split("/")], make=True)
        for path, data in _contents(root, entries, stores):
            interrupt.check()
            if proper(path):
                *above, name = path.split("/")
                cursor.to(above, make=True)
                _write(cursor.fd, name, path, entries[path].mode, root if data is None else data)
    for path, entry in entries.items():
        if _is_large(entry) and proper(path):
            _save(folder, root, path, entry, stores)
        elif entry.mode == LINK and proper(path):
            _keep_inside(folder, path)


def _is_large(entry: Entry) -> bool:
    """Return whether the content comes from git and is written in pieces."""
    return bool(entry.oid) and entry.size > LARGE and entry.mode in (FILE, EXECUTABLE)


def _save(folder: Path, root: Path, path: str, entry: Entry, stores: Sequence[Path]) -> None:
    """Write a large file from git. Raises `Trouble`, `interrupt.Interrupted`, `OSError`."""
    with folders.Cursor(folder) as cursor:
        *above, name = path.split("/")
        cursor.to(above, make=True)
        fd = os.open(name, folders.NEW, 0o600, dir_fd=cursor.fd)
        with os.fdopen(fd, "wb") as file:
            git.save(root, entry.oid or "", file, stores)
            os.fchmod(fd, 0o755 if entry.mode == EXECUTABLE else 0o644)


def _keep_inside(folder: Path, path: str) -> None:
    """Replace a link that leads out of the tree by way of another link with a file."""
    link = folder / path
    with suppress(OSError):  # a path that is too long for the system leads nowhere
        if link.is_symlink() and not within(str(link), str(folder)):
            target = os.fsencode(link.readlink())
            link.unlink()
            link.write_bytes(target)


def _contents(
    root: Path, entries: Mapping[str, Entry], stores: Sequence[Path]
) -> Iterator[tuple[str, bytes | None]]:
    """Yield each path, except git's large files, with its bytes; None for a file to copy.

    Content from git comes last, in one batch.
    """
    stored: dict[str, list[str]] = {}
    for path, entry in entries.items():
        if entry.mode == SUBMODULE or _is_large(entry):
            continue
        if entry.data is not None:
            yield path, entry.data
        elif entry.oid is None:
            yield path, content(root / path, LINK) or b"" if entry.mode == LINK else None
        else:
            stored.setdefault(entry.oid, []).append(path)
    if stored:
        for oid, data in git.blobs(root, stored, stores):
            for path in stored[oid]:
                yield path, data


def _write(folder: int, name: str, path: str, mode: int, data: bytes | Path) -> None:
    """Write a file or link into an open folder; `data` may be the root to copy the file from."""
    if isinstance(data, bytes) and mode == LINK and inside(path, os.fsdecode(data)):
        os.symlink(data, os.fsencode(name), dir_fd=folder)
        return
    fd = os.open(name, folders.NEW, 0o600, dir_fd=folder)
    with os.fdopen(fd, "wb") as file:
        if isinstance(data, bytes):
            file.write(data)
        else:
            _pour(data / path, fd)
        os.fchmod(fd, 0o755 if mode == EXECUTABLE else 0o644)


def _pour(source: Path, target: int) -> None:
    """Copy a file of any size that git does not have; an unreadable one becomes an empty file."""
    try:
        read = os.open(source, folders.FILE)
    except OSError:
        return
    with os.fdopen(read, "rb", buffering=0):
        folders.pour(read, target)


def inside(path: str, target: str) -> bool:
    """Return whether a link at `path` to `target` stays in the tree."""
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return not joined.startswith("/") and joined != ".." and not joined.startswith("../")
