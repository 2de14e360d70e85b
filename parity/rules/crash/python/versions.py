"""Crashes because versions of packages, Python or system libraries do not fit."""

import re
from collections.abc import Iterator

from parity.facts.buildpacks import PYTHON
from parity.facts.changes import CHANGES
from parity.records.verdict import Evidence
from parity.rules.crash.python.imports import PIP, imported_by, installed
from parity.rules.crash.python.modules import NOT_IN, library_of
from parity.rules.crash.symptoms import ENDINGS, at_either, at_place
from parity.rules.engine import rule
from parity.rules.views.missing_python_module import within
from parity.rules.views.pip_output import line_for, normalised
from parity.rules.views.python_fits import instead
from parity.rules.views.python_source import file_of
from parity.rules.views.python_traceback import PythonError, Raised


@rule(
    "shared-library-missing",
    leads_to=ENDINGS,
    title="The system library {library} is not in the dyno",
    cause="A Python package loads {library}, which belongs to the operating system, but Heroku's"
    " stack image does not have it.",
    fix="{advice:OpenCV: require `opencv-python-headless`. Others: the buildpack"
    " heroku-community/apt and an Aptfile.}",
    docs="https://devcenter.heroku.com/articles/stack-packages",
)
def shared_library_missing(crash: PythonError) -> Iterator[Evidence]:
    pattern = r"(lib[\w.+-]{1,99}\.so[\d.]{0,30}): cannot open shared object file"
    match = re.search(pattern, crash.raised.message)
    if match:
        apt = (
            "Add the buildpack heroku-community/apt (`heroku buildpacks:add --index 1"
            " heroku-community/apt`) and an Aptfile that names the Debian package with it."
        )
        opencv = "opencv-python" in crash.slug.packages or "opencv-contrib-python" in (
            crash.slug.packages
        )
        headless = "In requirements.txt write `opencv-python-headless` instead of `opencv-python`."
        advice = headless if opencv and re.match(r"lib(GL|gthread|SM|X)", match[1]) else apt
        yield at_either(crash, match[0], library=match[1], advice=advice)


_MOVED = {
    ("flask", "Markup"): ("from markupsafe import Markup", "flask<3"),
    ("flask", "escape"): ("from markupsafe import escape", "flask<3"),
    ("flask.json", "JSONEncoder"): ("from json import JSONEncoder", "flask<2.3"),
    ("jinja2", "Markup"): ("from markupsafe import Markup", "jinja2<3.1"),
    ("jinja2", "escape"): ("from markupsafe import escape", "jinja2<3.1"),
    ("jinja2", "contextfilter"): ("from jinja2 import pass_context", "jinja2<3.1"),
    ("markupsafe", "soft_unicode"): ("from markupsafe import soft_str", "markupsafe<2.1"),
    ("werkzeug.urls", "url_quote"): ("from urllib.parse import quote", "werkzeug<3"),
    ("werkzeug.urls", "url_decode"): ("from urllib.parse import parse_qs", "werkzeug<3"),
    ("werkzeug", "secure_filename"): ("from werkzeug.utils import secure_filename", "werkzeug<1"),
    ("werkzeug", "cached_property"): ("from werkzeug.utils import cached_property", "werkzeug<1"),
    ("itsdangerous", "json"): ("import json", "itsdangerous<2.1"),
    ("pydantic", "BaseSettings"): ("from pydantic_settings import BaseSettings", "pydantic<2"),
    ("django.utils.encoding", "force_text"): (
        "from django.utils.encoding import force_str",
        "django<4",
    ),
    ("django.utils.translation", "ugettext_lazy"): (
        "from django.utils.translation import gettext_lazy",
        "django<4",
    ),
    ("django.conf.urls", "url"): ("from django.urls import re_path", "django<4"),
    ("werkzeug.wrappers", "BaseResponse"): (
        "from werkzeug.wrappers import Response",
        "werkzeug<2.1",
    ),
    ("werkzeug.security", "safe_str_cmp"): ("from hmac import compare_digest", "werkzeug<2.1"),
    ("sqlalchemy", "__all__"): ("", "sqlalchemy<2"),
}  # fmt: skip
"""Names that a package no longer has: where they are now, and which versions had them
(the projects' own changelogs, documented)."""


