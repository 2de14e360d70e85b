"""What this machine has for parity: the doctor's checks, and what the cache holds."""

from pathlib import Path
from typing import Literal, NamedTuple


class Check(NamedTuple):
    """One thing that a rehearsal needs. `fix` is what to do or type, empty if all is well.

    limited: some verdicts are "could not tell", or rest on less; missing: most are.
    """

    name: str
    status: Literal["ok", "limited", "missing"]
    found: str
    fix: str = ""


class Stored(NamedTuple):
    """One thing in the cache: `size` in bytes, `used` in seconds since the epoch."""

    kind: Literal["environment", "installer", "downloads"]
    path: Path
    what: str
    size: int
    used: float


class Cleared(NamedTuple):
    """What was removed, and what stayed because another run uses it."""

    removed: tuple[Stored, ...]
    in_use: tuple[Stored, ...]
