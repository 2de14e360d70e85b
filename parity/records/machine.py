"""The state of this machine: the doctor's checks, and the contents of the cache."""

from pathlib import Path
from typing import Literal, NamedTuple


class Check(NamedTuple):
    """One thing that a rehearsal needs. `fix` is what to do or type, empty if all is well.

    limited: some verdicts are "could not tell", or less certain; missing: most are.
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
    """The result of clearing the cache: what was removed, and what another run still uses."""

    removed: tuple[Stored, ...]
    in_use: tuple[Stored, ...]
