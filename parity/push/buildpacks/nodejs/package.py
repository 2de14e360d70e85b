"""The parts of package.json that the buildpack reads."""

import json
import stat
from collections.abc import Mapping
from typing import Any, NamedTuple

from parity.facts.nodejs import number
from parity.push import tree
from parity.records import Source

LIFECYCLE = ("preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare")
"""The app's scripts that every package manager runs during installation:
https://docs.npmjs.com/cli/using-npm/scripts (documented)."""

BERRY = "berry"
"""The edition name of Yarn 2 and newer."""

_LOCAL = ("file:", "link:", "portal:", "workspace:", ".", "/", "~/")


class Package(NamedTuple):
    """The decoded file. Values of a wrong type count as missing."""

    data: Mapping[str, Any]

    def table(self, name: str) -> Mapping[str, str]:
        """Return a table of strings, such as `scripts`, `engines` or `dependencies`."""
        value = self.data.get(name)
        pairs = value.items() if isinstance(value, dict) else ()
        return {k: str(v) for k, v in pairs if isinstance(v, str | int | float) and v != ""}

    @property
    def tool(self) -> str:
        """The value of `packageManager`, such as `yarn@4.1.0`; empty if it is missing."""
        value = self.data.get("packageManager")
        return value if isinstance(value, str) else ""

    @property
    def own_scripts(self) -> bool:
        """True if the installation runs scripts of the app itself."""
        return any(name in self.table("scripts") for name in LIFECYCLE)

    @property
    def reaches_out(self) -> bool:
        """True if node_modules would contain links into the tree: workspaces, local packages."""
        kinds = ("dependencies", "devDependencies", "optionalDependencies")
        wanted = (spec for kind in kinds for spec in self.table(kind).values())
        return "workspaces" in self.data or any(spec.startswith(_LOCAL) for spec in wanted)


def read(source: Source) -> Package | None:
    """Read the package.json in the root; None if it is not a JSON object.

    An empty file counts as an empty object, as it does to jq.
    """
    entry = tree.file(source, "package.json")
    data = entry.data if entry else b""
    if entry is None or data is None or not stat.S_ISREG(entry.mode):
        return Package({})
    try:
        text = data.decode("utf-8-sig", "replace") or "{}"
        decoded = json.loads(text, parse_int=number)
    except (ValueError, RecursionError):
        return None
    return Package(decoded) if isinstance(decoded, dict) else None


def berry(requested: str) -> bool:
    """Return whether a version or range of Yarn means Yarn 2 or newer."""
    return requested.lstrip("^~>=v ")[:1] in set("23456789")
