"""Crashes when the app imports third-party packages, the standard library or system libraries."""

import re
from collections.abc import Iterator

from parity.facts.buildpacks import PYTHON
from parity.facts.packages import DISTRIBUTIONS, STANDARD_LIBRARY_GONE
from parity.records.verdict import Evidence
from parity.rules.crash.python.modules import library_of
from parity.rules.crash.symptoms import ENDINGS, at_either
from parity.rules.engine import rule
from parity.rules.views.missing_python_module import MissingModule, foreign, missing_module
from parity.rules.views.pip_output import line_for, normalised
from parity.rules.views.python_source import file_of
from parity.rules.views.python_traceback import Crash

PIP = "https://devcenter.heroku.com/articles/python-pip"


@rule(
    "not-a-package",
    leads_to=ENDINGS,
    title="`import {module}` cannot work: '{parent}' is a module, not a package",
    cause="{parent} has no modules below it; {name} is an attribute of it, or does not exist.",
    fix="Write `import {parent}` and use `{module}`, or `from {parent} import {name}`.",
    docs="https://docs.python.org/3/reference/simple_stmts.html#the-import-statement",
)
def not_a_package(missing: MissingModule) -> Iterator[Evidence]:
    crash, module = missing.crash, missing.name
    if missing.reason != "no-package":
        return
    parent, _, name = module.rpartition(".")
    if not (file_of(crash.source, parent) and foreign(crash, parent)):
        seen = f"No module named '{module}'; '{parent}' is not a package"
        yield at_either(crash, seen, module=module, parent=parent, name=name)


_SHADOWED = re.compile(
    r"cannot import name '(?P<a>[\w.]+)' from (?:partially initialized module )?'(?P<m>[\w.]+)'"
    r"|No module named '(?P<n>\w+)\.(?P<b>[\w.]+)'; '\w+' is not a package"
    r"|(?:partially initialized )?module '(?P<o>\w+)' (?:from '[^']+' )?has no attribute"
    r" '(?P<c>\w+)'"
)


@rule(
    "shadowed-module",
    instead_of=("missing-dependency",),
    leads_to=ENDINGS,
    title="{own} has the name of a module that other code imports",
    cause="Python finds the app's {own} before the real {module}, so `{imported}` is not in it.",
    fix="Type `git mv {own} my_{own}` and import it under the new name.",
    docs="https://docs.python.org/3/tutorial/modules.html#the-module-search-path",
    apart="the traceback goes through one of your files that has a package's name",
)
def shadowed_module(crash: Crash) -> Iterator[Evidence]:
    for line in crash.lines if crash.raised else ():
        match = _SHADOWED.search(line)
        names = {k: v for k, v in match.groupdict().items() if v} if match else {}
        module = next((names[k] for k in "mno" if k in names), "")
        own = file_of(crash.source, module) if module and "." not in module else None
        if own and foreign(crash, module) and "/" not in own:
            imported = next(names[k] for k in "abc" if k in names)
            values = {"own": own, "module": module, "imported": imported}
            yield Evidence(line.strip(), own, 1, names=values)
            return


def _absent(missing: MissingModule, **names: str) -> Evidence:
    """Return evidence at the import of a module that Python did not find."""
    seen = f"No module named '{missing.name}'"
    return at_either(missing.crash, seen, module=missing.name, **names)


@rule(
    "standard-module-gone",
    leads_to=ENDINGS,
    title="Python 3.{since:N} has no module {module} any more",
    cause="{module} was removed from the standard library in Python 3.{since:N}; the app runs on"
    " {version}.{who:-}",
    fix="Use a newer version of {what:what imports it}, or an older Python: write `3.{older}` into"
    " .python-version.",
    docs="https://docs.python.org/3/whatsnew/",
    apart="`ModuleNotFoundError` for distutils, imp, cgi and the like",
    laptop="The laptop has an older Python than Heroku's default.",
)
def standard_module_gone(missing: MissingModule) -> Iterator[Evidence]:
    crash, python = missing.crash, missing.crash.plan.runtime(PYTHON)
    if missing.reason == "gone" and python:
        since = STANDARD_LIBRARY_GONE[missing.top]
        names = {"since": str(since), "older": str(since - 1), "version": python.version}
        evidence, who = imported_by(crash, missing.name)
        yield from evidence
        yield _absent(missing, **names, **who)


def installed(crash: Crash, module: str) -> tuple[str, str]:
    """Return the package that has a top-level module, and its version, empty if not installed."""
    usual, packages = DISTRIBUTIONS.get(module, module), crash.slug.packages
    package = next((x for x in (usual, module) if normalised(x) in packages), usual)
    return package, packages.get(normalised(package), "")


def imported_by(crash: Crash, name: str) -> tuple[list[Evidence], dict[str, str]]:
    """Return evidence of the package that imports a missing name, and names for a rule's texts."""
    package, line = _importer(crash)
    if not package:
        return [], {}
    name_only = package.partition(" ")[0]
    what = name_only if line else f"what requires {name_only}"
    names = {"who": f" {package} imports it.", "what": what}
    evidence = Evidence(f"{package} imports {name}", "requirements.txt", line)
    return ([evidence] if line else []), names


def _importer(crash: Crash) -> tuple[str, int | None]:
    """Return the package whose code imports a missing name, and its line in requirements.txt."""
    library = library_of(crash.raised) if crash.raised else ""
    if not library:
        return "", None
    package, version = installed(crash, library)
    return f"{package} {version}".strip(), line_for(crash.source, package)


@rule(
    "windows-module",
    leads_to=ENDINGS,
    title="{module} exists only on Windows, but dynos run Linux",
    cause="Python has {module} on Windows only: line {line} of {file} imports it.",
    fix='Remove the import, or make it depend on the system: `if sys.platform == "win32":`.',
    docs="https://docs.python.org/3/library/windows.html",
)
def windows_module(missing: MissingModule) -> Iterator[Evidence]:
    if missing.reason == "windows":
        yield _absent(missing)


@rule(
    "no-desktop",
    leads_to=ENDINGS,
    title="The app opens windows, but a dyno has no screen: {module}",
    cause="Heroku's Python comes without tkinter, and there is no display in a dyno.",
    fix="Remove the import from what the web process runs (plots: `matplotlib.use('Agg')`).",
    docs="https://devcenter.heroku.com/articles/stack-packages",
)
def no_desktop(crash: Crash) -> Iterator[Evidence]:
    missing = missing_module(crash)
    if missing and missing.reason == "desktop":
        yield _absent(missing)
        return
    screen = (
        r"no display name and no \$DISPLAY|cannot connect to X server|^KeyError: 'DISPLAY'"
        r"|Can't connect to display|could not connect to display|DisplayNameError"
    )
    match = crash.saying(screen)
    if match:
        yield at_either(crash, match[0], module="a display")
