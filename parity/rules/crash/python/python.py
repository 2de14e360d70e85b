"""Crashes because Python is too old for the code, on Heroku or only on this machine."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from parity.facts.buildpacks import PYTHON
from parity.facts.packages import STANDARD_LIBRARY_NEW, STANDARD_NAMES_NEW
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, at_either
from parity.rules.engine import rule
from parity.rules.views.missing_python_module import absent_module, missing_module
from parity.rules.views.python_source import file_of, line_of
from parity.rules.views.python_traceback import Crash

VERSIONS = "https://devcenter.heroku.com/articles/python-runtimes"

_NAMED = (
    r"cannot import name '(?P<a>\w+)' from '(?P<m>[\w.]+)'"
    r"|module '(?P<n>[\w.]+)' has no attribute '(?P<b>\w+)'"
)
_SYNTAX = (
    (14, "template strings", r"\b[tT][\"']"),
    (12, "`type` statements", r"^type \w+(?:\[.*\])?\s*="),
    (12, "type parameters in brackets", r"^(?:async )?(?:def|class) \w+\["),
    (11, "`except*`", r"^except\s*\*"),
)
"""Syntax that older Pythons cannot parse: PEP 750, 695, 654."""

_QUOTED = r"\b[rR]?[fF][rR]?([\"'])(?:(?!\1).)*\{[^{}\"']*\1"
"""An f-string with its own quote inside the braces: PEP 701."""


class New(NamedTuple):
    """A feature that the code uses, and the first Python 3 minor version with it."""

    what: str
    since: int


def _minor(version: str) -> int:
    return int(version.split(".")[1])


def _new(crash: Crash) -> New | None:
    """Return the feature that is newer than the Python that ran, according to the crash."""
    raised, module = crash.raised, absent_module(crash)
    top = (module or "").partition(".")[0]
    if module and top in STANDARD_LIBRARY_NEW and not file_of(crash.source, top):
        return New(f"module {top}", STANDARD_LIBRARY_NEW[top])
    match = re.search(_NAMED, raised.message) if raised else None
    if match:
        name, module = match["a"] or match["b"], match["m"] or match["n"]
        since = STANDARD_NAMES_NEW.get(module, {}).get(name)
        return New(f"`{name}` in {module}", since) if since else None
    return _syntax(crash) if raised and raised.kind == "SyntaxError" else None


def _syntax(crash: Crash) -> New | None:
    """Return the syntax in the failing line that only newer Pythons can parse."""
    raised = crash.raised
    place = raised.place if raised else None
    code = line_of(crash.source, place.file, place.line) if place else ""
    message = raised.message if raised else ""
    inside = message.startswith("f-string: ") and re.search(_QUOTED, code)
    if inside or message.startswith("f-string expression part cannot include"):
        return New("f-strings with their own quotes, or a backslash, inside the braces", 12)
    features = (New(what, since) for since, what, pattern in _SYNTAX if re.search(pattern, code))
    return next(features, None)


@rule(
    "needs-newer-python",
    instead_of=("syntax-error",),
    leads_to=ENDINGS,
    title="Python {version} is too old: it has no {what:module or syntax that the code uses}",
    cause="The app runs on Python {version} ({origin:as the app asks, or by default}), but the code"
    " was written for a newer one (3.{since:N} has it): {error}",
    fix="{advice:Ask for a newer Python in .python-version, and test with it.}",
    docs=VERSIONS,
    apart="`SyntaxError`, `cannot import name` or `No module named` for something that newer"
    " Pythons have",
    laptop="The laptop has a newer Python than .python-version asks for.",
)
def needs_newer_python(crash: Crash) -> Iterator[Evidence]:
    python, new = (crash.plan.runtime(PYTHON), _new(crash))
    if not python or not new or not outdated(crash):
        return
    file = python.origin if python.origin in crash.source.entries else ".python-version"
    right = f"python-3.{new.since}" if file == "runtime.txt" else f"3.{new.since}"
    names = {"version": python.version, "what": new.what, "since": str(new.since)}
    names["origin"] = python.origin
    names["advice"] = f"Write `{right}` (or newer) into {file}, commit, push."
    evidence = at_either(crash, crash.raised.told if crash.raised else "", **names)
    yield evidence
    if file in crash.source.entries:
        yield Evidence(f"asks for Python {python.requested}", file, 1)


@rule(
    "newer-standard-module",
    effect="unknown",
    leads_to=ENDINGS,
    title="Python {used}, which ran here, has no {what:module or syntax that the code uses}",
    cause="Heroku would use Python {version}, whose standard library has it.",
    fix="Install Python {version} (`pyenv install {version}`, `uv python install {version}`), then"
    " run parity again.",
    docs=VERSIONS,
)
def newer_standard_module(crash: Crash) -> Iterator[Evidence]:
    here, python, raised = (
        crash.slug.interpreters.get(PYTHON),
        crash.plan.runtime(PYTHON),
        crash.raised,
    )
    if not here or not python or raised is None or raised.kind == "SyntaxError":
        return
    missing = missing_module(crash)
    what = f"module {missing.name}" if missing and missing.reason == "newer" else None
    new = None if what or here.exact else _new(crash)
    if new and _minor(here.version) < new.since <= _minor(python.version):
        what = new.what
    if what:
        names = {"used": here.version, "version": python.version, "what": what}
        yield at_either(crash, raised.told, **names)


def outdated(crash: Crash) -> bool:
    """Return whether the code is newer than the Python that Heroku would use."""
    python, new = crash.plan.runtime(PYTHON), _new(crash)
    return bool(python and new and _minor(python.version) < new.since)
