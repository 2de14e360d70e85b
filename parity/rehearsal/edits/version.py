"""Another Python for the copy: one that Heroku supports, if possible one on this machine."""

import re

from parity.facts.buildpacks import PYTHON
from parity.facts.python import MISSPELT_VERSION_FILES, versions
from parity.push.buildpacks import emulated
from parity.records import Pushed, Record
from parity.records.verdict import Finding
from parity.rehearsal.edits.tree import with_file, without

_FILES = {"runtime.txt", ".python-version", *MISSPELT_VERSION_FILES}


def supported(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed]:
    """Make .python-version name the intended series, or else one that is supported."""
    return _requested(pushed, _meant(finding.evidence[0].names.get("subject", "")) or _here())


def as_meant(pushed: Pushed, record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Do as `supported` does, but only if the intended series is clear."""
    evidence = finding.evidence[0]
    names = (evidence.names.get("subject", ""), pushed.source.text(evidence.file or "") or "")
    clear = {meant for text in names for meant in [_meant(text)] if meant}
    return supported(pushed, record, finding) if len(clear) == 1 and _meant(names[0]) else None


def advised(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Make .python-version name the series that the finding advises."""
    edit = finding.evidence[0].edit
    return _requested(pushed, edit.new) if edit and edit.file == ".python-version" else None


def moved_as_meant(pushed: Pushed, record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Do as `moved` does, but only if the intended series is clear."""
    text = pushed.source.text(finding.evidence[0].file or "") or ""
    return moved(pushed, record, finding) if _meant(text) else None


def moved(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed]:
    """Move the version to the file where Heroku looks for it."""
    text = pushed.source.text(finding.evidence[0].file or "") or ""
    return _requested(pushed, _meant(text) or _here())


def _requested(pushed: Pushed, series: str) -> tuple[str, Pushed]:
    left = without(pushed, lambda path: path in _FILES)
    return f"`{series}` in .python-version", with_file(left, ".python-version", f"{series}\n")


def _meant(text: str) -> str | None:
    """Return the supported series that a wrong request most likely means."""
    named = re.findall(r"3\.\d+", text)
    return next((series for series in named if series in versions().newest), None)


def _here() -> str:
    """Return a series that both this machine and Heroku have, else Heroku's default."""
    python = emulated(PYTHON)
    return python.suggested_version() if python else versions().default
