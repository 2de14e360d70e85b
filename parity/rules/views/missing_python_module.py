"""The module that Python did not find, and the reason why."""

import posixpath
import re
import sys
from difflib import get_close_matches
from typing import Literal, NamedTuple, TypeAlias

from parity.facts.buildpacks import PYTHON
from parity.facts.packages import (
    DISTRIBUTIONS,
    POPULAR,
    STANDARD_LIBRARY_GONE,
    STANDARD_LIBRARY_NEW,
    WINDOWS_LIBRARY,
)
from parity.rules.view import view
from parity.rules.views.environments import PACKAGES, environments
from parity.rules.views.misread_word import misread_word
from parity.rules.views.python_source import file_of, find, target
from parity.rules.views.python_traceback import Crash

Reason: TypeAlias = Literal[
    "not-in-git", "case", "no-package", "settings", "target", "part", "elsewhere", "gone", "newer",
    "desktop", "package-part", "misspelt", "dependency", "older", "worker", "file", "pruned",
    "windows", "word",
]  # fmt: skip

_WRAPPERS = (
    *("ImportError", "ImproperlyConfigured", "NoAppError", "ConfigError", "InvalidStorageError"),
)
"""Exceptions that frameworks raise because a module was not found."""

_DESKTOP = ("tkinter", "_tkinter", "turtle", "idlelib")


class MissingModule(NamedTuple):
    """A module that Python did not find, and the one reason why."""

    crash: Crash
    name: str
    reason: Reason

    @property
    def top(self) -> str:
        """Return the top-level package of the module, or the module itself."""
        return self.name.partition(".")[0]


@view
def missing_module(crash: Crash) -> MissingModule | None:
    """Return the module that was not found, if that is what the crash is about."""
    reason = why_absent(crash)
    return MissingModule(crash, absent_module(crash) or "", reason) if reason else None


def absent_module(crash: Crash) -> str | None:
    """Return the dotted name of the module that Python or the server did not find."""
    for number, raised in enumerate(crash.chain):
        match = re.search(r"No module named '([^']+)'", raised.message)
        if raised.kind == "ModuleNotFoundError" and match:
            return match[1]
        if number == 0 and raised.kind not in _WRAPPERS:
            return None
    pattern = (
        r"""(?:Could not import module "|No module named ['"]?)([\w.]+)"""
        r"|Cannot load application from '([\w.]+):\w+', module not found"
    )
    match = crash.saying(pattern)
    return (match[1] or match[2]) if match else None


def is_not_a_package(crash: Crash) -> bool:
    """Return whether Python said that a module is not a package."""
    return crash.saying(r"; '[\w.]+' is not a package") is not None


def within(module: str, named: str) -> bool:
    """Return whether `module` is `named`, or a package around it."""
    return named == module or named.startswith(f"{module}.")


def roots(crash: Crash) -> list[str]:
    """Return the folders in which this command's Python looks: `""`, and perhaps `backend/`."""
    folders = re.findall(
        r"--chdir[ =](\S+)|--app-dir[ =](\S+)|\bcd (\S+)|python3? (?:-\w+ )*(\S+)/[\w.-]+\.py",
        crash.command,
    )
    named = [posixpath.normpath(folder) for group in folders for folder in group if folder]
    return ["", *(f"{folder}/" for folder in named if folder != ".")]


def kept(crash: Crash, module: str) -> str | None:
    """Return the path on disk, untracked or ignored, that would be the module."""
    base = module.replace(".", "/")
    top = base.partition("/")[0]
    names = [f"{part}{end}" for part in (base, top) for end in (".py", "/__init__.py", "/")]
    options = [f"{root}{name}" for root in roots(crash) for name in names]
    return next((path for path in options if path in crash.source.absent), None)


def in_other_case(crash: Crash, module: str) -> str | None:
    """Return the tree's file that differs from the module only in upper and lower case."""
    base = module.replace(".", "/")
    wanted = {
        f"{root}{base}{end}".lower() for root in roots(crash) for end in (".py", "/__init__.py")
    }
    match = next((p for p in crash.source.entries if p.lower() in wanted), None)
    return match if match and file_of(crash.source, module) is None else None


def elsewhere(crash: Crash, module: str) -> str | None:
    """Return the tree's file for the module in a folder where Python does not look."""
    base = module.replace(".", "/")
    ends = (f"/{base}.py", f"/{base}/__init__.py")
    others = environments(crash.source)
    named = (p for p in crash.source.entries if p.endswith(ends) and PACKAGES not in p)
    near = [path for path in named if not path.startswith(others)]
    return min(near, key=lambda p: (p.count("/"), p)) if near else None


