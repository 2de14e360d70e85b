"""Findings and the verdict: parity's judgement of the records, in the shape of the report."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from parity.records import Boot, Entry, Line, Plan, Release, Shutdown, Slug, Source, Traffic
from parity.records.edits import Advice, Command, Edit

Stage = Literal["source", "detect", "build", "release", "boot", "route", "stop"]
EffectName = Literal["note", "warn", "unknown", "fail", "reject"]
Outcome = Literal["works", "stops", "told", "unknown", "checked"]
Basis = Literal["observed", "predicted", "static"]

UNEXPLAINED = " parity found no known cause: the end of the log is the best lead."
"""Appended to a symptom that none of its possible causes explains."""


class Evidence(NamedTuple):
    """An observation and its place. `names` fill the `{placeholders}` of the rule's texts.

    `heroku`: `seen` is what Heroku prints, which a rehearsal may only predict.
    """

    seen: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    pid: int | None = None
    names: Mapping[str, str] = {}
    heroku: bool = False

    @property
    def edit(self) -> Edit | None:
        """The edit to make, if one of the names holds one."""
        return next((text.edit for text in self.names.values() if isinstance(text, Advice)), None)

    @property
    def command(self) -> Command | None:
        """The command to type, if one of the names is one."""
        return next((text for text in self.names.values() if isinstance(text, Command)), None)


class Finding(NamedTuple):
    """A rule that applies, with its evidence: one object of the report's `findings`.

    `diff` is an edit that was proved safe: in a copy it made pass what had failed, and changed
    nothing else. `tried` says so, or what prevented the proof (None: there was no edit to try).
    """

    id: str
    kind: Literal["symptom", "cause"]
    symptom: str | None
    effect: EffectName
    stage: Stage
    heroku: str | None
    title: str
    basis: Basis
    after: str | None
    evidence: tuple[Evidence, ...]
    cause: str
    fix: str
    diff: str | None
    docs: str
    tried: str | None = None


class StageResult(NamedTuple):
    name: Stage
    status: Literal["ok", "warn", "fail", "unknown", "not-reached"]
    seconds: float


class Repaired(NamedTuple):
    """How the rehearsal continued with `what` changed in the copy, because of a finding (its id).

    `outcome` stops: a new problem came up; told: a problem reported already. `answer` is the status
    of the last request.
    """

    finding: str
    what: str
    outcome: Outcome
    answer: int | None = None


class Fix(NamedTuple):
    """An edit that was proved safe: the old and the new entry of each path (None: no file)."""

    finding: str
    what: str
    changes: Mapping[str, tuple[Entry | None, Entry | None]]


class Verdict(NamedTuple):
    """The judgement and everything it rests on. Records of stages not reached are None.

    `silenced` are the findings that the user ignores by their id: they decide nothing.
    """

    command: Literal["run", "check"]
    verdict: Literal["works", "fails", "unknown"]
    symptom: str | None
    findings: tuple[Finding, ...]
    stages: tuple[StageResult, ...]
    log: tuple[Line, ...]
    not_emulated: tuple[str, ...]
    source: Source | None = None
    plan: Plan | None = None
    slug: Slug | None = None
    release: Release | None = None
    boot: Boot | None = None
    traffic: Traffic | None = None
    shutdown: Shutdown | None = None
    interrupted: int | None = None
    repaired: tuple[Repaired, ...] = ()
    formation: tuple[Boot, ...] = ()
    fixes: tuple[Fix, ...] = ()
    silenced: tuple[Finding, ...] = ()

    @property
    def exit_code(self) -> int:
        if self.interrupted is not None:
            return 128 + self.interrupted
        return {"works": 0, "fails": 1, "unknown": 3}[self.verdict]
