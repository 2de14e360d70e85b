"""What came of the edits that a rehearsal has tried in copies: which are safe, and their diffs."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from parity.records import Source
from parity.trial import Trial, Tried
from parity.verdict import Fix, Repaired, Verdict

if TYPE_CHECKING:
    from parity.repair import Repair


def proved(trial: Trial, source: Source, repairs: "list[Repair]") -> None:
    """Tell `trial` of every edit whether it is safe.

    It is where the copy with all of them has come through to its first answer, nothing new in the
    way, and nothing in it was changed but by edits: then each of them is needed, and enough.
    """
    from parity.repair.diff import changes, unified

    fixes, told = [], {}
    after: str | None = None
    last = trial.repaired[-1]
    safe = last.outcome == "works" and all(repair.sure for repair in repairs)
    for repair in repairs:
        changed = changes(source, repair.pushed.source)
        diff = unified(changed) if safe else None
        if repair.sure:
            told[repair.finding, after] = Tried(diff, _said(last, diff, safe=safe))
        if diff:
            fixes.append(Fix(repair.finding, repair.what, changed))
        after, source = repair.finding, repair.pushed.source
    whole = len(fixes) == len(repairs)
    trial.proved(tuple(fixes) if whole else (), told)


def _said(last: Repaired, diff: str | None, *, safe: bool) -> str:
    if diff:
        return f"tried in a copy: built, booted, the first request got {last.answer}"
    if safe:
        return "tried in a copy, and it works; a diff cannot show it"
    return "tried in a copy, and something else stood in the way: no diff is offered"


def once(on_verdict: Callable[[Verdict], None] | None) -> Callable[[Verdict], None] | None:
    """The first verdict alone is told: a repaired copy has one of its own."""
    told: list[Verdict] = []

    def tell(verdict: Verdict) -> None:
        if on_verdict and not told:
            told.append(verdict)
            on_verdict(verdict)

    return tell if on_verdict else None
