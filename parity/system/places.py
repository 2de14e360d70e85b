"""The real place of a path, and folders that are this user's alone."""

import os
import stat
from contextlib import suppress


def within(place: str, folder: str) -> bool:
    """Return whether `place`, links followed, is in `folder` but not in its `.git`."""
    root, real = os.path.realpath(folder), os.path.realpath(place)
    inner = f"{os.path.relpath(real, root)}/".lower()
    return not inner.startswith("../") and "/.git/" not in f"/{inner}"


def private(folder: str) -> None:
    """Create `folder`, and missing parents, for this user alone, whatever the umask.

    Raises `OSError`.
    """
    if os.path.isdir(folder):
        return
    private(os.path.dirname(folder))
    try:
        os.mkdir(folder, 0o700)
        closed(folder)
    except FileExistsError:
        if not os.path.isdir(folder):  # otherwise another parity created it first
            raise


def closed(folder: str) -> None:
    """Close this user's folder to everybody else, if the file system can."""
    with suppress(OSError):
        status = os.lstat(folder)
        if status.st_uid == os.getuid() and stat.S_IMODE(status.st_mode) != 0o700:
            os.chmod(folder, 0o700)
