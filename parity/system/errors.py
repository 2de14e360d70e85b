"""The two errors that a user sees as one line: this machine's trouble, and wrong usage."""

import errno


class Trouble(Exception):
    """A problem of this machine, not the app: one line what, one line what to do (exit 3)."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix


class Usage(Exception):
    """A command line that cannot be carried out: one line that says what to type (exit 2)."""


MACHINE = (Trouble, OSError, MemoryError, RuntimeError)
"""The exceptions that a problem of this machine raises; `troubled` tells it from a bug."""

AT_ITS_END = {
    errno.EMFILE: "Raise the limit of open files: `ulimit -n 4096`.",
    errno.ENFILE: "Close other programs: the whole machine has too many files open.",
    errno.EAGAIN: "Close other programs, or raise the limit of processes (`ulimit -u`).",
    errno.ENOMEM: "Close other programs, or raise the limits of memory (`ulimit -v`, `-d`).",
    errno.ENOSPC: "Free some space there, or set TMPDIR and PARITY_CACHE_DIR to another disk.",
    errno.EDQUOT: "Free some space there, or set TMPDIR and PARITY_CACHE_DIR to another disk.",
    errno.EFBIG: "Raise the limit of a file's size: `ulimit -f unlimited`.",
    errno.EROFS: "Set TMPDIR and PARITY_CACHE_DIR to folders you can write to.",
    errno.EIO: "Look at the disk (`dmesg`), or set TMPDIR and PARITY_CACHE_DIR to another one.",
    errno.ESTALE: "Mount the network disk again, or set PARITY_CACHE_DIR to a local folder.",
}
"""What to do if this machine runs out of something, or one of its disks fails."""


def troubled(error: BaseException) -> Trouble | None:
    """Describe an exception that is due to this machine; None: it may be a bug."""
    if isinstance(error, Trouble):
        return error
    if isinstance(error, MemoryError):
        return Trouble("parity has run out of memory", AT_ITS_END[errno.ENOMEM])
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return Trouble("no thread can be started", AT_ITS_END[errno.EAGAIN])
    if isinstance(error, OSError) and error.errno in AT_ITS_END:
        where = f"{error.filename}: " if error.filename else ""
        return Trouble(f"{where}{error.strerror or error}", AT_ITS_END[error.errno])
    return None


def what_and_fix(error: Exception) -> tuple[str, str]:
    """Return the problem, and what to do about it. Raises an `error` that is a bug of ours."""
    trouble = troubled(error)
    if trouble:
        return trouble.what, trouble.fix
    if not isinstance(error, OSError):
        raise error
    what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return what, "Check free disk space, permissions and limits (ulimit -a), then try again."
