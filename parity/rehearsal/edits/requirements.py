"""Corrections of a requirements file's lines, and a build without collectstatic."""

import re

from parity.records import Pushed, Record
from parity.records.tree import IN_COPY
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
"""Causes whose evidence has the right line."""

DELETED = (
    "windows-only-package",
    "macos-only-package",
    "freeze-artefact",
    "python-required",
    "standard-library-required",
    "system-package-required",
    "path-of-this-machine",
)
"""Causes whose line does not belong in the file."""

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
"""The config var that skips collectstatic:
https://devcenter.heroku.com/articles/django-assets#disabling-collectstatic (documented)."""


def replaced(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Correct the lines."""
    located = _at_lines(finding)
    lines = {(e.file, e.line): _meant(e) or "" for e in located}
    if not lines or not all(lines.values()):
        return None
    what = ", ".join(f"`{text}`" for text in lines.values())
    return _edited(pushed, lines, f"{what} written")


def marked(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Limit packages of one platform to that platform."""
    located = _at_lines(finding)
    lines = {(e.file, e.line): e.edit.new for e in located if e.edit}
    what = ", ".join(f"`{text}`" for text in lines.values())
    return (
        _edited(pushed, lines, f"{what} written")
        if located and len(lines) == len(located)
        else None
    )


def deleted(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Empty the lines, so that those below keep their numbers."""
    located = _at_lines(finding)
    what = ", ".join(f"`{e.names['entry']}`" for e in located)
    lines = {(e.file, e.line): "" for e in located}
    return _edited(pushed, lines, f"{what} deleted") if located else None


def _at_lines(finding: Finding) -> list[Evidence]:
    return [e for e in finding.evidence if e.file and e.line and "entry" in e.names]


def _meant(evidence: Evidence) -> str | None:
    names = evidence.names
    line = names.get("line") if "right" in names and not names["line"].isdigit() else None
    right = line or names.get("right") or _one(corrected(names["entry"]))
    return right if right and "VERSION" not in right else None


def _one(corrections: str | None) -> str | None:
    """Return the correction in back quotes, if there is only one."""
    match = re.fullmatch("`([^`]+)`", corrections or "")
    return match[1] if match else None


def _edited(
    pushed: Pushed, lines: dict[tuple[str | None, int | None], str], what: str
) -> tuple[str, Pushed] | None:
    if any(new.endswith("…") for new in lines.values()):
        return None  # rules had only the beginning of a long line
    for file in {file for file, _ in lines if file}:
        edited = changed(pushed, file, {n: new for (f, n), new in lines.items() if f == file and n})
        if edited:
            pushed = edited
            continue
        text = text_of(pushed.source, file)
        if text is None:
            return None
        numbered = enumerate(text.splitlines(), 1)
        new = (lines.get((file, number), line) for number, line in numbered)
        pushed = with_file(pushed, file, "".join(f"{line}\n" for line in new))
    return what, pushed


def not_collected(pushed: Pushed, _record: Record, _finding: Finding) -> tuple[str, Pushed]:
    """Set DISABLE_COLLECTSTATIC=1, as by `heroku config:set`: the rest may be right."""
    config = pushed.config
    more = config._replace(
        values={**config.values, DISABLED: "1"}, origin={**config.origin, DISABLED: IN_COPY}
    )
    return f"{DISABLED}=1 set", pushed._replace(config=more)
