"""What a rerun says about an edit: whether it moved what stopped Heroku, or did not help."""

from parity.records import Boot, Record
from parity.records.verdict import Evidence, Finding

_REFUSED = frozenset(
    "wrong-option no-target server-argument shell-syntax typographic-characters"
    " invalid-port".split()
)
"""Causes that say that a program does not take its command."""


def helped(
    finding: Finding, before: Record, after: tuple[Record, tuple[Finding, ...]] | None
) -> bool:
    """Return whether a copy with the finding's edit came further than the pushed tree did.

    It did not if the same cause is found again, if the edited line is refused, or if a server that
    had listened, on another address, now ends.
    """
    if after is None:
        return True
    record, findings = after
    causes = [f for f in findings if f.kind == "cause"]
    again = any(f.id == finding.id and _places(f) & _places(finding) for f in causes)
    refused = any(f.id in _REFUSED and _places(f) & _places(finding) for f in causes)
    return not (again or refused or _broken(before, record))


def _places(finding: Finding) -> set[tuple[str | None, int | None, str]]:
    """Return the places of a finding; what has no line is told apart by what was seen there."""
    return {_place(evidence) for evidence in finding.evidence if evidence.file}


def _place(evidence: Evidence) -> tuple[str | None, int | None, str]:
    seen = "" if evidence.line else evidence.seen
    return evidence.file, evidence.line, seen


def _broken(before: Record, after: Record) -> bool:
    """Return whether a web process listened somewhere before, and crashes now."""
    if not isinstance(before, Boot) or not isinstance(after, Boot):
        return False
    return before.state == "timeout" and bool(before.listeners) and after.state == "crashed"
