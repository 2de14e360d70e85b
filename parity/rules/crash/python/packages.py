"""Crashes because a package is not installed, or is not the one that the app needs."""

import re
from collections.abc import Iterator

from parity.facts.packages import DISTRIBUTIONS, LAST_WITH, POPULAR
from parity.records import Slug
from parity.records.verdict import Evidence
from parity.rules.crash.python.imports import PIP
from parity.rules.crash.symptoms import ENDINGS, adding, at_either, at_place
from parity.rules.engine import rule
from parity.rules.views.facts import UnaskedPackage
from parity.rules.views.missing_python_module import MissingModule
from parity.rules.views.python_source import file_of, find
from parity.rules.views.python_traceback import Crash, PythonError
from parity.rules.views.suggestions import requires

_GOOGLE = {
    "google.cloud": "google-cloud-{}",
    "google.oauth2": "google-auth",
    "google.auth": "google-auth",
    "google.generativeai": "google-generativeai",
    "google.genai": "google-genai",
    "google.protobuf": "protobuf",
    "google.api_core": "google-api-core",
}
"""Packages that share the namespace `google`: https://pypi.org (documented)."""


def unasked(missing: MissingModule) -> UnaskedPackage | None:
    """Return the missing package that no requirement installs."""
    crash, module, record = missing.crash, missing.name, missing.crash.record
    if missing.reason != "dependency" or (isinstance(record, Slug) and not record.installed):
        return None
    package, seen = _distribution(crash, module), f"No module named '{module}'"
    file, advice = _adding(crash, module, package)
    place = _imported(crash, missing.top)
    evidence = (Evidence(seen, file), *((place._replace(names={}),) if place else ()))
    return UnaskedPackage(PIP, package, module, file, _who(crash), seen, advice, evidence)


def _adding(crash: Crash, module: str, package: str) -> tuple[str, str]:
    """Return the file that must list the package, and how to add it."""
    file, advice = adding(crash, package)
    if package in LAST_WITH.values() and _who(crash) != "the app":
        advice += f" Or use a newer {_who(crash)}, which does not need it."
    if package == module and package.lower().replace("_", "-") not in POPULAR:
        advice += " (`pip freeze`, where the app works, shows its exact name and version.)"
    if module == "psycopg" and {"psycopg2", "psycopg2-binary"} & {*crash.slug.packages}:
        advice += " Or name the driver that is installed: `postgresql+psycopg2://` in the URL."
    return file, advice


@rule(
    "wrong-package",
    leads_to=ENDINGS,
    title="The app needs the package {package}, not {wrong}",
    cause="Both have a module called {module}. The app needs {package}'s, but {manifest} lists"
    " {wrong}, another project: {error}",
    fix="{advice:Require the right package instead of the other one.}",
    docs=PIP,
    apart="`cannot import name` from a package with the name of the module",
    laptop="The laptop has both packages, and the right one was installed last.",
    instead_of=("incompatible-versions",),
)
def wrong_package(crash: PythonError) -> Iterator[Evidence]:
    raised = crash.raised
    match = re.search(_FROM_TOP, raised.message)
    module = next(group for group in match.groups() if group) if match else ""
    package, wrong = DISTRIBUTIONS.get(module, module), module.lower().replace("_", "-")
    if package.lower() == wrong or file_of(crash.source, module):
        return
    if _has(crash, wrong) and not _has(crash, package):
        file, advice = adding(crash, package)
        if file == "requirements.txt":
            advice = f"In requirements.txt write `{package}` instead of `{wrong}`."
        names = {"wrong": wrong, "package": package, "module": module, "manifest": file}
        yield at_either(crash, raised.told, advice=advice, **names)


def _has(crash: Crash, package: str) -> bool:
    """Return whether a package is installed or, if there is only a log, whether it is required."""
    installed = crash.slug.packages
    return package.lower() in installed if installed else requires(crash.source, package)


_FROM_TOP = (
    r"cannot import name '\w+' from '(\w++)[.\w]*'|module '(\w+)' has no attribute"
    r"|No module named '(\w+)\.\w"
)
"""Messages about a package that does not have what the app imports from it."""


def _who(crash: Crash) -> str:
    """Return who imports the module: a package, or `the app`."""
    frames = [x for x in (crash.raised.frames if crash.raised else ()) if "<" not in x.file]
    package = re.search(r"site-packages/(\w+)", frames[-1].file) if frames else None
    return package[1] if package else "the app"


def _distribution(crash: Crash, module: str) -> str:
    """Return the distribution that installs a module."""
    top = module.partition(".")[0]
    if top == "google":
        place = find(crash.source, r"^\s*(?:from|import)\s+google\.")
        match = re.search(r"(google\.\w+)(?:\.| import )(\w+)", place.text if place else "")
        if match:
            return _GOOGLE.get(match[1], match[1].replace(".", "-")).format(match[2])
    return LAST_WITH.get(top) or DISTRIBUTIONS.get(top, top)


def _imported(crash: Crash, module: str) -> Evidence | None:
    """Return the app's line that names a module: the failing line, an import or a setting."""
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


def requested_package(crash: Crash) -> str | None:
    """Return the package that the exception's message asks for, if it is not installed."""
    raised = crash.raised
    if raised is None or raised.kind == "ModuleNotFoundError":
        return None
    match = _ASKS.search(raised.message) or _ASKS.search(" ".join(raised.more[:4]))
    requested = next((group for group in match.groups() if group), "") if match else ""
    if match and match["x"]:
        return "Flask[async]"
    package = DISTRIBUTIONS.get(requested, requested)
    is_installed = package.partition("[")[0].lower() in crash.slug.packages
    return package if package and not is_installed else None
