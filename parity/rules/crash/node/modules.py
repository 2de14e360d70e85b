"""Crashes of Node.js apps because a module is missing, and the reason it is."""

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
from parity.rules.shell import word
from parity.rules.view import view
from parity.rules.views.dyno_paths import APP
from parity.rules.views.facts import UnaskedPackage
from parity.rules.views.node_compiling import advice, compiling
from parity.rules.views.node_error import NodeCrash, own, relative, thrown
from parity.rules.views.node_source import in_package, installer, lock_file, moving, wanted

GIT = "https://devcenter.heroku.com/articles/git"
_MISSING = (
    r"Cannot find (?:module|package) '([^']+)'(?: imported from (\S+))?"
    r"|Could not resolve \"([^\"]+)\""
    r"|Directory import '([^']+)' is not supported.* imported from (\S+)"
)


class MissingNodeModule(NamedTuple):
    """A module that Node.js did not find.

    `name` is the name in the import, `by` and `line` the place of the import in the app.
    """

    crash: NodeCrash
    name: str
    by: str | None
    line: int | None
    started: bool

    @property
    def package(self) -> str | None:
        """The package that the module belongs to, or None for a file."""
        if self.name.startswith((".", "/", "#", "node:")) or self.started:
            return None
        parts = self.name.split("/")
        return "/".join(parts[:2]) if self.name.startswith("@") else parts[0]

    def evidence(self, seen: str, **names: str) -> Evidence:
        """Return evidence at the line that imports the module."""
        return Evidence(seen, self.by, self.line, names={"module": self.name, **names})


@view
def missing(crash: NodeCrash) -> MissingNodeModule | None:
    """Return the module that Node.js did not find."""
    match = crash.saying(_MISSING)
    if match is None:
        return None
    name = match[1] or match[3] or match[4] or ""
    inside = relative(name, APP)
    error = thrown(crash.lines, APP)
    importer = match[2] or match[5]
    by = relative(importer, APP) if importer else None
    stack = crash.saying(r"^\s*- (/\S+)")
    place = error.place if error else None
    file = by or (place.file if place else None) or (relative(_importing_file(crash), APP) or None)
    started = name.startswith("/") and stack is None and by is None and place is None
    file = file if file and own(file) else None
    line = place.line if place and place.file == file else None
    line = line or (_import_line(crash.source, file, name) if file else None)
    if by and inside != name:
        inside = f"./{posixpath.relpath(inside, posixpath.dirname(by) or '.')}"
        inside = inside.replace("./../", "../", 1)
    return MissingNodeModule(crash, inside, file, line, started)


def _importing_file(crash: NodeCrash) -> str:
    """Return the first file of the `Require stack`, which contains the import."""
    for number, line in enumerate(crash.lines):
        if line.strip() == "Require stack:" and number + 1 < len(crash.lines):
            return crash.lines[number + 1].strip().removeprefix("- ")
    return ""


def _import_line(source: Source, file: str, name: str) -> int | None:
    """Return the line of a file that imports a module."""
    stem = re.escape(name.rpartition("/")[2].rpartition(".")[0] or name.rpartition("/")[2])
    pattern = re.compile(rf"(?:(?:require\(|from\s)\s*|import\s*(?:\(\s*)?)['\"`][^'\"`]*{stem}")
    for number, line in enumerate((source.text(file) or "").splitlines(), 1):
        if pattern.search(line):
            return number
    return None


def unasked(missing: MissingNodeModule) -> UnaskedPackage | None:
    """Return the missing package if package.json does not list it."""
    package, source = missing.package, missing.crash.source
    if not package or package in BUILT_IN or wanted(source, package):
        return None
    seen = f"Cannot find module '{missing.name}'"
    where = in_package(source, f"{package} is not in dependencies", "dependencies")
    alone = (where._replace(seen=seen),)
    evidence = (missing.evidence(seen), where) if missing.by else alone
    if source.partial:
        evidence = (missing.evidence(seen),)
    advice = (
        f"Type `{installer(source)} {word(package)}`, commit package.json and"
        f" {lock_file(source)}, push again."
    )
    names = (package, missing.name, "package.json", "the app", seen, advice)
    return UnaskedPackage(f"{SUPPORT}#build-behavior", *names, evidence)


@rule(
    "only-a-dev-dependency",
    leads_to=ENDINGS,
    title="{package} is in devDependencies, which are removed before the app starts",
    cause="Heroku installs devDependencies for the build and removes them before the app starts"
    " (`Pruning devDependencies`). The running app needs `{module}`.",
    fix="{advice:Type `npm install --save-prod PACKAGE`, which moves the line to dependencies.}",
    docs=f"{SUPPORT}#skip-pruning",
)
def only_a_dev_dependency(missing: MissingNodeModule) -> Iterator[Evidence]:
    package, source = missing.package, missing.crash.source
    if not package or wanted(source, package) != "devDependencies":
        return
    names = {"package": package, "module": missing.name, "advice": _advice(missing, package)}
    seen = f"Cannot find module '{missing.name}'"
    yield in_package(source, seen, "devDependencies", package, **names)
    if missing.by:
        yield missing.evidence(f"asks for {missing.name}")


def _advice(missing: MissingNodeModule, package: str) -> str:
    """Return advice: the package as a dependency, or what needs it in the build."""
    source, compiles = missing.crash.source, compiling(missing.crash)
    if compiles and missing.by is None:
        return advice(missing.crash, compiles)
    return (
        f"Type `{moving(source, package)}`, which moves the line to dependencies. Commit"
        f" package.json and {lock_file(source)}, push again."
    )


@rule(
    "module-not-installed",
    leads_to=ENDINGS,
    title="{module} is in package.json, but Node.js does not find it",
    cause="node_modules does not match package.json: an incomplete one was committed, or a file in"
    " the package is missing.",
    fix="Type `git rm -r --cached node_modules`, add `node_modules/` to .gitignore, commit; delete"
    " {lock} and node_modules, install again, commit.",
    docs=f"{SUPPORT}#build-behavior",
    records=(Boot, Release),
)
def module_not_installed(missing: MissingNodeModule) -> Iterator[Evidence]:
    package, source = missing.package, missing.crash.source
    if package and wanted(source, package) in ("dependencies", "optionalDependencies"):
        seen = f"Cannot find module '{missing.name}'"
        names = {"module": missing.name, "lock": lock_file(source)}
        yield in_package(source, seen, "dependencies", package, **names)
