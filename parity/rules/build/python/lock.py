"""Lock files that Pipenv, Poetry and uv refuse to install from, and the commands that fix them."""

import re
from collections.abc import Iterator

from parity.facts.buildpacks import PYTHON
from parity.facts.python import SUPPORT
from parity.records import Slug, Source
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.push.plan import PUSH_REJECTED
from parity.rules.views.lock_output import TOOLS, LockTool, decisive, not_locked
from parity.rules.views.pip_output import shown
from parity.rules.views.suggestions import kept_out

MARKS = r"^(?:<{7}|={7}|>{7})(?: |$)"
"""The markers that git leaves in a file with a conflict: https://git-scm.com/docs/git-merge."""


def _failed(slug: Slug, tool: LockTool) -> bool:
    """Return whether the push was rejected because this package manager failed."""
    return slug.refusal is not None and slug.refusal.reason == tool.reason


def _subject(slug: Slug) -> str:
    """Return what parity foresaw, if the package manager itself did not notice."""
    return slug.refusal.subject if slug.refusal else ""


def _said(slug: Slug, tool: LockTool, pattern: str) -> str | None:
    """Return the line in which `tool` prints `pattern`, if its installation failed.

    Some tools wrap their lines although there is no screen: the lines are joined again.
    """
    if not _failed(slug, tool):
        return None
    lines = [line.strip(" │├╰─▶") for line in slug.output]
    match = next((x for x in lines if re.search(pattern, x)), None)
    if match:
        return match
    whole = " ".join(line for line in lines if line)
    joined = re.search(rf"(?:{pattern})(?:[^.]*\. Expected: \S+)?", whole)
    return joined[0] if joined else None


def _unreadable(tool: LockTool) -> None:
    @rule(
        f"{tool.id}-lock-unreadable",
        leads_to=PUSH_REJECTED,
        title=f"{tool.file} cannot be read{{conflict:-}}",
        cause=f"{tool.name} installs exactly what {tool.file} lists, and cannot read it: {{error}}",
        fix=f"Type `git checkout HEAD~1 -- {tool.file}` (or delete it), then `{tool.lock}`, and"
        " commit it.",
        docs=tool.docs,
        heroku=tool.reason,
    )
    def check(slug: Slug) -> Iterator[Evidence]:
        error = _said(slug, tool, tool.unreadable)
        if error:
            yield from _broken(slug.plan.source, tool.file, error)


def _out_of_date(tool: LockTool) -> None:
    @rule(
        f"{tool.id}-lock-out-of-date",
        leads_to=PUSH_REJECTED,
        title=f"{tool.file} is older than {tool.project}",
        cause=f"{tool.project} was changed, and {tool.file} was not updated. Heroku installs only"
        " what is locked, and refuses a lock file that does not match.",
        fix=f"Type `{tool.lock}`, and commit {tool.file} together with {tool.project}.",
        docs=tool.docs,
        heroku=tool.reason,
    )
    def check(slug: Slug) -> Iterator[Evidence]:
        error = _said(slug, tool, tool.stale)
        if error:
            yield Evidence(shown(error), tool.file)
            for number, name in not_locked(slug.plan.source, tool):
                yield Evidence(f"{name} is not in {tool.file}", tool.project, number)


def _project_missing(tool: LockTool) -> None:
    @rule(
        f"{tool.id}-project-missing",
        leads_to=PUSH_REJECTED,
        title=f"{tool.file} is in the pushed tree, but {tool.project} is not",
        cause=f"{tool.name} needs both files: {{error}}",
        fix=f"Type `git add {tool.project}`, and commit it.",
        docs=tool.docs,
        heroku=tool.reason,
    )
    def check(slug: Slug) -> Iterator[Evidence]:
        error = _said(slug, tool, tool.absent)
        if error and tool.project not in slug.plan.source.entries:
            yield Evidence(shown(error), tool.file, names={"error": shown(error)})
            yield from kept_out(slug.plan.source, tool.project)


def _not_installed(tool: LockTool) -> None:
    @rule(
        f"install-dependencies-{tool.id}",
        leads_to=PUSH_REJECTED,
        title=f"{tool.name} cannot install what {tool.file} lists",
        cause="The installation ends with: {error}",
        fix=f"Follow {tool.name}'s message. `{tool.lock}` resolves the dependencies again; then"
        f" commit {tool.file}.",
        docs=SUPPORT,
        heroku=tool.reason,
        fallback=True,
    )
    def check(slug: Slug) -> Iterator[Evidence]:
        if _failed(slug, tool):
            error = decisive(slug)
            yield Evidence(error, tool.file, names={"error": error})


