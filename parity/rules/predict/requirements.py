"""Predictions about lines of requirements.txt that pip refuses on every Linux machine."""

import re
from collections.abc import Iterator

from parity.facts.buildpacks import PYTHON
from parity.records import Plan
from parity.records.edits import on_platform
from parity.rules.predict.prediction import Prediction
from parity.rules.views.pip_output import RequirementEntry, at_entry, entries

_SINGLE = re.compile(r"[A-Za-z][\w.-]*(?:\[[^]]*\])?\s*=\s*\d[\w.]*")
_FILE = re.compile(r"@\s*file:///|^file:///")
_NO_LINUX = frozenset({"pywin32", "pypiwin32", "windows-curses"})
"""Distributions that only have Windows wheels: https://pypi.org (observed)."""


def predict(plan: Plan) -> Iterator[Prediction]:
    """Yield a prediction for each such line, with the cause that the build would show."""
    python = plan.runtime(PYTHON)
    if python is None or python.manager != "pip":
        return
    for entry in entries(plan.source):
        for rule, seen, names in _wrong(entry):
            evidence = (at_entry(entry, seen, **names),)
            yield Prediction("push-rejected", rule, evidence)


def _wrong(entry: RequirementEntry) -> Iterator[tuple[str, str, dict[str, str]]]:
    text = entry.text
    if _SINGLE.fullmatch(text):
        right = re.sub(r"(?:(?<!\s)\s+)?=\s*", "==", text, count=1)
        yield "single-equals", f"{text}: a single =", {"right": right}
    elif _FILE.search(text):
        seen = f"{text}: a file:// address, as conda writes it"
        yield "file-url", seen, {"right": f"{entry.name or 'NAME'}==VERSION"}
    elif re.fullmatch(r"pkg[-_]resources==0\.0\.0", text):
        yield "freeze-artefact", f"{text}: no index has it", {"owner": "Debian's Python"}
    elif entry.name in _NO_LINUX and ";" not in text:
        advice = on_platform(entry.file, text, "win32", "Remove the line, or write")
        yield "windows-only-package", f"{text}: only for Windows", {"advice": advice}
