"""Requirements files that pip cannot read or open, and failures with no other explanation."""

import re
from collections.abc import Iterator

from parity.records import Slug
from parity.records.verdict import Evidence
from parity.rules.build.python.pip_compiling import failed
from parity.rules.engine import rule
from parity.rules.push.plan import PUSH_REJECTED
from parity.rules.views.pip_output import (
    FORMAT,
    REASON,
    RequirementEntry,
    at_entry,
    decisive,
    entries,
    entry_named_in,
    inside,
    pip_failed,
    saying,
)
from parity.rules.views.pip_unfound import unfound
from parity.rules.views.requirement_spelling import LIBRARY_COMMAND, PIPFILE, corrected
from parity.rules.views.suggestions import kept_out

_MARKS = r"<{7}|={7}$|>{7}|\|{7}"
_NO_TEXT = r"UnicodeDecodeError: .*|Invalid requirement: '.*?\\x0.*"
_SINGLE = r"[\w.-]+(?:\[[^]]*\])?\s*=\s*v?[\d*]"
_CONDA = r"[\w.-]+=[\w.!+]+=\w+$"
"""Name, version and build, as `conda list --export` writes them."""


def _refused(slug: Slug) -> tuple[RequirementEntry, str] | None:
    """Return the line that pip cannot read, and pip's message about it."""
    match = saying(slug, r"Invalid requirement: (?:'(.*?)'(?:: .*)?|([^'].*))$")
    if not match:
        return None
    place = saying(slug, r"\(from line \d+ of .+\)")
    hit = entry_named_in(slug, place[0]) if place else None
    text = (match[1] or match[2]).strip()
    hit = hit or next((e for e in entries(slug.plan.source) if e.text == text), None)
    return (hit, match[0].removeprefix("ERROR: ")) if hit else None


@rule(
    "merge-conflict",
    leads_to=PUSH_REJECTED,
    title="{file} has the markers of a merge conflict",
    cause="The file was committed before the conflict in it was resolved, and pip refuses the line"
    " {entry}.",
    fix="Choose one side, remove the lines with <<<<<<<, ======= and >>>>>>>, commit.",
    docs="https://git-scm.com/docs/git-merge#_how_conflicts_are_presented",
    heroku=REASON,
)
def merge_conflict(slug: Slug) -> Iterator[Evidence]:
    if pip_failed(slug):
        for entry in entries(slug.plan.source):
            if re.match(_MARKS, entry.text):
                yield at_entry(entry, entry.text)


@rule(
    "single-equals",
    leads_to=PUSH_REJECTED,
    title="{entry} is not a requirement: a version is pinned with ==",
    cause="pip has no operator `=`, and one line that it cannot read makes it refuse the file.",
    fix="Write `{right}` in {file}.",
    docs=FORMAT,
    heroku=REASON,
)
def single_equals(slug: Slug) -> Iterator[Evidence]:
    if not saying(slug, "Invalid requirement"):
        return
    for entry in entries(slug.plan.source):
        if re.match(_SINGLE, entry.text) and not re.match(_CONDA, entry.text):
            right = re.sub(r"(?:(?<!\s)\s+)?=\s*", "==", entry.text, count=1)
            yield at_entry(entry, f"Invalid requirement: '{entry.text}' (not ==)", right=right)


@rule(
    "system-package-required",
    leads_to=PUSH_REJECTED,
    title="{entry} is a shell command, not a Python package",
    cause="requirements.txt lists Python packages; pip runs no commands, and refuses the file.",
    fix="Remove the line from {file}. {advice:-}",
    docs="https://devcenter.heroku.com/articles/buildpacks",
    heroku=REASON,
)
def system_package_required(slug: Slug) -> Iterator[Evidence]:
    refused = _refused(slug)
    match = re.match(LIBRARY_COMMAND, refused[0].text) if refused else None
    if refused and match:
        advice = (
            f"Type `heroku buildpacks:add --index 1 heroku-community/apt` and write"
            f" `{match[1].strip()}` into a file called Aptfile."
        )
        yield at_entry(*refused, advice=advice)


@rule(
    "not-requirements",
    leads_to=PUSH_REJECTED,
    title="{file} is written like {kind:something else}, not like a requirements file",
    cause="pip reads one package per line, as `name` or `name==version`, and stops at line {line}:"
    " {entry}",
    fix="Type `pip list --format=freeze > requirements.txt` where the app runs, and keep the lines"
    " that the app needs.",
    docs=FORMAT,
    heroku=REASON,
)
def not_requirements(slug: Slug) -> Iterator[Evidence]:
    refused = _refused(slug)
    kinds = (*PIPFILE, (_CONDA, "conda's list of packages"))
    kind = next((k for p, k in kinds if re.match(p, refused[0].text)), None) if refused else None
    if refused and kind:
        yield at_entry(*refused, kind=kind)


@rule(
    "not-a-requirement",
    leads_to=PUSH_REJECTED,
    title="Line {line} of {file} is not a requirement: {entry}",
    cause="A requirements file lists one package per line, as `name` or `name==version`. pip"
    " refuses the whole file because of one line that it cannot read: {error}",
    fix="{advice:-}",
    docs=FORMAT,
    heroku=REASON,
)
def not_a_requirement(slug: Slug) -> Iterator[Evidence]:
    refused = _refused(slug)
    if not refused or saying(slug, "It looks like a path") or saying(slug, _NO_TEXT):
        return
    entry, said = refused
    others = (_MARKS, _SINGLE, LIBRARY_COMMAND, *(p for p, _ in PIPFILE))
    if not any(re.match(pattern, entry.text) for pattern in others):
        right = corrected(entry.text)
        advice = (
            f"Write {right} instead."
            if right
            else "Correct the line or remove it; a comment begins with #."
        )
        yield at_entry(entry, said, advice=advice, error=said)


