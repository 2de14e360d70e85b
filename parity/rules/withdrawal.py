"""Findings whose advised edit failed in a copy: the next advice instead, or plain words."""

from collections.abc import Mapping

from parity.records.edits import Advice
from parity.records.verdict import Evidence, Finding
from parity.rules.engine import RULES
from parity.rules.texts import filled

OTHERWISE = "otherwise"
"""The name that holds the advice to try where the first one fails."""

_ADVICE = ("advice", "repair")
_COMMAND = ("right", "write")
"""Names that hold a command, in rules whose fix is a sentence around it."""


def withdrawn(finding: Finding) -> Finding:
    """Return the finding without the edit that it advises: the next one, or none."""
    evidence = tuple(e._replace(names=_left(e)) for e in finding.evidence)
    names: dict[str, str] = {}
    for item in evidence:
        names = {**item.names, **names}
    return finding._replace(evidence=evidence, fix=filled(RULES[finding.id].fix, names))


def _left(evidence: Evidence) -> Mapping[str, str]:
    names = dict(evidence.names)
    following = names.pop(OTHERWISE, None)
    for name in _ADVICE:
        if names.pop(name, None) is not None and following is not None:
            names[name] = following
    return names | {name: "COMMAND" for name in _COMMAND if name in names}


def another(finding: Finding) -> bool:
    """Return whether the finding has an edit to try after a withdrawal."""
    return any(isinstance(x, Advice) for e in finding.evidence for x in e.names.values())
