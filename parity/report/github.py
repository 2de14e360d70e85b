"""Annotations for GitHub Actions: workflow commands, one per result.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions (documented). Text
from an app is escaped, so that it can neither end a command nor begin one.
"""

from parity.records.verdict import Verdict
from parity.report.results import Level, Result, path, results
from parity.report.summary import headline
from parity.system.text import oneline, safe

COMMANDS: dict[Level, str] = {"error": "error", "warning": "warning", "note": "notice"}
SEEN = 3
"""Pieces of evidence in an annotation: GitHub truncates a message at 4 kB."""


def annotations(verdict: Verdict) -> str:
    """Return a command per result, then the verdict."""
    rows = [_command(result, verdict) for result in results(verdict)]
    return "".join(f"{row}\n" for row in (*rows, headline(verdict)))


def _command(result: Result, verdict: Verdict) -> str:
    finding = result.finding
    attributes = {**_place(result, verdict), "title": f"{finding.id}: {result.title}"}
    properties = ",".join(f"{key}={_property(value)}" for key, value in attributes.items())
    evidence = [": ".join(e) for e in zip(result.labels, result.seen, strict=True)][:SEEN]
    message = (*evidence, f"why: {finding.cause}", f"fix: {finding.fix}", f"docs: {finding.docs}")
    return f"::{COMMANDS[result.level]} {properties}::{_data(chr(10).join(message))}"


def _place(result: Result, verdict: Verdict) -> dict[str, str]:
    if not result.places:
        return {}
    first = result.places[0]
    place = {"file": oneline(path(verdict, first.file or ""))}
    if first.line:
        place["line"] = str(first.line)
        if first.column:
            place["col"] = str(first.column)
    return place


def _data(text: str) -> str:
    return safe(text).replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
