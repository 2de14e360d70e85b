"""Packages that must be built from source, but cannot be."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from parity.facts.build_image import ABSENT_TOOLS, absent_library
from parity.facts.buildpacks import PYTHON
from parity.facts.pip_failures import NO_BACKEND, platform_of, unbuilt
from parity.records import Slug
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.push.plan import PUSH_REJECTED
from parity.rules.views.pip_output import (
    REASON,
    RequirementEntry,
    at_entry,
    decisive,
    entries,
    named,
    normalised,
    pip_failed,
    saying,
    shown,
)
from parity.rules.views.python_fits import instead

RUNTIMES = "https://devcenter.heroku.com/articles/python-runtimes"
_HEADER = r"fatal error: ['\"]?([\w./+-]+\.h(?:pp)?)"
_ERROR = r"\s*+(?:\w++\.)*+([A-Z]\w*(?:Error|Exception)|error): "
_SUBPROCESS = r"error: [a-z]+(?:-[a-z]+)+$|subprocess\.CalledProcessError|error: command "
_LACKING = r"(?:not found|not installed|not find|No such file|unable to execute|is required)"
_GONE = (
    (r"No module named '?(distutils|imp|asyncore|asynchat|smtpd)\b", "3.12", "the module {}"),
    (r"has no attribute '(ImpImporter|SafeConfigParser|readfp)'", "3.12", "{}"),
    (r"No module named '?(pkg_resources|setuptools)\b", "", "{}, which setuptools no longer has"),
    (r"(use_2to3) is invalid", "", "{}, which setuptools has dropped"),
    (r"cannot import name '(\w+)' from 'collections'", "3.10", "collections.{}"),
    (r"module 'inspect' has no attribute '(getargspec)'", "3.11", "inspect.{}"),
    (r"(longintrepr)\.h: No such file", "3.11", "the C header {}.h"),
    (rf"{NO_BACKEND}'(setuptools)\b", "", "{}, its build tool, which fails to load"),
    (r"(Missing parentheses in call to '\w+')", "3.0", "Python 2's syntax"),
)
"""What an old release fails on, the first Python without it, and its name."""


_GEO = (
    "Type `heroku buildpacks:add --index 1"
    " https://github.com/heroku/heroku-geo-buildpack.git`, which installs GDAL, GEOS and PROJ."
)
_WHEEL = (
    "Require a version that has a wheel (remove the pin and let pip choose), or write a version of"
    " Python that has one into .python-version."
)


class Failed(NamedTuple):
    """A package that was not built, with its entry, if it has one, and the line that says why."""

    name: str
    entry: RequirementEntry | None
    error: str

    def evidence(self, **names: str) -> Evidence:
        """Return evidence at the entry that requires the package."""
        values = {"name": self.name, "error": self.error, **names}
        if self.entry is None:
            return Evidence(self.error, "requirements.txt", names={"entry": self.name, **values})
        return at_entry(self.entry, self.error, **values)


def failed(slug: Slug) -> Failed | None:
    """Return the package whose build from source made pip fail."""
    name = unbuilt(slug.output) if pip_failed(slug) else ""
    if not name or platform_of(normalised(name), slug.output) or saying(slug, "when git clone"):
        return None
    entry = named(slug.plan.source, name) or _by_path(slug, name)
    return Failed(name, entry, _error(slug))


def _by_path(slug: Slug, name: str) -> RequirementEntry | None:
    tail = name.removeprefix(f"file://{slug.root}/")
    return next((e for e in entries(slug.plan.source) if e.text.endswith(tail)), None)


def _error(slug: Slug) -> str:
    """Return the compiler's first error, else the last error in the build's output."""
    lines = [line.strip(" │╰─>") for line in slug.output]
    errors = [x for x in lines if re.match(_ERROR, x) and not re.match(_SUBPROCESS, x)]
    compiler = [x for x in lines if re.search(r": (?:fatal )?error: ", x)]
    return shown((compiler or errors or [decisive(slug)])[-1 if errors and not compiler else 0])


@rule(
    "system-library-missing",
    leads_to=PUSH_REJECTED,
    title="{name} needs {library} to be compiled, which Heroku's build image lacks",
    cause="There is no ready-made wheel of this version for the app's Python, so pip compiles it:"
    " {error}",
    fix="Require a version of {name} that has a wheel. Or type `heroku buildpacks:add --index 1"
    " heroku-community/apt` and write `{package}` into a file called Aptfile.",
    docs="https://elements.heroku.com/buildpacks/heroku/heroku-buildpack-apt",
    heroku=REASON,
    apart="a header (`.h`) or `-config` program is missing while a package is compiled",
    laptop="The laptop had a wheel, or the library with its headers.",
)
def system_library_missing(slug: Slug) -> Iterator[Evidence]:
    build = failed(slug)
    header = saying(slug, _HEADER)
    package = absent_library(header[1]) if header else None
    if build and header and package:
        error = shown(header.string)
        yield build._replace(error=error).evidence(library=header[1], package=package)


@rule(
    "build-tool-missing",
    leads_to=PUSH_REJECTED,
    title="{name} needs {tool} to be compiled, which Heroku's build image lacks",
    cause="There is no ready-made wheel of this version for the app's Python, so pip compiles it:"
    " {error}",
    fix="{advice:-}",
    docs=RUNTIMES,
    heroku=REASON,
)
def build_tool_missing(slug: Slug) -> Iterator[Evidence]:
    build = failed(slug)
    tools = rf"\b({'|'.join(ABSENT_TOOLS)})\b"
    match = saying(slug, rf"(?i){tools}.*{_LACKING}|{_LACKING}.*{tools}")
    if build and match:
        command = (match[1] or match[2]).lower()
        geo = command in ("gdal-config", "geos-config")
        yield build._replace(error=shown(match.string)).evidence(
            tool=ABSENT_TOOLS[command], advice=_GEO if geo else _WHEEL
        )


@rule(
    "release-too-old",
    leads_to=PUSH_REJECTED,
    title="{entry} is too old for Python {version}",
    cause="There is no ready-made wheel of it for the app's Python, and building it fails on"
    " {gone:something that no longer exists}: {error}",
    fix="{advice:Require a newer version (remove the pin and let pip choose), or write an older"
    " Python into .python-version.}",
    docs=RUNTIMES,
    heroku=REASON,
)
def release_too_old(slug: Slug) -> Iterator[Evidence]:
    build, python = failed(slug), slug.plan.runtime(PYTHON)
    if not build or not python:
        return
    for pattern, since, what in _GONE:
        match = saying(slug, pattern)
        if match:
            error = shown(match.string.strip(" │╰─>"))
            advice = instead(slug, build.name, _without_lookup(build.name, since))
            yield build._replace(error=error).evidence(
                version=python.version, gone=what.format(match[1]), advice=advice
            )
            return


def _without_lookup(name: str, since: str) -> str:
    """Return the advice if the index was not asked: the last Python that has what is used."""
    series = f"3.{int(since.partition('.')[2]) - 1}" if since > "3.10" else ""
    older = f", or an older Python: write `{series}` into .python-version" if series else ""
    return f"Require a newer {name} (remove the pin and let pip choose){older}."


_IN_PYTHON = {
    "backports-zoneinfo": ("zoneinfo", "3.9"),
    "typed-ast": ("ast", "3.8"),
    "dataclasses": ("dataclasses", "3.7"),
    "contextvars": ("contextvars", "3.7"),
    "enum34": ("enum", "3.4"),
    "futures": ("concurrent.futures", "3.2"),
}
"""Packages that backport a module of the standard library: https://pypi.org."""


