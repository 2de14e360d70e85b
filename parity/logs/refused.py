"""The reason why Heroku rejected a push, and its subject, from the lines that it printed.

The headlines: https://github.com/heroku/heroku-buildpack-python (observed), public deploy logs.
"""

import re
from collections.abc import Callable, Sequence
from itertools import islice

from parity.facts.node_failures import known
from parity.facts.phrases import INDENT
from parity.facts.python import collectstatic_failure
from parity.records import Refusal
from parity.rules.views.pip_output import REASON

_MARK = re.compile(r" !     (?!Push )\s*\S")
_INSTALLING = re.compile(r"-----> Installing (?:dependencies|requirements)")
_STEP = re.compile(r"-----> ")
_USING = re.compile(r"-----> Using Python (\S+) specified in (\S+)")
_PIP = re.compile(r"\s*ERROR: |.*No matching distribution found for ")
_NODE = re.compile(r"\s*+(?:npm (?:ERR!|error)|ERR_PNPM_|.*YN0028|error .*lockfile|gyp ERR!) ?")
_TRACEBACK = re.compile(r"\s*(?:django\.core\.exceptions\.)?ImproperlyConfigured: .*STATIC_ROOT")

_TELLING = re.compile(r"(?<!found 0 )\b[\w.]*[eE]rror\b(?! Command failed)|not found|[cC]annot ")
"""A line that may say why a build failed, if Heroku has no headline for it."""

_MANAGER = re.compile(r" !     (\S+) \((?:pip|Pipenv|Poetry|uv)\)\s*")
"""A package manager's file in Heroku's list of several."""

_VERSION = {
    "has reached end-of-life": "python-version::eol",
    "isn't recognised": "python-version::unknown-major",
    "isn't available": "python-version::unknown-patch",
}
_ALWAYS: dict[str, str | Callable[[Sequence[str]], str]] = {
    r"Unable to install dependencies using (pip|Pipenv|Poetry|uv)\.": "install-dependencies::{}",
    r"Failed to run the bin/(pre_compile|post_compile) script": "hooks::{}",
    r"Unable to generate Django static files": collectstatic_failure,
    r"Unable to download NLTK data": "nltk-downloader",
    r"Couldn't find any supported Python package manager files": "package-manager::none-found",
    r"Implicit setup\.py file support has been sunset": "package-manager::setup-py-only",
    r"No 'Pipfile\.lock' found": "package-manager::pipenv-missing-lockfile",
    r"runtime\.txt file isn't supported when using uv": "runtime-txt::not-supported",
    r"No Python version found in \.python-version": "python-version-file::no-version",
    r"Can't parse Pipfile\.lock": "pipfile-lock::invalid-json",
    r"No default language could be detected": "no-default-language",
    r"Multiple Python package manager files were found": "package-manager::multiple-found",
}
"""Headlines that identify the reason on their own."""

_ABOUT = {
    r"Existing '(\.?venv|\.heroku/python)/' directory found": "checks::existing-{}-dir",
    r"The '(\S+)' stack is no longer supported": "checks::stack::eol",
    r"The '(\S+)' stack isn't recognised": "checks::stack::unknown",
}
"""Headlines that contain their subject."""

_FILE = r"^ !\s+(\S+) \((?:pip|Pipenv|Poetry|uv)\)$"
"""A line that names one of several package files, and its package manager."""


def refusal(pushed: Sequence[str]) -> Refusal:
    """Return the refusal of a push that printed these lines; its reason is empty if unknown."""
    marked = tuple(line for line in pushed if _MARK.match(line))
    headlines = "\n".join(marked) or "\n".join(pushed)
    reason, subject = _named(headlines, pushed)
    telling = (line for line in reversed(pushed) if _TELLING.search(line) and line[:2] != " !")
    return Refusal(reason, marked or tuple(islice(telling, 1)), subject=subject)


def _named(headlines: str, pushed: Sequence[str]) -> tuple[str, str]:
    """Return Heroku's name for the reason, and its subject."""
    for pattern, named in _ALWAYS.items():
        match = re.search(pattern, headlines)
        if match:
            detail = match[1].lower() if match.groups() else ""
            return (named(pushed) if callable(named) else named.format(detail)), _files(pushed)
    for pattern, named in _ABOUT.items():
        match = re.search(pattern, headlines)
        if match:
            kind = "python" if "heroku" in match[1] else "venv"
            return named.format(kind), match[1]
    files = re.findall(_FILE, headlines, re.MULTILINE)
    if "Multiple Python package manager files were found" in headlines and files:
        return "package-manager::multiple-found", ", ".join(files)
    return _version(headlines, pushed) or (_by_output(pushed), "")


def _files(pushed: Sequence[str]) -> str:
    """Return the files of package managers that Heroku lists."""
    return ", ".join(match[1] for line in pushed if (match := _MANAGER.fullmatch(line)))


def _version(headlines: str, pushed: Sequence[str]) -> tuple[str, str] | None:
    """Return the reason and the refused Python, if an earlier line says the version."""
    using = next((match for line in pushed if (match := _USING.match(line))), None)
    for words, reason in _VERSION.items():
        if using and f"Python version {words}" in headlines:
            return reason, using[1]
    return None


def _by_output(pushed: Sequence[str]) -> str:
    """Return the reason from a tool's output, if no headline says it."""
    if any(map(_PIP.match, pushed)):
        return REASON
    if any(map(_TRACEBACK.match, pushed)):
        return collectstatic_failure(pushed)
    failure = known(pushed) if any(map(_NODE.match, pushed)) else None
    return failure.reason if failure else ""


def output(pushed: Sequence[str]) -> tuple[str, ...]:
    """Return the installer's output and what follows it, without Heroku's indent and own lines."""
    rows = [line for line in pushed if not line.startswith(" ! ")]
    start = next((n for n, line in enumerate(rows) if _INSTALLING.match(line)), 0)
    return tuple(line.removeprefix(INDENT) for line in rows[start:] if not _STEP.match(line))
