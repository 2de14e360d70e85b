"""The problems that appeared after the obvious repairs in the copy, in one part per repair."""

from parity.records import Source
from parity.records.verdict import Repaired, Verdict
from parity.report import findings
from parity.report.page import Page
from parity.report.summary import DECIDING, Group, groups
from parity.system.text import oneline


def afterwards(page: Page, verdict: Verdict) -> None:
    """Print the repairs in order, each with the findings after it, or that there were none."""
    for number, repaired in enumerate(verdict.repaired, 1):
        label = "after that: " if number == 1 else "and after that: "
        what = oneline(repaired.what)
        later = groups(f for f in verdict.findings if f.after == repaired.finding)
        outcome = _outcome(repaired, explained=bool(later))
        page.prose(f"with {what}, {outcome}", label=label, style="note", body="strong")
        _print_groups(page, later, verdict.source)
        page.blank()


def _print_groups(page: Page, later: list[Group], source: Source | None) -> None:
    """Print what would stop the next push in full, and warnings briefly; notes are not repeated."""
    for group in later:
        if group.effect in DECIDING:
            page.blank()
            findings.group(page, group, source)
    for group in later:
        if group.effect == "warn":
            page.blank()
            findings.warning(page, group, source)


def _outcome(repaired: Repaired, *, explained: bool) -> str:
    if repaired.outcome == "stops":
        return "the next problem is:"
    if repaired.outcome == "works":
        return f"nothing else fails; the last answer was {repaired.answer}."
    if repaired.outcome == "unknown":
        return f"parity cannot tell what comes next{':' if explained else '.'}"
    if repaired.outcome == "told":
        return "only the problems above remain."
    return "the tree alone shows no other problem."
