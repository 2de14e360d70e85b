"""Failures because a nested repository's folder is empty on Heroku."""

import posixpath
import re
from collections.abc import Iterator

from parity.records import Boot, Release, Slug, Submodule, Traffic
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, at_place
from parity.rules.engine import rule
from parity.rules.push.submodules import SUBMODULES, committing
from parity.rules.views.dyno_paths import plain
from parity.rules.views.missing_python_module import absent_module, roots
from parity.rules.views.python_traceback import Crash, Failing, crash

_LACKING = re.compile(
    r"No such file|ENOENT|not found|[Cc](?:an|ould) ?not (?:find|open|resolve|load|import)"
    r"|[Cc]an't (?:find|open|resolve|cd to)|does(?: not|n't) exist|does not appear to be"
    r"|not installable|No module named|No buildable|missing"
)
"""Programs' messages about a missing file or folder (observed)."""

_ENTERS = r"(?:\bcd|--prefix|--cwd|-C|--dir)[ =]+(?:\./)?"
"""How a build script goes into a folder before it runs anything (npm, Yarn, pnpm, a shell)."""

_INSIDE = r"(?:^|(?<=[\s'\"`(=:\[]))(?:file://)?(?:/app/|/tmp/build_\w+/)?(?:\.{1,2}/)*"
_NAMES = (
    r"cannot import name '\w+' from '([\w.]+)' \(unknown location\)"
    r"|module '([\w.]+)' has no attribute|Failed to find attribute '\w+' in '([\w.]+)'"
)
"""Messages of Python and gunicorn about names in an empty folder, which can be imported."""


@rule(
    "nested-repository-needed",
    leads_to=ENDINGS,
    alone=True,
    title="The app needs {path}, a nested git repository, which is empty on Heroku",
    cause="git stores only the commit ID of a nested repository, not its files, and no"
    " .gitmodules says where to fetch them. So {path} is empty: {error}",
    fix="{advice:Commit the files themselves: `git rm --cached DIR && rm -rf DIR/.git && git add"
    " DIR`.}",
    docs=SUBMODULES,
    laptop="On the laptop the files are in the folder.",
)
def nested_repository_needed(record: Slug | Release | Boot | Traffic) -> Iterator[Evidence]:
    slug = _slug(record)
    failure = crash(record) if slug.plan.source.empties else None
    lines = failure.lines if failure else plain(slug.output, slug, "")
    for nested in slug.plan.source.empties if failure or slug.refusal else ():
        line = _line(nested, lines) or (failure and _import(nested, failure))
        line = line or _entered(nested, slug)
        if line:
            names = {"path": nested.path, "error": line, "advice": committing(nested)}
            yield Evidence(line, nested.path, names=names)
            place = at_place(failure) if failure else None
            yield from (place._replace(names={}),) if place else ()
            return


def _slug(record: Failing) -> Slug:
    if isinstance(record, Slug):
        return record
    release = record.boot.release if isinstance(record, Traffic) else record
    return release.slug if isinstance(release, Release) else release.release.slug


def _line(nested: Submodule, lines: tuple[str, ...]) -> str | None:
    """Return the last line that misses something in the folder."""
    inside = re.compile(rf"{_INSIDE}{re.escape(nested.path)}(?![\w-])")
    missing = (x.strip() for x in reversed(lines) if _LACKING.search(x) and inside.search(x))
    return next(missing, None)


def _entered(nested: Submodule, slug: Slug) -> str | None:
    """Return the last script that the failed build ran, if it goes into the folder."""
    pattern = re.compile(rf"^> .*?{_ENTERS}{re.escape(nested.path)}(?![\w-])")
    ran = (line for line in reversed(slug.output) if line.startswith("> "))
    last = next(ran, "") if slug.refusal else ""
    return last.removeprefix("> ") if pattern.search(last) else None


def _import(nested: Submodule, failure: Crash) -> str | None:
    """Return what Python says about a module that would be in the folder."""
    said = failure.saying(_NAMES)
    module = next((x for x in said.groups() if x), "") if said else absent_module(failure)
    if not module:
        return None
    path = module.replace(".", "/")
    paths = (posixpath.join(root, path) for root in roots(failure))
    top = path.partition("/")[0]
    within = any(f"{x}/".startswith(f"{nested.path}/") for x in paths)
    on_its_path = not said and any(name in nested.holds for name in (top, f"{top}.py"))
    if not within and not on_its_path:
        return None
    return said[0] if said else f"No module named '{module}'"