@rule(
    "backport-not-needed",
    leads_to=PUSH_REJECTED,
    title="{entry} is for older Pythons, and cannot be built for {version}",
    cause="It adds `{module}` to Pythons before {since:N}; the app's Python has it: {error}",
    fix='Remove the line, or write `{entry}; python_version < "{since:N}"`.',
    docs="https://docs.python.org/3/library/",
    heroku=REASON,
)
def backport_not_needed(slug: Slug) -> Iterator[Evidence]:
    build, python = failed(slug), slug.plan.runtime(PYTHON)
    known = _IN_PYTHON.get(normalised(build.name)) if build else None
    if build and python and known:
        yield build.evidence(version=python.version, module=known[0], since=known[1])


@rule(
    "source-build-failed",
    leads_to=PUSH_REJECTED,
    title="{entry} cannot be built for Python {version}",
    cause="There is no ready-made wheel of this version for the app's Python, and building it from"
    " source fails: {error}. Old releases often use what newer Pythons have removed.",
    fix="{advice:Require a newer version (remove the pin and let pip choose), or write an older"
    " Python into .python-version.}",
    docs=RUNTIMES,
    heroku=REASON,
    fallback=True,
)
def source_build_failed(slug: Slug) -> Iterator[Evidence]:
    build, python = failed(slug), slug.plan.runtime(PYTHON)
    if build and python:
        otherwise = (
            f"Require a newer {build.name} (remove the pin and let pip choose), or an older Python"
            " in .python-version."
        )
        advice = instead(slug, build.name, otherwise)
        yield build.evidence(version=python.version, advice=advice)
