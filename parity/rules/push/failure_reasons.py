"""Heroku's `failure_reason`s that the tree alone decides, each a cause of a rejected push.

Source: https://github.com/heroku/heroku-buildpack-python (lib/checks.sh, lib/package_manager.sh,
lib/python_version.sh). The more precise causes are in `rules.push.plan`.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from parity.facts.buildpacks import ARTICLE as BUILDPACKS
from parity.facts.python import PACKAGE_FILES, SUPPORT, versions
from parity.facts.stacks import DEFAULT
from parity.records import Plan, Refusal, Slug, Source
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.push.package_files import advised
from parity.rules.push.plan import PUSH_REJECTED, headline, source_of

STACKS = "https://devcenter.heroku.com/articles/stack"
VERSION = f"{SUPPORT}#specifying-a-python-version"
SUPPORTED = f"{SUPPORT}#supported-python-versions"
MANAGERS = f"{SUPPORT}#supported-package-managers"


class Reason(NamedTuple):
    """A `failure_reason` and its manual page; `own` if the name is parity's, not Heroku's."""

    reason: str
    title: str
    cause: str
    fix: str
    docs: str
    fallback: bool = False
    own: bool = False
    apart: str = ""
    laptop: str = ""


REASONS = (
    Reason(
        "checks::stack::eol",
        "The stack {subject} is no longer supported",
        "Heroku has retired this stack, and the Python buildpack does not build on it.",
        f"Type `heroku stack:set {DEFAULT}`, then push again.",
        STACKS,
    ),
    Reason(
        "checks::stack::unknown",
        "The stack {subject} does not exist",
        "The Python buildpack knows no stack of this name.",
        f"Type `heroku stack:set {DEFAULT}` (for parity: `--stack {DEFAULT}`).",
        STACKS,
    ),
    Reason(
        "checks::duplicate-python-buildpack",
        "heroku/python is set twice",
        "The second run finds the Python that the first has installed, and stops the build.",
        "See `heroku buildpacks`, then type `heroku buildpacks:remove heroku/python` once.",
        BUILDPACKS,
    ),
    Reason(
        "checks::existing-python-dir",
        "{subject} is committed",
        "The Python buildpack installs Python there, and refuses to overwrite what is yours.",
        "Type `git rm -r --cached {subject}`, add `.heroku/` to .gitignore, commit, push again.",
        SUPPORT,
    ),
    Reason(
        "checks::existing-venv-dir",
        "The virtual environment {subject} is committed",
        "It was created for your machine. Heroku installs the dependencies itself, and refuses a"
        " copy that would get in the way.",
        "Type `git rm -r --cached {subject}`, add `{subject}/` to .gitignore, commit, push again.",
        SUPPORT,
    ),
    Reason(
        "package-manager::pipenv-missing-lockfile",
        "There is a Pipfile, but no Pipfile.lock",
        "Heroku installs what Pipfile.lock pins, and treats a Pipfile without it as a mistake,"
        " whatever other package files there are.",
        "Type `pipenv lock` and commit Pipfile.lock; or delete the Pipfile if you do not use it.",
        MANAGERS,
    ),
    Reason(
        "package-manager::multiple-found",
        "The app has files of several package managers: {subject}",
        "Heroku installs with one package manager, and does not guess which one is meant.",
        "{advice:Keep the file of the package manager you use, and `git rm` the others. A file"
        " that is not in git comes from another buildpack (`heroku buildpacks`); remove that"
        " one.}",
        MANAGERS,
    ),
    Reason(
        "package-manager::setup-py-only",
        "setup.py alone is not enough",
        "Heroku no longer installs an app from setup.py without a package manager's file.",
        "Add a requirements.txt with one line, `.`, or with the dependencies by name.",
        MANAGERS,
        fallback=True,
    ),
    Reason(
        "package-manager::none-found",
        "There is no requirements.txt, and no other file that names the dependencies",
        "It is a Python app, but Heroku finds no requirements.txt, Pipfile.lock, poetry.lock or"
        " uv.lock in the root.",
        "Write requirements.txt (`pip freeze > requirements.txt`; empty if nothing is needed),"
        " `git add` it, commit, push again.",
        MANAGERS,
        fallback=True,
    ),
    Reason(
        "runtime-txt::invalid-version",
        "runtime.txt is not in the right format",
        "runtime.txt contains {held:something}, which is invalid: it must be one line like"
        " `python-{wish}` or `python-{newest}`, in lower case, nothing else, in plain UTF-8.",
        "Write `python-{wish}` into runtime.txt; or better delete it, and put `{wish}` into a file"
        " called .python-version.",
        VERSION,
    ),
    Reason(
        "runtime-txt::not-supported",
        "runtime.txt does not work with uv",
        "uv itself reads .python-version; with uv.lock Heroku refuses a runtime.txt.",
        "Type `git rm runtime.txt`, and put the version into .python-version.",
        VERSION,
    ),
    Reason(
        "python-version-file::misspelled",
        "The file `{subject}` should be called .python-version",
        "Heroku knows this misspelling, and stops so that your version is not ignored.",
        "Type `git mv {subject} .python-version`, commit, push again.",
        VERSION,
    ),
    Reason(
        "python-version-file::invalid-version",
        "Invalid version in .python-version: {subject}",
        "Only `{wish}` or `{newest}` are valid forms: no `v`, quotes, ranges, names or comments"
        " after the number.",
        "Write `{wish}` into .python-version, alone on its line.",
        VERSION,
    ),
    Reason(
        "python-version-file::invalid-encoding",
        ".python-version is not plain UTF-8",
        "The file is {subject}. PowerShell's `>` and some editors write that; Heroku cannot"
        " read it.",
        "Save .python-version again as UTF-8 without a byte order mark (BOM), with the one line"
        " `{wish}`.",
        VERSION,
    ),
    Reason(
        "python-version-file::no-version",
        ".python-version names no version",
        "It is empty, or has nothing but comments.",
        "Write `{wish}` into .python-version.",
        VERSION,
    ),
    Reason(
        "python-version-file::multiple-versions",
        ".python-version names several versions: {subject}",
        "Heroku installs one Python, and does not guess which one is meant.",
        "Leave one line in .python-version.",
        VERSION,
    ),
    Reason(
        "python-version-file::not-found",
        "With uv, .python-version is needed",
        "For uv apps Heroku has no default Python, so that uv and Heroku agree.",
        "Type `uv python pin {wish}`, and commit .python-version.",
        VERSION,
    ),
    Reason(
        "pipfile-lock::invalid-json",
        "Pipfile.lock is not valid JSON",
        "Heroku reads the Python version from it, and cannot (an unresolved merge conflict?).",
        "Type `pipenv lock`, and commit Pipfile.lock.",
        MANAGERS,
    ),
    Reason(
        "pipfile-lock::invalid-version",
        "Invalid Python version in Pipfile.lock: `{subject}`",
        "python_version there must be like `{wish}`, python_full_version like `{newest}`.",
        "Write the version into the Pipfile's [requires], type `pipenv lock`, commit both files.",
        MANAGERS,
    ),
    Reason(
        "python-version::eol",
        "Python {subject} has reached its end of life",
        "It no longer gets security fixes, and Heroku no longer supports it: the oldest that it"
        " installs is {oldest}.",
        "Put `{default}` into a file called .python-version (and delete runtime.txt if there is"
        " one), test with it, commit, push again. If old pins do not work with it, `{oldest}` is"
        " the nearest version.",
        SUPPORTED,
        apart="`has reached its end-of-life`",
        laptop="The laptop keeps an old Python as long as you like.",
    ),
    Reason(
        "python-version::unknown-major",
        "Heroku does not know Python {subject}",
        "It is not released yet, or does not exist. The newest is {default} (as of {date:the"
        " day of parity's release}).",
        "Put `{default}` into a file called .python-version (and delete runtime.txt if there is"
        " one), commit, push again.",
        SUPPORTED,
    ),
    Reason(
        "python-version::unknown-patch",
        "Python {subject} does not exist",
        "No such patch was ever released.",
        "Write only `{wish}`: Heroku then installs its newest patch.",
        SUPPORTED,
    ),
    Reason(
        "no-default-language",
        "Nothing in the root tells Heroku what kind of app this is",
        "Each language has a file that Heroku looks for in the root of what is pushed:"
        " requirements.txt, package.json, Gemfile … There is no such file.",
        "{advice:Commit the file of your language. For Python: `pip freeze > requirements.txt`.}",
        f"{BUILDPACKS}#buildpack-detect-order",
        fallback=True,
        own=True,
    ),
    Reason(
        "buildpack-not-compatible",
        "The buildpack {subject} does not accept this app",
        "It is set on the app, but what it looks for is not in the root of what is pushed.",
        "Commit the package file that it looks for (heroku/python: requirements.txt), or type"
        " `heroku buildpacks:clear`: Heroku then chooses by the committed files.",
        f"{BUILDPACKS}#setting-a-buildpack-on-an-application",
        fallback=True,
        own=True,
    ),
)


def _register(page: Reason) -> None:
    @rule(
        page.reason.replace("::", "-").replace("_", "-"),
        leads_to=PUSH_REJECTED,
        title=page.title,
        cause=page.cause,
        fix=page.fix,
        docs=page.docs,
        heroku=None if page.own else page.reason,
        fallback=page.fallback,
        apart=page.apart,
        laptop=page.laptop,
    )
    def check(record: Plan | Slug) -> Iterator[Evidence]:
        if record.refusal and record.refusal.reason == page.reason:
            yield from _evidence(record)


def _evidence(record: Plan | Slug) -> Iterator[Evidence]:
    refusal = record.refusal
    if refusal is None:
        return
    series = _wish(refusal.subject)
    known = versions()
    names = {
        "subject": refusal.subject,
        "held": _held(refusal, source_of(record)),
        "wish": series,
        "newest": known.newest[series],
        "default": known.default,
        "oldest": known.oldest,
        "date": known.date,
    }
    names |= advised(refusal, source_of(record))
    yield Evidence(headline(refusal), refusal.file, refusal.line, names=names)
    if refusal.reason == "package-manager::multiple-found":
        others = (f for f in PACKAGE_FILES if f in source_of(record).entries and f != refusal.file)
        yield from (Evidence(f"{file} is there too", file, names=names) for file in others)


def _held(refusal: Refusal, source: Source) -> str:
    """Return a short description of a file that should hold one line."""
    text = source.text(refusal.file or "") or ""
    if "<<<<<<<" in text.split():
        return "the markers of a merge conflict (`<<<<<<<`)"
    lines = text.strip().splitlines()
    if len(lines) > 1:
        return f"{len(lines)} lines, the first of them `{lines[0].strip()}`"
    return f"`{refusal.subject}`"


def _wish(subject: str) -> str:
    """Return the supported `major.minor` that a wrong version most likely means, or the default."""
    known = versions()
    meant = (series for series in re.findall(r"3\.\d+", subject) if series in known.newest)
    return next(meant, known.default)


for _page in REASONS:
    _register(_page)
