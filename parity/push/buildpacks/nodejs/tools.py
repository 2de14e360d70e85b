"""npm, Yarn and pnpm in the slug: from Node.js, or the versions that package.json requests."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from parity.facts.nodejs import inventory
from parity.push import environment
from parity.push.buildpacks.context import Job, Stop, Undecided
from parity.push.buildpacks.nodejs import environ, profile
from parity.push.buildpacks.nodejs.machine_faults import NETWORK
from parity.push.buildpacks.nodejs.package import BERRY, Package, berry
from parity.records import Interpreter, Refusal, Runtime

_YARN_PATH = re.compile(r"^yarnPath:\s*[\"']?([^\"'\s#]+)", re.MULTILINE)
_PNPM_FOR_LOCK = {"5.3": "6", "5.4": "7", "6.0": "8", "6.1": "8"}
"""The pnpm for each older version of the lock file: https://pnpm.io/ (documented)."""


class NodeTool(NamedTuple):
    """A package manager: its package in the registry, the requested version, its commands."""

    package: str
    spec: str
    commands: tuple[str, ...]


def put(job: Job, here: Interpreter) -> None:
    """Link Node.js and its npm into the slug."""
    folder = job.folder / ".heroku" / "node" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("node", "npm", "npx", "corepack"):
        path = here.path.with_name(name)
        if path.exists():
            link(path, folder / name)


def link(path: Path, at: Path) -> None:
    """Create a link to `path` in the slug, replacing what is there."""
    at.unlink(missing_ok=True)
    at.symlink_to(path)


def install(
    job: Job, node: Runtime, here: Interpreter, package: Package
) -> tuple[Stop, tuple[Path, ...]]:
    """Install the npm, Yarn or pnpm that package.json or a lock file requests.

    Also return the folders outside the slug that it now links to.
    """
    places = []
    for result in _installed(job, node, here, package):
        if isinstance(result, Path):
            places.append(result)
        elif result:
            return result, tuple(places)
    return None, tuple(places)


def _installed(
    job: Job, node: Runtime, here: Interpreter, package: Package
) -> Iterator[Path | Stop]:
    """Yield, for each package manager, its folder, or why the build stops."""
    yield _npm(job, here, package)
    if node.manager == "yarn" or _wanted(package, "yarn"):
        yield _yarn(job, node, here, package)
    if node.manager == "pnpm":
        yield _pnpm(job, here, package)


def _npm(job: Job, here: Interpreter, package: Package) -> Path | Stop:
    requested = package.table("engines").get("npm")
    if not requested:
        job.print(f"Using default npm version: {_version(job, 'npm')}")
        return None
    job.print(f"Bootstrapping npm {requested} (replacing {_version(job, 'npm')})...")
    added = _added(job, here, NodeTool("npm", requested, ("npm", "npx")), ".heroku/node/bin")
    if isinstance(added, Path):
        job.print(f"npm {_version(job, 'npm')} installed")
    return added


def _yarn(job: Job, node: Runtime, here: Interpreter, package: Package) -> Path | Stop:
    vendored = _vendored(job.folder) if node.edition == BERRY else None
    if vendored:
        if not (job.folder / vendored).is_file():
            headline = " !     Error: Yarn was not found."
            return Refusal("missing-yarn-vendor", (headline,), ".yarnrc.yml", None, vendored)
        link(_launcher(job, vendored), _bin(job) / "yarn")
        job.print(f"Using yarn {_version(job, 'yarn')}")
        return None
    requested = _wanted(package, "yarn") or ("4" if node.edition == BERRY else inventory().yarn)
    job.print(f"Downloading and installing yarn ({requested})")
    name = "@yarnpkg/cli-dist" if node.edition == BERRY or berry(requested) else "yarn"
    added = _added(job, here, NodeTool(name, requested, ("yarn", "yarnpkg")), ".heroku/yarn/bin")
    if isinstance(added, Path):
        verb = "Using" if node.edition == BERRY else "Installed"
        job.print(f"{verb} yarn {_version(job, 'yarn')}")
    return added


