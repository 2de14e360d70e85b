"""The processes that outlast SIGTERM, and the files they have open, from proc(5)."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from parity.dyno import process_tree
from parity.dyno.memory import command
from parity.records import Slug, Survivor

TERM = 1 << (signal.SIGTERM - 1)
WRITABLE = ("/tmp/", "/var/tmp/", "/dev/", "/proc/", "/run/", "/memfd:", "/app/")
"""Paths where a dyno may write, and those that are not files on a disk
(https://devcenter.heroku.com/articles/dynos#ephemeral-filesystem)."""

MOST = 20


def survivors(root: int) -> tuple[Survivor, ...]:
    """Return the processes below `root` that SIGTERM did not end.

    One without a command line is ending.
    """
    processes = ((pid, command(pid), sigterm(pid)) for pid in process_tree.pids(root))
    return tuple(Survivor(pid, name, how) for pid, name, how in processes if name and how)


def sigterm(pid: int) -> Literal["ignored", "caught", "default"] | None:
    """Return how a process handles SIGTERM; None for one that has ended."""
    masks: dict[str, str] = {}
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            masks[name] = value.strip()
    except OSError:
        return None
    if masks.get("State", "Z").startswith(("Z", "X")):
        return None
    if int(masks.get("SigIgn", "0"), 16) & TERM:
        return "ignored"
    return "caught" if int(masks.get("SigCgt", "0"), 16) & TERM else "default"


def written_outside(root: int, home: Path, slug: Slug) -> tuple[str, ...]:
    """Return this machine's files, outside of the dyno's, that the tree has open for writing."""
    allowed = (*WRITABLE, f"{home}/", f"{slug.environment}/" if slug.environment else "/tmp/")
    paths = {
        path
        for pid in process_tree.pids(root)
        for path in _written(pid)
        if path.startswith("/") and not path.startswith(allowed)
    }
    return tuple(sorted(paths)[:MOST])


def _written(pid: int) -> Iterator[str]:
    """Yield the regular files that a process has open for writing."""
    folder = Path(f"/proc/{pid}")
    try:
        numbers = os.listdir(folder / "fd")  # noqa: PTH208 — names, not paths
    except OSError:
        return
    for number in numbers:
        try:
            path = (folder / "fd" / number).readlink()
            info = (folder / "fdinfo" / number).read_text()
        except OSError:
            continue
        flags = next((x.split()[1] for x in info.splitlines() if x.startswith("flags:")), "0")
        if int(flags, 8) & os.O_ACCMODE and path.is_absolute() and path.is_file():
            yield str(path)
