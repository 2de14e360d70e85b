"""Packages that the index has, but not in the version that is asked for, or not for this Python."""

import re
from collections.abc import Iterator

from parity.facts.buildpacks import PYTHON
from parity.facts.packages import MACOS_ONLY, WINDOWS_ONLY
from parity.records import Slug
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.push.plan import PUSH_REJECTED
from parity.rules.views.pip_output import FORMAT, REASON, found, named, normalised, saying, shown
from parity.rules.views.pip_unfound import Unfound, other_python, unfound

RUNTIMES = "https://devcenter.heroku.com/articles/python-runtimes"
_SHOWN = 3
_LENGTH = 4
"""Numbers of a version that are compared."""


@rule(
    "needs-other-python",
    leads_to=PUSH_REJECTED,
    title="{entry} does not run on Python {version}",
    cause="The package says which Python versions it supports, and the app's is not one of them:"
    " {error}.",
    fix="{advice:-}",
    docs=RUNTIMES,
    heroku=REASON,
)
def needsother_python(slug: Slug) -> Iterator[Evidence]:
    missing, python = unfound(slug), slug.plan.runtime(PYTHON)
    told = saying(slug, r"requires a different Python: \S+ not in '([^']+)'")
    if told and python:
        names = {"version": python.version, "error": shown(told.string), "advice": _PYTHON}
        match = re.search(r"Package '?([\w.-]+)", told.string)
        entry = named(slug.plan.source, match[1]) if match else None
        names = {"entry": match[1] if match else "A package", **names}
        yield (
            found(entry, told.string, **{**names, "entry": shown(entry.text)})
            if entry
            else Evidence(shown(told.string), "requirements.txt", names=names)
        )
    elif missing and python:
        asked = other_python(missing)
        if asked:
            advice = _instead(missing) or _PYTHON
            error = f"{missing.text} requires Python {asked}"
            yield missing.evidence(error, version=python.version, error=error, advice=advice)


_PYTHON = (
    "Require another version of the package, or write a Python that it supports into"
    " .python-version."
)


def _instead(missing: Unfound) -> str | None:
    if not missing.versions:
        return None
    return f"Write `{missing.name}=={_finals(missing.versions)[-1]}`, which does; or " + (
        _PYTHON[0].lower() + _PYTHON[1:]
    )


@rule(
    "no-such-version",
    leads_to=PUSH_REJECTED,
    title="There is no {entry}",
    cause="The index has {name}, but no such version for the Python of the app. It has:"
    " {versions}.",
    fix="{advice:-}",
    docs=FORMAT,
    heroku=REASON,
    apart="`No matching distribution found for NAME==VERSION`",
)
def no_such_version(missing: Unfound) -> Iterator[Evidence]:
    if not missing.versions or other_python(missing):
        return
    if normalised(missing.name) in WINDOWS_ONLY | MACOS_ONLY:
        return
    versions = _finals(missing.versions)
    near = _nearest(versions, missing.text)
    where = missing.entry.file if missing.entry else "requirements.txt"
    advice = f"Write `{missing.name}=={near}` in {where}, the nearest version that exists."
    if missing.by:
        advice = f"Require another version of {missing.by}, which asks for {missing.text}."
    yield missing.evidence(
        f"no version satisfies {missing.text}", versions=_some(versions), advice=advice
    )


_BROKEN = r"Ignoring version (\S+) of ([\w.-]+) since it has invalid metadata"


@rule(
    "broken-metadata",
    instead_of=("no-such-version",),
    leads_to=PUSH_REJECTED,
    title="{entry} has metadata that pip no longer accepts",
    cause="Old releases describe themselves in ways that pip refuses since version 24.1: {error}",
    fix="Require a newer {name}: `{name}>={version}`, without the pin, lets pip choose.",
    docs="https://github.com/pypa/pip/issues/12063",
    heroku=REASON,
)
def broken_metadata(missing: Unfound) -> Iterator[Evidence]:
    match = saying(missing.slug, _BROKEN)
    if match:
        seen = shown(match.string)
        yield missing.evidence(seen, error=seen, version=match[1])


def _finals(versions: tuple[str, ...]) -> list[str]:
    """The versions that are not pre-releases, if there are any."""
    return [v for v in versions if re.fullmatch(r"[\d.]+", v)] or list(versions)


def _nearest(versions: list[str], wanted: str) -> str:
    """The version nearest to the one that was asked for."""
    asked = re.search(r"[=<>~]\s*(\d[\d.]*)", wanted)
    if not asked:
        return versions[-1]
    number = _numbers(asked[1])
    return min(
        versions, key=lambda v: [abs(a - b) for a, b in zip(_numbers(v), number, strict=True)]
    )


def _numbers(version: str) -> list[int]:
    found = [int(part) for part in re.findall(r"\d+", version)][:_LENGTH]
    return found + [0] * (_LENGTH - len(found))


def _some(versions: list[str]) -> str:
    if len(versions) <= 2 * _SHOWN:
        return ", ".join(versions)
    return ", ".join([*versions[:_SHOWN], "…", *versions[-_SHOWN:]])
