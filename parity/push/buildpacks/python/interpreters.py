"""Search for the Pythons on this machine in all usual places, mostly without starting any.

A shim (pyenv, asdf) does not count: it would follow the developer's settings.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from parity.facts.python import versions
from parity.push import cache
from parity.records import Interpreter
from parity.system import programs

DATA = ".local/share/"
"""The default of XDG_DATA_HOME, in HOME: https://specifications.freedesktop.org/basedir-spec/."""

VERSIONED = (
    ("PYENV_ROOT", ".pyenv", "versions"),
    ("UV_PYTHON_INSTALL_DIR", f"{DATA}uv/python", ""),
    ("ASDF_DATA_DIR", ".asdf", "installs/python"),
    ("MISE_DATA_DIR", f"{DATA}mise", "installs/python"),
)
"""Version managers' folders: a variable, its default in HOME, and the versions' folder below."""

SYSTEM = (
    *("/usr/local/bin", "/usr/bin", "/bin"),
    *("/opt/homebrew/bin", "/home/linuxbrew/.linuxbrew/bin"),
)
OLDEST, NEWEST = 10, 20
"""The range of Python 3 minor versions that are looked for (ours)."""

_FOLDER = re.compile(r"(?:cpython-)?3\.(\d+)\.(\d+)(?:-[a-z0-9_.-]+)?")
_UNKNOWN = -1
_PROBE = (
    "import sys, sysconfig; n = sys.implementation.name == 'cpython'"
    " and sys.version_info[3] == 'final' and not sysconfig.get_config_var('Py_GIL_DISABLED');"
    " print(*sys.version_info[:3], sep='.') if n else print('other')"
)


def find(wanted: str) -> Interpreter | None:
    """Return the Python for `wanted` (N.N.N): that version, or the closest one.

    The newest patch of the same minor version comes first. Of two equally close ones the newer
    wins, because it has all that the app's code may use. Raises `Trouble` if nothing can be cached.
    """
    _, minor, patch = (int(part) for part in wanted.split("."))
    candidates = sorted(set(_installed()), key=lambda c: _distance(c, minor, patch))
    for path, here, its_patch in candidates:
        version = f"3.{here}.{its_patch}" if its_patch != _UNKNOWN else _probed(path, here)
        if version:
            return Interpreter(path, version, exact=here == minor)
    return None


def newest_series() -> str:
    """Return the newest series that both Heroku and this machine have, or Heroku's default."""
    for series, newest in reversed(list(versions().newest.items())):
        interpreter = find(newest)
        if interpreter and interpreter.exact:
            return series
    return versions().default


def _distance(candidate: tuple[Path, int, int], minor: int, patch: int) -> tuple[object, ...]:
    path, here, own = candidate
    return abs(here - minor), -here, own != patch, -own, str(path)


def _installed() -> Iterator[tuple[Path, int, int]]:
    """Yield the path, minor and patch version of every Python; the patch may be unknown."""
    yield from _own()
    for variable, default, below in VERSIONED:
        yield from _managed(Path(os.environ.get(variable) or _default(default), below))
    for folder in dict.fromkeys((*programs.folders(), *SYSTEM)):
        if "shims" not in folder.split("/"):
            yield from _in(folder)


def _default(place: str) -> str:
    """Return a default path in HOME, or in the user's own data folder."""
    home = os.environ.get("HOME") or "/nonexistent"
    data = os.environ.get("XDG_DATA_HOME") or f"{home}/{DATA}"
    return f"{data}/{place.removeprefix(DATA)}" if place.startswith(DATA) else f"{home}/{place}"


def _own() -> Iterator[tuple[Path, int, int]]:
    """Yield the interpreter that runs parity, not the one in a virtual environment."""
    _, minor, patch = sys.version_info[:3]
    path = Path(sys.base_prefix, "bin", f"python3.{minor}")
    if sys.implementation.name == "cpython" and path.exists():
        yield path.resolve(), minor, patch


def _managed(root: Path) -> Iterator[tuple[Path, int, int]]:
    try:
        folders = list(root.iterdir()) if programs.trusted(str(root)) else []
    except OSError:
        return
    for folder in folders:
        match = _FOLDER.fullmatch(folder.name)
        if match:
            path = folder / "bin" / f"python3.{match[1]}"
            if path.exists() and OLDEST <= int(match[1]) < NEWEST:
                yield path.resolve(), int(match[1]), int(match[2])


def _in(folder: str) -> Iterator[tuple[Path, int, int]]:
    """Yield the Pythons in a folder of PATH; a link's target may show the patch version."""
    for minor in range(OLDEST, NEWEST):
        path = f"{folder}/python3.{minor}"
        if os.path.exists(path):  # noqa: PTH110 - faster, and called six hundred times
            real = Path(path).resolve()
            if "shims" not in real.parts:
                yield real, minor, _patch_of(real, minor)


def _patch_of(path: Path, minor: int) -> int:
    """Return the patch version, if the installation's folder is named after its version."""
    for part in path.parts:
        match = _FOLDER.fullmatch(part)
        if match and int(match[1]) == minor:
            return int(match[2])
    return _UNKNOWN


def _probed(path: Path, minor: int) -> str | None:
    """Return the version that a Python reports (cached); None if it is unsuitable."""
    known_by = f"{path} {path.stat().st_mtime_ns}"
    memory = cache.root() / "interpreters.json"
    noted = cache.noted(memory)
    known = noted if isinstance(noted, dict) else {}
    if known_by not in known:
        known[known_by] = _asked(path)
        if known[known_by] is not None:
            with suppress(OSError):
                cache.note(memory, known)
    version = str(known[known_by])
    return version if version.startswith(f"3.{minor}.") else None


def _asked(path: Path) -> str | None:
    """Return a Python's answer to the probe; None if it has none, which may be temporary."""
    import subprocess

    try:
        done = subprocess.run(
            [path, "-I", "-S", "-c", _PROBE],
            capture_output=True,
            text=True,
            cwd=programs.ELSEWHERE,
            env={},
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
