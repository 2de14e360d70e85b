"""package.json, as far as the buildpack reads it."""

import json
import stat
from collections.abc import Mapping
from typing import Any, NamedTuple

from parity.facts.nodejs import number
from parity.push import tree
from parity.records import Source

LIFECYCLE = ("preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare")
"""Scripts of the app that every package manager runs while it installs:
https://docs.npmjs.com/cli/using-npm/scripts (documented)."""

BERRY = "berry"
"""The edition of Yarn from its second major version on."""

_LOCAL = ("file:", "link:", "portal:", "workspace:", ".", "/", "~/")


class Package(NamedTuple):
    """The decoded file; what is of another type than it should be counts as not there."""

    data: Mapping[str, Any]

    def table(self, name: str) -> Mapping[str, str]:
        """A table of texts: `scripts`, `engines`, `dependencies`."""
        found = self.data.get(name)
        pairs = found.items() if isinstance(found, dict) else ()
        return {k: str(v) for k, v in pairs if isinstance(v, str | int | float) and v != ""}

    @property
    def tool(self) -> str:
        """`packageManager`: `yarn@4.1.0`, empty if it is not there."""
        found = self.data.get("packageManager")
        return found if isinstance(found, str) else ""

    @property
    def own_scripts(self) -> bool:
        """Whether installing runs scripts of the app itself."""
        return any(name in self.table("scripts") for name in LIFECYCLE)

    @property
    def reaches_out(self) -> bool:
        """Whether node_modules would hold links into the tree: workspaces, local packages."""
        kinds = ("dependencies", "devDependencies", "optionalDependencies")
        wanted = (spec for kind in kinds for spec in self.table(kind).values())
        return "workspaces" in self.data or any(spec.startswith(_LOCAL) for spec in wanted)


def read(source: Source) -> Package | None:
    """The package.json of the root, None if it is no JSON object; an empty one is one to jq."""
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
