"""Packages that pip did not find: for another platform, or with a name that no index has."""

import re
import sys
from collections.abc import Iterator

from parity.facts.packages import (
    CONDA_ONLY,
    DISTRIBUTIONS,
    MACOS_ONLY,
    POPULAR,
    SYSTEM_ONLY,
    WINDOWS_ONLY,
)
from parity.facts.pip_failures import platform_of
from parity.records import Slug
from parity.records.edits import on_platform
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.push.plan import PUSH_REJECTED
from parity.rules.views.facts import UnknownPackage
from parity.rules.views.pip_output import FORMAT, REASON, at_entry, entries, named, normalised
from parity.rules.views.pip_unfound import Unfound, failed_name, other_python, unfound

MARKERS = "https://peps.python.org/pep-0508/#environment-markers"
PYPI = "https://pypi.org/"
RUNTIMES = "https://devcenter.heroku.com/articles/python-runtimes"

_NEAR = 0.8
_PYTHONS = {"python", "python3"}


@rule(
    "windows-only-package",
    leads_to=PUSH_REJECTED,
    title="{entry} exists only for Windows, and Heroku runs Linux",
    cause="`pip freeze` on Windows lists packages that have no build for any other platform.",
    fix="{advice:-}",
    docs=MARKERS,
    heroku=REASON,
    apart="pywin32, pypiwin32, wmi and the like",
    laptop="The laptop is a Windows machine.",
)
def windows_only_package(slug: Slug) -> Iterator[Evidence]:
    yield from _platform(slug, "Windows", "win32")


@rule(
    "macos-only-package",
    leads_to=PUSH_REJECTED,
    title="{entry} exists only for macOS, and Heroku runs Linux",
    cause="`pip freeze` on a Mac lists packages that have no build for any other platform.",
    fix="{advice:-}",
    docs=MARKERS,
    heroku=REASON,
)
def macos_only_package(slug: Slug) -> Iterator[Evidence]:
    yield from _platform(slug, "macOS", "darwin")


def _platform(slug: Slug, platform: str, marker: str) -> Iterator[Evidence]:
    failed, missing = failed_name(slug), unfound(slug)
    if not failed or platform_of(failed, () if missing else slug.output) != marker:
        return
    if missing and missing.by:
        advice = f"Remove `{missing.by}`, or require a version of it that does not need {failed}."
        yield missing.evidence(f"{failed} is a {platform} package", advice=advice)
        return
    if missing and missing.entry is None:  # there is only a log, so the files are not known
        line = on_platform("requirements.txt", missing.text, marker, "Remove its line, or write")
        yield missing.evidence(f"{failed} is a {platform} package", advice=line)
    asked = [e for e in entries(slug.plan.source) if ";" not in e.text]
    same = [e for e in asked if e.name and _only(e.name, failed, marker)]
    for entry in same:
        line = on_platform(entry.file, entry.text, marker, "Remove the line, or write")
        seen = f"{entry.name} is a {platform} package, not available for Linux"
        yield at_entry(entry, seen, advice=line)
    if not same and not missing:
        yield from _unasked(failed, platform, marker)


def _only(name: str, failed: str, marker: str) -> bool:
    """Return whether a required package is for one platform alone, as the one that failed is."""
    return name == failed or platform_of(name, ()) == marker


def _unasked(failed: str, platform: str, marker: str) -> Iterator[Evidence]:
    """Yield evidence of a package that another one requires, or whose file is not known."""
    line = on_platform("requirements.txt", failed, marker, "Remove what requires it, or write")
    names = {"entry": failed, "file": "requirements.txt", "name": failed, "advice": line}
    yield Evidence(f"{failed} is a {platform} package", "requirements.txt", names=names)


@rule(
    "freeze-artefact",
    leads_to=PUSH_REJECTED,
    title="{entry} belongs to {owner:the system, or Anaconda}; no index has it",
    cause="`pip freeze` lists everything that is installed, including what came with {owner:the"
    " system, or Anaconda} and not from the package index.",
    fix="Remove the line from {file}. Better: create a virtual environment (`python -m venv venv`),"
    " install only what the app needs, and freeze there.",
    docs=FORMAT,
    heroku=REASON,
)
def freeze_artefact(missing: Unfound) -> Iterator[Evidence]:
    owner = None if missing.by else _owner(missing)
    if owner:
        yield missing.evidence(owner=owner)


