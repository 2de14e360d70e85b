"""The requirements of well-known packages, from `requires.txt`, one line per package.

Each line is `name version: required ... | of extras ...`; a star marks a requirement with extras.
Source: the packages' own metadata on https://pypi.org (observed), as `pip install --report` gives
it for Python 3.13.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

_LINE = re.compile(r"(\S+) (\S+):([^|]*)\|?(.*)")


class Requirements(NamedTuple):
    """The requirements of one `version` of a package."""

    version: str
    requires: tuple[str, ...]
    extras: tuple[str, ...]


@cache
def _lines() -> Mapping[str, str]:
    """Return the lines of the table by package."""
    text = Path(__file__).with_name("requires.txt").read_text("utf-8")
    return {line[: line.index(" ")]: line for line in text.splitlines()}


def package(name: str) -> Requirements | None:
    """Return a package by its normalised name, or None if it is not in the table."""
    match = _LINE.fullmatch(_lines().get(name, ""))
    if match is None:
        return None
    return Requirements(match[2], tuple(match[3].split()), tuple(match[4].split()))
