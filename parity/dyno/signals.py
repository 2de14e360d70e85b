"""The ways in which a guard's signals reach every process of its command; standard library only.

Where no namespace keeps the processes together, they have two marks, which children inherit: a
variable in their environment (the cookie, `NAME=value`), and on Linux a limit that no program uses,
which stays if the environment is cleared.
"""

import _signal as signal
import os
import resource
import select
import time
import zlib

TYPE_CHECKING = False  # importing typing's takes as long as the rest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Reach = Callable[..., int]
    """Sends signals, one after the other, and returns the number of processes that got them."""


SUBREAPER, NO_NEW_PRIVS, DUMPABLE = 36, 38, 4
"""PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS and PR_SET_DUMPABLE of prctl(2)."""

BOUNDLESS = 1 << 62
"""Microseconds of CPU time so many that they limit nothing: RLIMIT_RTTIME of getrlimit(2)."""

PATIENCE, LONGEST = 500, 10.0
"""The most rounds, and seconds on a busy machine, of killing the same processes (ours)."""

LOOKS = 3
"""Looks in a row that must find no process, where marks identify the processes."""


def by(level: str, cookie: str, command: int) -> "Reach":
    """Return the function that sends signals at a level; `command` is the command's process id."""
    if level == "pidns":
        return everyone
    if level == "basic":
        return lambda *signals: _marked(cookie, command, *signals)
    return below


def adopt() -> None:
    """Become the parent of every orphan below this process, on Linux."""
    _prctl(SUBREAPER)


def humble() -> None:
    """Keep every program that is started from now on from becoming another user, such as root.

    On a dyno none can; here such a process could not be killed.
    """
    _prctl(NO_NEW_PRIVS)


def conceal() -> None:
    """Keep the same user's programs from reading this process's environment and memory."""
    _prctl(DUMPABLE, 0)


def keep_apart() -> None:
    """Keep the program that this process becomes from looking into others than its children."""
    try:
        from parity.dyno import landlock

        landlock.apart()
    except (ImportError, OSError, AttributeError):
        pass  # not Linux, or an old one; parity conceals itself anyway


def _prctl(option: int, value: int = 1) -> None:
    try:
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass  # not Linux: there are only the process group and the cookie


def _send(pids: "Iterable[int]", signals: tuple[int, ...]) -> int:
    """Send the signals, and return the number of processes that got them."""
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
    """Send signals to all processes of this namespace except this one, which is its first."""
    return sum(_send((-1,), (signum,)) for signum in signals)


def below(*signals: int) -> int:
    """Send signals to every process below this one."""
    return _send(descendants(os.getpid()), signals)


def _marked(cookie: str, command: int, *signals: int) -> int:
    """Send signals to the command's process group, and to marked processes.

    Only the latter count: a group exists until its last zombie is reaped.
    """
    _send((-command,), signals)
    return _send(marked(cookie), signals)


def command_lines(level: str, cookie: str) -> dict[int, str]:
    """Return the command's processes that have not ended, each with its command line."""
    return {pid: name for pid in pids(level, cookie) if (name := command(pid))}


def pids(level: str, cookie: str) -> list[int]:
    """Return the command's processes, as a guard of this level can find them."""
    return marked(cookie) if level == "basic" else descendants(os.getpid())


def beyond(level: str, cookie: str, session: int) -> dict[int, str]:
    """Return the command's processes that have left its `session`, whose id is the command's."""
    inside = (None, session)
    return {
        pid: name
        for pid, name in command_lines(level, cookie).items()
        if _session(pid) not in inside
    }


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def limit(cookie: str) -> int:
    """Return the cookie as a limit, one so high that it has no effect."""
    return BOUNDLESS + zlib.crc32(cookie.encode())


def mark(cookie: str) -> None:
    """Set the limit for this process and its children, on Linux and unless one is set."""
    try:
        _, hard = resource.getrlimit(resource.RLIMIT_RTTIME)
        if hard == resource.RLIM_INFINITY:
            resource.setrlimit(resource.RLIMIT_RTTIME, (limit(cookie), limit(cookie)))
    except (AttributeError, ValueError, OSError):
        pass  # there is only the cookie


def marked(*cookies: str) -> list[int]:
    """Return the marked processes that this user may examine, without this one and its parent.

    A cookie without a value marks none: every environment ends with an empty string.
    """
    cookies = tuple(cookie for cookie in cookies if cookie.partition("=")[2])
    if not cookies:
        return []
    if not os.path.isdir("/proc/self"):
        listed = [pid for cookie in cookies for pid in _from_ps(cookie)]
    else:
        limits = {str(limit(cookie)).encode() for cookie in cookies}
        texts = {cookie.encode() for cookie in cookies}
        listed = [int(n) for n in os.listdir("/proc") if n.isdigit() and _has(n, texts, limits)]
    own = {os.getpid(), os.getppid(), 0, 1}
    return [pid for pid in listed if pid not in own]


def _has(pid: str, cookies: set[bytes], limits: set[bytes]) -> bool:
    own = proc(pid, "limits").rpartition(b"Max realtime timeout")[2]
    if not limits.isdisjoint(own.split(None, 1)[:1]):
        return not proc(pid, "stat").rpartition(b") ")[2].startswith((b"Z", b"X"))  # ended: Z, X
    return not cookies.isdisjoint(proc(pid, "environ").split(b"\0"))


def proc(pid: int | str, name: str) -> bytes:
    """Return a file of proc(5); empty if it cannot be read."""
    try:
        with open(f"/proc/{pid}/{name}", "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""


def command(pid: int) -> str:
    """Return the command line of a process as one line; empty if it is gone."""
    if os.path.isdir("/proc/self"):
        words = proc(pid, "cmdline").replace(b"\0", b" ").decode("utf-8", "replace")
    else:
        with os.popen(f"ps -o command= -p {pid}") as output:
            words = output.read()
    return " ".join(words.split())


def end_marked(*cookies: str) -> list[int]:
    """Kill the marked processes; return those that are still there a few seconds later."""
    left, empty = list[int](), 0
    for _ in rounds():
        left = marked(*cookies)
        # One look may miss a process that forks and ends at once, but several do not.
        empty = 0 if left else empty + 1
        if empty == LOOKS:
            break
        _send(left, (signal.SIGSTOP, signal.SIGKILL))
    return left


def rounds() -> "Iterator[None]":
    """Yield until patience runs out, with short pauses at first, when most processes end."""
    until = time.monotonic() + LONGEST
    for number in range(PATIENCE):
        yield
        if time.monotonic() > until:
            return
        ready([], min(0.001 * (number + 1), 0.01))


def ready(descriptors: "Iterable[int]", seconds: float | None) -> list[int]:
    """Return the descriptors that can be read, or are at their end.

    Their numbers may be of any size: select(2) stops at 1023.
    """
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return [fd for fd, _ in poll.poll(None if seconds is None else 1000 * seconds)]


def _from_ps(cookie: str) -> list[int]:
    """Return the processes with the cookie from ps(1), which shows environments on macOS."""
    with os.popen("ps -axEww -o pid=,command=") as lines:
        return [int(line.split()[0]) for line in lines if f" {cookie}" in line]


def descendants(pid: int) -> list[int]:
    """Return every process below `pid`: its children, their children, and so on."""
    processes: list[int] = []
    todo = [pid]
    while todo:
        children = _children(todo.pop())
        processes += children
        todo += children
    return processes


def _children(pid: int) -> list[int]:
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    return [int(child) for task in tasks for child in proc(pid, f"task/{task}/children").split()]
