"""The cache of node_modules: installed once, copied as real files, never shared with an app.

Without a build script the result of pruning is cached; with one, which runs between installing and
pruning, the result of installing. An app whose own scripts run during installation, or whose
node_modules lead back into the tree (workspaces), is installed every time; the downloads are always
cached.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from parity.push import environment
from parity.push import slug as folders
from parity.push.buildpacks.context import Job, Stop
from parity.push.buildpacks.nodejs import install, scripts
from parity.push.buildpacks.nodejs.messages import BLANK
from parity.push.buildpacks.nodejs.package import BERRY, Package
from parity.records import Interpreter, Runtime

DECIDING = (
    *("package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"),
    *(".npmrc", ".yarnrc", ".yarnrc.yml", ".pnpmfile.cjs", "pnpm-workspace.yaml", "binding.gyp"),
)
"""The files in the root that decide what is installed."""

KEPT = ("node_modules", "package-lock.json")
LOG = "parity-log.json"


def installed(job: Job, node: Runtime, here: Interpreter, package: Package) -> tuple[Stop, bool]:
    """Install, build and prune; return why the build stops, and whether the cache was used."""
    builds = any(package.table("scripts").get(name) for name in scripts.BUILD)
    name = _key(job, node, here, "built" if builds else "pruned")

    def first(job: Job) -> Stop:
        return install.dependencies(job, node)

    def last(job: Job) -> Stop:
        job.tell(BLANK)
        job.tell("-----> Caching build")
        job.tell("       - node_modules" + ("" if _has(job) else " (nothing to cache)"))
        return install.prune(job, node, package)

    def whole(job: Job) -> Stop:
        return first(job) or scripts.build(job, package) or last(job)

    if not _keepable(job, node, package):
        return whole(job), False
    if not builds:
        return _cached(job, name, whole)
    stop, cached = _cached(job, name, first)
    return stop or scripts.build(job, package) or last(job), cached


def _has(job: Job) -> bool:
    return (job.folder / "node_modules").exists()


def _keepable(job: Job, node: Runtime, package: Package) -> bool:
    """Return whether the deciding files alone determine what is installed."""
    if package.own_scripts or package.reaches_out or _has(job) or node.edition == BERRY:
        return False
    if (job.folder / "binding.gyp").exists() or (job.folder / "patches").exists():
        return False
    return not (job.folder / "pnpm-workspace.yaml").exists() and not package.table("scripts").get(
        "heroku-prebuild"
    )


def _key(job: Job, node: Runtime, here: Interpreter, kind: str) -> str:
    """Return the name in the cache: a hash of all that affects node_modules, also config vars."""
    return environment.key("node_modules", kind, *_parts(job, node, here))


def _parts(job: Job, node: Runtime, here: Interpreter) -> Iterator[str]:
    yield from (str(here.path), here.version, node.version, node.manager)
    for folder in (".heroku/node/bin", ".heroku/yarn/bin", ".heroku/pnpm/bin"):
        for link in sorted((job.folder / folder).glob("*")):
            yield f"{link.name}={link.resolve()}"
    for name in DECIDING:
        path = job.folder / name
        if path.is_file():
            yield from (name, path.read_text("utf-8", "surrogateescape"))
    for name, value in sorted(job.plan.config.values.items()):
        yield f"{name}={value}"


def _cached(job: Job, name: str, step: Callable[[Job], Stop]) -> tuple[Stop, bool]:
    """Restore the result of `step` from the cache, with its output, or run it and cache that."""
    stops: list[Stop] = []

    def fill(place: Path) -> bool:
        lines: list[str] = []
        stops.append(step(job._replace(tell=_recorded(job, lines))))
        if stops[-1]:
            return False
        for part in KEPT:
            _copy(job.folder / part, place / part)
        (place / LOG).write_text(json.dumps(lines))
        return True

    place, cached = environment.made(name, fill, spare=job.work / "modules")
    if place is None or not cached:
        return (stops[-1] if stops else None), False
    for part in KEPT:
        if not (job.folder / part).exists():
            _copy(place / part, job.folder / part)
    for line in json.loads((place / LOG).read_text()):
        job.tell(line)
    return None, True


def _recorded(job: Job, lines: list[str]) -> Callable[[str], None]:
    def tell(text: str) -> None:
        lines.append(text)
        job.tell(text)

    return tell


def _copy(path: Path, to: Path) -> None:
    if path.is_dir():
        to.mkdir()
        folders.copy(path, to)
    elif path.is_file():
        shutil.copy2(path, to)
