"""Repairs in copies of the pushed tree, one after another; one that does not help is withdrawn."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from parity.records import Pushed
from parity.records.options import Options
from parity.records.verdict import Finding
from parity.rehearsal import proof
from parity.rehearsal.trial import Stop, Trial

if TYPE_CHECKING:
    from parity.rehearsal.edits import Repair


def after_that(
    trial: Trial,
    pushed: Pushed,
    options: Options,
    go_on: Callable[[Pushed], object],
    report: Callable[[], None] = lambda: None,
) -> None:
    """Go on with a repaired copy as long as each problem has an obvious repair.

    The edits of a copy that works are safe fixes; one that does not help is withdrawn. `report` is
    called as soon as the first problem's advice can no longer be withdrawn.
    """
    repairs: list[Repair] = []
    done: set[str] = set()
    first, stop = pushed.source, trial.stopped or trial.failed
    while stop and not options.first_only:
        from parity.rehearsal.edits import obvious

        change = obvious(*stop, pushed, done)
        if change is None:
            break
        if not change.sure:
            report()
        done.add(change.finding)
        with trial.after(change.finding, change.what, change.pushed.source):
            go_on(change.pushed)
        if change.sure and not _helped(trial, change, stop):
            stop = _withdrawn(trial, change, stop, done)
            continue
        report()
        pushed, stop = change.pushed, trial.stopped or trial.failed
        repairs.append(change)
    report()
    if repairs:
        proof.proved(trial, first, repairs)


def _helped(trial: Trial, change: "Repair", stop: Stop) -> bool:
    from parity.rehearsal.edits.outcome import helped

    return helped(_advising(stop, change), stop.record, trial.stopped or trial.failed)


def _advising(stop: Stop, change: "Repair") -> Finding:
    return next(f for f in stop.findings if f.id == change.finding)


def _withdrawn(trial: Trial, change: "Repair", stop: Stop, done: set[str]) -> Stop:
    """Withdraw advice that did not help; a finding with another one is no longer `done`."""
    from parity.rules.withdrawal import another, withdrawn

    old = _advising(stop, change)
    new = withdrawn(old)
    trial.withdraw(old, new)
    if another(new):
        done.discard(change.finding)
    return Stop(stop.record, tuple(new if f is old else f for f in stop.findings))