def _pnpm(job: Job, here: Interpreter, package: Package) -> Path | Stop:
    requested = _wanted(package, "pnpm") or _PNPM_FOR_LOCK.get(_lock_version(job.folder), "latest")
    job.print(f"Downloading and installing pnpm ({requested})")
    added = _added(job, here, NodeTool("pnpm", requested, ("pnpm", "pnpx")), ".heroku/pnpm/bin")
    if isinstance(added, Path):
        version = _version(job, "pnpm")
        job.print(f"Using pnpm {version}")
        profile.write_pnpm(job.folder, version)
    return added


def _wanted(package: Package, name: str) -> str:
    """Return the version in `packageManager`, without its hash, or in `engines`."""
    if package.tool.startswith(f"{name}@"):
        return package.tool.partition("@")[2].partition("+")[0]
    return package.table("engines").get(name, "")


def _vendored(folder: Path) -> str | None:
    """Return the path of the app's own copy of Yarn: `yarnPath` in .yarnrc.yml."""
    try:
        match = _YARN_PATH.search((folder / ".yarnrc.yml").read_text("utf-8", "replace"))
    except OSError:
        return None
    return match[1] if match else None


def _launcher(job: Job, script: str) -> Path:
    """Write a command that runs a script of the slug with the slug's Node.js; return its name."""
    path = _bin(job) / "yarn-vendored"
    path.write_text(
        f'#!/usr/bin/env bash\nhere="$(dirname "$(readlink -f "$0")")"\n'
        f'exec node "$here/../../../{script}" "$@"\n'
    )
    path.chmod(0o755)
    return Path("yarn-vendored")


def _bin(job: Job) -> Path:
    folder = job.folder / ".heroku" / "yarn" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _lock_version(folder: Path) -> str:
    with (folder / "pnpm-lock.yaml").open(encoding="utf-8", errors="replace") as file:
        match = re.search(r"lockfileVersion:\s*'?(\d+\.\d+)", file.read(2000))
    return match[1] if match else ""


def _added(job: Job, here: Interpreter, tool: NodeTool, where: str) -> Path | Stop:
    """Install a package manager into the cache with the current npm, and link its commands.

    Return its folder, or why the build stops.
    """
    output: list[str] = []

    def fill(place: Path) -> bool:
        flags = ("--no-audit", "--no-fund", "--no-package-lock")
        spec = f"{tool.package}@{tool.spec}"
        command = ["npm", "install", "--prefix", str(place), *flags, spec]
        return job.call(command, environ.variables(job), on_line=output.append).exit == 0

    name = environment.key("node-tool", str(here.path), here.version, tool.package, tool.spec)
    place, _ = environment.made(name, fill, spare=job.work / f"tool-{tool.commands[0]}")
    if place is None:
        return _failed(job, tool, output)
    folder = job.folder / where
    folder.mkdir(parents=True, exist_ok=True)
    for command in tool.commands:
        path = place / "node_modules" / ".bin" / command
        if path.exists():
            link(path, folder / command)
    return place


def _failed(job: Job, tool: NodeTool, output: list[str]) -> Stop:
    for line in output:
        job.print(line)
    name = tool.commands[0]
    network = next((line.strip() for line in output if re.search(NETWORK, line)), None)
    if job.offline or network:
        return Undecided(f"{name} could not be downloaded: {network or 'offline'}")
    headline = f" !     Error: Unable to install {name} {tool.spec}."
    return Refusal(f"{name}-install-failed", (headline,), "package.json", None, tool.spec)


def _version(job: Job, name: str) -> str:
    """Return the version of a command, from the package that contains it or from its output."""
    path = next((p for p in _places(job, name) if p.exists()), None)
    for folder in path.resolve().parents[:3] if path else ():
        try:
            return str(json.loads((folder / "package.json").read_text())["version"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
    output: list[str] = []
    job.call([name, "--version"], environ.variables(job), on_line=output.append)
    return output[-1].strip() if output else "?"


def _places(job: Job, name: str) -> list[Path]:
    return [Path(folder, name) for folder in environ.path(job).split(":")]
