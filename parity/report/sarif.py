"""SARIF 2.1.0, for code scanning and editors.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; what GitHub reads of it:
https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning (documented).
"""

import json
import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from parity.records import Entry
from parity.records.verdict import Evidence, Finding, Verdict
from parity.report.diffs import diffs, together
from parity.report.explain import fix
from parity.report.results import LEVELS, Result, path, results
from parity.rules.engine import manual
from parity.rules.loading import load
from parity.system.text import readable, safe
from parity.version import __version__

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "%SRCROOT%"
"""The repository's root: the name by which SARIF readers know it."""


def document(verdict: Verdict) -> str:
    """Return a log with one run of one tool."""
    all_results = list(results(verdict))
    rules = {result.finding.id: _rule(result.finding) for result in all_results}
    ids, fixes = list(rules), _fixes(verdict)
    run = {
        "tool": {"driver": {**_DRIVER, "rules": list(rules.values())}},
        "automationDetails": {"id": f"parity/{verdict.command}/"},
        "invocations": [_invocation(verdict)],
        "originalUriBaseIds": {ROOT: {"description": {"text": "The repository's root."}}},
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(result, ids, verdict) | (fixes if result.finding.diff else {})
            for result in all_results
        ],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    text = json.dumps(_readable(log), indent=2, allow_nan=False)
    return text.replace("##", "#\\u0023") + "\n"


def _readable(value: Any) -> Any:
    """Return the log with strings that every JSON reader accepts."""
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, dict):
        return {key: _readable(inner) for key, inner in value.items()}
    return [_readable(inner) for inner in value] if isinstance(value, list) else value


_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Surrogates that stand for no byte of a file's name (PEP 383)."""

_DRIVER = {
    "name": "parity",
    "fullName": "parity, a local Heroku emulator",
    "version": __version__,
    "semanticVersion": __version__,
}


def _rule(finding: Finding) -> dict[str, Any]:
    """Return the rule's general description, without this run's evidence."""
    rule = load().get(finding.id)
    shown = manual(rule) if rule else finding
    advice = fix(manual(rule)) if rule else finding.fix
    return {
        "id": shown.id,
        "name": "".join(word.capitalize() for word in shown.id.split("-")),
        "shortDescription": {"text": _sentence(shown.title)},
        "fullDescription": {"text": _sentence(shown.cause)},
        "help": {
            "text": f"{shown.cause}\n\nFix: {advice}\n\nMore: parity explain {shown.id}",
            "markdown": f"{shown.cause}\n\n**Fix:** {advice}\n\n`parity explain {shown.id}`",
        },
        "helpUri": shown.docs,
        "defaultConfiguration": {"level": LEVELS[shown.effect or "fail"]},
    }


def _invocation(verdict: Verdict) -> dict[str, Any]:
    return {
        "executionSuccessful": verdict.interrupted is None,
        "exitCode": verdict.exit_code,
        "properties": {"verdict": verdict.verdict, "symptom": verdict.symptom},
    }


def _result(result: Result, ids: list[str], verdict: Verdict) -> dict[str, Any]:
    finding = result.finding
    return {
        "ruleId": finding.id,
        "ruleIndex": ids.index(finding.id),
        "level": result.level,
        "message": {"text": _message(result)},
        "locations": [_location(place, verdict) for place in _places(result, verdict)],
        "partialFingerprints": {"parity/1": _fingerprint(result)},
        "properties": {
            "symptom": finding.symptom,
            "stage": finding.stage,
            "basis": finding.basis,
            "after": finding.after,
            "evidence": list(result.seen),
            "diff": safe(finding.diff) if finding.diff is not None else None,
        },
    }


def _message(result: Result) -> str:
    evidence = [_sentence(f"Seen: {text}") for text in result.seen[:1]]
    text = " ".join([_sentence(result.title), *evidence, f"Fix: {_sentence(result.finding.fix)}"])
    return safe(text)


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _places(result: Result, verdict: Verdict) -> tuple[Evidence, ...]:
    """Return the places of a result; code scanning requires one, by default the Procfile's top."""
    if result.places:
        return result.places
    entries = verdict.source.entries if verdict.source else {}
    usual = ("Procfile", ".python-version", "requirements.txt", *entries)
    return tuple(Evidence("", name, 1) for name in usual if name in entries)[:1]


def _location(place: Evidence, verdict: Verdict) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": _artifact(place.file or "", verdict)}
    if place.line:
        physical["region"] = {"startLine": place.line}
        if place.column:
            physical["region"]["startColumn"] = place.column
    return {"physicalLocation": physical}


def _artifact(file: str, verdict: Verdict) -> dict[str, str]:
    name = _NO_BYTE.sub("\ufffd", path(verdict, file))
    where = name.encode("utf-8", "surrogateescape")
    if where.startswith(b"/"):
        return {"uri": f"file://{quote(where)}"}
    return {"uri": quote(where), "uriBaseId": ROOT}


def _fixes(verdict: Verdict) -> dict[str, Any]:
    """Return `fixes` for a result with a proved edit: all edits, as they were only proved together.

    Empty if there is none, and if SARIF cannot express it: a file that is added, deleted or made
    executable.
    """
    changed = together(verdict.fixes) if diffs(verdict) else {}
    edits = {file: list(_replacements(*pair)) for file, pair in changed.items()}
    if not all(old and new and old.mode == new.mode for old, new in changed.values()):
        return {}
    changes = [
        {"artifactLocation": _artifact(file, verdict), "replacements": replacements}
        for file, replacements in edits.items()
    ]
    text = safe(_sentence(", ".join(fix.what for fix in verdict.fixes)))
    return (
        {"fixes": [{"description": {"text": text}, "artifactChanges": changes}]} if changes else {}
    )


def _replacements(old: Entry | None, new: Entry | None) -> Iterator[dict[str, Any]]:
    """Yield replacements of whole lines with their line ends, any of which may be CRLF."""
    before, after = _lines(old), _lines(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind != "equal":
            line, column = _end(before, last)
            yield {
                "deletedRegion": {
                    "startLine": first + 1,
                    "startColumn": 1,
                    "endLine": line,
                    "endColumn": column,
                },
                "insertedContent": {"text": "".join(after[start:end])},
            }


def _end(lines: list[str], count: int) -> tuple[int, int]:
    """Return line and column after the first `count` lines."""
    if count == len(lines) and lines and not lines[-1].endswith("\n"):
        return count, len(lines[-1]) + 1
    return count + 1, 1


def _lines(entry: Entry | None) -> list[str]:
    """Return the lines with their ends; a diff could show the entry, so it is text in UTF-8."""
    text = entry.data.decode() if entry and entry.data else ""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _fingerprint(result: Result) -> str:
    """Return a hash that stays the same when the line moves, so that it causes no new alert."""
    file = result.places[0].file if result.places else ""
    key = "\0".join((result.finding.id, result.finding.symptom or "", file or "", result.title))
    return sha256(key.encode("utf-8", "backslashreplace")).hexdigest()[:32]
