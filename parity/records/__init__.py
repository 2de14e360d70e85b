"""The records that each stage of a rehearsal leaves: frozen values that refer to earlier ones.

A rule takes one of these and reaches the whole history through it
(`boot.release.slug.plan.source`). They are named tuples, not dataclasses: `parity check` pays for
its imports on every commit, and importing `dataclasses` takes 12 ms.

Times are seconds (`float`), sizes bytes (`int`), paths of the app relative to its root with `/`.
"""

from typing import NamedTuple, TypeAlias

from parity.records.push import (
    Beside,
    Ended,
    Fit,
    Interpreter,
    Part,
    Plan,
    ProcessType,
    Procfile,
    Release,
    Run,
    Runtime,
    Slug,
    Withheld,
)
from parity.records.run import (
    Bind,
    Boot,
    Exchange,
    Frame,
    Listener,
    Memory,
    Share,
    Shutdown,
    Survivor,
    Traffic,
)
from parity.records.tree import (
    LONGEST,
    TEXT_LIMIT,
    Config,
    ConfigProblem,
    Entry,
    Ignored,
    Line,
    Pruned,
    Pushed,
    Refusal,
    Say,
    Source,
    Submodule,
)

__all__ = [
    "LONGEST",
    "TEXT_LIMIT",
    "Beside",
    "Bind",
    "Boot",
    "Config",
    "ConfigProblem",
    "Ended",
    "Entry",
    "Exchange",
    "Fit",
    "Frame",
    "Ignored",
    "Interpreter",
    "Line",
    "Listener",
    "Memory",
    "Part",
    "Plan",
    "ProcessType",
    "Procfile",
    "Pruned",
    "Pushed",
    "Record",
    "Refusal",
    "Release",
    "Run",
    "Runtime",
    "Say",
    "Share",
    "Shutdown",
    "Slug",
    "Source",
    "Stray",
    "Strays",
    "Stuck",
    "Submodule",
    "Survivor",
    "Traffic",
    "Withheld",
]


class Stuck(NamedTuple):
    """An end in `stage` that is due to this machine, not the app; `fix` says what to do."""

    stage: str
    what: str
    fix: str


class Stray(NamedTuple):
    """A process that outlived its command by starting a new session; `ended`: parity has ended it.

    Only the lower levels of isolation can leave any (parity/dyno/guard.py).
    """

    pid: int
    command: str
    ended: bool

    @property
    def told(self) -> str:
        return f"pid {self.pid} ({self.command}) {'was ended' if self.ended else 'still runs'}"


class Strays(NamedTuple):
    """All stray processes; `stage` is the one in which the rehearsal ended."""

    stage: str
    processes: tuple[Stray, ...]


Record: TypeAlias = Source | Plan | Slug | Release | Boot | Traffic | Shutdown | Stuck | Strays
