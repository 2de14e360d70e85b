"""The report on a log from Heroku: its codes in order, and the likely cause of each."""

import re
from collections.abc import Iterator, Sequence

from parity.facts.codes import CODES
from parity.logs.diagnosis import Cause
from parity.logs.life import Tally
from parity.logs.story import Story, ranked
from parity.records import Source
from parity.records.verdict import UNEXPLAINED, Finding
from parity.report.findings import advice, title
from parity.report.frame import frame
from parity.report.page import Page
from parity.rules.engine import RULES
from parity.system.errors import Trouble
from parity.system.text import clip, oneline

SEEN = 3
LONGEST = 300
"""Characters of one piece of evidence."""

FOLLOWS = frozenset({"H10", "H20", "H21"})
"""Codes that visitors get because a dyno did not start; the failed start explains them."""

ABOVE = "The failed start above is why."
ELSEWHERE = (
    "An earlier line says why the dyno did not start: `heroku logs --num 1500 | parity explain -`."
)
SILENT = frozenset({"H10", "crashed", "http-500"})
EARLIER = (
    "The app's own output says why, but is not in this log: `heroku logs --num 1500 | parity"
    " explain -`."
)
"""What to do if the log has the symptoms in `SILENT`, but no output of the app."""

PREFLIGHT = (
    "some of these are a browser's OPTIONS requests: its console calls them CORS errors, as"
    " Heroku's error page has no Access-Control-Allow-Origin. What counts is why the app did not"
    " answer."
)
CRASHED = frozenset({"H10", "crashed", "release-failed", "push-rejected"})
"""Symptoms whose fix is that of their cause."""

RAISED = "The log has an exception, but no line from Heroku shows its effect."
BUILD = (
    "The latest build failed, but its output is not in this log. `git push heroku main 2>&1 |"
    " parity explain -` prints it again; or copy it from {where}."
)
SERVED = "that is Heroku's error page for visitors, which does not say why the app did not answer"
_PAGE = re.compile(r"(?i)\bapplication error\b|an error occurred in the application and your page")
_FAILED = re.compile(r"(?i)\bbuild failed\b|push rejected|failed to compile")
LOGS = "Type `heroku logs --num 1500 | parity explain -`"
PUSH = "`git push heroku main 2>&1 | parity explain -`"
SPECIFIC = 3
"""A cause that explains at most so many symptoms is listed with what tells it from the others."""

STARTS = frozenset({"R10", "R11", "R15", "H10", "crashed"})


def unclear(story: Story, causes: Sequence[Cause]) -> Trouble | None:
    """Return why nothing can be said about the text, and what to type; None if something can."""
    if story.form is not None and (not story.endless or any(cause.causes for cause in causes)):
        return None
    text = [entry.text for entry in story.output("web.1")]
    if any(map(_PAGE.search, text)):
        return Trouble(SERVED, f"{LOGS}: the log does.")
    if any(map(_FAILED.search, text)):
        return Trouble(
            "that says the build failed, but not why",
            f"Type {PUSH}, or copy the build's whole log from the dashboard (Activity).",
        )
    why = f"no line looks like Heroku's log ({story.count} lines)"
    return Trouble(why, f"{LOGS}, or {PUSH}.")


def page(
    story: Story, causes: Sequence[Cause], source: Source | None, width: int, colour: bool
) -> str:
    """Return the whole report; `source` is the tree of the app's folder (None: the log alone)."""
    out = Page(width, colour)
    if story.endless:
        _endless(out, causes)
    else:
        _head(out, story, causes)
    _table(out, story)
    merged = _merged(causes)
    for cause in merged:
        out.blank()
        _cause(out, cause, source)
        _since(out, cause, story)
    if story.build and not story.pushed:
        out.blank()
        out.prose(BUILD.format(where=oneline(story.build)), label="build: ", style="strong")
    started = any(cause.id in STARTS for cause in merged)
    for tally in _alone(story, merged):
        out.blank()
        _code(out, tally, started)
    _foot(out, merged, source)
    return str(out)


def _endless(out: Page, causes: Sequence[Cause]) -> None:
    """Say how a log without any line from Heroku was interpreted."""
    dyno = any(cause.life for cause in causes)
    taken = "the last output of a web dyno that crashed" if dyno else "the end of a failed build"
    out.prose(f"no line comes from Heroku; this is read as {taken}", label="note: ", style="note")


def _head(out: Page, story: Story, causes: Sequence[Cause]) -> None:
    when = f", {story.first} to {story.last}" if story.first else ""
    failed_release = any(life.type == "release" for life in story.failed.values())
    count = sum(tally.times for tally in story.tallies.values())
    count += story.stopped_building + failed_release
    ended = f", {story.crashes} crash{'es' if story.crashes > 1 else ''}" if story.crashes else ""
    errors = f"{count} error{'' if count == 1 else 's'}{ended}"
    out.prose(f"{errors} in {_lines(story.count)}{when}", label="log: ", style="strong")
    if story.unread:
        alike = f" ({story.alike} look like Heroku's, cut off from their heads)"
        text = f"ignored because of another form: {_lines(story.unread)}"
        out.prose(text + alike * bool(story.alike), label="note: ", style="note")
    quiet = not (story.tallies or story.crashes or story.stopped_building or story.alike)
    if quiet and not (story.build or story.answered or causes):
        out.prose("It has no error from Heroku, and no dyno that crashes.")
    elif story.answered and not story.tallies:
        out.prose("Heroku logs no code for the app's own answers, such as 500.")
    out.blank()


