"""The results of the edits that a rehearsal has tried in copies, with the diffs of safe ones."""

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

from parity.records import Source
from parity.records.verdict import Fix, Repaired, Verdict
from parity.rehearsal.trial import Trial, Tried

if TYPE_CHECKING:
    from parity.rehearsal.edits import Repair


def proved(trial: Trial, source: Source, repairs: "list[Repair]") -> None:
    """Tell `trial` which edits are safe.

    They are if the copy with all of them has reached its first answer without a new problem, and
    has no other changes: then each of them is necessary, and together they are sufficient.
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
    tried: dict[tuple[str, str | None], Tried] = {}
    after: str | None = None
    for repair, diff in zip(repairs, diffs, strict=True):
        if repair.sure:
            result = _result(last, works=works, safe=safe)
            tried[repair.finding, after] = Tried(diff if safe else None, result)
        elif repair.typed and last.outcome == "works":
            tried[repair.finding, after] = Tried(None, _worked(last))
        after = repair.finding
    pairs = zip(repairs, changed, strict=True)
    trial.proved(tuple(Fix(r.finding, r.what, c) for r, c in pairs) if safe else (), tried)


def _result(last: Repaired, *, works: bool, safe: bool) -> str:
    if safe:
        return _worked(last)
    if works:
        return "tried in a copy, and it works; a diff cannot show it"
    if last.outcome == "unknown":
        return "tried in a copy, and what came of it is not known here: no diff is offered"
    return "tried in a copy, and there was another problem: no diff is offered"


def _worked(last: Repaired) -> str:
    return f"tried in a copy: built, booted, the first request got {last.answer}"


def before_repairs(verdict: Verdict) -> Verdict:
    """Return the verdict without what repairs in copies have shown."""
    own = tuple(f for f in verdict.findings if f.after is None)
    return verdict._replace(findings=own, repaired=(), fixes=())


def once(on_verdict: Callable[[Verdict], None] | None) -> Callable[[Verdict], None] | None:
    """Return a callback that reports only the first verdict, as a repaired copy has its own."""
    reported: list[Verdict] = []

    def report(verdict: Verdict) -> None:
        if on_verdict and not reported:
            reported.append(verdict)
            on_verdict(verdict)

    return report if on_verdict else None
