"""The cache folder for everything that outlives a run: environments, installers, downloads.

Anything in it may be damaged or removed at any moment, so all that is read is checked.
"""

import fcntl
import os
import re
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from parity.system import interrupt
from parity.system.errors import Trouble
from parity.system.places import closed, private

TICK = 0.02
PATIENCE = 1.0
"""Seconds of waiting after which the reason is printed (ours)."""

NOTE = 16 * 1024 * 1024
"""Largest file that `noted` reads, in bytes (ours)."""

NAMED = {"envs": r"[0-9a-f]{32}", "tools": r"\.?\w+-[\w.+!-]+"}
"""Names that parity gives to entries of the folders that a user may replace with a link."""


def root() -> Path:
    """Return the cache folder: `PARITY_CACHE_DIR`, or the user's standard folder for caches.

    Raises `Trouble` if nothing can be written there.
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


def folder(name: str) -> Path:
    """Return the folder `name` of the cache, created if missing or if something else is there.

    Raises `Trouble`.
    """
    path = root() / name
    try:
        if path.is_symlink() and not _leads_to_ours(path):
            path.unlink()
        elif not path.is_dir():
            remove(path)
        path.mkdir(exist_ok=True)
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            path.chmod(0o700)
    except OSError as error:
        fix = "Set PARITY_CACHE_DIR to a folder you can write to."
        raise Trouble(f"cannot write the cache folder {path}: {error.strerror}", fix) from error
    return path


def _leads_to_ours(link: Path) -> bool:
    """Return whether a link leads to a folder that holds only parity's own entries."""
    named = NAMED.get(link.name)
    if named is None or not link.is_dir():
        return False
    return all(re.fullmatch(named, name) for name in os.listdir(link))  # noqa: PTH208


def remove(path: Path) -> bool:
    """Remove whatever is at `path`, of any mode and depth; return whether it is gone."""
    import shutil
    import subprocess

    if path.is_symlink() or not path.is_dir():
        try:
            path.unlink(missing_ok=True)
        except OSError:
            return False
        return True
    with suppress(RecursionError):
        shutil.rmtree(path, ignore_errors=True)
    for command in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
        if os.path.lexists(path):
            own = {"PATH": os.defpath}
            subprocess.run([*command, path], env=own, capture_output=True, check=False)
    return not os.path.lexists(path)


def note(path: Path, value: object) -> None:
    """Write `value` to a file, atomically and with a checksum. Raises `OSError`."""
    import json
    from zlib import crc32

    text = json.dumps(value)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(f"{crc32(text.encode()):08x} {text}")
        if path.is_dir():
            remove(path)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def noted(path: Path) -> object:
    """Return the value that `note` wrote to a file; None if it is missing or damaged."""
    import json
    from zlib import crc32

    data = _content(path)
    if data is None or data[:9] != b"%08x " % crc32(data[9:]):
        return None
    value: object = json.loads(data[9:])
    return value


def _content(path: Path) -> bytes | None:
    """Read a regular file of at most `NOTE` bytes, never a pipe, which may have no writer."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size > NOTE:
            return None
        with os.fdopen(fd, "rb", closefd=False) as file:
            return file.read()
    except OSError:
        return None
    finally:
        os.close(fd)


def tell(text: str) -> None:
    """Write a notice to stderr, for pauses that would otherwise look like a hang."""
    if sys.stderr:
        sys.stderr.write(f"parity: {text}\n")
        sys.stderr.flush()


@contextmanager
def locked(name: str) -> Iterator[bool]:
    """Hold the lock called `name`; False if a stopped process has it (SIGSTOP, Ctrl-Z).

    A long wait is announced on stderr. Raises `interrupt.Interrupted` while it waits.
    """
    fd = _opened(name)
    until: float | None = time.monotonic() + PATIENCE
    try:
        while not (mine := _try_flock(fd, fcntl.LOCK_EX)):
            interrupt.check()
            if until and time.monotonic() > until:
                holder, until = _holder(fd), None
                if _stopped(holder):
                    break
                tell(f"waits for another parity{holder and f' (process {holder})'}, {BUSY}")
            time.sleep(TICK)
        yield mine
    finally:
        os.close(fd)


BUSY = "which builds the same; Ctrl-C ends the wait"


def _holder(fd: int) -> str:
    """Return the id of the process that has the lock, empty if the system does not say."""
    own = f":{os.fstat(fd).st_ino}"
    try:
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return ""
    for line in lines:
        words = line.split()
        if words[1] == "FLOCK" and words[5].endswith(own) and words[4] not in ("0", "-1"):
            return words[4]
    return ""


def _stopped(process: str) -> bool:
    try:
        state = Path("/proc", process, "stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state in "Tt"


@contextmanager
def try_locked(name: str) -> Iterator[bool]:
    """Hold the lock called `name` if it is free; the result says whether it was."""
    fd = _opened(name)
    try:
        yield _try_flock(fd, fcntl.LOCK_EX)
    finally:
        os.close(fd)


def _opened(name: str) -> int:
    """Open a lock's file, which is never removed, or two processes could hold the same lock."""
    path = folder("locks") / name
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        return os.open(path, flags, 0o600)
    except OSError:
        remove(path)
    try:
        folder("locks")
        return os.open(path, flags, 0o600)
    except OSError as error:
        fix = "Type `parity cache clear`, or set PARITY_CACHE_DIR to a folder you can write to."
        raise Trouble(f"cannot write {path}: {error.strerror}", fix) from error


class Hold:
    """A hold on a folder in use, which keeps other processes from removing it."""

    def __init__(self, folder: Path) -> None:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
        self._fd = os.open(folder, flags)

    def there(self) -> bool:
        """Return whether the folder still exists."""
        return os.fstat(self._fd).st_nlink > 0

    def shared(self) -> bool:
        """Take a shared hold; False if the folder is being removed."""
        return _try_flock(self._fd, fcntl.LOCK_SH)

    def alone(self) -> bool:
        """Take an exclusive hold; False if the folder is in use."""
        return _try_flock(self._fd, fcntl.LOCK_EX)

    def release(self) -> None:
        """Release the hold."""
        os.close(self._fd)


def _try_flock(fd: int, how: int) -> bool:
    try:
        fcntl.flock(fd, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
