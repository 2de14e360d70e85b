"""How much memory a dyno's processes hold, asked so that it costs next to nothing.

Two tiers. The sum of what each process has resident costs 0.02 ms a process and is exact for a
single one; pages that forked workers share count once for each, so for several it is only an upper
bound. The kernel's proportional share (PSS) is exact, but it walks the page tables: 16 ms a GB. So
it is asked for often only where the upper bound comes near the quota.

Counted is what a memory control group calls rss and swap: anonymous and shared memory, no pages of
files (https://devcenter.heroku.com/articles/dyno-memory-behavior).
"""

import time
from pathlib import Path
from typing import NamedTuple

from parity.dyno import tree
from parity.facts.dynos import DynoSize
from parity.records import Memory, Share

PACES = ((0.5, 5.0, 200), (0.8, 1.0, 200), (0.9, 1.0, 50))
"""How often an exact look is worth it: up to this part of the quota (the last one: of where R15
comes) after so many seconds, but no sooner than so many times its own cost."""

URGENT = (0.2, 10)
"""The same beyond."""

MOST = 240
"""Points of the curve; of a longer one every second point is dropped."""

GROWTH = 1.02
"""How much more a tree must hold than a moment ago to be still loading (ours)."""

NAMED = 8
"""Processes whose share is told."""

KB = 1024


class Held(NamedTuple):
    """What one process has: bytes, threads."""

    bytes: int
    threads: int


class Meter:
    """Measures the tree below `root`, a process id, from now on."""

    def __init__(self, root: int, size: DynoSize) -> None:
        self.samples: list[tuple[float, int]] = []
        self.tasks = 0
        self._root = root
        self._size = size
        self._began = time.monotonic()
        self._asked = self._cost = 0.0
        self._gap = 0.0
        self._exact = self._rough = self._upper = 0
        self._peak = Memory(0, 0.0, (), 0)
        self._last: dict[int, int] = {}
        self._at_start: dict[int, int] = {}

    def look(self, *, exact: bool = False) -> int | None:
        """The tree's bytes; None if they are not known exactly, and not worth the cost now."""
        rough = {pid: held for pid in tree.pids(self._root) if (held := resident(pid))}
        self.tasks = max(self.tasks, sum(held.threads for held in rough.values()))
        parts = {pid: held.bytes for pid, held in rough.items()}
        self._upper = sum(parts.values())
        if not parts:
            return None
        if len(parts) > 1:
            if not exact and not self._due(sum(parts.values())):
                return None
            parts = self._shared(parts)
            self._rough, self._exact = sum(h.bytes for h in rough.values()), sum(parts.values())
        self._note(parts)
        return sum(parts.values())

    def grows(self) -> bool:
        """Whether the tree holds more than at the last look, which was a moment ago."""
        before = self._upper
        self.look()
        return self._upper > GROWTH * before

    def started(self) -> None:
        """The dyno has started, or answered once: what its processes gain from now on is growth."""
        if not self._at_start and self.look(exact=True) is not None:
            self._at_start = self._last

    def so_far(self) -> Memory:
        """The peak, and who held it."""
        return self._peak._replace(tasks=self.tasks)

    def _due(self, upper: int) -> bool:
        """Whether an exact look is worth its cost, by the last one and what has come since."""
        near = self._exact + max(0, upper - self._rough)
        size = self._size
        limits = (size.quota, size.quota, size.deadly)
        paces = zip(PACES, limits, strict=True)
        slow = (rest for (part, *rest), limit in paces if near <= part * limit)
        seconds, modesty = next(slow, URGENT)
        return time.monotonic() - self._asked >= max(seconds, modesty * self._cost)

    def _shared(self, parts: dict[int, int]) -> dict[int, int]:
        self._asked, began = time.monotonic(), time.thread_time()
        found = {pid: proportional(pid, rough) for pid, rough in parts.items()}
        self._cost = time.thread_time() - began
        return found

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
        return tuple(
            Share(pid, command(pid), parts[pid], self._grown(pid, parts[pid])) for pid in largest
        )

    def _grown(self, pid: int, now: int) -> int:
        return max(0, now - self._at_start.get(pid, now))


def resident(pid: int) -> Held | None:
    """Private and shared anonymous memory with swap, and threads; None if it has gone."""
    fields = _fields(Path(f"/proc/{pid}/status"))
    if not fields:
        return _asked(pid)
    kilobytes = sum(fields.get(name, 0) for name in (b"RssAnon", b"RssShmem", b"VmSwap"))
    return Held(kilobytes * KB, fields.get(b"Threads", 1))


def proportional(pid: int, rough: int) -> int:
    """The same with shared pages divided among those who share them; `rough` if not told."""
    fields = _fields(Path(f"/proc/{pid}/smaps_rollup"))
    if b"Pss_Anon" not in fields:
        return fields[b"Pss"] * KB if b"Pss" in fields else rough
    return sum(fields.get(name, 0) for name in (b"Pss_Anon", b"Pss_Shmem", b"SwapPss")) * KB


def command(pid: int) -> str:
    """The command line of a process as a person would type it; empty if it has gone."""
    return typed(tree.words(pid))


def typed(words: list[str]) -> str:
    """`gunicorn app:app` for `/path/bin/python /path/bin/gunicorn app:app`.

    >>> typed(["/cache/bin/python3", "/app/.heroku/python/bin/gunicorn", "-w", "2", "app:app"])
    'gunicorn -w 2 app:app'
    >>> typed(["/usr/bin/python3", "bot.py"])
    'python3 bot.py'
    """
    script = len(words) > 1 and "/bin/" in words[1]
    if script and words[0].rpartition("/")[2].startswith("python"):
        words = words[1:]
    return " ".join([words[0].rpartition("/")[2], *words[1:]]) if words else ""


def _fields(path: Path) -> dict[bytes, int]:
    """The numbers of a file of proc(5), by name; empty if it cannot be read."""
    found: dict[bytes, int] = {}
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return found
    for line in lines:
        name, _, value = line.partition(b":")
        number = value.split(None, 1)[:1]
        if number and number[0].isdigit():
            found[name] = int(number[0])
    return found


def _asked(pid: int) -> Held | None:
    """The same where there is no proc(5): psutil's."""
    if tree.PROC:
        return None
    import psutil

    try:
        process = psutil.Process(pid)
        return Held(int(process.memory_info().rss), process.num_threads())
    except psutil.Error:
        return None
