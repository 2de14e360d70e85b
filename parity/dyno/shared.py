"""The shared memory of a command, which would outlive it without a namespace.

Files of /dev/shm that its processes held are removed once no process has them. A file that no
process held at any look stays, because it may be another program's. Standard library only.
"""

import os

from parity.dyno import signals

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = "/dev/shm/"
DELETED = " (deleted)"


def held(pids: "Iterable[int]") -> dict[str, int]:
    """Return this user's files in /dev/shm that `pids` have open or mapped: path and inode."""
    names = {name for pid in pids for name in _names(pid)}
    files = {}
    for name in names:
        try:
            status = os.lstat(name)
        except OSError:
            continue
        if status.st_uid == os.getuid():
            files[name] = status.st_ino
    return files


def remove(files: "dict[str, int]") -> None:
    """Remove the files that are still the same, and that no process holds any longer."""
    if not files:
        return
    others = held(int(name) for name in os.listdir("/proc") if name.isdigit())
    for name, inode in files.items():
        try:
            if name not in others and os.lstat(name).st_ino == inode:
                os.unlink(name)
        except OSError:
            continue


def _names(pid: int) -> "set[str]":
    lines = signals.proc(pid, "maps").decode("utf-8", "surrogateescape").splitlines()
    names = {line[at:] for line in lines if (at := line.find(FOLDER)) >= 0}
    try:
        for number in os.listdir(f"/proc/{pid}/fd"):
            names.add(os.readlink(f"/proc/{pid}/fd/{number}"))
    except OSError:
        pass  # the process has ended, or is another user's
    return {name for name in names if name.startswith(FOLDER) and not name.endswith(DELETED)}