def _owner(missing: Unfound) -> str | None:
    if re.fullmatch(r"pkg[-_]resources==0\.0\.0", missing.text):
        return "Debian's Python"
    if missing.name in SYSTEM_ONLY:
        return "Ubuntu"
    return "Anaconda" if missing.name in CONDA_ONLY else None


@rule(
    "python-required",
    leads_to=PUSH_REJECTED,
    title="{entry} asks pip for Python itself",
    cause="pip installs packages, and Python is not one. Heroku reads the version of Python from"
    " .python-version.",
    fix="Remove the line from {file}{advice:-}.",
    docs=RUNTIMES,
    heroku=REASON,
)
def python_required(missing: Unfound) -> Iterator[Evidence]:
    if not missing.by and missing.name in _PYTHONS:
        series = re.search(r"3\.\d+", missing.text)
        advice = f" and write `{series[0]}` into a file called .python-version" if series else ""
        yield missing.evidence(advice=advice)


@rule(
    "standard-library-required",
    leads_to=PUSH_REJECTED,
    title="{entry} is part of Python itself, not a package",
    cause="Modules of the standard library are always there; the index has no such package.",
    fix="Remove the line from {file}.",
    docs="https://docs.python.org/3/library/",
    heroku=REASON,
)
def standard_library_required(missing: Unfound) -> Iterator[Evidence]:
    name = missing.name.replace("-", "_")
    if not missing.by and name in sys.stdlib_module_names and not missing.versions:
        yield missing.evidence()


@rule(
    "import-name-required",
    leads_to=PUSH_REJECTED,
    title="{entry} is the name in `import`; the package is called {right}",
    cause="The name in `import` and the name on the index differ for this package.",
    fix="Write `{right}` instead of `{entry}` in {file}.",
    docs=PYPI,
    heroku=REASON,
)
def import_name_required(slug: Slug) -> Iterator[Evidence]:
    name = failed_name(slug)
    right = {normalised(k): v for k, v in DISTRIBUTIONS.items()}.get(name)
    entry = named(slug.plan.source, name) if right else None
    artefact = entry and entry.text.endswith("==0.0.0")
    itself = right and re.fullmatch(rf"{re.escape(name)}(?:-binary|\[.*)", right)
    if entry and right and normalised(right) != name and not artefact and not itself:
        yield at_entry(entry, f"pip could not install {entry.text}", right=right)


@rule(
    "misspelt-package",
    leads_to=PUSH_REJECTED,
    title="The index has no {name}: did you mean {right}?",
    cause="There is no package called {name}, but {right} is a well-known one.",
    fix="Write `{line}` in {file}.",
    docs=PYPI,
    heroku=REASON,
)
def misspelt_package(missing: Unfound) -> Iterator[Evidence]:
    right = _meant(missing)
    if right and (missing.entry or missing.slug.plan.source.partial):
        text = missing.entry.text if missing.entry else missing.text
        line = re.sub(r"^[\w.-]+", right, text)
        yield missing.evidence(right=right, line=line)


def _meant(missing: Unfound) -> str | None:
    """Return the well-known package whose name is nearly the same."""
    from difflib import get_close_matches

    known = {normalised(k) for k in DISTRIBUTIONS} | CONDA_ONLY | SYSTEM_ONLY | WINDOWS_ONLY
    if missing.by or missing.versions or missing.name in (known | MACOS_ONLY | _PYTHONS):
        return None
    if missing.name.replace("-", "_") in sys.stdlib_module_names:
        return None
    near = get_close_matches(missing.name, POPULAR, 1, _NEAR)
    return near[0] if near else None


def unknown(missing: Unfound) -> UnknownPackage | None:
    """Return the package that no index has, if no other rule explains it."""
    if missing.versions or other_python(missing) or _meant(missing):
        return None
    name = missing.name
    known = name in {normalised(k) for k, v in DISTRIBUTIONS.items() if normalised(v) != name}
    special = _owner(missing) or name in WINDOWS_ONLY | MACOS_ONLY | _PYTHONS
    library = name.replace("-", "_") in sys.stdlib_module_names and not missing.by
    if known or special or library or name.startswith("pyobjc-framework-"):
        return None
    evidence = missing.evidence()
    why = (
        "There is no package of this name (a typo?), or none of its files is for Linux and the"
        " app's Python."
    )
    advice = (
        f"Look {name} up on {PYPI.rstrip('/')} and correct the line in {evidence.names['file']}."
    )
    return UnknownPackage(REASON, PYPI, "index", evidence.names["entry"], why, advice, evidence)
