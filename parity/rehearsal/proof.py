"""What came of the edits that a rehearsal has tried in copies: which are safe, and their diffs."""

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

from parity.records import Source
from parity.records.verdict import Fix, Repaired, Verdict
from parity.rehearsal.trial import Trial, Tried

if TYPE_CHECKING:
    from parity.rehearsal.edits import Repair


def proved(trial: Trial, source: Source, repairs: "list[Repair]") -> None:
    """Tell `trial` of every edit whether it is safe.

    It is where the copy with all of them has come through to its first answer, nothing new in the
    way, and nothing in it was changed but by edits: then each of them is needed, and enough.
    """
    from parity.rehearsal.edits.diff import changes, unified

    last = trial.repaired[-1]
    if last.outcome == "checked":
        return  # nothing was run
    works = last.outcome == "works" and all(repair.sure for repair in repairs)
    sources = [source, *(repair.pushed.source for repair in repairs)]
    changed = [changes(old, new) for old, new in pairwise(sources)]
    diffs = [unified(each) if works else None for each in changed]
    safe = all(diffs)
    told: dict[tuple[str, str | None], Tried] = {}
    after: str | None = None
    for repair, diff in zip(repairs, diffs, strict=True):
        if repair.sure:
            said = _said(last, works=works, safe=safe)
            told[repair.finding, after] = Tried(diff if safe else None, said)
        after = repair.finding
    pairs = zip(repairs, changed, strict=True)
    trial.proved(tuple(Fix(r.finding, r.what, c) for r, c in pairs) if safe else (), told)


def _said(last: Repaired, *, works: bool, safe: bool) -> str:
    if safe:
        return f"tried in a copy: built, booted, the first request got {last.answer}"
    if works:
        return "tried in a copy, and it works; a diff cannot show it"
    if last.outcome == "unknown":
        return "tried in a copy, and what came of it is not known here: no diff is offered"
    return "tried in a copy, and something else stood in the way: no diff is offered"


def once(on_verdict: Callable[[Verdict], None] | None) -> Callable[[Verdict], None] | None:
    """The first verdict alone is told: a repaired copy has one of its own."""
    told: list[Verdict] = []

    def tell(verdict: Verdict) -> None:
        if on_verdict and not told:
            told.append(verdict)
            on_verdict(verdict)

    return tell if on_verdict else None
