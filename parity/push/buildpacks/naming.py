"""A buildpack as it is set on an app: one of Heroku's own, another's, or a folder."""

import os
import re
from pathlib import Path

from parity.facts.buildpacks import BUILDPACKS
from parity.system.errors import Usage

_PATHS = (".", "/", "~")
_GITHUB = r"https://github\.com/heroku/heroku-buildpack-([a-z]+)(?:\.git)?/?"


def named(typed: str) -> str:
    """A buildpack as set on an app, by the short name of one of Heroku's own, or as typed.

    A folder is an absolute path. Raises `Usage` for a folder without a buildpack.
    """
    place, short = folder(typed), _short(typed)
    if place is None:
        if short.startswith(_PATHS):
            return typed  # nothing that Heroku knows, and no folder either
        return _official(short) or (short if "/" in short else f"heroku/{short}")
    if not os.path.isfile(place / "bin" / "compile"):  # noqa: PTH113
        why = "no bin/compile in it" if os.path.isdir(place) else "no such folder"  # noqa: PTH112
        raise Usage(f"--buildpack {typed}: {why}")
    return str(place.resolve())


def folder(typed: str, base: str = "") -> Path | None:
    """The folder, seen from `base`, that a buildpack as typed means; None for a name."""
    if _official(_short(typed)):
        return None
    place = os.path.join(base, os.path.expanduser(typed.removeprefix("file://")))  # noqa: PTH111, PTH118
    is_path = typed.startswith((*_PATHS, "file://")) or os.path.isdir(place)  # noqa: PTH112
    return Path(place) if is_path else None


def _short(typed: str) -> str:
    found = re.fullmatch(_GITHUB, typed)
    return f"heroku/{found[1]}" if found else typed.removeprefix("urn:buildpack:")


def _official(short: str) -> str | None:
    return next((name for name in (short, f"heroku/{short}") if name in BUILDPACKS), None)
