"""One rehearsal's bookkeeping: log, times, records, findings, and what they amount to."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, get_args

from parity.records import Line, Plan, Record, Release, Say, Slug, Source, Stuck
from parity.rules import BUILD, FILES, STATIC, diagnose, load, stage_of
from parity.rules.log import crash
from parity.verdict import Finding, Stage, StageResult, Verdict

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
_NEEDED = {Source: STATIC, Plan: STATIC, Stuck: STATIC, Slug: BUILD, Release: BUILD}
"""Rules are loaded when a record first needs them: importing them all takes a while."""


def _needed(record: Record) -> tuple[str, ...]:
    """The files of rules for a record: a crash needs them all, whatever crashed."""
    if isinstance(record, Slug | Release) and crash(record):
        return FILES
    return _NEEDED.get(type(record), FILES)


_RANK = ("note", "warn", "unknown", "fail", "reject")


FIRST, LAST = 1000, 2000
"""Lines of the apps' own that the log keeps of a flood (Heroku keeps 1500 for `heroku logs`)."""


class _Log:
    """All that Heroku says, and of what the app says the beginning and the end."""

    def __init__(self) -> None:
        self._kept: list[tuple[int, Line]] = []
        self._last: deque[tuple[int, Line]] = deque(maxlen=LAST)
        self._count = 0
        self._said = 0

    def add(self, line: Line) -> None:
        """Take one more line."""
        self._count += 1
        if line.source.startswith("app["):
            self._said += 1
            if self._said > FIRST:
                self._last.append((self._count, line))
                return
        self._kept.append((self._count, line))

    def lines(self) -> tuple[Line, ...]:
        """What was kept, in order, with a notice (as Heroku's L10) where lines are missing."""
        dropped = self._said - FIRST - len(self._last)
        last = list(self._last)
        if dropped > 0:
            number, after = last[0]
            notice = Line(after.at, "heroku[logplex]", f"Error L10: {dropped} messages dropped")
            last.insert(0, (number, notice))
        return tuple(line for _, line in sorted([*self._kept, *last], key=lambda one: one[0]))


class Trial:
    """Collects what the stages leave behind; `judge` never raises and says whether to go on."""

    def __init__(
        self,
        command: Literal["run", "check"],
        say: Say | None,
        on_stage: Callable[[str], None] | None,
        *,
        strict: bool,
    ) -> None:
        self._command = command
        self._say = say
        self._on_stage = on_stage
        self._strict = strict
        self._now: Stage = "source"
        self._log = _Log()
        self._seconds: dict[Stage, float] = {}
        self._records: dict[str, Record] = {}
        self._findings: list[Finding] = []

    def say(self, line: Line) -> None:
        """Take one line of platform output into the log and pass it on."""
        self._log.add(line)
        if self._say:
            self._say(line)

    @contextmanager
    def stage(self, name: Stage) -> Iterator[None]:
        """Time a stage, and announce it."""
        if self._on_stage:
            self._on_stage(name)
        self._now, began = name, time.monotonic()
        try:
            yield
        finally:
            self._seconds[name] = time.monotonic() - began

    def judge(self, record: Record) -> bool:
        """Diagnose `record`; True if Heroku would go on from here, as far as parity can tell."""
        self._records[type(record).__name__.lower()] = record
        load(_needed(record))
        found = diagnose(record)
        self._findings += found
        return not any(f.effect in ("unknown", "fail", "reject") for f in found)

    def stuck(self, what: str, fix: str) -> None:
        """Note that this machine ended the rehearsal in the current stage."""
        self.judge(Stuck(self._now, what, fix))

    def verdict(self, *, interrupted: int | None = None) -> Verdict:
        """What the findings so far amount to."""
        deciding = [f for f in self._findings if f.after is None]
        failing = [f for f in deciding if f.effect in self._failing()]
        unknown = any(f.effect == "unknown" for f in deciding) or interrupted is not None
        records: dict[str, Any] = {k: v for k, v in self._records.items() if k != "stuck"}
        return Verdict(
            command=self._command,
            verdict="fails" if failing else "unknown" if unknown else "works",
            symptom=(failing[0].symptom or failing[0].id) if failing else None,
            findings=tuple(self._findings),
            stages=tuple(self._stage(name) for name in get_args(Stage)),
            log=self._log.lines(),
            not_emulated=NOT_EMULATED,
            interrupted=interrupted,
            **records,
        )

    def _failing(self) -> tuple[str, ...]:
        return ("warn", "fail", "reject") if self._strict else ("fail", "reject")

    def _stage(self, name: Stage) -> StageResult:
        judged = any(stage_of(record) == name for record in self._records.values())
        if not judged:
            return StageResult(name, "not-reached", self._seconds.get(name, 0.0))
        effects = [f.effect for f in self._findings if f.stage == name and f.after is None]
        worst = max(effects, key=_RANK.index, default="note")
        return StageResult(name, _STATUS[worst], self._seconds.get(name, 0.0))
