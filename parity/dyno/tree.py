"""The processes of a dyno: everything below its guard."""

from collections.abc import Sequence
from pathlib import Path

import psutil

from parity.dyno import sockets
from parity.dyno.reach import descendants
from parity.records import Listener


def pids(root: int) -> list[int]:
    """Every process below `root`, daemonised ones included (the guard is their subreaper)."""
    if Path("/proc/self/task").exists():
        return descendants(root)
    try:
        return [child.pid for child in psutil.Process(root).children(recursive=True)]
    except psutil.Error:
        return []


def tasks(root: int) -> int:
    """Processes and threads of the tree, which Heroku's process limit counts together."""
    count = 0
    for pid in pids(root):
        try:
            count += psutil.Process(pid).num_threads()
        except psutil.Error:
            continue
    return count


def busy(root: int) -> float:
    """CPU seconds that the tree has used so far."""
    total = 0.0
    for pid in pids(root):
        try:
            times = psutil.Process(pid).cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


def listeners(
    table: Sequence[sockets.Socket], root: int, known: frozenset[int]
) -> tuple[Listener, ...]:
    """The listening sockets that came after `known`, those of the tree marked as its own."""
    new = [s for s in table if s.inode not in known]
    owner = sockets.holders(pids(root)) if new else {}
    return tuple(
        Listener(s.host, s.port, pid, command(pid) if pid else "", s.v6only, own=bool(pid))
        for s in new
        for pid in (owner.get(s.inode, 0),)
    )


def command(pid: int) -> str:
    """The command line of a process, empty if it has gone."""
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return ""


def asked(root: int) -> tuple[Listener, ...]:
    """The tree's listening sockets where the kernel has no table to read (macOS): psutil's."""
    found: list[Listener] = []
    for pid in pids(root):
        try:
            connections = psutil.Process(pid).net_connections("tcp")
        except psutil.Error:
            continue
        found += (
            Listener(c.laddr.ip, c.laddr.port, pid, command(pid), False, own=True)
            for c in connections
            if c.status == psutil.CONN_LISTEN
        )
    return tuple(found)
