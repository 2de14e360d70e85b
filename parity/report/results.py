"""What other tools call a result: one thing to change, with its level and its place.

A symptom that a cause explains is no result of its own: its name stands before the cause's title.
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
    """`symptom` is what Heroku shows (None: nothing); `places` are evidence with a file."""

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
        """What was seen, each on one line."""
        return tuple(oneline(e.seen).strip() for e in self.finding.evidence)


def results(verdict: Verdict) -> Iterator[Result]:
    """Every cause, and every symptom for which none was found; what decides comes first."""
    for group in sorted(groups(verdict.findings), key=importance):
        if not group.causes:
            yield Result(group.first, None, _places(group.first))
        for cause in group.causes:
            yield Result(cause, group.first, _places(cause) or _places(group.first))


def decides(finding: Finding, verdict: Verdict) -> bool:
    """Whether a finding makes the verdict `fails`; with --strict a warning may."""
    if finding.after is not None:
        return False
    asked = verdict.symptom in (finding.symptom, finding.id) and verdict.verdict == "fails"
    return asked or finding.effect in ("fail", "reject")


def path(verdict: Verdict, file: str) -> str:
    """A file of the app as seen from the repository's root, where other tools stand."""
    prefix = verdict.source.prefix.rstrip("/") if verdict.source else ""
    return f"{prefix}/{file}" if prefix and not file.startswith("/") else file


def _places(finding: Finding) -> tuple[Evidence, ...]:
    return tuple(e for e in finding.evidence if e.file)
