"""The Pythons of this machine, found wherever people keep them, without starting any.

A shim (pyenv, asdf) is no interpreter: it would choose by the developer's settings.
"""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from parity.records import Interpreter

VERSIONED = (
    (".pyenv/versions", ""),
    (".local/share/uv/python", "cpython-"),
    (".asdf/installs/python", ""),
    (".local/share/mise/installs/python", ""),
)
"""Folders below HOME with one interpreter each, named by its full version after the prefix."""

SYSTEM = ("/usr/local/bin", "/usr/bin", "/opt/homebrew/bin", "/bin")
OLDEST = 10
"""The oldest Python 3 minor version that can stand in for another (ours)."""

_VERSION = re.compile(r"3\.(\d+)\.(\d+)")
_NAME = re.compile(r"python3\.(\d+)")


def find(wanted: str) -> Interpreter | None:
    """The Python for `wanted`: itself, else the newest patch of its minor, else the nearest."""
    _, minor, patch = (int(part) for part in wanted.split("."))
    found = sorted(set(_installed()), key=lambda i: _distance(i, minor, patch))
    for interpreter in found:
        here = _minor(interpreter.version)
        if here >= OLDEST:
            return interpreter._replace(exact=here == minor)
    return None


def _distance(interpreter: Interpreter, minor: int, patch: int) -> tuple[int, bool, int]:
    here, own = _minor(interpreter.version), int(interpreter.version.split(".")[2])
    return abs(here - minor), own != patch, -own


def _minor(version: str) -> int:
    return int(version.split(".")[1])


def _installed() -> Iterator[Interpreter]:
    yield _own()
    home = Path(os.environ.get("HOME") or "/nonexistent")
    roots = [(home / folder, prefix) for folder, prefix in VERSIONED]
    roots.append((Path(os.environ.get("PYENV_ROOT") or home / ".pyenv") / "versions", ""))
    for root, prefix in roots:
        yield from _below(root, prefix)
    for folder in (*os.environ.get("PATH", "").split(":"), *SYSTEM):
        yield from _in(Path(folder))


def _own() -> Interpreter:
    """The interpreter that runs parity, out of its virtual environment."""
    major, minor, patch = sys.version_info[:3]
    path = Path(sys.base_prefix) / "bin" / f"python{major}.{minor}"
    version = f"{major}.{minor}.{patch}"
    return Interpreter(path if path.exists() else Path(sys.executable), version, exact=False)


def _below(root: Path, prefix: str) -> Iterator[Interpreter]:
    for name in _names(root):
        match = _VERSION.match(name.removeprefix(prefix)) if name.startswith(prefix) else None
        path = root / name / "bin" / f"python3.{match[1]}" if match else root
        if match and path.exists():
            yield Interpreter(path, match[0], exact=False)


def _in(folder: Path) -> Iterator[Interpreter]:
    """Pythons by name in one folder of PATH; their patch version shows in no name: 0."""
    if "shims" in folder.parts:
        return
    for name in _names(folder):
        match = _NAME.fullmatch(name)
        if match:
            yield Interpreter((folder / name).resolve(), f"3.{match[1]}.0", exact=False)


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except OSError:
        return []
