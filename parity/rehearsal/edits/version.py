"""Another Python in the copy: one that Heroku supports, if possible one that is on this machine."""

import re

from parity.facts.buildpacks import PYTHON
from parity.facts.python import MISSPELT_VERSION_FILES, versions
from parity.push.buildpacks import emulated
from parity.records import Pushed, Record
from parity.records.verdict import Finding
from parity.rehearsal.edits.tree import with_file, without

_FILES = {"runtime.txt", ".python-version", *MISSPELT_VERSION_FILES}


def supported(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed]:
    """As if .python-version named the series that was meant, or else a newer one."""
    return _asked(pushed, _meant(finding.evidence[0].names.get("subject", "")) or _here())


def as_meant(pushed: Pushed, record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """As `supported`, only where it is clear which series was meant."""
    told = finding.evidence[0]
    names = (told.names.get("subject", ""), pushed.source.text(told.file or "") or "")
    clear = {meant for text in names for meant in [_meant(text)] if meant}
    return supported(pushed, record, finding) if len(clear) == 1 and _meant(names[0]) else None


def moved_as_meant(pushed: Pushed, record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """As `moved`, only where it is clear which series was meant."""
    text = pushed.source.text(finding.evidence[0].file or "") or ""
    return moved(pushed, record, finding) if _meant(text) else None


def moved(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed]:
    """As if the version stood where Heroku looks for it."""
    text = pushed.source.text(finding.evidence[0].file or "") or ""
    return _asked(pushed, _meant(text) or _here())


def _asked(pushed: Pushed, series: str) -> tuple[str, Pushed]:
    left = without(pushed, lambda path: path in _FILES)
    return f"`{series}` in .python-version", with_file(left, ".python-version", f"{series}\n")


def _meant(text: str) -> str | None:
    """The supported series that a wrong request most likely means."""
    found = re.findall(r"3\.\d+", text)
    return next((series for series in found if series in versions().newest), None)


def _here() -> str:
    """A series that this machine has, if Heroku has it, too."""
    python = emulated(PYTHON)
    return python.suggested_version() if python else versions().default