def _broken(source: Source, file: str, error: str) -> Iterator[Evidence]:
    """Yield evidence where a file cannot be read: at a merge conflict, else where the tool says."""
    text = source.text(file) or ""
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(MARKS, line):
            names = {"error": shown(error), "conflict": ": it has a merge conflict"}
            yield Evidence(f"{line[:40]} is a conflict marker", file, number, names=names)
            return
    place = re.search(r"line (\d+)", error)
    names = {"error": shown(error), "conflict": ""}
    yield Evidence(shown(error), file, int(place[1]) if place else None, names=names)


@rule(
    "poetry-project-not-installed",
    leads_to=PUSH_REJECTED,
    title="Poetry tries to install the app itself as a package, and cannot",
    cause="`poetry sync` also installs the project of pyproject.toml, and finds no package with its"
    " name: {error}",
    fix="An app need not be a package. Under `[tool.poetry]` in pyproject.toml write"
    " `package-mode = false`, then type `poetry lock`, and commit both files.",
    docs="https://python-poetry.org/docs/basic-usage/#operating-modes",
    heroku="install-dependencies::poetry",
)
def poetry_project_not_installed(slug: Slug) -> Iterator[Evidence]:
    pattern = r"The current project could not be installed|No file/folder found for package"
    error = _said(slug, TOOLS[1], pattern)
    if error:
        yield Evidence(shown(error), "pyproject.toml", names={"error": shown(error)})


@rule(
    "project-asks-for-other-python",
    leads_to=PUSH_REJECTED,
    title="{file} requires Python {asked}, but Heroku installs {version} ({origin:another file})",
    cause="{tool} compares the Python that it finds with the one that the project requires, and"
    " refuses any other.",
    fix="Write a version that `{asked}` allows into .python-version; or change {file}, and type"
    " `{lock}`.",
    docs=f"{SUPPORT}#specifying-a-python-version",
)
def project_asks_for_other_python(slug: Slug) -> Iterator[Evidence]:
    for tool, pattern, asks in _OTHER_PYTHON:
        error = _said(slug, tool, pattern)
        python, foreseen = slug.plan.runtime(PYTHON), _failed(slug, tool) and _subject(slug)
        if not python or not (error or foreseen):
            continue
        place = _line_of(slug.plan.source, tool.project, asks)
        names = {
            "file": tool.project,
            "asked": place[1] if place else "another one",
            "version": python.version,
            "origin": python.origin,
            "tool": tool.name,
            "lock": tool.lock,
        }
        seen = shown(error or f"it requires {names['asked']}")
        yield Evidence(seen, tool.project, place[0] if place else None, names=names)


@rule(
    "uv-project-not-built",
    leads_to=PUSH_REJECTED,
    title="uv builds the app itself as a package, and cannot",
    cause="pyproject.toml has a [build-system], so `uv sync` installs the project, too: {error}",
    fix="An app need not be a package. Remove [build-system] from pyproject.toml (or write"
    " `package = false` under [tool.uv]), type `uv lock`, and commit both files.",
    docs="https://docs.astral.sh/uv/concepts/projects/config/#project-packaging",
    heroku="install-dependencies::uv",
)
def uv_project_not_built(slug: Slug) -> Iterator[Evidence]:
    error = _said(slug, TOOLS[2], r"Failed to build `[\w.-]+ @ file:///tmp/build_\w+`")
    if error:
        place = _line_of(slug.plan.source, "pyproject.toml", r"^\[(build-system)\]")
        names = {"error": decisive(slug)}
        line = place[0] if place else None
        yield Evidence(names["error"], "pyproject.toml", line, names=names)


_OTHER_PYTHON = (
    (
        TOOLS[0],
        r'Your Pipfile requires "python',
        r"""python(?:_full)?_version\s*=\s*["']([^"']+)""",
    ),
    (
        TOOLS[2],
        r"incompatible with the project's Python requirement",
        r"""requires-python\s*=\s*["']([^"']+)""",
    ),
)
"""Tools that check the Python version: their message, and the requirement in the file."""


def _line_of(source: Source, file: str, pattern: str) -> tuple[int, str] | None:
    for number, line in enumerate((source.text(file) or "").splitlines(), 1):
        match = re.search(pattern, line)
        if match:
            return number, match[1]
    return None


for _tool in TOOLS:
    for _register in (_unreadable, _out_of_date, _project_missing, _not_installed):
        _register(_tool)
