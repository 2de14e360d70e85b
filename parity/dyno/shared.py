"""Shared memory that a command has made: without a namespace it would outlive the command.

Files of /dev/shm that its processes were seen to hold are removed once no process has them. What
nobody holds when it is looked for stays: it may be anybody's. Standard library only.
"""

import os

from parity.dyno import signals

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = "/dev/shm/"
DELETED = " (deleted)"


def held(pids: "Iterable[int]") -> dict[str, int]:
    """The files there that processes have open or mapped: path and inode."""
    names = {name for pid in pids for name in _names(pid)}
    found = {}
    for name in names:
        try:
            there = os.lstat(name)
        except OSError:
            continue
        if there.st_uid == os.getuid():
            found[name] = there.st_ino
    return found


def removed(files: "dict[str, int]") -> None:
    """Remove those that no process holds any more, and that are still the same."""
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
    found = {line[at:] for line in lines if (at := line.find(FOLDER)) >= 0}
    try:
        for number in os.listdir(f"/proc/{pid}/fd"):
            found.add(os.readlink(f"/proc/{pid}/fd/{number}"))
    except OSError:
        pass  # it has ended, or is another user's
    return {name for name in found if name.startswith(FOLDER) and not name.endswith(DELETED)}
