"""The temporary folder of one rehearsal: short, private, and removed afterwards."""

import fcntl
import os
import re
import stat
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from parity.system import folders, interrupt
from parity.system.errors import Trouble

LONGEST_HOME = 60
"""Bytes of a dyno's HOME: apps put sockets there, whose paths may have 107 bytes (unix(7))."""

FOLDERS = ("/tmp", "/var/tmp", "/usr/tmp")
NAME = re.compile(r"parity-([0-9a-f]{8})([0-9a-f]{4})?")
"""Random digits, and their checksum: an empty folder without a mark is known as ours by that."""

TRIES = 3
"""New names in one folder: a sweep may take a folder for abandoned before it is locked."""

RUN = re.compile(r"[0-9a-f]*")
MARK = ".parity-workspace"
SIGNATURE = b"parity made this folder, and removes it: nothing in it is kept.\n"
"""The beginning of the file `MARK`; the run follows. Marked folders without a lock are swept."""

SWEEP = 1.0
"""Longest time in seconds for which a run cleans up after others; the next run goes on (ours)."""

MOST = 500
"""Folders that a sweep looks at (ours)."""

HURRY = 3.0
"""Seconds for which a run still removes its own files after a second signal (ours)."""


class Workspace:
    """Creates new empty folders below one root."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, name: str) -> Path:
        """Create an empty folder; a name that is taken gets a number."""
        path, number = self.root / name, 1
        while path.exists():
            number += 1
            path = self.root / f"{name}-{number}"
        path.mkdir(mode=0o700)
        return path


def _nothing(_: str) -> None:
    return


@contextmanager
def workspace(run: str = "", end: Callable[[str], None] = _nothing) -> Iterator[Workspace]:
    """A folder for everything that the rehearsal writes; always removed.

    The mark names the `run`; `end` is called with each run whose folder is about to be swept.
    Raises `Trouble` if nothing can be written.
    """
    root, held = _create(run)
    try:
        with suppress(OSError):
            _sweep(root.parent, end)
        yield Workspace(root)
    finally:
        folders.remove(root, _patience(), last=MARK)
        os.close(held)


def _patience() -> Callable[[], bool]:
    """Return a function that allows removal to go on; after a second signal only for a moment."""
    until: list[float] = []

    def go_on() -> bool:
        if interrupt.again() and not until:
            until.append(time.monotonic() + HURRY)
        return not until or time.monotonic() < until[0]

    return go_on


def _create(run: str) -> tuple[Path, int]:
    """Create a folder, mark it, and lock it."""
    why: OSError | None = None
    for parent in _parents():
        for _ in range(TRIES):
            root = parent / _name()
            try:
                root.mkdir(mode=0o700)
                try:
                    return root, _mark(root, run)
                except OSError:
                    folders.remove(root)
                    raise
            except OSError as error:
                why = why or error
    raise Trouble(
        f"cannot write a temporary folder: {why or 'there is none'}",
        "Set TMPDIR to a folder you can write to.",
    ) from why


def _name() -> str:
    digits = os.urandom(4).hex()
    return f"parity-{digits}{_checksum(digits)}"


def _checksum(digits: str) -> str:
    return f"{zlib.crc32(digits.encode()) & 0xFFFF:04x}"


def _parents() -> Iterator[Path]:
    """Yield the user's temporary folders; /tmp first if the HOME of a dyno would be too long.

    Never the working directory, which `tempfile` tries last: it may be the project.
    """
    named = (os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    for place in (*filter(None, named), *FOLDERS):
        with suppress(OSError):
            chosen = Path(place).resolve()
            if len(os.fsencode(chosen)) > LONGEST_HOME - 30:
                yield Path(FOLDERS[0])
            yield chosen


def _mark(root: Path, run: str) -> int:
    """Lock a new folder for the lifetime of this process, then mark it. Raises `OSError`."""
    held = _lock(root)
    try:
        mark = os.open(MARK, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=held)
        with os.fdopen(mark, "wb") as file:
            file.write(SIGNATURE + run.encode())
    except OSError:
        os.close(held)
        raise
    return held


def _lock(root: Path) -> int:
    """Lock a folder. Raises `OSError` if it is locked."""
    folder = folders.opened(root)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(folder)
        raise
    return folder


def _sweep(parent: Path, end: Callable[[str], None]) -> None:
    """Remove the workspaces of killed runs: marked, and not locked."""
    until: list[float] = []

    def go_on() -> bool:
        if not until:
            until.append(time.monotonic() + SWEEP)
        return time.monotonic() < until[0]

    abandoned = dict(_abandoned(parent))
    for run in {run for _, run in abandoned.values() if run}:
        end(run)
    for root, (held, _) in abandoned.items():
        folders.remove(root, go_on, last=MARK)
        os.close(held)


def _abandoned(parent: Path) -> Iterator[tuple[Path, tuple[int, str]]]:
    """Yield this user's unlocked workspaces, each with a lock on it and its run."""
    with suppress(OSError):
        names = [entry.name for entry in os.scandir(parent) if NAME.fullmatch(entry.name)]
        for root in (parent / name for name in names[:MOST]):
            with suppress(OSError):
                held = _lock(root)
                run = _ours(held, root.name)
                if run is None:
                    os.close(held)
                else:
                    yield root, (held, run)


def _ours(folder: int, name: str) -> str | None:
    """Return the run of a marked folder that is private to this user; None for any other folder.

    A run that was killed before it wrote the mark, or after it removed it, has left an empty one.
    """
    status = os.fstat(folder)
    if status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o077:
        return None
    try:
        mark = os.open(MARK, folders.FILE, dir_fd=folder)
    except OSError:
        return "" if _named(name) and not os.listdir(folder) else None
    with os.fdopen(mark, "rb") as file:
        text = file.read(len(SIGNATURE) + 100)
    run = text.removeprefix(SIGNATURE).decode("ascii", "replace")
    return run if text.startswith(SIGNATURE) and RUN.fullmatch(run) else None


def _named(name: str) -> bool:
    match = NAME.fullmatch(name)
    return match is not None and match[2] == _checksum(match[1])
