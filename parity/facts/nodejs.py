"""The versions, defaults and limits of the classic Node.js buildpack.

Source: https://github.com/heroku/heroku-buildpack-nodejs and
https://devcenter.heroku.com/articles/nodejs-support (documented).
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeAlias

SUPPORT = "https://devcenter.heroku.com/articles/nodejs-support"
TROUBLE = "https://devcenter.heroku.com/articles/troubleshooting-node-deploys"
SPECIFYING = f"{SUPPORT}#specifying-a-node-js-version"

LOCK_FILES: Mapping[str, str] = {
    "npm": "package-lock.json",
    "pnpm": "pnpm-lock.yaml",
    "Yarn": "yarn.lock",
}
"""Package manager, as the buildpack spells and orders them → its lock file."""

INSTALLED_FOR: Mapping[str, str] = {
    "yarn": "a yarn.lock, or with `engines.yarn` or `packageManager` in package.json",
    "pnpm": "a pnpm-lock.yaml",
}
"""Package manager → what makes the buildpack install it, for the build and the dyno: its
bin/compile (observed). npm comes with Node.js."""

DEFAULT_ENV: Mapping[str, str] = {
    "NPM_CONFIG_LOGLEVEL": "error",
    "NODE_VERBOSE": "false",
    "NODE_ENV": "production",
    "NODE_MODULES_CACHE": "true",
}
"""The build's environment where no config var overrides it, in the order of the log."""

BUILD_OPTIONS = "--max_old_space_size=2560"
"""NODE_OPTIONS of the build, in MB: the memory of a build dyno."""

DEFAULT_WEB = "npm start"
"""The `web` command of an app whose Procfile declares none."""

Version: TypeAlias = tuple[int, int, int]


class Inventory(NamedTuple):
    """The releases that parity knows: for each major version, the newest patch of every minor."""

    date: str
    lts: int
    eol: frozenset[int]
    yarn: str
    newest: Mapping[int, Mapping[int, int]]

    @property
    def newest_major(self) -> int:
        """The newest major version."""
        return max(self.newest)


_LINE = re.compile(r'"?([\w.]+)"? = "([^"]*)"')


@cache
def inventory() -> Inventory:
    """Read nodejs.toml without `tomllib`, whose import costs `parity check` 6 ms."""
    tables: dict[str, dict[str, str]] = {"": {}}
    table = tables[""]
    for line in Path(__file__).with_name("nodejs.toml").read_text("utf-8").splitlines():
        if line.startswith("["):
            table = tables[line.strip("[]")] = {}
        elif match := _LINE.match(line):
            table[match[1]] = match[2]
    top = tables[""]
    return Inventory(
        date=top["date"],
        lts=int(top["lts"]),
        eol=frozenset(map(int, top["eol"].split())),
        yarn=top["yarn"],
        newest={int(major): _minors(minors) for major, minors in tables["newest"].items()},
    )


def _minors(text: str) -> dict[int, int]:
    pairs = (part.split(".") for part in text.split())
    return {int(minor): int(patch) for minor, patch in pairs}


def number(digits: str) -> int | float:
    """Parse an integer as JavaScript does: a very long one becomes a float instead of an error."""
    return int(digits) if len(digits) <= 16 else float(digits)
