"""The previous build, on which it depends whether Heroku's buildpack uses its cache.

https://github.com/heroku/heroku-buildpack-python lib/cache.sh (observed). On Heroku the cache
belongs to an app. Here the last accepted build of the same project counts, if the project has a git
remote on Heroku: without one the next push is the first, and there is no cache.
"""

from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from parity.facts.buildpacks import PYTHON
from parity.facts.phrases import INDENT
from parity.facts.python import versions
from parity.push import cache
from parity.records import Plan, Source
from parity.system.errors import Trouble

LOCKED = {"pip": "requirements.txt", "pipenv": "Pipfile.lock"}
"""Files that empty the cache when they change, because these managers do not remove packages."""

NAMES = {"pip": "pip", "pipenv": "Pipenv", "poetry": "Poetry", "uv": "uv"}


class PreviousBuild(NamedTuple):
    """The properties of a build that decide whether the next one may use its cache."""

    stack: str
    python: str
    manager: str
    installer: str
    content: str


def of(plan: Plan, folder: Path) -> PreviousBuild:
    """Return the properties of the build of `plan` in `folder`."""
    python = plan.runtime(PYTHON)
    assert python, "only Python apps have such a build"
    manager = python.manager
    file = folder / LOCKED.get(manager, "")
    content = sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
    installer = versions().installer[manager]
    return PreviousBuild(plan.stack, python.version, manager, installer, content)


def last(source: Source) -> PreviousBuild | None:
    """Return the last accepted build of the same project, if it has an app on Heroku."""
    place = _place(source)
    saved = cache.noted(place) if place else None
    if not isinstance(saved, list) or [type(part) for part in saved] != [str] * len(
        PreviousBuild._fields
    ):
        return None
    return PreviousBuild(*saved)


def note(source: Source, build: PreviousBuild) -> None:
    """Save an accepted build."""
    place = _place(source)
    if place:
        cache.note(cache.folder("apps") / place.name, build)


def _place(source: Source) -> Path | None:
    """Return the path at which the last build is saved."""
    if not source.remote:
        return None
    app = "\0".join((source.remote, str(source.root), source.prefix))
    try:
        return cache.root() / "apps" / sha256(app.encode("utf-8", "surrogateescape")).hexdigest()
    except Trouble:
        return None


def series(source: Source) -> str | None:
    """Return the last build's `major.minor`, which an app that requests no version keeps."""
    build = last(source)
    return build.python.rpartition(".")[0] if build else None


def lines(before: PreviousBuild | None, now: PreviousBuild) -> tuple[str, ...]:
    """Return the buildpack's lines about its cache, empty on a first push."""
    if before is None:
        return ()
    reasons = changed(before, now)
    if not reasons:
        return ("-----> Restoring cache",)
    return ("-----> Discarding cache since:", *(f"{INDENT}- {reason}" for reason in reasons))


def changed(before: PreviousBuild, now: PreviousBuild) -> list[str]:
    """Return why the cache cannot be used, in the buildpack's words and order."""
    reasons = []
    if before.stack != now.stack:
        reasons.append(f"The stack has changed from {before.stack} to {now.stack}")
    if before.python != now.python:
        reasons.append(f"The Python version has changed from {before.python} to {now.python}")
    if before.manager != now.manager:
        reasons.append(f"The package manager has changed from {before.manager} to {now.manager}")
        return reasons
    if before.installer != now.installer:
        name = NAMES[now.manager]
        change = f"from {before.installer} to {now.installer}"
        reasons.append(f"The {name} version has changed {change}")
    if before.content != now.content and now.manager in LOCKED:
        reasons.append(f"The contents of {LOCKED[now.manager]} changed")
    return reasons
