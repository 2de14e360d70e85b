"""The programs of this machine that parity starts outside a dyno, and how they are found.

Only in folders of PATH that are absolute and outside the tested tree: with `.`, an empty entry or
`node_modules/.bin` in PATH, the app's own `git` would run instead.
"""

import os
from functools import cache
from pathlib import Path

ELSEWHERE = "/"
"""The working directory of programs that could read settings from it."""

_trees: set[str] = set()


def distrust(tree: Path) -> None:
    """Never run programs below `tree` from now on.

    A tree that contains HOME as well (a repository of dotfiles) has the user's own programs in it.
    """
    try:
        folder = os.path.realpath(tree)
    except FileNotFoundError:  # the working directory is gone
        return
    home = os.path.realpath(os.environ.get("HOME") or "/nonexistent")
    if not _below(home, folder):
        _trees.add(folder)


def trusted(folder: str) -> bool:
    """Return whether programs in `folder` may run."""
    return _trusted(folder, frozenset(_trees))


def folders() -> list[str]:
    """Return the trusted folders of PATH."""
    listed = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return [folder for folder in dict.fromkeys(listed) if trusted(folder)]


def find(name: str) -> str | None:
    """Return the path of the program `name`, or None."""
    for folder in folders():
        file = f"{folder}/{name}"
        if os.path.isfile(file) and os.access(file, os.X_OK):  # noqa: PTH113
            return file
    return None


def narrow() -> None:
    """Reduce PATH to the trusted folders, for a library that finds programs itself."""
    os.environ["PATH"] = os.pathsep.join(folders())


def shown(path: Path | str) -> str:
    """A path as people write it, with `~` for their HOME."""
    home = os.environ.get("HOME", "").rstrip("/")
    text = str(path)
    return f"~{text[len(home) :]}" if home and text.startswith(f"{home}/") else text


def version(path: str) -> str:
    """The version that a program tells, in words if it tells none."""
    import re
    import subprocess

    try:
        done = subprocess.run(
            [path, "--version"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
            cwd=ELSEWHERE,
            env=_few(),
        )
    except (OSError, subprocess.TimeoutExpired):
        return "its version is not known"
    found = re.search(r"(?<!\d)\d+(?:\.\d+)+", done.stdout)
    return found[0] if found else "its version is not known"


def _few() -> dict[str, str]:
    """What a program needs to tell its version: yarn and corepack would obey the rest, and what
    is in the folder that they are started in."""
    home = os.environ.get("HOME")
    path = os.pathsep.join(folders())
    return {"PATH": path, "COREPACK_ENABLE_NETWORK": "0", **({"HOME": home} if home else {})}


@cache
def _trusted(folder: str, trees: frozenset[str]) -> bool:
    if not folder.startswith("/"):
        return False
    real = os.path.realpath(folder)
    return not any(_below(real, tree) for tree in trees)


def _below(path: str, tree: str) -> bool:
    return path == tree or path.startswith(f"{tree.rstrip('/')}/")