def settings_module(crash: Crash) -> str | None:
    """Return Django's settings module, as the config var or the code names it."""
    configured = crash.plan.config.values.get("DJANGO_SETTINGS_MODULE")
    place = find(crash.source, r"DJANGO_SETTINGS_MODULE")
    pattern = r"""DJANGO_SETTINGS_MODULE["'\]]*\s*[,=]\s*["']([\w.]+)"""
    named = re.search(pattern, place.text) if place else None
    return configured or (named[1] if named else None)


def why_absent(crash: Crash) -> Reason | None:
    """Return why the module was not found, if that is what the crash is about."""
    module = absent_module(crash)
    if module is None:
        return None
    if misread_word(crash):
        return "word"
    if crash.saying(r"class uri '(?:gevent|eventlet|tornado)\w*' invalid or not found"):
        return "worker"
    if _as_path(crash, module):
        return "file"
    if _pruned(crash, module):
        return "pruned"
    if kept(crash, module):
        return "not-in-git"
    if in_other_case(crash, module):
        return "case"
    if module == settings_module(crash):
        return "settings"
    return _in_the_tree(crash, module) or _outside(crash, module)


def _as_path(crash: Crash, module: str) -> bool:
    """Return whether the module is written as the path of a file in the tree: `app.py`."""
    base = module.removesuffix(".py")
    paths = (f"{base}.py", f"{base.replace('.', '/')}.py")
    written = module.endswith(".py") or "/" in module
    return written and any(path in crash.source.entries for path in paths)


def _pruned(crash: Crash, module: str) -> bool:
    """Return whether .slugignore removed the module, or something below it, from the slug."""
    base = module.replace(".", "/")
    own = (f"{base}.py", f"{base}/")
    return any(path.startswith(own) for path in crash.source.pruned)


def _in_the_tree(crash: Crash, module: str) -> Reason | None:
    """Return a reason that lies in the tree or the command."""
    if is_not_a_package(crash):
        return "no-package"
    named = target(crash.process)
    if named and within(module, named[0]) and not _found(crash, named[0]):
        return "target"
    top = module.partition(".")[0]
    inside = [f"{root}{top}/" for root in roots(crash)]
    if "." in module and any(p.startswith(tuple(inside)) for p in crash.source.entries):
        return "part"
    installed = top.lower().replace("_", "-") in crash.slug.packages
    return "elsewhere" if elsewhere(crash, module) and not installed else None


def _found(crash: Crash, module: str) -> str | None:
    options = (file_of(crash.source, f"{root.replace('/', '.')}{module}") for root in roots(crash))
    return next((file for file in options if file), None)


def _outside(crash: Crash, module: str) -> Reason:
    """Return a reason that lies in Python or in what is installed."""
    top, python = module.partition(".")[0], crash.plan.runtime(PYTHON)
    since = STANDARD_LIBRARY_GONE.get(top)
    if since and python and int(python.version.split(".")[1]) >= since:
        return "gone"
    if top in _DESKTOP:
        return "desktop"
    if top in WINDOWS_LIBRARY:
        return "windows"
    if PYTHON in crash.slug.interpreters and _of_the_library(crash, top):
        return "newer"
    if top in STANDARD_LIBRARY_NEW and python:
        return "older"
    if "." in module and foreign(crash, top):
        return "package-part"
    return "misspelt" if near_own(crash, top) else "dependency"


def near_own(crash: Crash, top: str) -> str | None:
    """Return the app's own top-level module or package whose name is close to `top`.

    A file with the name of a library in the plural is not a misspelling of it.
    """
    if top in DISTRIBUTIONS or top.lower().replace("_", "-") in POPULAR:
        return None
    paths = [p for p in crash.source.entries if p.endswith(".py") and p.count("/") <= 1]
    names = {p.partition("/")[0].removesuffix(".py") for p in paths if p != f"{top}s.py"}
    return next(iter(get_close_matches(top, sorted(names), 1, 0.8)), None)


def _of_the_library(crash: Crash, module: str) -> bool:
    """Return whether the module is in the standard library of Heroku's Python, but not in ours."""
    python, since = crash.plan.runtime(PYTHON), STANDARD_LIBRARY_NEW.get(module)
    if since and python:
        return int(python.version.split(".")[1]) >= since
    return module in sys.stdlib_module_names and module not in STANDARD_LIBRARY_GONE


def foreign(crash: Crash, module: str) -> bool:
    """Return whether a top-level name belongs to the standard library or an installed package."""
    top = module.partition(".")[0]
    name = top.lower().replace("_", "-")
    return top in sys.stdlib_module_names or name in crash.slug.packages
