"""The report for people: `full` on a terminal, `concise` for grep and editors.

The verdict is printed before the dyno is stopped, which may take half a minute, and before fixes
are tried. So `at_verdict` shows everything known by then, and `later` the rest: what the fixes came
to, the stop's findings, its line of the table, and as the last line what to do next.
"""

from collections.abc import Iterator

from parity.records.verdict import EffectName, Finding, Verdict
from parity.report import findings, log_excerpt, stages
from parity.report.after_repair import afterwards
from parity.report.frame import place_here
from parity.report.next_step import typed_path, what_next
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
)
from parity.system.text import oneline

__all__ = ["at_verdict", "concise", "full", "headline", "later"]

TAIL = 15
"""Lines of the log that are shown if no cause was found."""

_STYLE = {"works": "good", "fails": "fail", "could not tell": "unknown", "check": "strong"}


def full(verdict: Verdict, *, width: int, colour: bool, log: bool = False) -> str:
    """Return the whole report in `width` columns; it reads equally well without colour.

    `log`: with every line of the log.
    """
    page = Page(width, colour)
    _body(page, verdict, log=log)
    page.blank()
    afterwards(page, verdict)
    page.blank()
    stages.table(page, verdict)
    foot(page, verdict)
    return str(page)


def at_verdict(verdict: Verdict, *, width: int, colour: bool, log: bool = False) -> str:
    """Return the report at the time of the verdict, without its last lines."""
    page = Page(width, colour)
    _body(page, verdict, log=log)
    page.blank()
    stages.table(page, verdict)
    return str(page)


def later(verdict: Verdict, *, width: int, colour: bool, foot_too: bool = True) -> str:
    """Return what the stop, or a repair, added to a verdict printed earlier, and what is next."""
    page = Page(width, colour)
    afterwards(page, verdict)
    page.blank()
    if changed_by_stop(verdict):
        _head(page, verdict)
        page.blank()
    late = groups(f for f in verdict.findings if at_stop(f) and not f.after)
    _print_findings(page, verdict, late, None)
    page.blank()
    crashed = verdict.boot is not None and verdict.boot.state != "up"
    for stage in verdict.stages:
        if stage.name == "stop" and verdict.shutdown and not (crashed and stage.status == "ok"):
            stages.row(page, stage, verdict)
    if foot_too:
        foot(page, verdict)
    return str(page)


def concise(verdict: Verdict) -> str:
    """Return `file:line:column: effect[id] title` for each finding, then the verdict."""
    rows = [_row(finding, verdict) for finding in verdict.findings]
    return "".join(f"{row}\n" for row in (*rows, headline(verdict)))


def _row(finding: Finding, verdict: Verdict) -> str:
    where = next((place_here(verdict.source, e) for e in finding.evidence if e.file), "")
    where = f"{oneline(where)}: " if where else ""
    after = f" (after {finding.after})" if finding.after else ""
    return f"{where}{finding.effect}[{finding.id}] {oneline(finding.title)}{after}"


def _head(page: Page, verdict: Verdict) -> None:
    word, sentence = spoken(verdict)
    page.prose(
        oneline(sentence), label=f"{word}{joint(sentence)}", style=_STYLE[word], body="strong"
    )


def _body(page: Page, verdict: Verdict, *, log: bool) -> None:
    """Print the verdict, and the findings about the tree as it is."""
    _head(page, verdict)
    page.blank()
    own = [g for g in groups(verdict.findings) if g.first.after is None]
    _print_findings(page, verdict, own, decisive(verdict))
    if log:
        _log(page, verdict, "The log:", None)
    elif log_excerpt.unexplained(verdict):
        _log(page, verdict, "The end of the log:", TAIL)


def _print_findings(
    page: Page, verdict: Verdict, all_groups: list[Group], headed: Group | None
) -> None:
    """Print the decisive findings, the warnings, the notes; the headline has said `headed`."""
    for group in _of(all_groups, *DECIDING):
        if group == headed:
            findings.headed(page, group, verdict)
        else:
            findings.group(page, group, verdict.source)
        page.blank()
    for group in _of(all_groups, "warn"):
        findings.warning(page, group, verdict.source)
        page.blank()
    findings.notes(page, list(_of(all_groups, "note")))


def _of(all_groups: list[Group], *effects: EffectName) -> Iterator[Group]:
    return (group for effect in effects for group in all_groups if group.effect == effect)


def _log(page: Page, verdict: Verdict, head: str, last: int | None) -> None:
    """Print the lines of the log that have text, or the `last` of them."""
    lines = [line for line in verdict.log if line.text.strip()]
    page.blank()
    if lines:
        page.prose("", label=head, style="strong")
    for line in lines[-last:] if last else lines:
        page.verbatim(line.text, label=f"{oneline(line.source)}: ", indent=2, style="dim")


def foot(page: Page, verdict: Verdict) -> None:
    """Print the last lines: what was not rehearsed, what was silenced, and what to type now."""
    page.blank()
    judged = verdict.command == "run" and verdict.interrupted is None
    if judged and verdict.verdict != "fails" and verdict.not_emulated:
        page.prose(", ".join(verdict.not_emulated), label="not emulated: ", style="dim")
    if verdict.fixes and verdict.verdict != "works":
        run = f"parity run --diff{typed_path(verdict.source)}"
        page.prose(f"`{run}` shows what --fix writes", label="diff: ", style="dim")
    page.code(f"next: {oneline(what_next(verdict))}", style="strong")