@rule(
    "incompatible-versions",
    leads_to=ENDINGS,
    title="The installed {package} has no `{name}` any more",
    cause="{who:The app, or a package that it requires,} imports `{name}` from {module}, but"
    " {installed} no longer has it. On Heroku, what requirements.txt does not pin is the newest"
    " version.",
    fix="{advice:Import the name from where it is now, or pin the older version in"
    " requirements.txt.}",
    docs=PIP,
)
def incompatible_versions(crash: PythonError) -> Iterator[Evidence]:
    raised = crash.raised
    name, module = _absent_name(raised) if raised.frames else ("", "")
    top = module.partition(".")[0]
    if not name or file_of(crash.source, top):
        return
    package, version = installed(crash, top)
    version_needed = crash.slug.packages or (module, name) not in _MOVED  # a log lists no versions
    if not version and version_needed:
        return
    names = {"name": name, "module": module, "package": package}
    names |= {"installed": f"{package} {version}".rstrip(), **_who(raised, module, name)}
    place = at_place(crash)
    line = line_for(crash.source, package)
    yield Evidence(raised.told, "requirements.txt", line, names=names)
    if place:
        yield place._replace(names={})


def _absent_name(raised: Raised) -> tuple[str, str]:
    """Return the name that was removed and its module, or empty strings."""
    match = re.match(NOT_IN, raised.message)
    if match:
        return match[1], match[2]
    match = re.match(r"module '([\w.]+)' has no attribute '(\w+)'", raised.message)
    library = library_of(raised)
    if not match or not library or within(library, match[1]):
        return "", ""
    is_change = any(re.search(change.said, raised.told) for change in CHANGES)
    return ("", "") if is_change else (match[2], match[1])


_SUCCESSORS = {"flask_uploads": "Flask-Reuploaded"}
"""Unmaintained packages, and their successors with the same module name:
https://pypi.org/project/Flask-Reuploaded/ (documented)."""


def _who(raised: Raised, module: str, name: str) -> dict[str, str]:
    """Return the texts on who imports the removed name, and what to do about it."""
    import_now, pin = _MOVED.get((module, name), ("", ""))
    inner, package = raised.frames[-1].file, library_of(raised)
    if package in _SUCCESSORS:
        return {
            "who": f"The package {package}",
            "advice": f"In requirements.txt write `{_SUCCESSORS[package]}` instead of the package"
            f" that provides {package}: it has no newer version.",
        }
    if package:
        older = f"`{pin}`" if pin else "an older version of what it imports from"
        return {
            "who": f"The package {package}",
            "advice": f"In requirements.txt use a newer {package}, or pin {older} there, then"
            " deploy again. `pip freeze` where the app works lists versions that fit.",
        }
    now = f"Write `{import_now}` in {inner}, or pin" if import_now else "Pin"
    older = f"`{pin}`" if pin else "the version that the app was written for (`pip freeze`)"
    return {"who": inner, "advice": f"{now} {older} in requirements.txt."}


@rule(
    "package-breaks-on-import",
    instead_of=("unhandled-exception",),
    leads_to=ENDINGS,
    title="The package {package} breaks while it is imported: {error}",
    cause="`{code}` imports it, but {installed} fails in its own code: it does not work with"
    " another installed package, or with this Python.",
    fix="{advice:Pin in requirements.txt the versions with which the app works (`pip freeze`"
    " there lists them), or use a newer version of this package.}",
    docs=PIP,
    fallback=True,
    apart="the traceback goes from your `import` into a package, and ends there",
    laptop="The laptop has the versions that were new when they were installed, and its own"
    " Python.",
)
def package_breaks_on_import(crash: PythonError) -> Iterator[Evidence]:
    raised = crash.raised
    library = library_of(raised) if raised.kind in _MISFITS else ""
    evidence = at_place(crash) if library else None
    if evidence and re.match(r"(?:import|from)\s", evidence.names["code"]):
        package, version = installed(crash, library)
        otherwise = (
            "Pin in requirements.txt the versions with which the app works (`pip freeze` there"
            f" lists them), or use a newer {package}."
        )
        advice = instead(crash.slug, package, otherwise)
        names = {"package": package, "installed": f"{package} {version}".strip(), "advice": advice}
        yield evidence._replace(names={**evidence.names, **names})


