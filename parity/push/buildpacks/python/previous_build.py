"""What the buildpack's cache holds from the build before, and why it is thrown away.

https://github.com/heroku/heroku-buildpack-python lib/cache.sh (observed). The cache belongs to an
app on Heroku. Here the last accepted build of the same project stands for it, once the project has
a git remote on Heroku: without one its next push is the first, and finds no cache.
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
"""Files whose change empties the cache: these package managers remove nothing themselves."""

NAMES = {"pip": "pip", "pipenv": "Pipenv", "poetry": "Poetry", "uv": "uv"}


class Build(NamedTuple):
    """What decides whether the next build may use what this one has left."""

    stack: str
    python: str
    manager: str
    installer: str
    content: str


def of(plan: Plan, folder: Path) -> Build:
    """The build of `plan` in `folder`."""
    python = plan.runtime(PYTHON)
    assert python, "only Python apps have such a build"
    manager = python.manager
    file = folder / LOCKED.get(manager, "")
    content = sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
    installer = versions().installer[manager]
    return Build(plan.stack, python.version, manager, installer, content)


def last(source: Source) -> Build | None:
    """The last accepted build of the same project, if it has an app on Heroku."""
    place = _place(source)
    told = cache.noted(place) if place else None
    if not isinstance(told, list) or [type(part) for part in told] != [str] * len(Build._fields):
        return None
    return Build(*told)


def note(source: Source, build: Build) -> None:
    """Remember an accepted build."""
    place = _place(source)
    if place:
        cache.note(cache.folder("apps") / place.name, build)


def _place(source: Source) -> Path | None:
    """Where it is remembered."""
    if not source.remote:
        return None
    app = "\0".join((source.remote, str(source.root), source.prefix))
    try:
        return cache.root() / "apps" / sha256(app.encode("utf-8", "surrogateescape")).hexdigest()
    except Trouble:
        return None


def series(source: Source) -> str | None:
    """The `major.minor` that an app keeps which asks for none."""
    build = last(source)
    return build.python.rpartition(".")[0] if build else None


def lines(before: Build | None, now: Build) -> tuple[str, ...]:
    """What the buildpack says of its cache; nothing on a first push."""
    if before is None:
        return ()
    reasons = changed(before, now)
    if not reasons:
        return ("-----> Restoring cache",)
    return ("-----> Discarding cache since:", *(f"{INDENT}- {reason}" for reason in reasons))


def changed(before: Build, now: Build) -> list[str]:
    """Why the cache cannot be used, in the buildpack's words and order."""
    found = []
    if before.stack != now.stack:
        found.append(f"The stack has changed from {before.stack} to {now.stack}")
    if before.python != now.python:
        found.append(f"The Python version has changed from {before.python} to {now.python}")
    if before.manager != now.manager:
        found.append(f"The package manager has changed from {before.manager} to {now.manager}")
        return found
    if before.installer != now.installer:
        name = NAMES[now.manager]
        change = f"from {before.installer} to {now.installer}"
        found.append(f"The {name} version has changed {change}")
    if before.content != now.content and now.manager in LOCKED:
        found.append(f"The contents of {LOCKED[now.manager]} changed")
    return found
