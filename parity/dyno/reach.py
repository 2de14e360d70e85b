"""How a guard's signals get to every process of its command; standard library only."""

import _signal as signal
import os

TYPE_CHECKING = False  # typing's own costs as much as the rest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Reach = Callable[..., int]
    """Sends signals, one after the other, and says how many processes were there."""


SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2)."""


def by(level: str, cookie: str, command: int) -> "Reach":
    """The way of a level of isolation; `command` is the process id of the command."""
    if level == "pidns":
        return everyone
    if level == "basic":
        return lambda *signals: _marked(cookie, command, *signals)
    return below


def adopt() -> None:
    """Become the parent of every orphan below this process, where there is Linux."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass  # not Linux: the process group is what there is


def _send(pids: "Iterable[int]", signals: tuple[int, ...]) -> int:
    """Send the signals; how many processes were there."""
    count = 0
    for pid in pids:
        for signum in signals:
            try:
                os.kill(pid, signum)
            except (ProcessLookupError, PermissionError):
                break
        else:
            count += 1
    return count


def everyone(*signals: int) -> int:
    """All processes of this namespace but this one, which is its first."""
    return sum(_send((-1,), (signum,)) for signum in signals)


def below(*signals: int) -> int:
    return _send(descendants(os.getpid()), signals)


def _marked(cookie: str, command: int, *signals: int) -> int:
    """The command's process group, and what has the cookie in its environment.

    Only the latter is counted: a group is there until the last zombie is reaped by somebody.
    """
    own = {os.getpid(), os.getppid(), 0, 1}
    _send((-command,), signals)
    return _send([pid for pid in marked(cookie) if pid not in own], signals)


def end_marked(cookie: str) -> None:
    """Kill what has the cookie (NAME=value) in its environment."""
    if not cookie.endswith("="):
        _send(marked(cookie), (signal.SIGSTOP, signal.SIGKILL))


def marked(cookie: str) -> list[int]:
    """The processes whose environment has `cookie` (NAME=value), as far as this user may look."""
    if not os.path.isdir("/proc/self"):
        return _listed(cookie)
    found = []
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{int(name)}/environ", "rb") as file:
                if cookie.encode() in file.read().split(b"\0"):
                    found.append(int(name))
        except (ValueError, OSError):
            continue
    return found


def _listed(cookie: str) -> list[int]:
    """The same from ps(1), which shows environments on macOS."""
    with os.popen("ps -axEww -o pid=,command=") as lines:
        return [int(line.split()[0]) for line in lines if f" {cookie}" in line]


def descendants(pid: int) -> list[int]:
    """Every process below `pid`: its children, theirs, and so on."""
    found: list[int] = []
    todo = [pid]
    while todo:
        children = _children(todo.pop())
        found += children
        todo += children
    return found


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                found += map(int, file.read().split())
    except (FileNotFoundError, ProcessLookupError):
        return found
    return found
