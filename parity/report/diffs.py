"""The fixes that were proved safe, as one text for `git apply`."""

from parity.report.text import safe
from parity.verdict import Verdict

_COLOURS = {"+": "32", "-": "31", "@": "36", "d": "1"}


def diffs(verdict: Verdict) -> str:
    """The diffs in the order in which they were tried; each fits on what those before it left."""
    after: str | None = None
    parts: list[str] = []
    for repaired in verdict.repaired:
        told = (f.diff for f in verdict.findings if (f.id, f.after) == (repaired.finding, after))
        parts.append(next((diff for diff in told if diff), ""))
        after = repaired.finding
    return "".join(parts)


def shown(text: str, *, colour: bool) -> str:
    """A diff on a terminal or in a build's log, which it cannot steer."""
    return "".join(f"{_painted(line) if colour else line}\n" for line in safe(text).splitlines())


def _painted(line: str) -> str:
    code = _COLOURS.get(line[:1])
    return f"\x1b[{code}m{line}\x1b[0m" if code else line
