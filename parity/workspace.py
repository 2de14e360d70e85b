"""The temporary folder of one rehearsal: short, private, and gone afterwards."""

import fcntl
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from parity.interrupt import Trouble

LONGEST_HOME = 60
"""Bytes of a dyno's HOME: apps put sockets there, whose paths end at 107 bytes (unix(7))."""

NAME = re.compile(r"parity-[0-9a-f]{8}")
YOUNG = 60.0
"""Seconds for which a folder without a lock may be one that is just being made (ours)."""


class Workspace:
    """Hands out new empty folders below one root."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, name: str) -> Path:
        """A new empty folder; a name that is taken gets a number."""
        path, number = self.root / name, 1
        while path.exists():
            number += 1
            path = self.root / f"{name}-{number}"
        path.mkdir(mode=0o700)
        return path


@contextmanager
def workspace() -> Iterator[Workspace]:
    """A folder for everything that the rehearsal writes; removed in any case.

    Raises `Trouble` where nothing can be written.
    """
    root = _parent() / f"parity-{os.urandom(4).hex()}"
    _sweep(root.parent)
    held = -1
    try:
        try:
            root.mkdir(mode=0o700)
            held = _held(root)
        except OSError as error:
            raise Trouble(
                f"cannot write a temporary folder: {error}",
                "Set TMPDIR to a folder you can write to.",
            ) from error
        yield Workspace(root)
    finally:
        _remove(root)
        if held >= 0:
            os.close(held)


def _parent() -> Path:
    """The user's temporary folder, or /tmp where that makes the HOME of a dyno too long."""
    try:
        chosen = Path(tempfile.gettempdir()).resolve()
    except FileNotFoundError as error:
        raise Trouble(str(error), "Set TMPDIR to a folder you can write to.") from error
    if len(os.fsencode(chosen)) > LONGEST_HOME - 30 and os.access("/tmp", os.W_OK | os.X_OK):
        return Path("/tmp")
    return chosen


def _held(root: Path) -> int:
    """A lock on a folder, as long as this process lives. Raises `OSError` if another has it."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(folder)
        raise
    return folder


def _sweep(parent: Path) -> None:
    """Remove what runs have left that were killed: theirs by name, old enough, and not locked."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if NAME.fullmatch(entry.name) and _abandoned(entry):
                with suppress(OSError):
                    held = _held(Path(entry.path))
                    _remove(Path(entry.path))
                    os.close(held)


def _abandoned(entry: "os.DirEntry[str]") -> bool:
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:
        return False
    return found.st_uid == os.getuid() and time.time() - found.st_mtime > YOUNG


def _remove(root: Path) -> None:
    """Remove `root` even where the app took its own permissions away."""
    if not root.exists():
        return
    import shutil

    shutil.rmtree(root, ignore_errors=True)
    if root.exists():
        for folder, _, _ in os.walk(root):
            Path(folder).chmod(0o700)
        shutil.rmtree(root, ignore_errors=True)
