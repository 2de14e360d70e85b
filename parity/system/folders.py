"""Folders as an app may leave them: of any depth, without permissions, containing mounts.

Everything works with open folders and names, never with whole paths, which may exceed the system's
limit (PATH_MAX). No link is followed, and nothing recurses.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from parity.system import interrupt

FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
PIECE = 8 * 1024 * 1024
"""Bytes that are copied between two checks for signals."""

PASSES = 2
"""Attempts: some file systems skip entries of a folder while others are being removed."""


class Elsewhere(OSError):
    """A folder was moved during a walk."""


def opened(name: str | Path, parent: int | None = None, *, force: bool = False) -> int:
    """Open a folder and return its descriptor; `force`: change permissions that forbid it."""
    try:
        return os.open(name, FLAGS, dir_fd=parent)
    except PermissionError:
        if not force or not stat.S_ISDIR(os.lstat(name, dir_fd=parent).st_mode):
            raise
    _allow(name, parent)
    return os.open(name, FLAGS, dir_fd=parent)


def _allow(name: str | Path, parent: int | None) -> None:
    follow = os.chmod not in os.supports_follow_symlinks
    os.chmod(name, 0o700, dir_fd=parent, follow_symlinks=follow)


class Cursor:
    """A position in a tree of folders: one of them is open at a time, as `fd`."""

    def __init__(self, root: Path, *, force: bool = False) -> None:
        self.fd = opened(root, force=force)
        self._above: list[tuple[int, int]] = []
        self._names: list[str] = []

    def __enter__(self) -> "Cursor":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)

    @property
    def depth(self) -> int:
        """The number of levels below the root."""
        return len(self._above)

    def down(self, name: str, *, make: bool = False, force: bool = False) -> None:
        """Enter a folder; `make`: create it if it is missing. Raises `OSError`."""
        if make:
            with suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=self.fd)
        inner = opened(name, self.fd, force=force)
        self._above.append(_identity(self.fd))
        self._names.append(name)
        self._move(inner)

    def to(self, names: list[str], *, make: bool = False) -> None:
        """Go to a folder anywhere below the root, by the shortest way. Raises `OSError`."""
        pairs = zip(self._names, names, strict=False)
        common = next((n for n, (a, b) in enumerate(pairs) if a != b), min(self.depth, len(names)))
        while self.depth > common:
            self.up()
        for name in names[common:]:
            self.down(name, make=make)

    def up(self, like: os.stat_result | None = None) -> None:
        """Leave the folder, giving it the permissions and times of `like`. Raises `OSError`."""
        outer = os.open("..", FLAGS, dir_fd=self.fd)
        if like:
            os.utime(self.fd, ns=(like.st_atime_ns, like.st_mtime_ns))
            os.fchmod(self.fd, stat.S_IMODE(like.st_mode))
        self._move(outer)
        self._names.pop()
        if _identity(outer) != self._above.pop():
            raise Elsewhere(0, "a folder was moved while it was read")

    def _move(self, fd: int) -> None:
        os.close(self.fd)
        self.fd = fd


def _identity(fd: int) -> tuple[int, int]:
    status = os.fstat(fd)
    return status.st_dev, status.st_ino


class FolderStep(NamedTuple):
    """A folder of a walk: its name and depth, its descriptor, and its entries other than folders.

    Without a `name`, the walk leaves `fd` for the folder above (or for good).
    """

    name: str | None
    fd: int
    depth: int
    files: "tuple[os.DirEntry[str], ...]" = ()


def walk(root: Path) -> Iterator[FolderStep]:
    """Yield every folder from `root` on, the outer before the inner. Raises `OSError`."""
    with Cursor(root) as cursor:
        name, todo = "", list[list[str]]()
        while True:
            inner, files = _listed(cursor.fd)
            todo.append(inner)
            yield FolderStep(name, cursor.fd, cursor.depth, files)
            while not todo[-1]:
                yield FolderStep(None, cursor.fd, cursor.depth)
                todo.pop()
                if not todo:
                    return
                cursor.up()
            name = todo[-1].pop()
            cursor.down(name)


def _listed(fd: int) -> "tuple[list[str], tuple[os.DirEntry[str], ...]]":
    with os.scandir(fd) as listed:
        entries = list(listed)
    inner = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
    return sorted(inner, reverse=True), tuple(e for e in entries if e.name not in inner)


def copy_file(name: str, folder: int, new: str, to: int) -> None:
    """Copy a regular file from one open folder into another. Raises `Interrupted`, `OSError`."""
    with os.fdopen(os.open(name, FILE, dir_fd=folder), "rb", buffering=0) as source:
        status = os.fstat(source.fileno())
        descriptor = os.open(new, NEW, 0o600, dir_fd=to)
        with os.fdopen(descriptor, "wb", buffering=0) as target:
            pour(source.fileno(), target.fileno())
            os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
            os.utime(descriptor, ns=(status.st_atime_ns, status.st_mtime_ns))


def pour(source: int, target: int) -> None:
    """Copy the rest of `source` in pieces, in the kernel if it supports that."""
    with suppress(OSError, AttributeError):
        while os.copy_file_range(source, target, PIECE):
            interrupt.check()
    while data := os.read(source, PIECE):
        interrupt.check()
        while data:
            data = data[os.write(target, data) :]


def remove(root: Path, go_on: Callable[[], bool] = lambda: True, *, last: str = "") -> bool:
    """Remove a folder as far as possible, and return whether it is gone.

    `go_on` is called between two entries: the rest stays once it returns False. The file `last`
    stays until nothing else is left. Never raises `OSError`.
    """
    for _ in range(PASSES):
        try:
            with Cursor(root, force=True) as cursor:
                _Removal(cursor, go_on, last).run()
                if last and os.listdir(cursor.fd) == [last]:  # noqa: PTH208 — by descriptor
                    _finish(root, cursor.fd, last)
                    return True
            root.rmdir()
        except FileNotFoundError:
            return True
        except OSError:
            continue
        return True
    return False


def _finish(root: Path, fd: int, last: str) -> None:
    """Remove a folder and its last file, or neither. Raises `OSError`."""
    with os.fdopen(os.open(last, FILE, dir_fd=fd), "rb") as file:
        data = file.read()
    os.unlink(last, dir_fd=fd)
    try:
        root.rmdir()
    except OSError:
        with os.fdopen(os.open(last, NEW, 0o600, dir_fd=fd), "wb") as file:
            file.write(data)
        raise


class _Removal:
    """Empties the folder of a cursor, the inner folders first; what cannot be removed stays."""

    def __init__(self, cursor: Cursor, go_on: Callable[[], bool], last: str) -> None:
        self._cursor = cursor
        self._go_on = go_on
        self._last = last

    def run(self) -> None:
        """Remove what can be removed. Raises `OSError`."""
        names, todo = list[str](), [self._emptied()]
        while todo and self._go_on():
            if not todo[-1]:
                todo.pop()
                if todo:
                    self._left(names.pop())
            elif self._entered(todo[-1][-1]):
                names.append(todo[-1].pop())
                todo.append(self._emptied())
            else:
                todo[-1].pop()

    def _entered(self, name: str) -> bool:
        try:
            self._cursor.down(name, force=True)
        except OSError:
            return False
        return True

    def _left(self, name: str) -> None:
        self._cursor.up()
        with suppress(OSError):
            os.rmdir(name, dir_fd=self._cursor.fd)

    def _emptied(self) -> list[str]:
        """Remove files and empty folders; return the names of the other folders."""
        fd, folders = self._cursor.fd, list[str]()
        with suppress(OSError):
            os.fchmod(fd, 0o700)
        with suppress(OSError), os.scandir(fd) as entries:
            for entry in entries:
                if not self._go_on():
                    return []
                if not entry.is_dir(follow_symlinks=False):
                    self._unlink(entry.name)
                elif not self._empty(entry.name):
                    folders.append(entry.name)
        return folders

    def _unlink(self, name: str) -> None:
        if name != self._last or self._cursor.depth:
            with suppress(OSError):
                os.unlink(name, dir_fd=self._cursor.fd)

    def _empty(self, name: str) -> bool:
        """Remove a folder if it is empty; return False if it has to be emptied first."""
        try:
            os.rmdir(name, dir_fd=self._cursor.fd)
        except OSError as error:
            return error.errno not in (errno.ENOTEMPTY, errno.EEXIST)
        return True
