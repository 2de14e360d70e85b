"""Which package pip could not install, and why not: its name, version, platform or Python."""

import re
import sys
from collections.abc import Iterator

from parity.facts.packages import DISTRIBUTIONS, MACOS_ONLY, WINDOWS_ONLY
from parity.records import Slug
from parity.rules import rule
from parity.rules.pip import REASON
from parity.rules.plan import PUSH_REJECTED
from parity.rules.requirements import Entry, entries, found, named, normalised, saying
from parity.rules.slug import PIP, pip_failed
from parity.verdict import Evidence

NONE_FOUND = r"No matching distribution found for ([A-Za-z0-9._-]+)"
SHOWN_VERSIONS = 3


def _unfound(slug: Slug) -> Entry | None:
    """The entry of which pip found no distribution at all, or not the version."""
    match = saying(slug, NONE_FOUND) if pip_failed(slug) else None
    return named(slug.plan.source, match[1]) if match else None


@rule(
    "windows-only-package",
    leads_to=PUSH_REJECTED,
    title="{entry} exists only for Windows, and Heroku runs Linux",
    cause="`pip freeze` on Windows lists packages that have no build for another platform.",
    fix='Remove the line, or write `{entry}; sys_platform == "win32"`.',
    docs="https://peps.python.org/pep-0508/#environment-markers",
    heroku=REASON,
)
def windows_only_package(slug: Slug) -> Iterator[Evidence]:
    yield from _platform(slug, WINDOWS_ONLY, "Windows")


@rule(
    "macos-only-package",
    leads_to=PUSH_REJECTED,
    title="{entry} exists only for macOS, and Heroku runs Linux",
    cause="`pip freeze` on a Mac lists packages that have no build for another platform.",
    fix='Remove the line, or write `{entry}; sys_platform == "darwin"`.',
    docs="https://peps.python.org/pep-0508/#environment-markers",
    heroku=REASON,
)
def macos_only_package(slug: Slug) -> Iterator[Evidence]:
    yield from _platform(slug, MACOS_ONLY, "macOS")


def _platform(slug: Slug, names: frozenset[str], platform: str) -> Iterator[Evidence]:
    if not pip_failed(slug):
        return
    mentioned = "\n".join(slug.output).lower().replace("_", "-")
    for entry in entries(slug.plan.source):
        known = entry.name in names or (
            names is MACOS_ONLY and entry.name.startswith("pyobjc-framework")
        )
        if known and entry.name in mentioned and ";" not in entry.text:
            yield found(entry, f"{entry.name} is a {platform} package; pip found none for Linux")


@rule(
    "debian-artefact",
    leads_to=PUSH_REJECTED,
    title="{entry} is an artefact of Debian's pip, not a package",
    cause="Old Debian and Ubuntu versions of `pip freeze` list it; no index has it.",
    fix="Remove the line from {file}.",
    docs="https://bugs.launchpad.net/ubuntu/+source/python-pip/+bug/1635463",
    heroku=REASON,
)
def debian_artefact(slug: Slug) -> Iterator[Evidence]:
    entry = _unfound(slug)
    if entry and re.fullmatch(r"pkg[-_]resources==0\.0\.0", entry.text):
        yield found(entry, f"No matching distribution found for {entry.text}")


@rule(
    "no-such-version",
    leads_to=PUSH_REJECTED,
    title="There is no {entry}",
    cause="The index has {name}, but not this version of it for the Python of the app. It has:"
    " {versions}.",
    fix="Write a version that exists in {file}, such as `{name}=={last}`.",
    docs=PIP,
    heroku=REASON,
)
def no_such_version(slug: Slug) -> Iterator[Evidence]:
    entry = _unfound(slug)
    match = saying(slug, r"satisfies the requirement (\S+) .*\(from versions: ([^)]*)\)")
    if entry and match and match[2] != "none":
        versions = match[2].split(", ")
        final = [v for v in versions if re.fullmatch(r"[\d.]+", v)] or versions
        names = {"versions": _some(final), "last": final[-1]}
        yield found(entry, f"no version satisfies {match[1]}", **names)


def _some(versions: list[str]) -> str:
    if len(versions) <= 2 * SHOWN_VERSIONS:
        return ", ".join(versions)
    return ", ".join([*versions[:SHOWN_VERSIONS], "…", *versions[-SHOWN_VERSIONS:]])


@rule(
    "standard-library-required",
    leads_to=PUSH_REJECTED,
    title="{entry} is part of Python itself, not a package",
    cause="Modules of the standard library are always there; the index has none of this name.",
    fix="Remove the line from {file}.",
    docs="https://docs.python.org/3/library/",
    heroku=REASON,
)
def standard_library_required(slug: Slug) -> Iterator[Evidence]:
    entry = _unfound(slug)
    if entry and entry.name.replace("-", "_") in sys.stdlib_module_names:
        yield found(entry, f"No matching distribution found for {entry.text}")


