"""Results as other tools understand them: one thing to change, with its level and its place.

A symptom explained by a cause is not a separate result: its name precedes the cause's title.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from parity.records.verdict import EffectName, Evidence, Finding, Verdict
from parity.report.summary import called, groups, importance
from parity.system.text import oneline

Level = Literal["error", "warning", "note"]

LEVELS: dict[EffectName, Level] = {
    "reject": "error",
    "fail": "error",
    "unknown": "warning",
    "warn": "warning",
    "note": "note",
}


class Result(NamedTuple):
    """One result. `symptom`: what Heroku shows (None: nothing); `places`: evidence with a file."""

    finding: Finding
    symptom: Finding | None
    places: tuple[Evidence, ...]

    @property
    def level(self) -> Level:
        return LEVELS[self.finding.effect]

    @property
    def title(self) -> str:
        """`R10 Boot timeout: the cause`, on one line."""
        title = oneline(self.finding.title)
        return f"{oneline(called(self.symptom))}: {title}" if self.symptom else title

    @property
    def seen(self) -> tuple[str, ...]:
        """The evidence, each piece on one line."""
        return tuple(oneline(e.seen).strip() for e in self.finding.evidence)

    @property
    def labels(self) -> tuple[str, ...]:
        """The label of each piece of evidence: what was seen, or what Heroku prints."""
        return tuple("heroku" if e.heroku else "seen" for e in self.finding.evidence)


def results(verdict: Verdict) -> Iterator[Result]:
    """Yield every cause, and every symptom without one; the decisive ones first."""
    for group in sorted(groups(verdict.findings), key=importance):
        if not group.causes:
            yield Result(group.first, None, _places(group.first))
        for cause in group.causes:
            yield Result(cause, group.first, _places(cause) or _places(group.first))


def decides(finding: Finding, verdict: Verdict) -> bool:
    """Return whether a finding makes the verdict `fails`; with --strict a warning may."""
    if finding.after is not None:
        return False
    decisive = verdict.symptom in (finding.symptom, finding.id) and verdict.verdict == "fails"
    return decisive or finding.effect in ("fail", "reject")


def path(verdict: Verdict, file: str) -> str:
    """Return a file of the app relative to the repository's root, as other tools expect."""
    prefix = verdict.source.prefix.rstrip("/") if verdict.source else ""
    return f"{prefix}/{file}" if prefix and not file.startswith("/") else file


def _places(finding: Finding) -> tuple[Evidence, ...]:
    return tuple(e for e in finding.evidence if e.file)
