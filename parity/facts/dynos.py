"""Dyno sizes: memory, the cores that `nproc` shows, the process and thread limit, where R15 comes.

Memory and R15: https://devcenter.heroku.com/articles/dyno-memory-behavior; process limits:
https://devcenter.heroku.com/articles/dyno-scaling-and-process-limits (documented). Cores are those
seen in the Python buildpack's own CI (observed).
"""

from collections.abc import Mapping
from typing import NamedTuple

MB = 1024 * 1024


class DynoSize(NamedTuple):
    """`memory` and `vastly` (where R15 kills) in MB; `cores` None: never reported."""

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
    def web_concurrency(self) -> int:
        """The Python buildpack's default: one worker per 256 MB, at most `2 * cores + 1`."""
        by_memory = max(1, self.memory // 256)
        return min(by_memory, 2 * self.cores + 1) if self.cores else by_memory


SIZES: Mapping[str, DynoSize] = {
    size.name: size
    for size in (
        DynoSize("eco", 512, 8, 256, 1024),
        DynoSize("basic", 512, 8, 256, 1024),
        DynoSize("standard-1x", 512, 8, 256, 1024),
        DynoSize("standard-2x", 1024, 8, 512, 2048),
        DynoSize("performance-m", 2560, 2, 16384, 5120),
        DynoSize("performance-l", 14336, 8, 32768, 28672),
        DynoSize("performance-l-ram", 30720, 4, 24576, 36864),
        DynoSize("performance-xl", 63488, 8, 32768, 76186),
        DynoSize("performance-2xl", 129024, 16, 65536, 154829),
        DynoSize("private-s", 1024, None, 512, 1024),
        DynoSize("shield-s", 1024, None, 512, 1024),
    )
}
"""By the name that `--dyno` takes."""

DEFAULT = SIZES["basic"]
