"""The files that the classic Python buildpack looks for, and the versions it knows.

Source: https://github.com/heroku/heroku-buildpack-python (bin/detect, lib/package_manager.sh,
lib/python_version.sh) and https://devcenter.heroku.com/articles/python-support (documented).
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

SUPPORT = "https://devcenter.heroku.com/articles/python-support"
RUNTIMES = "https://devcenter.heroku.com/articles/python-runtimes"

PACKAGE_FILES: Mapping[str, str] = {
    "Pipfile.lock": "Pipenv",
    "requirements.txt": "pip",
    "poetry.lock": "Poetry",
    "uv.lock": "uv",
}
"""Package file → the package manager it selects, in the buildpack's order."""

MISSPELT_REQUIREMENTS = (
    "requeriments.txt",
    "requirement.txt",
    "requirements",
    "requirements.text",
    "Requirements.txt",
    "requirements.txt.txt",
    "requirments.txt",
)
"""Names that make the app a Python app but select no package manager."""

PRE_COMPILE, POST_COMPILE = "bin/pre_compile", "bin/post_compile"
"""The app's own build hooks: before the buildpack decides, and after everything is installed."""

DETECTED_BY = (
    ".python-version",
    "__init__.py",
    "app.py",
    "main.py",
    "manage.py",
    "pdm.lock",
    "Pipfile",
    "Pipfile.lock",
    "poetry.lock",
    "pyproject.toml",
    "requirements.txt",
    "runtime.txt",
    "server.py",
    "setup.cfg",
    "setup.py",
    "uv.lock",
    *MISSPELT_REQUIREMENTS,
)
"""Files or folders in the root, any of which makes the app a Python app."""

DETECTED_BY_FOLDERS = ("__pycache__", ".venv", "venv")

REFUSED_ENVIRONMENTS = (".venv", "venv")
"""Virtual environments in the root that stop the build, in the order in which they are looked for:
other names and deeper folders pass (observed)."""

UNDETECTED = (
    "Error: Your app is configured to use the Python buildpack,",
    "but we couldn't find any supported Python project files.",
)
"""The first lines of what `bin/detect` prints where it takes an app for none of Python."""

MISSPELT_VERSION_FILES = (
    " .python-version",
    ". python-version",
    ".python_version.txt",
    ".python_version",
    ".python-version ",
    ",python-version",
    ".python-version.",
    ".python-version.py",
    ".python-version.rtf",
    ".python-version.txt",
    ".python-version.TXT",
    ".Python-version",
    ".python.version",
    ".pythonversion",
    "'.python-version'",
    "python_version.txt",
    "python_version",
    "python-version.",
    "python-version.txt",
    "python-version",
)
"""Names that stop the build, even beside a correct one (unless there is a runtime.txt)."""

NUMBER = r"(?:0|[1-9][0-9]*)"
VERSION = rf"{NUMBER}\.{NUMBER}(?:\.{NUMBER})?"
"""A version request: N.N or N.N.N, no leading zeros."""

SPACE = (
    "\t\n\v\f\r \u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2008\u2009\u200a\u2028\u2029\u205f\u3000"
)
"""The characters that bash's `[[:space:]]` matches in C.UTF-8 (observed): no no-break spaces."""

NEVER_RELEASED = 30
"""A patch this far above the newest one does not exist: no Python series got so many (ours)."""


class Versions(NamedTuple):
    """The buildpack release that parity knows; `newest` maps `major.minor` to its newest patch."""

    buildpack: str
    date: str
    default: str
    deprecated: str
    newest: Mapping[str, str]
    installer: Mapping[str, str]

    @property
    def oldest(self) -> str:
        """The oldest `major.minor` that the buildpack installs."""
        return next(iter(self.newest))


_LINE = re.compile(r'"?([\w.]+)"? = "([^"]*)"')


@cache
def versions() -> Versions:
    """Read versions.toml without `tomllib`, whose import costs `parity check` 6 ms."""
    tables: dict[str, dict[str, str]] = {"": {}}
    table = tables[""]
    for line in Path(__file__).with_name("versions.toml").read_text("utf-8").splitlines():
        if line.startswith("["):
            table = tables[line.strip("[]")] = {}
        elif match := _LINE.match(line):
            table[match[1]] = match[2]
    return Versions(**tables[""], newest=tables["newest"], installer=tables["installer"])


COLLECTSTATIC_FAILURES = (
    ("SyntaxError", "collectstatic-syntax-error"),
    ("ImproperlyConfigured", "collectstatic-improper-configuration"),
    ("The CSS file", "collectstatic-fancy-references"),
    ("OSError", "collectstatic-missing-file"),
)
"""The strings that the buildpack searches the output for, in its order.

A FileNotFoundError matches none of them: Python prints its own name, not OSError.
"""


def collectstatic_failure(lines: Iterable[str]) -> str:
    """Return the buildpack's name for a failed collectstatic, by its output."""
    text = "\n".join(lines)
    names = (name for sign, name in COLLECTSTATIC_FAILURES if sign in text)
    return next(names, "collectstatic-other")
