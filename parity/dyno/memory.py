"""The memory that a dyno's processes hold, measured at next to no cost.

There are two tiers. The sum of each process's resident memory costs 0.02 ms per process and is
exact for a single one; pages that forked workers share count once for each, so for several it is
only an upper bound. The kernel's proportional share (PSS) is exact, but it walks the page tables:
16 ms per GB. So it is read often only when the upper bound comes near the quota.

What counts is what a memory control group calls rss and swap: anonymous and shared memory, not
pages of files (https://devcenter.heroku.com/articles/dyno-memory-behavior).
"""

import re
import time
from typing import NamedTuple

from parity.dyno import process_tree
from parity.dyno.signals import proc
from parity.facts.dynos import DynoSize
from parity.records import Memory, Share

PACES = ((0.5, 5.0, 200), (0.8, 1.0, 200), (0.9, 1.0, 50))
"""The pace of exact measurements: up to the given share of the quota (in the last entry, of the
size that R15 needs), after so many seconds, but not before so many times its own cost."""

URGENT = (0.2, 10)
"""Seconds, and multiple of the cost, above all of these shares."""

STEADY, PATIENCE, RESTED = 0.02, 4, 20.0
"""If neither bound nor exact figure changed by more than this share at the last exact look, the
next one, unless urgent, comes this many times later, after at most this many seconds (ours)."""

MOST = 240
"""The most points of the curve; every second point of a longer one is dropped."""

GROWTH = 1.02
"""The growth since a moment ago above which a tree is still loading (ours)."""

NAMED = 40
"""The most processes whose share is reported."""

COUNTED = re.compile(
    rb"^(RssAnon|RssShmem|VmSwap|Threads|Pss|Pss_Anon|Pss_Shmem|SwapPss):\s*(\d+)", re.MULTILINE
)
"""The fields that count, of a process's `status` and of its `smaps_rollup`."""

KB = 1024


class Held(NamedTuple):
    """The memory in bytes, and the threads, of one process."""

    bytes: int
    threads: int


class Meter:
    """Measures the processes below `root`, a process id, from now on."""

    def __init__(self, root: int, size: DynoSize) -> None:
        self.samples: list[tuple[float, int]] = []
        self.tasks = 0
        self._root = root
        self._size = size
        self._began = time.monotonic()
        self._looked_at = self._cost = 0.0
        self._gap = 0.0
        self._exact = self._rough = self._upper = self._before = 0
        self._peak = Memory(0, 0.0, (), 0)
        self._last: dict[int, int] = {}
        self._at_start: dict[str, int] = {}

    def look(self, *, exact: bool = False) -> int | None:
        """Return the tree's bytes; None if an exact figure is not worth its cost now."""
        rough = {pid: held for pid in process_tree.pids(self._root) if (held := resident(pid))}
        self.tasks = max(self.tasks, sum(held.threads for held in rough.values()))
        parts = {pid: held.bytes for pid, held in rough.items()}
        self._upper = sum(parts.values())
        if not parts:
            return None
        if len(parts) > 1:
            if not exact and not self._due():
                return None
            parts = self._shared(parts)
            self._rough, self._before = self._upper, self._exact
            self._exact = sum(parts.values())
        self._note(parts)
        return sum(parts.values())

    def grows(self) -> bool:
        """Return whether the tree holds more than at the last look, a moment ago."""
        before = self._upper
        self.look()
        return self._upper > GROWTH * before

    def started(self) -> None:
        """Note that the dyno has started, or answered once: any increase from now on is growth.

        A worker that is still loading is compared with one of the same command that has loaded.
        """
        if not self._at_start and self.look(exact=True) is not None:
            for pid, held in self._last.items():
                name = command(pid)
                self._at_start[name] = max(held, self._at_start.get(name, 0))

    def so_far(self) -> Memory:
        """Return the peak, and the processes that held it."""
        return self._peak._replace(tasks=self.tasks)

    def _due(self) -> bool:
        """Return whether an exact look is worth its cost, given the last one and changes since."""
        near = self._exact + max(0, self._upper - self._rough)
        size = self._size
        limits = (size.quota, size.quota, size.deadly)
        paces = zip(PACES, limits, strict=True)
        slow = next((rest for (part, *rest), limit in paces if near <= part * limit), None)
        seconds, multiple = slow or URGENT
        pause = max(seconds, multiple * self._cost)
        if slow and self._steady():
            pause = max(pause, min(PATIENCE * pause, RESTED))
        return time.monotonic() - self._looked_at >= pause

    def _steady(self) -> bool:
        """Return whether nothing has changed; pages that are no longer shared are a change, too."""
        return _alike(self._upper, self._rough) and _alike(self._exact, self._before)

    def _shared(self, parts: dict[int, int]) -> dict[int, int]:
        self._looked_at, began = time.monotonic(), time.thread_time()
        exact = {pid: proportional(pid, rough) for pid, rough in parts.items()}
        self._cost = time.thread_time() - began
        return exact

    def _note(self, parts: dict[int, int]) -> None:
        seconds, used = time.monotonic() - self._began, sum(parts.values())
        self._last = parts
        if used > self._peak.peak:
            self._peak = Memory(used, seconds, self._shares(parts), self.tasks)
        if not self.samples or seconds - self.samples[-1][0] >= self._gap:
            self.samples.append((seconds, used))
        if len(self.samples) > MOST:
            self.samples[:] = self.samples[::2]
            self._gap = 2 * seconds / MOST

    def _shares(self, parts: dict[int, int]) -> tuple[Share, ...]:
        largest = sorted(parts, key=lambda pid: -parts[pid])[:NAMED]
        named = ((pid, command(pid), parts[pid]) for pid in largest)
        return tuple(Share(pid, name, now, self._grown(name, now)) for pid, name, now in named)

    def _grown(self, name: str, now: int) -> int:
        return max(0, now - self._at_start.get(name, now))


