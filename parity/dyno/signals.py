"""How a guard's signals get to every process of its command; standard library only.

Where no namespace holds them together, they have two marks, which children inherit: a variable in
their environment (the cookie, `NAME=value`), and on Linux a limit that no program cares for, which
stays when the environment is cleared.
"""

import _signal as signal
import os
import resource
import select
import time
import zlib

TYPE_CHECKING = False  # typing's own costs as much as the rest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Reach = Callable[..., int]
    """Sends signals, one after the other, and says how many processes were there."""


SUBREAPER, NO_NEW_PRIVS, DUMPABLE = 36, 38, 4
"""PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS and PR_SET_DUMPABLE of prctl(2)."""

BOUNDLESS = 1 << 62
"""Microseconds of CPU time, from which on a limit is none: RLIMIT_RTTIME of getrlimit(2)."""

PATIENCE, LONGEST = 500, 10.0
"""Rounds for which processes are killed again and again, and seconds, on a busy machine (ours)."""

LOOKS = 3
"""In a row that must find nothing, where processes are found by their marks."""


def by(level: str, cookie: str, command: int) -> "Reach":
    """The way of a level of isolation; `command` is the process id of the command."""
    if level == "pidns":
        return everyone
    if level == "basic":
        return lambda *signals: _marked(cookie, command, *signals)
    return below


def adopt() -> None:
    """Become the parent of every orphan below this process, where there is Linux."""
    _prctl(SUBREAPER)


def humble() -> None:
    """Let no program that is started from now on become another user, root above all.

    On a dyno none can; here such a process could not be ended.
    """
    _prctl(NO_NEW_PRIVS)


def conceal() -> None:
    """Let no program of the same user's read the environment and the memory of this process."""
    _prctl(DUMPABLE, 0)


def keep_apart() -> None:
    """Let what this process becomes look into no process but its own children."""
    try:
        from parity.dyno import landlock

        landlock.apart()
    except (ImportError, OSError, AttributeError):
        pass  # not Linux, or an old one: parity conceals itself


def _prctl(option: int, value: int = 1) -> None:
    try:
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass  # not Linux: the process group and the cookie are what there is


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
    """The command's process group, and what has a mark.

    Only the latter is counted: a group is there until the last zombie is reaped by somebody.
    """
    _send((-command,), signals)
    return _send(marked(cookie), signals)


def found(level: str, cookie: str) -> dict[int, str]:
    """The command's processes, and their command lines; those that have ended have none."""
    return {pid: name for pid in pids(level, cookie) if (name := command(pid))}


def pids(level: str, cookie: str) -> list[int]:
    """The command's processes, as a guard finds them."""
    return marked(cookie) if level == "basic" else descendants(os.getpid())


def beyond(level: str, cookie: str, session: int) -> dict[int, str]:
    """Those that have left the command's `session`, whose number is the command's."""
    mine = (None, session)
    return {p: name for p, name in found(level, cookie).items() if _session(p) not in mine}


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def limit(cookie: str) -> int:
    """The cookie as a limit, which is as good as none."""
    return BOUNDLESS + zlib.crc32(cookie.encode())


def mark(cookie: str) -> None:
    """Set the limit for this process and its children, where there is Linux and none is set."""
    try:
        _, hard = resource.getrlimit(resource.RLIMIT_RTTIME)
        if hard == resource.RLIM_INFINITY:
            resource.setrlimit(resource.RLIMIT_RTTIME, (limit(cookie), limit(cookie)))
    except (AttributeError, ValueError, OSError):
        pass  # the cookie is what there is


def marked(*cookies: str) -> list[int]:
    """The processes that have a mark, as far as this user may look, but this and its parent.

    None for a cookie without a value: every environment ends with an empty string.
    """
    cookies = tuple(cookie for cookie in cookies if cookie.partition("=")[2])
    if not cookies:
        return []
    if not os.path.isdir("/proc/self"):
        found = [pid for cookie in cookies for pid in _listed(cookie)]
    else:
        limits = {str(limit(cookie)).encode() for cookie in cookies}
        texts = {cookie.encode() for cookie in cookies}
        found = [int(n) for n in os.listdir("/proc") if n.isdigit() and _has(n, texts, limits)]
    own = {os.getpid(), os.getppid(), 0, 1}
    return [pid for pid in found if pid not in own]


def _has(pid: str, cookies: set[bytes], limits: set[bytes]) -> bool:
    own = proc(pid, "limits").rpartition(b"Max realtime timeout")[2]
    if not limits.isdisjoint(own.split(None, 1)[:1]):
        return not proc(pid, "stat").rpartition(b") ")[2].startswith((b"Z", b"X"))  # it has ended
    return not cookies.isdisjoint(proc(pid, "environ").split(b"\0"))


def proc(pid: int | str, name: str) -> bytes:
    """A file of proc(5); empty if it cannot be read."""
    try:
        with open(f"/proc/{pid}/{name}", "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""


def command(pid: int) -> str:
    """The command line of a process, in one line; empty if it has gone."""
    if os.path.isdir("/proc/self"):
        words = proc(pid, "cmdline").replace(b"\0", b" ").decode("utf-8", "replace")
    else:
        with os.popen(f"ps -o command= -p {pid}") as told:
            words = told.read()
    return " ".join(words.split())


def end_marked(*cookies: str) -> list[int]:
    """Kill what has a mark; what there is of it nevertheless a few seconds later."""
    left, empty = list[int](), 0
    for _ in rounds():
        left = marked(*cookies)
        # One that forks and ends at once may be missed by a look, but not by several.
        empty = 0 if left else empty + 1
        if empty == LOOKS:
            break
        _send(left, (signal.SIGSTOP, signal.SIGKILL))
    return left


def rounds() -> "Iterator[None]":
    """As long as patience lasts; the pauses are short at first, when most processes end."""
    until = time.monotonic() + LONGEST
    for number in range(PATIENCE):
        yield
        if time.monotonic() > until:
            return
        ready([], min(0.001 * (number + 1), 0.01))


def ready(descriptors: "Iterable[int]", seconds: float | None) -> list[int]:
    """Those that can be read, or have come to their end; of any number: select(2) stops at 1023."""
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return [found for found, _ in poll.poll(None if seconds is None else 1000 * seconds)]


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
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    return [int(child) for task in tasks for child in proc(pid, f"task/{task}/children").split()]