_MISFITS = ("AssertionError", "AttributeError", "ImportError", "NameError", "TypeError")
"""Exceptions of code that runs with a Python or a package it was not written for (ours)."""

_GONE = re.compile(
    r"cannot import name '(?P<a>\w+)' from '(?P<m>\w+)'"
    r"|module '(?P<n>\w+)' has no attribute '(?P<b>\w+)'"
)
_PYTHON_HAD = {
    "collections": "Mapping MutableMapping Sequence MutableSequence Iterable Iterator Callable"
    " Hashable MutableSet Sized Container",
    "inspect": "getargspec formatargspec",
    "asyncio": "coroutine async",
    "time": "clock",
    "fractions": "gcd",
    "pkgutil": "ImpImporter",
    "base64": "encodestring decodestring",
    "cgi": "escape",
    "typing": "io re",
    "locale": "format",
    "unittest": "makeSuite",
    "ast": "Str Num",
}
"""Names removed from the standard library: https://docs.python.org/3/whatsnew/ (documented)."""

_UNTIL = {
    "inspect": "3.10",
    "asyncio": "3.10",
    "pkgutil": "3.11",
    "locale": "3.11",
    "typing": "3.12",
    "unittest": "3.12",
    "ast": "3.13",
}
"""The last Python with those names, if Heroku still installs it (the same source)."""


@rule(
    "removed-from-python",
    leads_to=ENDINGS,
    title="Python {version} has no `{name}` in {module} any more",
    cause="{error:The name is gone}. Newer Pythons have dropped it; the app, or a package that it"
    " requires, was written for an older one.{who:-}",
    fix="Use a newer version of {what:what imports it}{instead:-}{older:-}.",
    docs="https://docs.python.org/3/whatsnew/",
)
def removed_from_python(crash: PythonError) -> Iterator[Evidence]:
    raised, python = crash.raised, crash.plan.runtime(PYTHON)
    match = _GONE.match(raised.message)
    if not match or not python:
        return
    name, module = match["a"] or match["b"], match["m"] or match["n"]
    if name in _PYTHON_HAD.get(module, "").split() and not file_of(crash.source, module):
        evidence, who = imported_by(crash, f"`{name}` from {module}")
        now = " (`from collections.abc import …`)" if module == "collections" and not who else ""
        values = {"name": name, "module": module, "version": python.version, "instead": now}
        yield from evidence
        if module in _UNTIL:
            values["older"] = f", or write `{_UNTIL[module]}` into .python-version"
        place = at_either(crash, match[0], error=match[0], **values, **who)
        yield place._replace(seen=match[0])


@rule(
    "changed-by-version",
    leads_to=ENDINGS,
    title="A newer {package} does this differently: {error}",
    cause="The app, or a package that it requires, was written for an older {package}; here it is"
    " {installed}. On Heroku, what requirements.txt does not pin is the newest version.",
    fix="{advice:Change the code to fit the newer version, or pin the older one.}",
    docs=PIP,
)
def changed_by_version(crash: PythonError) -> Iterator[Evidence]:
    raised, python = crash.raised, crash.plan.runtime(PYTHON)
    if not python:
        return
    for change in CHANGES:
        if re.search(change.said, raised.told):
            package = change.package.lower()
            packages = crash.slug.packages
            version = (
                python.version if package == "python" else packages.get(normalised(package), "")
            )
            pin = change.pin if " " in change.pin else f"`{change.pin}`"
            advice = f"{change.now[0].upper()}{change.now[1:]}; or pin {pin}."
            names = {"package": change.package, "error": raised.told, "advice": advice}
            yield at_either(crash, raised.told, installed=f"{change.package} {version}", **names)
            return
