"""Crashes of apps whose Prisma client was never generated."""

import posixpath
import re
from collections.abc import Iterator

from parity.records import Boot, Release, Source, Traffic, edits
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS
from parity.rules.engine import rule
from parity.rules.shell import word
from parity.rules.views.node_error import NodeCrash, node_error
from parity.rules.views.node_source import in_package, installer, table, wanted

_NOT_GENERATED = (
    r"@prisma/client did not initialize yet|Cannot find (?:module|package) '[^']*\.prisma/client"
    r"|Cannot find (?:module|package) '([^']+)'"
)
_DEFAULT = ("prisma/schema.prisma", "schema.prisma")
"""Where Prisma looks for its schema: https://www.prisma.io/docs/orm/prisma-schema (documented)."""


@rule(
    "prisma-not-generated",
    instead_of=("module-not-in-git", "submodule-missing", "module-not-installed"),
    leads_to=ENDINGS,
    title="The Prisma client is missing: the build does not run `prisma generate`",
    cause="@prisma/client is only a shell: `prisma generate` writes the actual client from"
    " {schema:its schema}. That is not in git, and no script generates it on Heroku:"
    " {error}",
    fix="{advice:Run `prisma generate` in the build script of package.json.}",
    docs="https://www.prisma.io/docs/orm/prisma-client/deployment/traditional/deploy-to-heroku",
    records=(Boot, Release, Traffic),
    laptop="On the laptop it was generated once, into node_modules or a folder that git ignores.",
)
def prisma_not_generated(crash: NodeCrash) -> Iterator[Evidence]:
    match = crash.saying(_NOT_GENERATED)
    schema = _schema(crash.source)
    if not match or (match[1] and not _generated(crash.source, schema, match[1])):
        return
    error = node_error(crash)
    names = {"schema": schema or "the schema", "error": match[0], "advice": _advice(crash, schema)}
    place = error.at(**names) if error else None
    yield place or in_package(crash.source, match[0], "dependencies", "@prisma/client", **names)


def _schema(source: Source) -> str | None:
    """Return the path of Prisma's schema; the default one first."""
    others = sorted(path for path in source.entries if path.endswith(".prisma"))
    configured = table(source, "prisma").get("schema")
    return next((p for p in (configured, *_DEFAULT, *others) if p in source.entries), None)


def _generated(source: Source, schema: str | None, module: str) -> bool:
    """Return whether a missing module is in the folder that the schema gives for the client."""
    output = re.search(r"^\s*output\s*=\s*\"([^\"]+)\"", source.text(schema or "") or "", re.M)
    if schema is None or output is None:
        return False
    folder = posixpath.normpath(posixpath.join(posixpath.dirname(schema), output[1]))
    inside = posixpath.normpath(module.removeprefix("/app/"))
    while inside.startswith("../"):
        inside = inside[3:]
    return f"/{folder}/".find(f"/{inside.rstrip('/')}/") >= 0 or inside.startswith(f"{folder}/")


def _advice(crash: NodeCrash, schema: str | None) -> str:
    """Return the advice to generate the client in the build, with Prisma's command installed."""
    source = crash.source
    path = f" --schema {word(schema)}" if schema and schema not in _DEFAULT else ""
    generate = f"prisma generate{path}"
    scripts = table(source, "scripts")
    name = next((n for n in ("heroku-postbuild", "build") if n in scripts), "build")
    more = "; Heroku runs it after the installation."
    if not wanted(source, "prisma"):
        version = table(source, "dependencies").get("@prisma/client", "")
        package = f"prisma@{version}" if re.fullmatch(r"[\d.]+", version) else "prisma"
        dev = "-D" if installer(source) != "npm install" else "--save-dev"
        more = f", and type `{installer(source)} {dev} {package}`{more}"
    text = scripts.get(name)
    return edits.script(name, f"{generate} && {text}" if text else generate, more)
