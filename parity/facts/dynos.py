"""Dyno sizes: memory, the cores that `nproc` shows, the process and thread limit, the R15 limit.

Memory and R15: https://devcenter.heroku.com/articles/dyno-memory-behavior; process limits:
https://devcenter.heroku.com/articles/dyno-scaling-and-process-limits (documented). Cores are those
seen in the Python buildpack's own CI (observed); those of Fir dynos are part of their names.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from parity.facts import Fact

MB = 1024 * 1024


class DynoSize(NamedTuple):
    """A dyno size. `memory` and `vastly` (the R15 limit) in MB; `cores` None: never reported.

    `processes` includes threads; 0: no limit is published.
    """

    name: str
    memory: int
    cores: int | None
    processes: int
    vastly: int

    @property
    def quota(self) -> int:
        """Bytes of memory above which R14 is logged."""
        return self.memory * MB

    @property
    def deadly(self) -> int:
        """Bytes of memory at which R15 kills the dyno."""
        return self.vastly * MB

    @property
    def swaps(self) -> bool:
        """True if the dyno has swap; without it there is no R14."""
        return self.vastly > self.memory

    @property
    def web_concurrency(self) -> int:
        """The Python buildpack's default: one worker per 256 MB, at most `2 * cores + 1`."""
        by_memory = max(1, self.memory // 256)
        return min(by_memory, 2 * self.cores + 1) if self.cores else by_memory


COMMON = (
    DynoSize("eco", 512, 8, 256, 1024),
    DynoSize("basic", 512, 8, 256, 1024),
    DynoSize("standard-1x", 512, 8, 256, 1024),
    DynoSize("standard-2x", 1024, 8, 512, 2048),
    DynoSize("performance-m", 2560, 2, 16384, 5120),
    DynoSize("performance-l", 14336, 8, 32768, 28672),
    DynoSize("performance-l-ram", 30720, 4, 24576, 36864),
    DynoSize("performance-xl", 63488, 8, 32768, 76186),
    DynoSize("performance-2xl", 129024, 16, 65536, 154829),
)
"""The sizes of the Common Runtime, with swap."""

ONE_PER_TYPE = ("eco", "basic")
"""Sizes that allow only one dyno per process type (documented)."""

FIR = {1: (0.5, 4, 8), 2: (1, 4, 8, 16), 4: (8, 16, 32), 8: (16, 32, 64), 16: (32, 64, 128)}
"""Cores → gigabytes of the Fir generation's dynos, all but the largest:
https://devcenter.heroku.com/articles/dyno-types. They are restarted at their full memory.
"""

GENERATION = "dyno-"
"""The prefix of the names of Fir's sizes."""


def _private() -> Iterator[DynoSize]:
    """Yield the sizes of Private Spaces: without swap, so that R15 comes at the quota."""
    for kind in ("private", "shield"):
        yield DynoSize(f"{kind}-s", 1024, None, 512, 1024)
        for size in COMMON[4:]:
            name = size.name.replace("performance", kind)
            yield DynoSize(name, size.memory, size.cores, size.processes, size.memory)


def _fir() -> Iterator[DynoSize]:
    for cores, sizes in (*FIR.items(), (32, (64,))):
        for gigabytes in sizes:
            memory = int(gigabytes * 1024)
            yield DynoSize(f"{GENERATION}{cores}c-{gigabytes}gb", memory, cores, 0, memory)


SIZES: Mapping[str, DynoSize] = {size.name: size for size in (*COMMON, *_private(), *_fir())}
"""The sizes by the name that `--dyno` takes."""

DEFAULT = SIZES["basic"]

OPEN_FILES = Fact(
    10_000, "files", "inferred", "three quarters of it in public logs of ImageMagick on a dyno"
)
"""The number of files that a process may have open."""


def holding(used: int) -> DynoSize | None:
    """Return the smallest common size whose memory holds `used` bytes, if there is one."""
    return next((size for size in COMMON[2:] if used <= size.quota), None)
