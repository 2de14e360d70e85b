"""The two errors that a user sees as one line: this machine's trouble, and wrong usage."""

import errno


class Trouble(Exception):
    """This machine, not the app, stands in the way: one line what, one line what to do (exit 3)."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix


class Usage(Exception):
    """What was typed cannot be done as it stands: one line that says what to type (exit 2)."""


MACHINE = (Trouble, OSError, MemoryError, RuntimeError)
"""What a machine that stands in the way is noticed by; `troubled` tells it from a bug."""

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
"""What to do where this machine has no more of something, or a disk of it fails."""


def troubled(error: BaseException) -> Trouble | None:
    """An exception that says what this machine lacks, in words; None: it may be a bug."""
    if isinstance(error, Trouble):
        return error
    if isinstance(error, MemoryError):
        return Trouble("no memory is left for parity", AT_ITS_END[errno.ENOMEM])
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return Trouble("no thread can be started", AT_ITS_END[errno.EAGAIN])
    if isinstance(error, OSError) and error.errno in AT_ITS_END:
        where = f"{error.filename}: " if error.filename else ""
        return Trouble(f"{where}{error.strerror or error}", AT_ITS_END[error.errno])
    return None


def what_and_fix(error: Exception) -> tuple[str, str]:
    """What stood in the way, and what to do about it. Raises an `error` that is a bug of ours."""
    trouble = troubled(error)
    if trouble:
        return trouble.what, trouble.fix
    if not isinstance(error, OSError):
        raise error
    told = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return told, "Check free disk space, permissions and limits (ulimit -a), then try again."
