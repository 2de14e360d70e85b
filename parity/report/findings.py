"""Findings in the style of a compiler's errors: what, where, the evidence, why, what to do."""

from collections.abc import Iterator

from parity.records import Source
from parity.records.verdict import Evidence, Finding, Verdict
from parity.report import log_excerpt
from parity.report.frame import frame, place, place_here
from parity.report.page import Page
from parity.report.summary import Group
from parity.system.text import clip, oneline, visible

SEEN = 5
"""Pieces of evidence that a finding shows."""

NOTES = 5
LONGEST = 400
"""Characters of one piece of evidence."""

HANG = 6
"""Columns of a label such as `seen: `."""


def headed(page: Page, group: Group, verdict: Verdict) -> None:
    """Print the group that the headline names: the titles are in it, so reasons take their place.

    The symptom has what Heroku prints, and the app's own last lines.
    """
    first, source = group.first, verdict.source
    page.prose(first.cause, label=f"{first.effect}[{first.id}]: ", style=_style(first))
    printed = (*(e.seen for e in first.evidence if e.heroku), *log_excerpt.heroku(verdict))
    told = [oneline(text).strip() for text in dict.fromkeys(printed)]
    _lines(page, "heroku: ", told)
    _lines(page, "app:    ", log_excerpt.apps(verdict), clipped=True)
    rest = _remaining(group) if group.causes else iter(first.evidence)
    unsaid = tuple(e for e in rest if not e.heroku and oneline(e.seen) not in told)
    _seen(page, unsaid, source, "seen:   " if group.causes else "seen: ")
    if not group.causes:
        advice(page, first)
    for cause in group.causes[:1]:
        page.blank()
        page.prose(cause.cause, label=f"cause[{cause.id}]: ", style=_style(cause))
        _seen(page, cause.evidence, source)
        advice(page, cause)
    for cause in group.causes[1:]:
        page.blank()
        _whole(page, cause, source, "cause")


def _lines(page: Page, label: str, texts: list[str], *, clipped: bool = False) -> None:
    """Print lines of a log below a label; `clipped`: each in one row."""
    for number, text in enumerate(texts):
        head = label if number == 0 else " " * len(label)
        room = page.width - 2 - len(label)
        page.verbatim(
            clip(visible(text), room) if clipped else text, label=head, indent=2, style="dim"
        )


def group(page: Page, group: Group, source: Source | None) -> None:
    """Print a finding that decides the verdict, or is uncertain, in full, with its causes."""
    first = group.first
    if first.kind == "cause":
        _whole(page, first, source, first.effect)
        return
    title(page, first, first.effect)
    page.prose(first.cause, indent=2)
    _seen(page, tuple(_remaining(group)), source)
    if not group.causes:
        advice(page, first)
    for cause in group.causes:
        page.blank()
        _whole(page, cause, source, "cause")


def _remaining(group: Group) -> Iterator[Evidence]:
    """Yield the symptom's evidence that neither its text nor a cause shows."""
    causes = [e for cause in group.causes for e in cause.evidence]
    for evidence in group.first.evidence:
        if evidence.seen in group.first.cause or any(evidence.seen == e.seen for e in causes):
            continue
        shown = any(place(evidence) == place(e) for e in causes)
        yield evidence._replace(file=None) if shown else evidence


def warning(page: Page, group: Group, source: Source | None) -> None:
    """Print a finding that does not decide, without its reason and its manual page."""
    for finding in (group.first, *group.causes):
        title(page, finding, "cause" if finding is not group.first else finding.effect)
        if finding is group.first and group.causes:
            continue
        _seen(page, finding.evidence, source)
        page.prose(finding.fix, label="fix:  ", indent=2, style="strong")


def notes(page: Page, groups: list[Group]) -> None:
    """Print notes: each with what to do."""
    for note in groups[:NOTES]:
        title(page, note.first, "note")
        page.prose(note.first.fix, label="fix:  ", indent=2, style="strong")
    if len(groups) > NOTES:
        page.prose(f"and {len(groups) - NOTES} more notes (--format json has all)", label="note: ")


def title(page: Page, finding: Finding, word: str) -> None:
    """Print `word[id]: the title`."""
    label = f"{word}[{finding.id}]: "
    page.prose(oneline(finding.title), label=label, style=_style(finding), body="strong")


def _style(finding: Finding) -> str:
    return finding.effect if finding.effect != "reject" else "fail"


def _whole(page: Page, finding: Finding, source: Source | None, word: str) -> None:
    title(page, finding, word)
    _seen(page, finding.evidence, source)
    page.prose(finding.cause, label="why:  ", indent=2, style="strong")
    advice(page, finding)


def advice(page: Page, finding: Finding) -> None:
    """Print the fix, its diff, and where to read more."""
    page.prose(finding.fix, label="fix:  ", indent=2, style="strong")
    if finding.tried:
        page.prose(finding.tried, label="did:  ", indent=2, style="strong")
    _diff(page, finding.diff)
    page.code(f"docs: {finding.docs}", indent=2, style="dim")
    page.code(f"more: parity explain {finding.id}", indent=2, style="dim")


def _seen(
    page: Page, evidence: tuple[Evidence, ...], source: Source | None, seen: str = "seen: "
) -> None:
    """Print the first place as a frame of code, then the evidence."""
    framed = next((e for e in evidence if e.file), None)
    if framed:
        frame(page, source, framed, indent=2)
    label = ""
    for one in evidence[:SEEN]:
        before, label = label, "heroku: " if one.heroku else seen
        head = " " * len(label) if label == before else label
        page.prose(_described(one, source, framed), label=head, indent=2, style="strong")
    if len(evidence) > SEEN:
        page.prose(f"and {len(evidence) - SEEN} more", indent=2 + HANG)


def _described(evidence: Evidence, source: Source | None, framed: Evidence | None) -> str:
    text = clip(oneline(evidence.seen).strip(), LONGEST)
    other = framed and place(evidence) != place(framed) and place(evidence) not in text
    where = place_here(source, evidence) if other else ""
    pid = f"pid {evidence.pid}" if evidence.pid else ""
    extras = [oneline(part) for part in (where, pid) if part and part not in text]
    return f"{text} ({', '.join(extras)})" if extras else text


def _diff(page: Page, diff: str | None) -> None:
    for line in (diff or "").splitlines():
        style = {"+": "added", "-": "removed"}.get(line[:1], "")
        page.code(oneline(line), indent=2 + HANG, style=style)
