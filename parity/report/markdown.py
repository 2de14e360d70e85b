"""Markdown for a pull request, a job's summary or a chat, in which an app's text stays text.

Text of the app is set as code; elsewhere its markup, mentions and addresses are broken up
(https://github.github.com/gfm/, documented).
"""

import re
from collections.abc import Iterator
from itertools import groupby

from parity.records import Line
from parity.records.verdict import Verdict
from parity.report.frame import place
from parity.report.next_step import what_next
from parity.report.results import Result, results
from parity.report.stages import DETAILS
from parity.report.summary import headline
from parity.system.text import clip, oneline

MARKS = {"ok": "✅", "warn": "⚠️", "fail": "❌", "unknown": "❔", "not-reached": "⬜"}
SEEN = 5
TAIL = 40
"""Lines of the log that people need in a report."""

LONGEST = 400
"""Characters of one line."""

_SPAN = re.compile(r"(`[^`\n]+`)")
_SPECIAL = re.compile(r"([\\*_{}\[\]<>#!|~&`])")
"""Markup within a line; no line of a report begins with text of the app."""

_LINKED = re.compile(r"[@#](?=\w)|(?<=:)//|(?<=\bwww)\.", re.IGNORECASE)
"""The text that GitHub turns into a mention, a reference or a link."""


def document(verdict: Verdict) -> str:
    """Return the verdict, the stages, the findings and the end of the log."""
    blocks = [f"## {prose(headline(verdict))}", _stages(verdict)]
    blocks += [_finding(result) for result in results(verdict)]
    blocks += [_log(verdict.log), f"**Next:** {prose(what_next(verdict))}"]
    return "\n\n".join(block for block in blocks if block) + "\n"


def prose(text: str) -> str:
    """Return a sentence as Markdown: commands in backticks stay code, the rest is plain text."""
    parts = _SPAN.split(oneline(text))
    return "".join(code(part[1:-1]) if n % 2 else _plain(part) for n, part in enumerate(parts))


def code(text: str) -> str:
    """Return text of the app as a span of code, safe inside a table."""
    text = clip(oneline(text), LONGEST).strip().replace("|", "\\|") or " "
    ticks = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    pad = " " if "`" in text else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def fence(text: str, language: str = "text") -> str:
    """Return a block of code with a fence longer than any in the code."""
    ticks = "`" * max(3, max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{ticks}{language}\n{text}\n{ticks}"


def _plain(text: str) -> str:
    return _LINKED.sub(lambda m: f"{m[0]}<!-- -->", _SPECIAL.sub(r"\\\1", text))


def _stages(verdict: Verdict) -> str:
    rows = [
        f"| {MARKS[stage.status]} {stage.name} | {stage.status} | {stage.seconds:.1f} s | "
        + "<br>".join(code(detail) for detail in DETAILS[stage.name](verdict))
        + " |"
        for stage in verdict.stages
        if stage.status != "not-reached"
    ]
    return "\n".join(("| stage | | time | |", "|---|---|--:|---|", *rows))


def _finding(result: Result) -> str:
    finding = result.finding
    if finding.effect == "note":
        fix = " ".join(finding.fix.split())
        return f"- note `{finding.id}`: {prose(result.title)}. Fix: {prose(fix)}"
    return "\n".join(
        (f"### {finding.effect} `{finding.id}`: {prose(result.title)}", "", *_body(result))
    )


def _body(result: Result) -> Iterator[str]:
    finding = result.finding
    for evidence in result.places[:SEEN]:
        yield f"- at {code(place(evidence))}"
    for label, text in list(zip(result.labels, result.seen, strict=True))[:SEEN]:
        yield f"- {label}: {code(text)}"
    yield f"- why: {prose(finding.cause)}"
    yield from _fix(finding.fix)
    if finding.diff:
        yield "\n" + fence("\n".join(map(oneline, finding.diff.splitlines())), "diff") + "\n"
    yield f"- docs: <{finding.docs}>, `parity explain {finding.id}`"


def _fix(fix: str) -> Iterator[str]:
    """Yield the advice in order; its lines of code (indented by two spaces) as blocks."""
    label = "- fix: "
    for typed, rows in groupby(fix.split("\n"), lambda row: row.startswith("  ")):
        if typed:
            yield "\n" + fence("\n".join(oneline(row[2:]) for row in rows)) + "\n"
        else:
            yield label + prose(" ".join(rows))
            label = "  "


def _log(log: tuple[Line, ...]) -> str:
    if not log:
        return ""
    rows = [clip(oneline(f"{line.source}: {line.text}"), LONGEST) for line in log[-TAIL:]]
    head = f"<details><summary>The end of the log ({len(rows)} of {len(log)} lines)</summary>"
    return f"{head}\n\n" + fence("\n".join(rows)) + "\n\n</details>"