def _lines(count: int) -> str:
    return f"{count} line{'' if count == 1 else 's'}"


def _table(out: Page, story: Story) -> None:
    for tally in ranked(story):
        since = f" {tally.first} to {tally.last}" if tally.times > 1 else f" {tally.first}"
        words = CODES[tally.code].words if tally.code in CODES else tally.words
        out.prose(
            f"{oneline(words)},{since}".rstrip(" ,"), label=f"{tally.times:>6} × {tally.code}  "
        )
    requests = (fields for of_code in story.requests.values() for fields in of_code)
    if any(fields.get("method") == "OPTIONS" for fields in requests):
        out.prose(PREFLIGHT, label="note: ", style="note")


def _merged(causes: Sequence[Cause]) -> list[Cause]:
    """Return one answer per symptom, from its last dyno, preferring one with a cause.

    A failed boot comes first: it is the reason for what visitors see.
    """
    best: dict[str, Cause] = {}
    for cause in causes:
        old = best.get(cause.id)
        if old is None or cause.causes or not old.causes:
            best[cause.id] = cause
    order = ("push-rejected", "release-failed", "R10", "R15", "H10", "crashed", "H14")
    return sorted(
        best.values(),
        key=lambda c: order.index(c.id) if c.id in order else len(order),
    )


def _alone(story: Story, merged: Sequence[Cause]) -> Iterator[Tally]:
    """Return the codes about which nothing is known but their meaning."""
    shown = {cause.id for cause in merged}
    return (tally for tally in ranked(story) if tally.code not in shown)


def _cause(out: Page, cause: Cause, source: Source | None) -> None:
    symptom = cause.symptom
    if symptom is None:
        out.prose(RAISED, label="note: ", style="note")
    else:
        title(out, symptom._replace(title=f"{symptom.title}{_where(cause)}"), symptom.effect)
        if not cause.causes:
            _unexplained(out, cause, symptom, source)
    for finding in cause.causes:
        out.blank()
        title(out, finding, "cause" if source else "likely")
        _seen(out, finding, source)
        out.prose(finding.cause, label="why:  ", indent=2, style="strong")
        advice(out, finding)


def _unexplained(out: Page, cause: Cause, symptom: Finding, source: Source | None) -> None:
    """Print a symptom of which no cause is known, and what tells its causes apart."""
    _seen(out, symptom, source)
    why = symptom.cause.removesuffix(UNEXPLAINED)
    out.prose(why, label="why:  ", indent=2, style="strong")
    _tail(out, cause)
    _apart(out, symptom.id)
    if symptom.id in SILENT and not (cause.life and cause.life.output):
        out.prose(EARLIER, indent=2)
    if symptom.id in CRASHED | SILENT:
        out.code(f"more: parity explain {symptom.id}", indent=2, style="dim")
    else:
        advice(out, symptom)


def _apart(out: Page, symptom: str) -> None:
    """Print the causes that this symptom has, each with what tells it from the others."""
    if symptom not in CODES:
        return
    causes = (r for r in RULES.values() if symptom in r.leads_to and len(r.leads_to) <= SPECIFIC)
    for number, rule in enumerate(rule for rule in causes if rule.apart):
        label = "apart:" if number == 0 else "      "
        out.prose(f"{rule.id}: {rule.apart}", label=f"{label} ", indent=2)


def _since(out: Page, cause: Cause, story: Story) -> None:
    """Print that the problem is over, if the log says so."""
    at = story.up.get(cause.life.type) if cause.life and cause.id in STARTS else None
    if at and cause.life:
        text = f"later, at {at}, {cause.life.type} came up: this may be solved"
        out.prose(text, label="note: ", indent=2, style="note")


def _where(cause: Cause) -> str:
    if cause.life is None:
        return ""
    command = f": `{cause.life.command}`" if cause.life.command else ""
    return f" ({cause.life.ps}{command})"


def _seen(out: Page, finding: Finding, source: Source | None) -> None:
    placed = next((e for e in finding.evidence if e.file and (e.line or source)), None)
    if placed:
        frame(out, source, placed, indent=2)
    texts = dict.fromkeys(e.seen for e in finding.evidence if "``" not in e.seen)
    for number, text in enumerate(list(texts)[:SEEN]):
        label = "seen: " if number == 0 else "      "
        out.prose(clip(oneline(text).strip(), LONGEST), label=label, indent=2, style="strong")


def _tail(out: Page, cause: Cause) -> None:
    """Print the dyno's last output."""
    for entry in list(cause.life.output)[-8:] if cause.life else ():
        out.verbatim(entry.text, label=f"app[{oneline(entry.ps)}]: ", indent=2, style="dim")


def _code(out: Page, tally: Tally, started: bool) -> None:
    known = CODES.get(tally.code)
    out.prose(
        oneline(known.words if known else tally.words), label=f"{tally.code}  ", style="strong"
    )
    out.prose(known.meaning if known else "See Heroku's page on error codes.", indent=2)
    if tally.code in FOLLOWS:
        out.prose(ABOVE if started else ELSEWHERE, indent=2)
    _apart(out, tally.code)
    out.code(f"more: parity explain {tally.code}", indent=2, style="dim")


def _foot(out: Page, merged: Sequence[Cause], source: Source | None) -> None:
    out.blank()
    if any(cause.causes for cause in merged) and source is None:
        text = "only the log was read; in the app's folder the causes are checked against its code"
        out.prose(text, label="note: ", style="note")
    if source is not None:
        out.prose("parity run", label="next: ", style="strong")
