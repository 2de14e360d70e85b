"""Dyno sizes: memory, the cores that `nproc` shows, the process and thread limit, where R15 comes.

Memory and R15: https://devcenter.heroku.com/articles/dyno-memory-behavior; process limits:
https://devcenter.heroku.com/articles/dyno-scaling-and-process-limits (documented). Cores are those
seen in the Python buildpack's own CI (observed); those of Fir dynos stand in their names.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from parity.facts import Fact

MB = 1024 * 1024


class DynoSize(NamedTuple):
    """`memory` and `vastly` (where R15 kills) in MB; `cores` None: never reported.

    `processes` counts threads, too; 0: no limit is published.
    """

    name: str
    memory: int
    cores: int | None
    processes: int
    vastly: int

    @property
    def quota(self) -> int:
        """Bytes of memory from which on R14 is logged."""
        return self.memory * MB

    @property
    def deadly(self) -> int:
        """Bytes of memory at which R15 kills."""
        return self.vastly * MB

    @property
    def swaps(self) -> bool:
        """Whether there is anything between quota and R15: without swap there is no R14."""
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
"""The Common Runtime's, with swap."""

ONE_PER_TYPE = ("eco", "basic")
"""Sizes of which a process type can have one dyno only (documented)."""

FIR = {1: (0.5, 4, 8), 2: (1, 4, 8, 16), 4: (8, 16, 32), 8: (16, 32, 64), 16: (32, 64, 128)}
"""Cores and gigabytes of the Fir generation's dynos, and one more:
https://devcenter.heroku.com/articles/dyno-types. They are restarted at their full memory."""

GENERATION = "dyno-"
"""How the names of Fir's sizes begin."""


def _private() -> Iterator[DynoSize]:
    """Private Spaces: as the performance dynos, but without swap, so R15 comes at the quota."""
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
"""By the name that `--dyno` takes."""

DEFAULT = SIZES["basic"]

OPEN_FILES = Fact(
    10_000, "files", "inferred", "three quarters of it in public logs of ImageMagick on a dyno"
)
"""How many files a process may have open."""


def holding(used: int) -> DynoSize | None:
    """The smallest common size whose memory holds `used` bytes, if there is one."""
    return next((size for size in COMMON[2:] if used <= size.quota), None)
