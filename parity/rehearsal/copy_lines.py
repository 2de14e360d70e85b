"""Line numbers of a repaired copy, reported as those of the files that were pushed."""

import re
from collections.abc import Mapping

from parity.records import Record, Source
from parity.records.verdict import Finding

LONGEST = 5_000
"""Lines of the longest file whose numbers are compared (ours)."""


def as_pushed(finding: Finding, pushed: Record | None, copies: Mapping[str, Source]) -> Finding:
    """Return a finding about a copy with the numbers of the same lines in the pushed tree.

    `copies` are the repaired trees by the finding's `after`. A line that only the copy has keeps
    its number.
    """
    copy = copies.get(finding.after or "")
    if copy is None or not isinstance(pushed, Source):
        return finding
    for number, evidence in enumerate(finding.evidence):
        if not evidence.file or not evidence.line:
            continue
        line = _numbers(pushed, copy, evidence.file).get(evidence.line, evidence.line)
        if line != evidence.line:
            finding = _renumbered(finding, number, evidence.file, evidence.line, line)
    return finding


def _numbers(pushed: Source, copy: Source, path: str) -> Mapping[int, int]:
    """Return the number in the pushed file of each line that the copy has, too, perhaps changed."""
    new, old = (source.text(path) or "" for source in (copy, pushed))
    lines, before = new.splitlines(), old.splitlines()
    if new == old or not old or max(len(lines), len(before)) > LONGEST:
        return {}
    from difflib import SequenceMatcher  # `parity check` does not need it

    codes = SequenceMatcher(None, lines, before, autojunk=False).get_opcodes()
    same = [(a, b, end - a) for _, a, end, b, stop in codes if end - a == stop - b]
    return {a + n + 1: b + n + 1 for a, b, size in same for n in range(size)}


def _renumbered(finding: Finding, number: int, file: str, old: int, new: int) -> Finding:
    """Return a finding with `new` for the line of one piece of evidence, in its texts, too."""
    name = re.escape(file)

    def renamed(text: str) -> str:
        text = re.sub(rf"\bline {old} of {name}", lambda _: f"line {new} of {file}", text)
        return re.sub(rf"(?<![\w/]){name}:{old}(?!\d)", lambda _: f"{file}:{new}", text)

    evidence = list(finding.evidence)
    evidence[number] = evidence[number]._replace(line=new, seen=renamed(evidence[number].seen))
    title, cause, fix = map(renamed, (finding.title, finding.cause, finding.fix))
    return finding._replace(title=title, cause=cause, fix=fix, evidence=tuple(evidence))
