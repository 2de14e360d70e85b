"""The state of one rehearsal: its log, times, records and findings, and their verdict."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple, get_args

from parity.records import (
    Boot,
    Line,
    Plan,
    Record,
    Release,
    Say,
    Slug,
    Source,
    Stray,
    Strays,
    Stuck,
    Traffic,
)
from parity.records.verdict import Finding, Fix, Outcome, Repaired, Stage, StageResult, Verdict
from parity.rehearsal.comparing import explains, order, same
from parity.rehearsal.copy_lines import as_pushed
from parity.rules.engine import diagnose, predicted, stage_of
from parity.rules.loading import load, needed
from parity.system import interrupt, withheld
from parity.system.errors import MACHINE, what_and_fix
from parity.system.log_buffer import Log

NOT_EMULATED = (
    "add-ons",
    "PARITY_RUN_ID (one variable more in the dyno)",
    "PYTHONHOME",
    "the stack image's system packages",
    "Heroku's network around the dyno",
)

_STATUS: dict[str, Literal["ok", "warn", "fail", "unknown"]] = {
    "note": "ok",
    "warn": "warn",
    "unknown": "unknown",
    "fail": "fail",
    "reject": "fail",
}
NOT_THE_APP = ("stuck", "strays")
"""The records of this machine, not of the app."""

AFTER = "after that, "
"""The prefix that announces a stage of a repaired copy."""

_RANK = ("note", "warn", "unknown", "fail", "reject")


def _predicted(plan: Plan) -> list[Finding]:
    """Return the findings about the web process's start from the source alone."""
    from parity.rules.predict import predictions

    findings: list[Finding] = []
    for symptom, cause, evidence in predictions(plan):
        load()
        new = predicted(plan, symptom, cause, evidence)
        findings += [f for f in new if f.id not in [known.id for known in findings]]
    return findings


class Stop(NamedTuple):
    """The record at which Heroku stops, and the findings about it."""

    record: Record
    findings: tuple[Finding, ...]


class Tried(NamedTuple):
    """The result of an edit in a copy, in words, and its diff if it is safe."""

    diff: str | None
    result: str


