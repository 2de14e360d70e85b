"""The requirement for which pip found no distribution, and the package that requires it."""

import re
from typing import NamedTuple

from parity.facts.pip_failures import unbuilt
from parity.records import Slug
from parity.records.verdict import Evidence
from parity.rules.view import view
from parity.rules.views.pip_output import (
    UNAUTHORISED,
    RequirementEntry,
    at_entry,
    named,
    normalised,
    pip_failed,
    saying,
    shown,
)

_REQUIREMENT = r"([A-Za-z0-9][\w.-]*+)(?:\[[^]]*\])?([^(\[]*?)(?<!\s)"
_UNSATISFIED = (
    rf"satisfies the requirement {_REQUIREMENT}\s*"
    r"(?:\(from (?!versions)([^()]*(?:\([^()]*\)[^()]*)?)\)\s*)?\(from versions: ([^)]*)\)"
)
_IGNORED = r"(\d[\w.!+]{0,99}) Requires-Python ([^;]+)"
_NONE_FOUND = rf"No matching distribution found for {_REQUIREMENT}\s*(?:\(from|$)"


class Unfound(NamedTuple):
    """A requirement without a distribution; `by` is the package that requires it, if any."""

    slug: Slug
    name: str
    text: str
    entry: RequirementEntry | None
    by: str | None
    versions: tuple[str, ...]

    def evidence(self, seen: str | None = None, **names: str) -> Evidence:
        """Return evidence at the entry; it names the package that requires this one, if any."""
        message = seen or f"No matching distribution found for {self.text}"
        because = f" (required by {self.by})" if self.by else ""
        if self.entry is None:
            names = {"entry": self.text, "file": "requirements.txt", "name": self.name, **names}
            return Evidence(shown(message + because), "requirements.txt", names=names)
        wanted = self.text if self.by else shown(self.entry.text)
        return at_entry(
            self.entry, message + because, **{"name": self.name, "entry": wanted, **names}
        )


@view
def unfound(slug: Slug) -> Unfound | None:
    """Return the requirement for which pip found nothing, if that is why it failed."""
    match = saying(slug, _NONE_FOUND)
    if not match or saying(slug, UNAUTHORISED):
        return None
    name, text = normalised(match[1]), (match[1] + match[2]).strip()
    unsatisfied = saying(slug, _UNSATISFIED)
    by = re.split(r"(?:(?<![ ,>=-])[ ,>=-]+)?->|\s", unsatisfied[3] or "")[0] if unsatisfied else ""
    own = by in ("", "-r", "-c")
    versions = unsatisfied[4].split(", ") if unsatisfied and unsatisfied[4] != "none" else []
    entry = named(slug.plan.source, name if own else by)
    return Unfound(slug, name, text, entry, None if own else by, tuple(versions))


def failed_name(slug: Slug) -> str:
    """Return the distribution that pip did not find, or that failed to build."""
    missing = unfound(slug)
    if missing:
        return missing.name
    return normalised(unbuilt(slug.output)) if pip_failed(slug) else ""


def other_python(missing: Unfound) -> str | None:
    """Return the Python that the requested versions need, if pip ignored them because of it."""
    ignoring = saying(
        missing.slug, r"Ignored the following versions that require a different python"
    )
    pin = re.search(r"===?\s*([\w.!+]+)$", missing.text)
    if not ignoring:
        return None
    ignored = re.findall(_IGNORED, ignoring.string)
    if pin:
        return next((asked.strip() for version, asked in ignored if version == pin[1]), None)
    return str(ignored[-1][1]).strip() if ignored and not missing.versions else None
