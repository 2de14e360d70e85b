"""How a command ended, as far as its last lines tell."""

import re
from collections.abc import Sequence

LAST = 8
"""Lines at the end of the output that can say why it ended."""

_NOT_FOUND = re.compile(r"(?:bash|sh): .*not found$")
_WAITING = re.compile(r"\[nodemon\] app crashed - waiting")
"""nodemon's message after a crash: it keeps running, without the app (observed)."""


def likely_status(lines: Sequence[str]) -> int:
    """Return the status with which a command ended whose own is unknown, as in part of a log."""
    return 127 if any(map(_NOT_FOUND.search, lines[-LAST:])) else 1


def waiting(lines: Sequence[str]) -> bool:
    """Return whether the app crashed under a program that keeps running."""
    return any(map(_WAITING.search, lines))
