"""Names of buildpacks as they are set on an app: Heroku's own, other people's, or folders."""

import os
import re
from pathlib import Path

from parity.facts.buildpacks import BUILDPACKS
from parity.system.errors import Usage

_PATHS = (".", "/", "~")
_GITHUB = r"https://github\.com/heroku/heroku-buildpack-([a-z]+)(?:\.git)?/?"


def named(typed: str) -> str:
    """Return a buildpack as set on an app: Heroku's own by its short name, another as typed.

    A folder becomes an absolute path. Raises `Usage` for a folder without a buildpack.
    """
    place, short = folder(typed), _short(typed)
    if place is None:
        if short.startswith(_PATHS):
            return typed  # unknown to Heroku, and not a folder either
        return _official(short) or (short if "/" in short else f"heroku/{short}")
    if not os.path.isfile(place / "bin" / "compile"):  # noqa: PTH113
        why = "no bin/compile in it" if os.path.isdir(place) else "no such folder"  # noqa: PTH112
        raise Usage(f"--buildpack {typed}: {why}")
    return str(place.resolve())


def folder(typed: str, base: str = "") -> Path | None:
    """Return the folder, relative to `base`, of a buildpack as typed; None for a name."""
    if _official(_short(typed)):
        return None
    place = os.path.join(base, os.path.expanduser(typed.removeprefix("file://")))  # noqa: PTH111, PTH118
    is_path = typed.startswith((*_PATHS, "file://")) or os.path.isdir(place)  # noqa: PTH112
    return Path(place) if is_path else None


def _short(typed: str) -> str:
    match = re.fullmatch(_GITHUB, typed)
    return f"heroku/{match[1]}" if match else typed.removeprefix("urn:buildpack:")


def _official(short: str) -> str | None:
    return next((name for name in (short, f"heroku/{short}") if name in BUILDPACKS), None)