@rule(
    "requirements-encoding",
    leads_to=PUSH_REJECTED,
    title="{file} is not encoded as UTF-8",
    cause="pip finds bytes that are not text: {error}. Windows tools write UTF-16, sometimes"
    " without the byte order mark by which pip recognises it.",
    fix="Save {file} as UTF-8 (in PowerShell: `pip freeze | Out-File -Encoding ascii"
    " requirements.txt`), commit.",
    docs=FORMAT,
    heroku=REASON,
)
def requirements_encoding(slug: Slug) -> Iterator[Evidence]:
    match = saying(slug, _NO_TEXT)
    if match:
        seen = match[0].strip()
        names = {"file": "requirements.txt", "error": seen}
        yield Evidence(seen, "requirements.txt", 1, names=names)


@rule(
    "included-file-missing",
    leads_to=PUSH_REJECTED,
    title="{missing} is included in {file}, but not in the pushed tree",
    cause="{file} includes another file, and pip cannot open it on Heroku.",
    fix="Type `git add {missing}` and commit{near:-}; or remove the line from {file}.",
    docs=FORMAT,
    heroku=REASON,
)
def included_file_missing(slug: Slug) -> Iterator[Evidence]:
    match = saying(slug, r"Could not open (?:requirements|constraint) file: .*'(.+)'")
    missing = inside(slug, match[1]) if match else "/"
    if missing.startswith("/"):
        return
    name = missing.rpartition("/")[2]
    twin = next((p for p in slug.plan.source.entries if p.lower() == missing.lower()), None)
    near = f" (the tree has {twin}: upper and lower case differ on Linux)" if twin else ""
    for entry in entries(slug.plan.source):
        if entry.text.startswith("-") and name in entry.text:
            seen = f"Could not open {missing}: no such file"
            yield at_entry(entry, seen, missing=missing, near=near)
    for evidence in kept_out(slug.plan.source, missing):
        yield evidence._replace(names={"missing": missing, "near": near})


@rule(
    "included-file-outside",
    leads_to=PUSH_REJECTED,
    title="{file} includes a file that is not in the pushed tree: {target}",
    cause="The path leads out of the repository, to a place on your machine. Heroku has nothing"
    " there.",
    fix="Copy the file into the repository, include it from there (`-r requirements/base.txt`),"
    " and commit both.",
    docs=FORMAT,
    heroku=REASON,
)
def included_file_outside(slug: Slug) -> Iterator[Evidence]:
    if not pip_failed(slug) or not slug.refusal:
        return
    foreseen = slug.refusal.subject.split(", ")
    match = saying(slug, r"Could not open (?:requirements|constraint) file: .*'(.+)'")
    missing = inside(slug, match[1]) if match else ""
    name = missing.rpartition("/")[2] if missing.startswith("/") else None
    for entry in entries(slug.plan.source):
        target = re.match(r"(?:-r|--requirement|-c|--constraint)[\s=]*(\S+)", entry.text)
        if target and (target[1] in foreseen or target[1].rpartition("/")[2] == name):
            yield at_entry(entry, f"{target[1]} is outside the tree", target=target[1])


@rule(
    "requirements-include-themselves",
    leads_to=PUSH_REJECTED,
    title="{file} includes itself, by way of {entry}",
    cause="pip follows every include, and stops where one leads back: {error}",
    fix="Remove one of the includes.",
    docs=FORMAT,
    heroku=REASON,
)
def requirements_include_themselves(slug: Slug) -> Iterator[Evidence]:
    match = saying(
        slug, r"(?<!\S)(\S+) recursively references itself in (\S+?)(?: and again in .*)?$"
    )
    if match:
        file = inside(slug, match[2])
        name = match[1].rpartition("/")[2]
        for entry in entries(slug.plan.source):
            if entry.file == file and entry.text.startswith("-") and name in entry.text:
                yield at_entry(entry, match[0], error=match[0])


@rule(
    "install-dependencies-pip",
    leads_to=PUSH_REJECTED,
    title="pip cannot install what requirements.txt lists",
    cause="Heroku installs with `pip install -r requirements.txt`, which ends with: {error}",
    fix="Correct the entry that pip names. `pip install -r requirements.txt` in a new virtual"
    " environment fails in the same way.",
    docs=FORMAT,
    heroku=REASON,
    fallback=True,
)
def install_dependencies_pip(slug: Slug) -> Iterator[Evidence]:
    if not pip_failed(slug) or failed(slug) or unfound(slug):
        return
    error = decisive(slug)
    hit = entry_named_in(slug, error) or next(
        (e for e in entries(slug.plan.source) if e.name and _names(error, e.name)), None
    )
    names = {"error": error}
    yield at_entry(hit, error, **names) if hit else Evidence(error, "requirements.txt", names=names)


def _names(error: str, package: str) -> bool:
    """Return whether pip's message names a package; a part of a path does not count."""
    word = rf"(?<![\w./-]){re.escape(package)}(?![\w-])"
    return re.search(word, error.lower()) is not None
