"""What each stage of a rehearsal left behind: frozen values that point backwards.

A rule takes one of these and sees the whole history through it
(`boot.release.slug.plan.source`). They are named tuples, not dataclasses: `parity check`
pays for its imports on every commit, and `dataclasses` costs 12 ms of them.

Times are seconds (`float`), sizes bytes (`int`), paths of the app relative to its root with `/`.
"""

from typing import NamedTuple, TypeAlias

from parity.records.push import (
    Beside,
    Ended,
    Interpreter,
    Node,
    Part,
    Plan,
    ProcessType,
    Procfile,
    Python,
    Release,
    Run,
    Slug,
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
    "TEXT_LIMIT",
    "Beside",
    "Bind",
    "Boot",
    "Config",
    "ConfigProblem",
    "Ended",
    "Entry",
    "Exchange",
    "Frame",
    "Ignored",
    "Interpreter",
    "Line",
    "Listener",
    "Memory",
    "Node",
    "Part",
    "Plan",
    "ProcessType",
    "Procfile",
    "Pruned",
    "Pushed",
    "Python",
    "Record",
    "Refusal",
    "Release",
    "Run",
    "Say",
    "Share",
    "Shutdown",
    "Slug",
    "Source",
    "Stuck",
    "Submodule",
    "Survivor",
    "Traffic",
]


class Stuck(NamedTuple):
    """This machine, not the app, ended the rehearsal in `stage`; `fix` mends it."""

    stage: str
    what: str
    fix: str


Record: TypeAlias = Source | Plan | Slug | Release | Boot | Traffic | Shutdown | Stuck
