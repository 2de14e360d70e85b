"""Packages that do not run on the app's Python."""

import re
from collections.abc import Iterator

from parity.facts.buildpacks import PYTHON
from parity.records import Slug
from parity.records.verdict import Evidence
from parity.rules.build.python.pip_versions import finals
from parity.rules.engine import rule
from parity.rules.push.plan import PUSH_REJECTED
from parity.rules.views.pip_output import REASON, at_entry, named, saying, shown
from parity.rules.views.pip_unfound import Unfound, other_python, unfound
from parity.rules.views.python_fits import instead

RUNTIMES = "https://devcenter.heroku.com/articles/python-runtimes"


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
def needs_other_python(slug: Slug) -> Iterator[Evidence]:
    missing, python = unfound(slug), slug.plan.runtime(PYTHON)
    different = saying(slug, r"requires a different Python: \S+ not in '([^']+)'")
    if different and python:
        match = re.search(r"Package '?([\w.-]+)", different.string)
        advice = instead(slug, match[1], _PYTHON) if match else _PYTHON
        names = {"version": python.version, "error": shown(different.string), "advice": advice}
        entry = named(slug.plan.source, match[1]) if match else None
        names = {"entry": match[1] if match else "A package", **names}
        yield (
            at_entry(entry, different.string, **{**names, "entry": shown(entry.text)})
            if entry
            else Evidence(shown(different.string), "requirements.txt", names=names)
        )
    elif missing and python:
        asked = other_python(missing)
        if asked:
            advice = instead(slug, missing.name, _instead(missing) or _PYTHON)
            error = f"{missing.text} requires Python {asked}"
            yield missing.evidence(error, version=python.version, error=error, advice=advice)


_PYTHON = (
    "Require another version of the package, or write a Python that it supports into"
    " .python-version."
)


def _instead(missing: Unfound) -> str | None:
    if not missing.versions:
        return None
    return f"Write `{missing.name}=={finals(missing.versions)[-1]}`, which does; or " + (
        _PYTHON[0].lower() + _PYTHON[1:]
    )
