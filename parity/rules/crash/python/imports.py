"""Crashes of importing what others wrote: packages, the standard library, system libraries."""

import re
from collections.abc import Iterator

from parity.facts.buildpacks import PYTHON
from parity.facts.packages import DISTRIBUTIONS, LAST_WITH, POPULAR, STANDARD_LIBRARY_GONE
from parity.records import Slug
from parity.records.verdict import Evidence
from parity.rules.crash.python.modules import absent, library_of
from parity.rules.crash.symptoms import ENDINGS, adding, at_either, at_place
from parity.rules.engine import rule
from parity.rules.views.missing_python_module import foreign
from parity.rules.views.pip_output import line_for, normalised
from parity.rules.views.python_source import file_of, find
from parity.rules.views.python_traceback import Crash, Failing, crash
from parity.rules.views.suggestions import requires

PIP = "https://devcenter.heroku.com/articles/python-pip"

_GOOGLE = {
    "google.cloud": "google-cloud-{}",
    "google.oauth2": "google-auth",
    "google.auth": "google-auth",
    "google.generativeai": "google-generativeai",
    "google.genai": "google-genai",
    "google.protobuf": "protobuf",
    "google.api_core": "google-api-core",
}
"""Packages that share the name `google`: https://pypi.org (documented)."""


@rule(
    "not-a-package",
    leads_to=ENDINGS,
    title="`import {module}` is no import: '{parent}' is a module, not a package",
    cause="{parent} has no modules below it; {name} is an attribute of it, or not there at all.",
    fix="Write `import {parent}` and use `{module}`, or `from {parent} import {name}`.",
    docs="https://docs.python.org/3/reference/simple_stmts.html#the-import-statement",
)
def not_a_package(record: Failing) -> Iterator[Evidence]:
    found, module = absent(record, "no-package")
    parent, _, name = module.rpartition(".")
    if found and not (file_of(found.source, parent) and foreign(found, parent)):
        seen = f"No module named '{module}'; '{parent}' is not a package"
        yield at_either(found, seen, module=module, parent=parent, name=name)


_SHADOWED = re.compile(
    r"cannot import name '(?P<a>[\w.]+)' from (?:partially initialized module )?'(?P<m>[\w.]+)'"
    r"|No module named '(?P<n>\w+)\.(?P<b>[\w.]+)'; '\w+' is not a package"
    r"|(?:partially initialized )?module '(?P<o>\w+)' (?:from '[^']+' )?has no attribute"
    r" '(?P<c>\w+)'"
)


@rule(
    "shadowed-module",
    leads_to=ENDINGS,
    title="{own} has the name of a module that others import",
    cause="Python finds the app's {own} before the real {module}, so `{imported}` is not in it.",
    fix="Type `git mv {own} my_{own}` and import it under the new name.",
    docs="https://docs.python.org/3/tutorial/modules.html#the-module-search-path",
)
def shadowed_module(crash: Crash) -> Iterator[Evidence]:
    for line in crash.lines if crash.raised else ():
        match = _SHADOWED.search(line)
        names = {k: v for k, v in match.groupdict().items() if v} if match else {}
        module = next((names[k] for k in "mno" if k in names), "")
        own = file_of(crash.source, module) if module and "." not in module else None
        if own and foreign(crash, module) and "/" not in own:
            imported = next(names[k] for k in "abc" if k in names)
            told = {"own": own, "module": module, "imported": imported}
            yield Evidence(line.strip(), own, 1, names=told)
            return


def _absent(crash: Crash, module: str, **names: str) -> Evidence:
    """Evidence at the import of a module that Python did not find."""
    return at_either(crash, f"No module named '{module}'", module=module, **names)


@rule(
    "standard-module-gone",
    leads_to=ENDINGS,
    title="Python 3.{since} has no module {module} any more",
    cause="{module} left the standard library in Python 3.{since}; the app runs on {version}."
    "{who:-}",
    fix="Use a newer version of {what:what imports it}, or an older Python: write `3.{older}` into"
    " .python-version.",
    docs="https://docs.python.org/3/whatsnew/",
)
def standard_module_gone(record: Failing) -> Iterator[Evidence]:
    found, module = absent(record, "gone")
    python = found.plan.runtime(PYTHON) if found else None
    if found and python:
        since = STANDARD_LIBRARY_GONE[module.partition(".")[0]]
        names = {"since": str(since), "older": str(since - 1), "version": python.version}
        evidence, who = imported_by(found, module)
        yield from evidence
        yield _absent(found, module, **names, **who)


