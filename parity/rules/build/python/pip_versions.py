"""Packages that the index has, but not in the requested version, or not for this Python."""

import re
from collections.abc import Iterator

from parity.facts.packages import MACOS_ONLY, WINDOWS_ONLY
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.push.plan import PUSH_REJECTED
from parity.rules.views.facts import UnknownVersion
from parity.rules.views.pip_output import FORMAT, REASON, normalised, saying, shown
from parity.rules.views.pip_unfound import Unfound, other_python

_SHOWN = 3
_LENGTH = 4
"""How many numbers of a version are compared."""


def unknown(missing: Unfound) -> UnknownVersion | None:
    """Return the version that the index does not have for this Python."""
    if not missing.versions or other_python(missing):
        return None
    if normalised(missing.name) in WINDOWS_ONLY | MACOS_ONLY:
        return None
    versions = finals(missing.versions)
    near = _nearest(versions, missing.text)
    where = missing.entry.file if missing.entry else "requirements.txt"
    advice = f"Write `{missing.name}=={near}` in {where}, the nearest version that exists."
    if missing.by:
        advice = f"Require another version of {missing.by}, which requires {missing.text}."
    why = (
        f"The index has {missing.name}, but no such version for the app's Python. It has:"
        f" {_some(versions)}."
    )
    evidence = missing.evidence(f"no version satisfies {missing.text}")
    return UnknownVersion(REASON, FORMAT, evidence.names["entry"], why, advice, evidence)


_BROKEN = r"Ignoring version (\S+) of ([\w.-]+) since it has invalid metadata"


@rule(
    "broken-metadata",
    instead_of=("no-such-version",),
    leads_to=PUSH_REJECTED,
    title="{entry} has metadata that pip no longer accepts",
    cause="Old releases have metadata that pip has refused since version 24.1: {error}",
    fix="Require a newer {name}: `{name}>={version}`, without the pin, lets pip choose.",
    docs="https://github.com/pypa/pip/issues/12063",
    heroku=REASON,
)
def broken_metadata(missing: Unfound) -> Iterator[Evidence]:
    match = saying(missing.slug, _BROKEN)
    if match:
        seen = shown(match.string)
        yield missing.evidence(seen, error=seen, version=match[1])


def finals(versions: tuple[str, ...]) -> list[str]:
    """Return the versions that are not pre-releases, or all if there are no others."""
    return [v for v in versions if re.fullmatch(r"[\d.]+", v)] or list(versions)


def _nearest(versions: list[str], wanted: str) -> str:
    """Return the version nearest to the requested one."""
    asked = re.search(r"[=<>~]\s*(\d[\d.]*)", wanted)
    if not asked:
        return versions[-1]
    number = _numbers(asked[1])
    return min(
        versions, key=lambda v: [abs(a - b) for a, b in zip(_numbers(v), number, strict=True)]
    )


def _numbers(version: str) -> list[int]:
    numbers = [int(part) for part in re.findall(r"\d+", version)][:_LENGTH]
    return numbers + [0] * (_LENGTH - len(numbers))


def _some(versions: list[str]) -> str:
    if len(versions) <= 2 * _SHOWN:
        return ", ".join(versions)
    return ", ".join([*versions[:_SHOWN], "…", *versions[-_SHOWN:]])
