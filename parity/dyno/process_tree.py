"""The processes of a dyno: all those below its guard.

psutil is slow to import, and hardly ever needed where there is proc(5).
"""

from collections.abc import Sequence
from pathlib import Path

from parity.dyno import sockets
from parity.dyno.signals import descendants, proc
from parity.records import Listener

PROC = Path("/proc/self/task").exists()


def pids(root: int) -> list[int]:
    """Return every process below `root`, with daemonised ones (the guard is their subreaper)."""
    if PROC:
        return descendants(root)
    import psutil

    try:
        return [child.pid for child in psutil.Process(root).children(recursive=True)]
    except psutil.Error:
        return []


def busy(root: int) -> float:
    """Return the CPU seconds that the tree has used so far, or waited for on a busy machine."""
    import psutil

    total = waited(root)
    for pid in pids(root):
        try:
            times = psutil.Process(pid).cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


def waited(root: int) -> float:
    """Return the seconds that the tree's main threads were ready to run, but other programs ran.

    From /proc/PID/schedstat (https://docs.kernel.org/scheduler/sched-stats.html).
    """
    fields = (proc(pid, "schedstat").split() for pid in pids(root)) if PROC else ()
    return sum(int(field[1]) for field in fields if len(field) == 3) / 1e9


def listeners(
    table: Sequence[sockets.Socket], root: int, known: frozenset[int]
) -> tuple[Listener, ...]:
    """Return the listening sockets that are not in `known`, with the tree's marked as its own."""
    new = [s for s in table if s.inode not in known]
    owner = sockets.holders(pids(root)) if new else {}
    return tuple(
        Listener(s.host, s.port, pid, " ".join(words(pid)), s.v6only, own=bool(pid))
        for s in new
        for pid in (owner.get(s.inode, 0),)
    )


def words(pid: int) -> list[str]:
    """Return the command line of a process; empty if it is gone."""
    try:
        data = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return [] if PROC else _psutil_words(pid)
    return [word.decode("utf-8", "replace") for word in data.split(b"\0") if word]


def _psutil_words(pid: int) -> list[str]:
    import psutil

    try:
        return psutil.Process(pid).cmdline()
    except psutil.Error:
        return []


def psutil_listeners(root: int) -> tuple[Listener, ...]:
    """Return the tree's listening sockets where the kernel has no table to read (macOS)."""
    import psutil

    listening: list[Listener] = []
    for pid in pids(root):
        try:
            connections = psutil.Process(pid).net_connections("tcp")
        except psutil.Error:
            continue
        listening += (
            Listener(c.laddr.ip, c.laddr.port, pid, " ".join(words(pid)), False, own=True)
            for c in connections
            if c.status == psutil.CONN_LISTEN
        )
    return tuple(listening)