def _alike(one: int, other: int) -> bool:
    return abs(one - other) <= STEADY * other


def resident(pid: int) -> Held | None:
    """Return a process's anonymous and shared memory with swap, and threads; None if it is gone."""
    fields = _numbers(pid, "status")
    if not fields:
        return _psutil_held(pid)
    threads = fields.pop(b"Threads", 1)
    return Held(sum(fields.values()) * KB, threads)


def proportional(pid: int, rough: int) -> int:
    """Return the memory with shared pages divided among their users; `rough` if not available."""
    fields = _numbers(pid, "smaps_rollup")
    whole = fields.pop(b"Pss", None)
    if b"Pss_Anon" not in fields:
        return rough if whole is None else whole * KB
    return sum(fields.values()) * KB


def command(pid: int) -> str:
    """Return a process's command line as a person would type it; empty if it is gone."""
    return typed(process_tree.words(pid))


def typed(words: list[str]) -> str:
    """Return `gunicorn app:app` for `/path/bin/python /path/bin/gunicorn app:app`.

    >>> typed(["/cache/bin/python3", "/app/.heroku/python/bin/gunicorn", "-w", "2", "app:app"])
    'gunicorn -w 2 app:app'
    >>> typed(["/usr/bin/python3", "bot.py"])
    'python3 bot.py'
    """
    script = len(words) > 1 and "/bin/" in words[1]
    if script and words[0].rpartition("/")[2].startswith("python"):
        words = words[1:]
    return " ".join([words[0].rpartition("/")[2], *words[1:]]) if words else ""


def _numbers(pid: int, name: str) -> dict[bytes, int]:
    """Return the fields that count of a file of proc(5); empty if it cannot be read."""
    return {field: int(number) for field, number in COUNTED.findall(proc(pid, name))}


def _psutil_held(pid: int) -> Held | None:
    """Return what `resident` does where there is no proc(5), by psutil."""
    if process_tree.PROC:
        return None
    import psutil

    try:
        process = psutil.Process(pid)
        return Held(int(process.memory_info().rss), process.num_threads())
    except psutil.Error:
        return None
