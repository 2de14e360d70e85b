"""Crashes of Node.js apps because a module is missing, and whose fault that is."""

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from parity.facts.node_packages import BUILT_IN
from parity.facts.nodejs import SUPPORT
from parity.records import Boot, Release, Source
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS
from parity.rules.engine import rule
from parity.rules.views.node_error import node_crash, own, relative, thrown
from parity.rules.views.node_source import in_package, installer, lock_file, moving, wanted
from parity.rules.views.python_traceback import APP, Crash, Failing

GIT = "https://devcenter.heroku.com/articles/git"
_MISSING = (
    r"Cannot find (?:module|package) '([^']+)'(?: imported from (\S+))?"
    r"|Could not resolve \"([^\"]+)\""
    r"|Directory import '([^']+)' is not supported.* imported from (\S+)"
)


class Missing(NamedTuple):
    """A module that was not found: `name` as asked for, `by` the app's file and line."""

    name: str
    by: str | None
    line: int | None
    started: bool

    @property
    def package(self) -> str | None:
        """The package it belongs to, None for a file."""
        if self.name.startswith((".", "/", "#", "node:")) or self.started:
            return None
        parts = self.name.split("/")
        return "/".join(parts[:2]) if self.name.startswith("@") else parts[0]

    def evidence(self, seen: str, **names: str) -> Evidence:
        """Evidence at the line that asks for it."""
        return Evidence(seen, self.by, self.line, names={"module": self.name, **names})


def missing(crash: Crash) -> Missing | None:
    """What Node.js did not find."""
    match = crash.saying(_MISSING)
    if match is None:
        return None
    name = match[1] or match[3] or match[4] or ""
    inside = relative(name, APP)
    error = thrown(crash.lines, APP)
    asker = match[2] or match[5]
    by = relative(asker, APP) if asker else None
    stack = crash.saying(r"^\s*- (/\S+)")
    place = error.place if error else None
    file = by or (place.file if place else None) or (relative(_required(crash), APP) or None)
    started = name.startswith("/") and stack is None and by is None and place is None
    file = file if file and own(file) else None
    line = place.line if place and place.file == file else None
    line = line or (_asking(crash.source, file, name) if file else None)
    if by and inside != name:
        inside = f"./{posixpath.relpath(inside, posixpath.dirname(by) or '.')}"
        inside = inside.replace("./../", "../", 1)
    return Missing(inside, file, line, started)


def _required(crash: Crash) -> str:
    """The first file of the `Require stack`, which is the one that asked."""
    for number, line in enumerate(crash.lines):
        if line.strip() == "Require stack:" and number + 1 < len(crash.lines):
            return crash.lines[number + 1].strip().removeprefix("- ")
    return ""


def _asking(source: Source, file: str, name: str) -> int | None:
    """The line of a file that asks for a module."""
    stem = re.escape(name.rpartition("/")[2].rpartition(".")[0] or name.rpartition("/")[2])
    pattern = re.compile(rf"(?:(?:require\(|from\s)\s*|import\s*(?:\(\s*)?)['\"`][^'\"`]*{stem}")
    for number, line in enumerate((source.text(file) or "").splitlines(), 1):
        if pattern.search(line):
            return number
    return None


def missing_in(record: Failing) -> tuple[Crash, Missing] | None:
    """A crash of Node.js for want of a module, with the module."""
    found = node_crash(record)
    told = missing(found) if found else None
    return (found, told) if found and told else None


@rule(
    "dependency-not-saved",
    leads_to=ENDINGS,
    title="{package} is not in package.json",
    cause="The app asks for `{module}`. On your machine it is in node_modules, which is not pushed;"
    " Heroku installs what package.json asks for, and {package} is not there.",
    fix="Type `{install} {package}`, commit package.json and {lock}, push again.",
    docs=f"{SUPPORT}#build-behavior",
)
def dependency_not_saved(record: Failing) -> Iterator[Evidence]:
    told = missing_in(record)
    package = told[1].package if told else None
    if not told or not package or package in BUILT_IN or wanted(told[0].source, package):
        return
    source = told[0].source
    names = {"package": package, "install": installer(source), "lock": lock_file(source)}
    seen = f"Cannot find module '{told[1].name}'"
    where = in_package(source, f"{package} is not in dependencies", "dependencies")
    if told[1].by:
        yield told[1].evidence(seen, **names)
        yield where
    else:
        yield where._replace(seen=seen, names={"module": told[1].name, **names})


@rule(
    "only-a-dev-dependency",
    leads_to=ENDINGS,
    title="{package} is in devDependencies, which are gone when the app starts",
    cause="Heroku installs devDependencies for the build and removes them before the app starts"
    " (`Pruning devDependencies`). The running app asks for `{module}`.",
    fix="Type `{moving}`: the line moves to dependencies. Commit package.json and {lock}, push"
    " again.",
    docs=f"{SUPPORT}#skip-pruning",
)
def only_a_dev_dependency(record: Failing) -> Iterator[Evidence]:
    told = missing_in(record)
    package = told[1].package if told else None
    if not told or not package or wanted(told[0].source, package) != "devDependencies":
        return
    source = told[0].source
    names = {"package": package, "lock": lock_file(source), "moving": moving(source, package)}
    names["module"] = told[1].name
    yield in_package(
        source, f"Cannot find module '{told[1].name}'", "devDependencies", package, **names
    )
    if told[1].by:
        yield told[1].evidence(f"asks for {told[1].name}")


@rule(
    "module-not-installed",
    leads_to=ENDINGS,
    title="{module} is in package.json, and yet Node.js does not find it",
    cause="node_modules is not what package.json asks for: an incomplete one was"
    " committed, or a file within the package is missing.",
    fix="Type `git rm -r --cached node_modules`, add `node_modules/` to .gitignore, commit; delete"
    " {lock} and node_modules, install again, commit.",
    docs=f"{SUPPORT}#build-behavior",
)
def module_not_installed(record: Boot | Release) -> Iterator[Evidence]:
    told = missing_in(record)
    package = told[1].package if told else None
    if (
        told
        and package
        and wanted(told[0].source, package) in ("dependencies", "optionalDependencies")
    ):
        source = told[0].source
        seen = f"Cannot find module '{told[1].name}'"
        yield in_package(
            source, seen, "dependencies", package, module=told[1].name, lock=lock_file(source)
        )
