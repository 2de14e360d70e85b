"""The folder for what outlives a run: built environments, installers, pip's downloads."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parity import interrupt
from parity.interrupt import Trouble
from parity.places import closed, private

TICK = 0.02


def root() -> Path:
    """The cache folder: `PARITY_CACHE_DIR`, else the user's own place for caches.

    Raises `interrupt.Trouble` if nothing can be written there.
    """
    folder = Path(os.environ.get("PARITY_CACHE_DIR") or _usual()).absolute()
    fix = "Set PARITY_CACHE_DIR to a folder you can write to."
    try:
        private(str(folder))
        if not os.environ.get("PARITY_CACHE_DIR"):
            closed(str(folder))
    except OSError as error:
        raise Trouble(f"cannot write the cache folder {folder}: {error.strerror}", fix) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Trouble(f"cannot write the cache folder {folder}", fix)
    return folder


def _usual() -> str:
    from platformdirs import user_cache_dir

    return user_cache_dir("parity")


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the lock called `name`. Raises `interrupt.Interrupted` while it waits."""
    fd = _opened(name)
    try:
        while not _taken(fd, fcntl.LOCK_EX):
            interrupt.check()
            time.sleep(TICK)
        yield
    finally:
        os.close(fd)


@contextmanager
def try_locked(name: str) -> Iterator[bool]:
    """Hold the lock called `name` if nobody else does; says whether."""
    fd = _opened(name)
    try:
        yield _taken(fd, fcntl.LOCK_EX)
    finally:
        os.close(fd)


def _opened(name: str) -> int:
    """The lock's file; it is never removed, or two could hold locks of the same name."""
    folder = root() / "locks"
    folder.mkdir(exist_ok=True)
    return os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


class Hold:
    """A folder that is in use: as long as somebody holds it, nobody else removes it."""

    def __init__(self, folder: Path) -> None:
        self._fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def shared(self) -> bool:
        """Use the folder; False if it is being removed."""
        return _taken(self._fd, fcntl.LOCK_SH)

    def alone(self) -> bool:
        """Have the folder for oneself; False if somebody uses it."""
        return _taken(self._fd, fcntl.LOCK_EX)

    def release(self) -> None:
        """Let go."""
        os.close(self._fd)


def _taken(fd: int, how: int) -> bool:
    try:
        fcntl.flock(fd, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


_kept: dict[Path, Hold] = {}


def keep(folder: Path) -> None:
    """Use a folder for the rest of this process: nobody else removes it meanwhile."""
    if folder not in _kept:
        hold = Hold(folder)
        if hold.shared():
            _kept[folder] = hold
        else:
            hold.release()
