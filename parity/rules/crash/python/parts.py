"""Crashes because a package lacks a module that other versions have, or an optional dependency."""

import re
from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.python.imports import PIP, installed
from parity.rules.crash.python.packages import requested_package
from parity.rules.crash.symptoms import ENDINGS, adding, at_place
from parity.rules.engine import rule
from parity.rules.views.missing_python_module import MissingModule, within
from parity.rules.views.pip_output import line_for
from parity.rules.views.python_traceback import PythonError

_INSTEAD = {
    "uvicorn.workers": "Add the line `uvicorn-worker` to requirements.txt, and in the Procfile"
    " write `-k uvicorn_worker.UvicornWorker`.",
    "whitenoise.django": "Remove the lines with DjangoWhiteNoise, and write"
    ' `"whitenoise.middleware.WhiteNoiseMiddleware"` as the second entry of MIDDLEWARE.',
    "flask.ext": "Write `flask_NAME` instead of `flask.ext.NAME`.",
    "sklearn.externals": "Write `import joblib`, with joblib in requirements.txt.",
    "werkzeug.contrib": "Write `from werkzeug.middleware.proxy_fix import ProxyFix` and the like,"
    " or pin `werkzeug<1`.",
    "flask._compat": "Pin `flask<2`, or use a newer version of the package that imports it.",
    "flask_script": "Use Flask's own commands: `flask --app MODULE COMMAND`.",
    "django.core.urlresolvers": "Write `from django.urls import reverse`.",
    "django.utils.six": "Use a newer version of what imports it, or pin `django<3`.",
    "telegram.ext.dispatcher": "Pin `python-telegram-bot<20`, or rewrite it for version 20.",
}
"""Replacements of modules that were removed: the projects' own changelogs (documented)."""


@rule(
    "module-gone-from-package",
    leads_to=ENDINGS,
    title="The installed {package} has no module {module}",
    cause="{installed} is installed, but {module} is not in it: {why:the app was written for"
    " another version of it}.",
    fix="{advice:Pin the package to the version that the app was written for.}",
    docs=PIP,
)
def module_gone_from_package(missing: MissingModule) -> Iterator[Evidence]:
    crash, module = missing.crash, missing.name
    if missing.reason != "package-part":
        return
    package, version = installed(crash, missing.top)
    advice = next(
        (_INSTEAD[old] for old in _INSTEAD if within(old, module) or within(module, old)),
        f"Pin {package} in requirements.txt to the version that the app was written for.",
    )
    names = {"module": module, "package": package, "advice": advice}
    line = line_for(crash.source, package)
    names |= _own_six(module, package, named=line is not None)
    names["installed"] = f"{package} {version}".strip()
    yield Evidence(f"No module named '{module}'", "requirements.txt", line, names=names)
    place = at_place(crash)
    if place:
        yield place._replace(names={})


def _own_six(module: str, package: str, *, named: bool) -> dict[str, str]:
    """Return the texts for a package that contains an old copy of six.

    Python 3.12 removed `find_module`, which the importers of six before 1.16 use (documented):
    https://docs.python.org/3/whatsnew/3.12.html.
    """
    if not re.search(r"\.six\.moves\b", module):
        return {}
    newer = f"Write `{package}` without its old version in requirements.txt"
    if not named:
        newer = f"In requirements.txt use a newer version of what requires {package}"
    return {
        "why": "its own copy of six is too old for Python 3.12 and newer",
        "advice": f"{newer}; or write `3.11` into .python-version.",
    }


@rule(
    "optional-dependency",
    instead_of=("missing-dependency",),
    leads_to=ENDINGS,
    title="{package} is not installed, but a part of the app needs it",
    cause="A package needs another one, which is not installed with it: {error}",
    fix="{advice:Add the package to requirements.txt.}",
    docs=PIP,
)
def optional_dependency(crash: PythonError) -> Iterator[Evidence]:
    package = requested_package(crash)
    raised = crash.raised
    if package:
        file, advice = adding(crash, package)
        names = {"package": package, "advice": advice, "error": raised.told}
        yield Evidence(raised.told, file, names=names)
        place = at_place(crash)
        if place:
            yield place._replace(names={})