def installed(crash: Crash, module: str) -> tuple[str, str]:
    """The package that brings a top-level module, and its version, empty if it is not there."""
    package = DISTRIBUTIONS.get(module, module)
    return package, crash.slug.packages.get(normalised(package), "")


def imported_by(crash: Crash, name: str) -> tuple[list[Evidence], dict[str, str]]:
    """Which package imports what is not there: its line, and the names for a rule's texts."""
    package, line = _importer(crash)
    if not package:
        return [], {}
    name_only = package.partition(" ")[0]
    what = name_only if line else f"what requires {name_only}"
    names = {"who": f" {package} imports it.", "what": what}
    evidence = Evidence(f"{package} imports {name}", "requirements.txt", line)
    return ([evidence] if line else []), names


def _importer(crash: Crash) -> tuple[str, int | None]:
    """The package whose code imports what is not there, and its line in requirements.txt."""
    library = library_of(crash.raised) if crash.raised else ""
    if not library:
        return "", None
    package, version = installed(crash, library)
    return f"{package} {version}".strip(), line_for(crash.source, package)


@rule(
    "windows-module",
    leads_to=ENDINGS,
    title="{module} is a part of Windows, and dynos run Linux",
    cause="Python has {module} on Windows only: line {line} of {file} imports it.",
    fix='Take the import out, or make it depend on the system: `if sys.platform == "win32":`.',
    docs="https://docs.python.org/3/library/windows.html",
)
def windows_module(record: Failing) -> Iterator[Evidence]:
    found, module = absent(record, "windows")
    if found:
        yield _absent(found, module)


@rule(
    "no-desktop",
    leads_to=ENDINGS,
    title="The app opens windows, and a dyno has no screen: {module}",
    cause="Heroku's Python comes without tkinter, and there is no display in a dyno.",
    fix="Take the import out of what the web process runs (plots: `matplotlib.use('Agg')`).",
    docs="https://devcenter.heroku.com/articles/stack-packages",
)
def no_desktop(record: Failing) -> Iterator[Evidence]:
    found, module = absent(record, "desktop")
    if found:
        yield _absent(found, module)
        return
    found = crash(record)
    screen = (
        r"no display name and no \$DISPLAY|cannot connect to X server|^KeyError: 'DISPLAY'"
        r"|Can't connect to display|could not connect to display|DisplayNameError"
    )
    match = found.saying(screen) if found else None
    if found and match:
        yield at_either(found, match[0], module="a display")


@rule(
    "missing-dependency",
    leads_to=ENDINGS,
    title="{package} is not in {manifest}, and {who} imports {module}",
    cause="No module named '{module}': Heroku installs what {manifest} names, nothing else.",
    fix="{advice:Add its package to requirements.txt.}",
    docs=PIP,
)
def missing_dependency(record: Failing) -> Iterator[Evidence]:
    found, module = absent(record, "dependency")
    if not found or (isinstance(record, Slug) and not record.installed) or asked(found):
        return
    if any(shadowed_module.check(found)):
        return
    top = module.partition(".")[0]
    yield from _to_add(found, module, _distribution(found, module))
    place = _imported(found, top)
    if place:
        yield place._replace(names={})


def _to_add(crash: Crash, module: str, package: str) -> Iterator[Evidence]:
    file, advice = adding(crash, package)
    if package in LAST_WITH.values() and _who(crash) != "the app":
        advice += f" Or take a newer {_who(crash)}, which does without."
    if package == module and package.lower().replace("_", "-") not in POPULAR:
        advice += " (`pip freeze`, where the app works, tells its exact name and version.)"
    if module == "psycopg" and {"psycopg2", "psycopg2-binary"} & {*crash.slug.packages}:
        advice += " Or name the driver that is there: `postgresql+psycopg2://` in the URL."
    names = {"module": module, "package": package, "manifest": file, "advice": advice}
    names["who"] = _who(crash)
    yield Evidence(f"No module named '{module}'", file, names=names)


