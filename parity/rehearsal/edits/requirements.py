"""Lines of a requirements file as they were meant, and a build without collectstatic."""

import re

from parity.records import Pushed, Record
from parity.records.verdict import Evidence, Finding
from parity.rehearsal.edits.lines import replaced as changed
from parity.rehearsal.edits.tree import with_file
from parity.rules.views.pip_output import text_of
from parity.rules.views.requirement_spelling import corrected

REPLACED = (
    "single-equals",
    "not-a-requirement",
    "import-name-required",
    "misspelt-package",
    "file-url",
)
"""Causes that know what the line should read."""

DELETED = (
    "windows-only-package",
    "macos-only-package",
    "freeze-artefact",
    "python-required",
    "standard-library-required",
    "system-package-required",
    "path-of-this-machine",
)
"""Causes whose line has no place in the file."""

COLLECTING = (
    "static-root-not-set",
    "staticfiles-not-installed",
    "collectstatic-improper-configuration",
    "collectstatic-syntax-error",
    "static-reference-missing",
    "collectstatic-missing-file",
    "collectstatic-other",
)
DISABLED = "DISABLE_COLLECTSTATIC"
"""https://devcenter.heroku.com/articles/django-assets#disabling-collectstatic (documented)."""


def replaced(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """As if the lines read what they were meant to be."""
    found = _at_lines(finding)
    lines = {(e.file, e.line): _meant(e) or "" for e in found}
    if not lines or not all(lines.values()):
        return None
    what = ", ".join(f"`{text}`" for text in lines.values())
    return _edited(pushed, lines, f"{what} written")


def marked(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """As if packages of one platform were required on that platform alone."""
    found = _at_lines(finding)
    lines = {(e.file, e.line): e.edit.new for e in found if e.edit}
    what = ", ".join(f"`{text}`" for text in lines.values())
    return _edited(pushed, lines, f"{what} written") if found and len(lines) == len(found) else None


def deleted(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """As if the lines were empty: those below keep their numbers."""
    found = _at_lines(finding)
    what = ", ".join(f"`{e.names['entry']}`" for e in found)
    lines = {(e.file, e.line): "" for e in found}
    return _edited(pushed, lines, f"{what} deleted") if found else None


def _at_lines(finding: Finding) -> list[Evidence]:
    return [e for e in finding.evidence if e.file and e.line and "entry" in e.names]


def _meant(evidence: Evidence) -> str | None:
    names = evidence.names
    told = names.get("line") if "right" in names and not names["line"].isdigit() else None
    right = told or names.get("right") or _one(corrected(names["entry"]))
    return right if right and "VERSION" not in right else None


def _one(corrections: str | None) -> str | None:
    """The text in back quotes, if it is a single one."""
    found = re.fullmatch("`([^`]+)`", corrections or "")
    return found[1] if found else None


def _edited(
    pushed: Pushed, lines: dict[tuple[str | None, int | None], str], what: str
) -> tuple[str, Pushed] | None:
    if any(new.endswith("…") for new in lines.values()):
        return None  # a line of which rules have seen the beginning alone
    for file in {file for file, _ in lines if file}:
        made = changed(pushed, file, {n: new for (f, n), new in lines.items() if f == file and n})
        if made:
            pushed = made
            continue
        text = text_of(pushed.source, file)
        if text is None:
            return None
        numbered = enumerate(text.splitlines(), 1)
        new = (lines.get((file, number), line) for number, line in numbered)
        pushed = with_file(pushed, file, "".join(f"{line}\n" for line in new))
    return what, pushed


def not_collected(pushed: Pushed, _record: Record, _finding: Finding) -> tuple[str, Pushed]:
    """As after `heroku config:set DISABLE_COLLECTSTATIC=1`: the rest may be right."""
    config = pushed.config
    more = config._replace(
        values={**config.values, DISABLED: "1"}, origin={**config.origin, DISABLED: "--config"}
    )
    return f"{DISABLED}=1 set", pushed._replace(config=more)