class Trial:
    """Observes the records of the stages, and collects the findings about them."""

    def __init__(
        self,
        command: Literal["run", "check"],
        say: Say | None,
        on_stage: Callable[[str], None] | None,
        *,
        strict: bool,
        ignore: frozenset[str] = frozenset(),
        on_listen: Callable[[Boot], None] | None = None,
    ) -> None:
        self._command = command
        self.listens: Callable[[Boot], None] = on_listen or (lambda _: None)
        self._say = say
        self._on_stage = on_stage
        self._strict = strict
        self._ignore = ignore
        self._now: Stage = "source"
        self._log = Log()
        self._seconds: dict[Stage, float] = {}
        self._records: dict[str, Record] = {}
        self._findings: list[Finding] = []
        self._after: str | None = None
        self._copies: dict[str, Source] = {}
        self._repaired: list[Repaired] = []
        self.stopped: Stop | None = None
        self.failed: Stop | None = None
        self._fixes: tuple[Fix, ...] = ()
        self._formation: tuple[Boot, ...] = ()

    def say(self, line: Line) -> None:
        """Add one line of platform output to the log, and pass it on.

        Output of a repaired copy is dropped: Heroku would not print it.
        """
        if self._after is not None:
            return
        self._log.add(line)
        if self._say:
            self._say(line)

    @contextmanager
    def stage(self, name: Stage) -> Iterator[None]:
        """Time a stage, and announce it."""
        if self._on_stage:
            self._on_stage(name if self._after is None else f"{AFTER}{name}")
        self._now, began = name, time.monotonic()
        try:
            yield
        finally:
            if self._after is None:
                self._seconds[name] = time.monotonic() - began

    def observe(self, record: Record) -> None:
        """Diagnose `record`, and keep it with its findings."""
        load(needed(record))
        new = diagnose(record, interrupt.check)
        blocking = [f for f in new if f.effect in ("unknown", "fail", "reject")]
        if any(f.effect != "unknown" for f in blocking) and (lack := withheld.lack(record)):
            self.observe(Stuck(self._now, lack.what, lack.fix))
            return
        if blocking and isinstance(record, Source | Plan | Slug):
            self.stopped = Stop(record, tuple(new))
        elif blocking and isinstance(record, Release | Boot | Traffic):
            self.failed = self.failed or Stop(record, tuple(new))
        elif self._command == "check" and isinstance(record, Plan):
            new += _predicted(record)
        if self._after is None:
            self._records[type(record).__name__.lower()] = record
            self._findings += new
        else:
            self._add_after(record, new)

    def _add_after(self, record: Record, new: list[Finding]) -> None:
        """Keep the findings that only appear after a repair."""
        known = {same(f) for f in self._findings}
        causes = {f.symptom for f in new if f.kind == "cause" and same(f) not in known}
        self._findings += [
            f._replace(after=self._after)
            for f in new
            if same(f) not in known or (f.kind == "symptom" and f.id in causes)
        ]
        if isinstance(record, Traffic) and record.exchanges:
            now = self._repaired[-1]._replace(answer=record.exchanges[-1].status)
            self._repaired[-1] = now

    @contextmanager
    def after(self, finding: str, what: str, copy: Source) -> Iterator[None]:
        """Judge a `copy` in which `what` was changed for `finding`; this decides nothing.

        A failure of this machine meanwhile is one more finding.
        """
        self._after, self.stopped, self.failed = finding, None, None
        self._copies[finding] = copy
        self._repaired.append(Repaired(finding, what, "checked"))
        try:
            yield
        except MACHINE as error:
            self.stopped = None
            self.stuck(*what_and_fix(error))
        finally:
            self._repaired[-1] = self._repaired[-1]._replace(outcome=self._outcome(finding))
            self._after = None

    def _outcome(self, finding: str) -> Outcome:
        effects = {f.effect for f in self._findings if f.after == finding}
        if effects & {"fail", "reject"}:
            return "stops"
        if "unknown" in effects:
            return "unknown"
        if self.stopped or self.failed:
            return "told"
        if self._command == "check":
            return "checked"
        return "works" if self._repaired[-1].answer is not None else "unknown"

    def withdraw(self, old: Finding, new: Finding) -> None:
        """Forget the last repair, which did not help, and report `new` instead of `old`."""
        self._repaired.pop()
        self._findings = [
            f._replace(evidence=new.evidence, fix=new.fix) if f.evidence == old.evidence else f
            for f in self._findings
            if f.after != old.id
        ]

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Judge and report another dyno, but keep the report's records as they are."""
        records, before = dict(self._records), len(self._findings)
        try:
            yield
        finally:
            self._records |= records
            known = [(f.id, f.title) for f in self._findings[:before]]
            self._findings[before:] = [
                f for f in self._findings[before:] if (f.id, f.title) not in known
            ]

    @property
    def repaired(self) -> tuple[Repaired, ...]:
        """The changes in copies so far, and how far each copy came."""
        return tuple(self._repaired)

    def proved(self, fixes: tuple[Fix, ...], tries: Mapping[tuple[str, str | None], Tried]) -> None:
        """Note the tried edits, by their finding and the one before it, and the safe fixes."""
        self._fixes = fixes
        for number, finding in enumerate(self._findings):
            tried = tries.get((finding.id, finding.after))
            if tried:
                self._findings[number] = finding._replace(diff=tried.diff, tried=tried.result)

    def formation(self, boots: tuple[Boot, ...]) -> None:
        """Note the dynos that ran side by side."""
        self._formation = boots

    def stuck(self, what: str, fix: str) -> None:
        """Note that this machine ended the rehearsal in the current stage."""
        self.observe(Stuck(self._now, what, fix))

    def strays(self, processes: tuple[Stray, ...]) -> None:
        """Note the processes that outlived their commands."""
        if processes:
            self.observe(Strays(self._now, processes))

    def verdict(self, *, interrupted: int | None = None) -> Verdict:
        """Return the verdict on the findings so far."""
        silenced = self._silenced()
        shown = [f for f in self._findings if f not in silenced]
        deciding = [f for f in shown if f.after is None]
        failing = [f for f in sorted(deciding, key=order) if f.effect in self._failing()]
        unknown = any(f.effect == "unknown" for f in deciding) or interrupted is not None
        pushed = self._records.get("source")
        records: dict[str, Any] = {k: v for k, v in self._records.items() if k not in NOT_THE_APP}
        return Verdict(
            command=self._command,
            verdict="fails" if failing else "unknown" if unknown else "works",
            symptom=(failing[0].symptom or failing[0].id) if failing else None,
            findings=tuple(sorted((as_pushed(f, pushed, self._copies) for f in shown), key=order)),
            silenced=tuple(silenced),
            stages=tuple(self._stage(name) for name in get_args(Stage)),
            log=self._log.lines(),
            not_emulated=(*NOT_EMULATED, *self._not_isolated()),
            interrupted=interrupted,
            repaired=tuple(self._repaired),
            formation=self._formation,
            fixes=self._fixes,
            **records,
        )

    def _silenced(self) -> list[Finding]:
        """Return the findings whose id is ignored, and the symptoms that they alone explain."""
        silenced = []
        for finding in self._findings:
            others = [f.id for f in self._findings if f.kind == "cause" and explains(f, finding)]
            explained = others and finding.kind == "symptom" and {*others} <= self._ignore
            if self._ignore & {finding.id, finding.symptom} or explained:
                silenced.append(finding)
        return silenced

    def _not_isolated(self) -> tuple[str, ...]:
        """Return what a dyno without its own namespaces lacks."""
        boot = self._records.get("boot")
        if not isinstance(boot, Boot) or boot.isolation in (None, "pidns"):
            return ()
        return (f"/app and a read-only system (isolation: {boot.isolation}; HOME is a copy)",)

    def _failing(self) -> tuple[str, ...]:
        return ("warn", "fail", "reject") if self._strict else ("fail", "reject")

    def _stage(self, name: Stage) -> StageResult:
        judged = [stage_of(record) for key, record in self._records.items() if key != "strays"]
        if name not in judged:
            return StageResult(name, "not-reached", self._seconds.get(name, 0.0))
        effects = [f.effect for f in self._findings if f.stage == name and f.after is None]
        worst = max(effects, key=_RANK.index, default="note")
        return StageResult(name, _STATUS[worst], self._seconds.get(name, 0.0))