@rule(
    "wrong-package",
    leads_to=ENDINGS,
    title="The package {wrong} is not the one that the app means: that is {package}",
    cause="Both bring a module called {module}. The app wants {package}'s, and {manifest} asks for"
    " {wrong}, another project: {error}",
    fix="{advice:Require the right package instead of the other one.}",
    docs=PIP,
)
def wrong_package(crash: Crash) -> Iterator[Evidence]:
    raised = crash.raised
    match = re.search(_FROM_TOP, raised.message) if raised else None
    module = next(group for group in match.groups() if group) if match else ""
    package, wrong = DISTRIBUTIONS.get(module, module), module.lower().replace("_", "-")
    if not crash or not raised or package.lower() == wrong or file_of(crash.source, module):
        return
    if _has(crash, wrong) and not _has(crash, package):
        file, advice = adding(crash, package)
        if file == "requirements.txt":
            advice = f"In requirements.txt write `{package}` instead of `{wrong}`."
        names = {"wrong": wrong, "package": package, "module": module, "manifest": file}
        yield at_either(crash, raised.told, advice=advice, **names)


def _has(crash: Crash, package: str) -> bool:
    """Whether a package is installed; where only a log is known, whether the app asks for it."""
    installed = crash.slug.packages
    return package.lower() in installed if installed else requires(crash.source, package)


_FROM_TOP = (
    r"cannot import name '\w+' from '(\w++)[.\w]*'|module '(\w+)' has no attribute"
    r"|No module named '(\w+)\.\w"
)
"""What a package says that has not what the app wants of it."""


def _who(crash: Crash) -> str:
    """Whose import it is: the app's, or that of a package which names it nowhere."""
    frames = [x for x in (crash.raised.frames if crash.raised else ()) if "<" not in x.file]
    package = re.search(r"site-packages/(\w+)", frames[-1].file) if frames else None
    return package[1] if package else "the app"


def _distribution(crash: Crash, module: str) -> str:
    """The distribution that brings a module."""
    top = module.partition(".")[0]
    if top == "google":
        place = find(crash.source, r"^\s*(?:from|import)\s+google\.")
        match = re.search(r"(google\.\w+)(?:\.| import )(\w+)", place.text if place else "")
        if match:
            return _GOOGLE.get(match[1], match[1].replace(".", "-")).format(match[2])
    return LAST_WITH.get(top) or DISTRIBUTIONS.get(top, top)


def _imported(crash: Crash, module: str) -> Evidence | None:
    """The app's line that asks for a module: the one that failed, an import, a setting."""
    here, name = at_place(crash), re.escape(module)
    if here and re.search(rf"\b{name}\b", here.names["code"]):
        return here
    place = find(crash.source, rf"^\s*(?:import|from)\s+{name}\b") or find(
        crash.source, rf"""^[^#]*["']{name}[."']"""
    )
    return Evidence(place.text, place.file, place.line, place.column) if place else here


_ASKS = re.compile(
    r"""requires ["']?(?P<a>[A-Za-z][\w.-]+)["']? to be installed"""
    r"""|pip install (?:-U |--upgrade )?["'`]?(?P<b>[A-Za-z][\w.-]*(?:\[[\w,-]+\])?)"""
    r"""|["'`]?(?P<c>[A-Za-z][\w.-]{1,60})["'`]? (?:must be|is not|isn't|needs to be) installed"""
    r"""|Install (?P<x>Flask with the 'async' extra)"""
    r"""|Error loading (?P<d>psycopg2|MySQLdb|cx_Oracle|oracledb)\b"""
)


def asked(crash: Crash) -> str | None:
    """The package that the exception asks for in words, and that is not installed."""
    raised = crash.raised
    if raised is None or raised.kind == "ModuleNotFoundError":
        return None
    match = _ASKS.search(raised.message) or _ASKS.search(" ".join(raised.more[:4]))
    named = next((group for group in match.groups() if group), "") if match else ""
    if match and match["x"]:
        return "Flask[async]"
    package = DISTRIBUTIONS.get(named, named)
    known = package.partition("[")[0].lower() in crash.slug.packages
    return package if package and not known else None
