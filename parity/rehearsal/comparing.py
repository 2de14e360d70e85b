"""How findings of one rehearsal are compared: the same ones, explained ones, their order."""

from parity.records.verdict import Finding


def same(finding: Finding) -> tuple[object, ...]:
    """Return the key by which two findings are the same."""
    places = tuple((e.seen, e.file, e.line) for e in finding.evidence)
    return finding.id, finding.title, finding.cause, places


def explains(cause: Finding, symptom: Finding) -> bool:
    """Return whether a cause explains this symptom, in the same copy."""
    return (cause.symptom, cause.stage, cause.after) == (symptom.id, symptom.stage, symptom.after)


def order(finding: Finding) -> tuple[bool, bool]:
    """Return the sort key: rejections of the push first, findings after a repair last."""
    return finding.after is not None, finding.effect != "reject"
