"""The config vars of add-ons that the app reads, and which of them nothing sets."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from parity.facts.addons import AddOn, add_on
from parity.records import Config, Source
from parity.rules.shell import word
from parity.rules.views.node_source import found
from parity.rules.views.python_source import CodePlace, at
from parity.rules.views.python_source import found as python_found
from parity.rules.views.python_variables import all_reads

if TYPE_CHECKING:
    from parity.rules.views.facts import UnsetVariable
    from parity.rules.views.python_traceback import Crash

_IN_NODE = re.compile(r"process\.env(?:\.|\[\s*['\"`])([A-Z][A-Z0-9_]*)")
_IN_PRISMA = re.compile(r"\benv\(\s*\"([A-Z][A-Z0-9_]*)\"\s*\)")
_IMPLIED = r"\bdj_database_url\.config\("
_NAMED = re.compile(r"\.config\((?:.*\benv\s*=\s*)?['\"](\w+)['\"]")
"""The variable that a call of dj-database-url names; otherwise it reads DATABASE_URL:
https://github.com/jazzband/dj-database-url (documented)."""


def reads(source: Source) -> Iterator[tuple[str, CodePlace]]:
    """Yield each read of a variable in Python, JavaScript and Prisma's schema, and its place."""
    yield from ((read.name, read.place) for read in all_reads(source))
    for place in python_found(source, _IMPLIED):
        match = _NAMED.search(place.text)
        yield (match[1] if match else "DATABASE_URL"), place
    for place in found(source, r"process\.env"):
        yield from ((name, place) for name in _IN_NODE.findall(place.text))
    for path in source.entries:
        for number, line in enumerate(_schema(source, path), 1):
            for match in _IN_PRISMA.finditer(line):
                yield match[1], CodePlace(path, number, match.start() + 1, line.strip())


def _schema(source: Source, path: str) -> list[str]:
    return (source.text(path) or "").splitlines() if path.endswith(".prisma") else []


def setter(source: Source, variable: str) -> AddOn | None:
    """Return the add-on that sets a config var; app.json may give an attachment any name."""
    known, manifest = add_on(variable), source.manifest
    plan = manifest.attached.get(variable) if manifest and not known else None
    return AddOn(plan, plan, under=variable.removesuffix("_URL")) if plan else known


def texts(addon: AddOn) -> dict[str, str]:
    """Return what a rule's texts say about an add-on: its name, its plan, how to attach it."""
    name = word(addon.under)
    return {
        "addon": addon.name,
        "plan": addon.plan,
        "under": f" --as {name}" if addon.under else "",
        "attach": f", or `heroku addons:attach ADDON --as {name}`" if addon.under else "",
    }


def unset(source: Source, config: Config) -> Iterator[tuple[str, AddOn, CodePlace]]:
    """Yield the variables of add-ons that the app reads and nothing sets."""
    for name, place in reads(source):
        addon = setter(source, name)
        if addon and not config.values.get(name):
            yield name, addon, place


def behind(crash: "Crash", port: str, error: str) -> "UnsetVariable | None":
    """Return the variable for the service of `port` that the app reads, if nothing sets it.

    Without it a driver or a default looks for the service on this machine.
    """
    from parity.rules.views.facts import UnsetVariable  # `parity check` does not need it

    for name, addon, place in unset(crash.source, crash.plan.config):
        if addon.port == port:
            return UnsetVariable(name, error, crash, (at(error, place),))
    return None