@rule(
    "import-name-required",
    leads_to=PUSH_REJECTED,
    title="{entry} is what the package is imported as; it is called {right}",
    cause="The name in `import` and the name on the index differ for this package.",
    fix="Write `{right}` instead of `{entry}` in {file}.",
    docs="https://pypi.org/",
    heroku=REASON,
)
def import_name_required(slug: Slug) -> Iterator[Evidence]:
    if not pip_failed(slug):
        return
    known = {normalised(k): v for k, v in DISTRIBUTIONS.items()}
    failed = saying(slug, rf"{NONE_FOUND}|Failed to build '([\w.-]+)'")
    name = normalised(failed[1] or failed[2]) if failed else ""
    right = known.get(name)
    entry = named(slug.plan.source, name) if right else None
    if entry and right and normalised(right) != name:
        yield found(entry, failed[0] if failed else "", right=right)


@rule(
    "no-such-package",
    leads_to=PUSH_REJECTED,
    title="The index has no {entry} that Heroku could install",
    cause="There is no package of this name (a typo?), or none of its files fits Linux and the"
    " Python of the app.",
    fix="Look the name up on https://pypi.org and correct the line in {file}.",
    docs="https://pypi.org/",
    heroku=REASON,
    fallback=True,
)
def no_such_package(slug: Slug) -> Iterator[Evidence]:
    entry = _unfound(slug)
    if entry and saying(slug, r"\(from versions: none\)"):
        yield found(entry, f"No matching distribution found for {entry.text}")


@rule(
    "conflicting-requirements",
    leads_to=PUSH_REJECTED,
    title="{packages} have conflicting requirements",
    cause="No set of versions fits all of them at once: {conflict}.",
    fix="Loosen or remove one of the pins ({pins}), so that pip can choose a version that fits.",
    docs="https://pip.pypa.io/en/stable/topics/dependency-resolution/",
    heroku=REASON,
)
def conflicting_requirements(slug: Slug) -> Iterator[Evidence]:
    match = (
        saying(slug, r"Cannot install (.+?) because these package") if pip_failed(slug) else None
    )
    if not match:
        return
    reasons = [
        line.strip()
        for line in slug.output
        if re.match(r"\s+(The user requested|\S+ \S+ depends on) ", line)
    ]
    sides = [re.search(r"requested ([\w.-]+)|(\S+) \S+ depends on", reason) for reason in reasons]
    packages = [side[1] or side[2] for side in sides if side] or [match[1]]
    about = [e for e in entries(slug.plan.source) if e.name in " ".join(reasons).lower()]
    names = {
        "packages": " and ".join(dict.fromkeys(packages)),
        "conflict": "; ".join(reasons) or match[0],
        "pins": ", ".join(e.text for e in about) or match[1],
    }
    for reason in reasons or [match[0]]:
        hit = next((e for e in about if e.name in reason.lower()), None)
        seen = f"conflict: {reason}"
        yield found(hit, seen, **names) if hit else Evidence(seen, "requirements.txt", names=names)


@rule(
    "needs-other-python",
    leads_to=PUSH_REJECTED,
    title="{entry} does not run on Python {version}",
    cause="The package says which Python versions it supports, and the app's is not one of them:"
    " {error}",
    fix="Choose another version of the package, or of Python in .python-version.",
    docs="https://devcenter.heroku.com/articles/python-runtimes",
    heroku=REASON,
)
def needs_other_python(slug: Slug) -> Iterator[Evidence]:
    pattern = r"requires a different Python|Ignored the following versions that require a different"
    match = saying(slug, pattern) if pip_failed(slug) else None
    entry = _unfound(slug) if match else None
    if match and entry and slug.plan.python:
        names = {"version": slug.plan.python.version, "error": match.string.strip()[:200]}
        yield found(entry, match.string.strip()[:200], **names)


@rule(
    "source-build-failed",
    leads_to=PUSH_REJECTED,
    title="{name} cannot be built for Python {version}",
    cause="There is no ready-made build of this version for the app's Python, and compiling it from"
    " source fails: {error}. Old releases often use what newer Pythons have removed.",
    fix="Require a newer {name} (remove the pin and let pip choose), or an older Python in"
    " .python-version.",
    docs="https://devcenter.heroku.com/articles/python-runtimes",
    heroku=REASON,
    fallback=True,
)
def source_build_failed(slug: Slug) -> Iterator[Evidence]:
    pattern = (
        r"Failed to build '?([A-Za-z][\w.-]*)|Failed building wheel for ([\w.-]+)|^╰─> ([\w.-]+)$"
    )
    match = saying(slug, pattern) if pip_failed(slug) else None
    if not match or not slug.plan.python:
        return
    name = next(group for group in match.groups() if group)
    errors = [x.strip() for x in slug.output if re.match(r"\s*(\w+Error|error): ", x)]
    error = next((x for x in errors if not x.startswith("error: subprocess")), match[0].strip())
    names = {"name": name, "version": slug.plan.python.version, "error": error}
    entry = named(slug.plan.source, name)
    yield (
        found(entry, error, **{**names, "entry": entry.text})
        if entry
        else (Evidence(error, "requirements.txt", names=names))
    )
