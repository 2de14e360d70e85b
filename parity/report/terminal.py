"""The report for people: `full` on a terminal, `concise` for grep and editors.

The verdict is printed before the dyno is stopped, which may take half a minute. So `full` shows
everything known by then, and `after_stop` what the stop adds: its findings, its line of the table,
and the headline again if it has changed.
"""

import re
from collections.abc import Iterator

from parity.records import Line
from parity.records.verdict import UNEXPLAINED, EffectName, Finding, Verdict
from parity.report import findings, stages
from parity.report.after_repair import afterwards
from parity.report.frame import place
from parity.report.page import Page
from parity.report.summary import (
    DECIDING,
    Group,
    at_stop,
    changed_by_stop,
    decisive,
    groups,
    headline,
    joint,
    spoken,
    what_next,
)
from parity.system.text import oneline

__all__ = ["after_stop", "concise", "full", "headline"]

TAIL = 15
"""Lines of the log that are shown if no cause was found."""

SHOWN = 6
"""Lines of the log that are shown as what Heroku would show."""

_NOTABLE = (
    r"Error [RHL]\d\d|at=error|status=[45]\d\d|exited with status [1-9]|Stopping .*SIGKILL"
    r"|to crashed|[Rr]elease command failed"
)
_STYLE = {"works": "good", "fails": "fail", "could not tell": "unknown", "check": "strong"}


def full(verdict: Verdict, *, width: int, colour: bool) -> str:
    """Return the whole report in `width` columns; it reads equally well without colour."""
    page = Page(width, colour)
    _head(page, verdict)
    page.blank()
    _shown(page, _heroku(verdict))
    _print_findings(page, verdict, [g for g in groups(verdict.findings) if g.first.after is None])
    if _unexplained(verdict):
        _log_tail(page, verdict)
    page.blank()
    afterwards(page, verdict)
    page.blank()
    stages.table(page, verdict)
    page.blank()
    _foot(page, verdict)
    return str(page)


def after_stop(verdict: Verdict, *, width: int, colour: bool) -> str:
    """Return what the stop, or a repair, added to a verdict printed earlier; may be empty."""
    page = Page(width, colour)
    afterwards(page, verdict)
    page.blank()
    if changed_by_stop(verdict):
        _head(page, verdict)
        page.blank()
    _print_findings(
        page, verdict, groups(f for f in verdict.findings if at_stop(f) and not f.after)
    )
    page.blank()
    crashed = verdict.boot is not None and verdict.boot.state != "up"
    for stage in verdict.stages:
        if stage.name == "stop" and verdict.shutdown and not (crashed and stage.status == "ok"):
            stages.row(page, stage, verdict)
    return str(page)


def concise(verdict: Verdict) -> str:
    """Return `file:line:column: effect[id] title` for each finding, then the verdict."""
    rows = [_row(finding) for finding in verdict.findings]
    return "".join(f"{row}\n" for row in (*rows, headline(verdict)))


def _row(finding: Finding) -> str:
    where = next((place(e) for e in finding.evidence if e.file), "")
    where = f"{oneline(where)}: " if where else ""
    after = f" (after {finding.after})" if finding.after else ""
    return f"{where}{finding.effect}[{finding.id}] {oneline(finding.title)}{after}"


def _head(page: Page, verdict: Verdict) -> None:
    word, sentence = spoken(verdict)
    page.prose(
        oneline(sentence), label=f"{word}{joint(sentence)}", style=_STYLE[word], body="strong"
    )


def _shown(page: Page, lines: list[Line]) -> None:
    if lines:
        page.prose("", label="Heroku shows:", style="strong")
    for line in lines:
        label = "" if line.source == "remote" else f"{oneline(line.source)}: "
        page.verbatim(line.text, label=label, indent=2, style="dim")
    page.blank()


def _heroku(verdict: Verdict) -> list[Line]:
    """Return the few lines of the log that people would search for."""
    if verdict.verdict == "works" or _unexplained(verdict):
        return []
    if any(f.effect == "reject" and f.after is None for f in verdict.findings):
        marked = [li for li in verdict.log if li.source == "remote" and _marked(li.text)]
        return marked if len(marked) <= SHOWN else marked[: SHOWN - 1] + marked[-1:]
    return [
        line
        for line in verdict.log
        if line.source.startswith("heroku[") and re.search(_NOTABLE, line.text)
    ][-SHOWN:]


def _marked(text: str) -> bool:
    """Return whether a line of the push has Heroku's error mark, and some text."""
    return text.lstrip().startswith("!") and len(text.strip()) > 1


def _print_findings(page: Page, verdict: Verdict, all_groups: list[Group]) -> None:
    """Print the decisive findings, the warnings, the notes."""
    for group in _of(all_groups, *DECIDING):
        findings.group(page, group, verdict.source)
        page.blank()
    for group in _of(all_groups, "warn"):
        findings.warning(page, group, verdict.source)
        page.blank()
    findings.notes(page, list(_of(all_groups, "note")))


def _of(all_groups: list[Group], *effects: EffectName) -> Iterator[Group]:
    return (group for effect in effects for group in all_groups if group.effect == effect)


def _unexplained(verdict: Verdict) -> bool:
    """Return whether the log is the best lead: no finding, or no known cause, decided."""
    group = decisive(verdict)
    if group is None:
        return verdict.verdict != "works" and verdict.interrupted is None
    return group.first.cause.endswith(UNEXPLAINED)


def _log_tail(page: Page, verdict: Verdict) -> None:
    lines = [line for line in verdict.log if line.text.strip()][-TAIL:]
    page.blank()
    if lines:
        page.prose("", label="The end of the log:", style="strong")
    for line in lines:
        page.verbatim(line.text, label=f"{oneline(line.source)}: ", indent=2, style="dim")


def _foot(page: Page, verdict: Verdict) -> None:
    judged = verdict.command == "run" and verdict.interrupted is None
    if judged and verdict.verdict != "fails" and verdict.not_emulated:
        page.prose(", ".join(verdict.not_emulated), label="not emulated: ", style="dim")
    page.prose(what_next(verdict), label="next: ", style="strong")
