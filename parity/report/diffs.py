"""The fixes that were proved safe: as one text for `git apply`, and as one change per file."""

from collections.abc import Mapping

from parity.records import Entry
from parity.records.verdict import Fix, Verdict
from parity.system.text import safe

_COLOURS = {"+": "32", "-": "31", "@": "36", "d": "1"}


def diffs(verdict: Verdict) -> str:
    """Return the diffs in the order in which they were tried; each builds on those before it.

    Empty without a proved fix, and if one of them cannot be shown: they were proved together.
    """
    after: str | None = None
    parts: list[str] = []
    for repaired in verdict.repaired:
        proved = (f.diff for f in verdict.findings if (f.id, f.after) == (repaired.finding, after))
        parts.append(next((diff for diff in proved if diff), ""))
        after = repaired.finding
    return "".join(parts) if all(parts) else ""


def together(fixes: tuple[Fix, ...]) -> Mapping[str, tuple[Entry | None, Entry | None]]:
    """Return, by path, the tested entry and the one after all fixes (None: no file)."""
    merged: dict[str, tuple[Entry | None, Entry | None]] = {}
    for fix in fixes:
        for path, (old, new) in fix.changes.items():
            merged[path] = (merged[path][0] if path in merged else old, new)
    return merged


def shown(text: str, *, colour: bool) -> str:
    """Return a diff for a terminal or a build's log, which it cannot control."""
    return "".join(f"{_painted(line) if colour else line}\n" for line in safe(text).splitlines())


def _painted(line: str) -> str:
    code = _COLOURS.get(line[:1])
    return f"\x1b[{code}m{line}\x1b[0m" if code else line
