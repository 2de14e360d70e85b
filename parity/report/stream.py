"""Heroku's log as it comes, line by line, as `heroku logs --tail` shows it.

https://devcenter.heroku.com/articles/logging#log-format. Coloured by source; an app's own colours
reach a terminal that has colours, its other escapes are made visible, and values of config vars are
masked.
"""

import os
import re
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

from parity.records import Line
from parity.report.show import coloured, forced
from parity.system.text import emit, oneline

if TYPE_CHECKING:
    from parity.masking.mask import Flow

APP = ("36", "32", "34", "35", "96", "92", "94", "95")
"""Colours of the app's dynos, in turn (ECMA-48)."""

MANAGER, ROUTER, ERROR = "33", "2", "31"
_TROUBLE = re.compile(r"Error [RL]\d\d |exited with status (?!0$|143$)|to crashed$|at=error")


_SGR = re.compile(r"(\x1b\[[0-9;:]{0,40}m)")
"""Colours and weights (ECMA-48, SGR): the only escapes that an app's line may have."""


def _painted(text: str) -> str:
    """Return a line of an app with its colours, which end with the line."""
    parts = _SGR.split(text)
    if len(parts) == 1:
        return oneline(text)
    shown = (part if number % 2 else oneline(part) for number, part in enumerate(parts))
    return f"{''.join(shown)}\x1b[0m"


class Stream:
    """Writes lines to `out` from any thread."""

    def __init__(self, out: TextIO | None) -> None:
        self._flow: Flow | None = None
        self._out = out
        self._colour = coloured(out) and (forced() or not os.environ.get("CI"))
        self._lock = threading.Lock()
        self._known: dict[str, str] = {}

    def hide(self, flow: "Flow") -> None:
        """Mask the values of config vars from now on."""
        self._flow = flow

    def line(self, line: Line) -> bool:
        """Print one line; return False if nobody reads it."""
        at = datetime.fromtimestamp(line.at, UTC).isoformat(timespec="microseconds")
        text = self._flow.text(line) if self._flow else line.text
        text = _painted(text) if self._colour else oneline(text)
        head = f"{at} {oneline(line.source)}:"
        if self._colour:
            head = f"\x1b[{self._style(line.source)}m{head}\x1b[0m"
            if line.source.startswith("heroku[") and _TROUBLE.search(text):
                text = f"\x1b[{ERROR}m{text}\x1b[0m"
        return self.text(f"{head} {text}\n")

    def text(self, text: str) -> bool:
        """Print other text between lines; return False if nobody reads it."""
        with self._lock:
            return emit(text, self._out)

    def _style(self, source: str) -> str:
        if source.startswith("heroku["):
            return ROUTER if source == "heroku[router]" else MANAGER
        return self._known.setdefault(source, APP[len(self._known) % len(APP)])
