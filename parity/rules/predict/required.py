"""The distributions that the requirements install, directly and as dependencies."""

import re
from typing import NamedTuple

from parity.facts.packages import DISTRIBUTIONS
from parity.facts.requires import package as known_package
from parity.records import Source
from parity.rules.views.pip_output import entries, normalised, text_of

_PIN = re.compile(r"\s*(?:\[[^]]*\]\s*)?===?\s*(\d+(?:\.\d+)?)")
_EXTRAS = re.compile(r"[\w.-]+\s*\[")
_PYTHON_HAS = frozenset({"pip"})


class Required(NamedTuple):
    """The distributions that are `installed`; if not `known`, there may be more of them."""

    installed: frozenset[str]
    known: bool

    def lacks(self, package: str) -> bool:
        """Return whether it is certain that `package` will not be installed."""
        return self.known and normalised(package) not in self.installed

    def exists(self, package: str) -> bool:
        """Return whether parity knows `package`."""
        return known_package(normalised(package)) is not None

    def nothing_called(self, module: str) -> bool:
        """Return whether it is certain that no installed package has a top-level `module`."""
        return self.known and not self.installed & _distributions(module)


def _distributions(module: str) -> set[str]:
    """Return the names that a distribution with this module may have."""
    distribution = normalised(DISTRIBUTIONS.get(module, module))
    return {
        normalised(module),
        distribution,
        f"python-{normalised(module)}",
        f"py{normalised(module)}",
    }


def required(source: Source) -> Required:
    """Return what requirements.txt installs.

    Other package managers, addresses and rare packages make it not `known`.
    """
    others = ("Pipfile", "Pipfile.lock", "poetry.lock", "uv.lock")
    if any(path in source.entries for path in others) or not text_of(source, "requirements.txt"):
        return Required(frozenset(), known=False)
    installed: set[str] = set(_PYTHON_HAS)
    known = True
    for entry in entries(source):
        if entry.name:
            packages = closure(entry.name, extras=bool(_EXTRAS.match(entry.text)))
            installed |= packages or {entry.name}
            known = known and bool(packages) and _of_its_time(entry.name, entry.text)
        elif not re.match(r"--?(?:i|f|index-url|extra-index-url|trusted-host|hash)\b", entry.text):
            known = known and entry.text.startswith(("-r", "-c", "--requirement", "--constraint"))
    return Required(frozenset(installed), known)


def _of_its_time(name: str, text: str) -> bool:
    """Return whether a pin is of the same series as the version whose requirements are known."""
    match, known = _PIN.match(text[len(name) :]), known_package(name)
    return match is None or known is None or _series(match[1]) == _series(known.version)


def _series(version: str) -> str:
    first, _, rest = version.partition(".")
    return f"0.{rest.partition('.')[0]}" if first == "0" else first


def closure(name: str, *, extras: bool) -> set[str]:
    """Return `name` and its dependencies; nothing if they are not known."""
    packages: set[str] = set()
    todo = [(name, extras)]
    while todo:
        package, with_extras = todo.pop()
        parts = known_package(package)
        if parts is None:
            return set()
        if package not in packages:
            packages.add(package)
            todo += [(n.rstrip("*"), n.endswith("*")) for n in parts.requires]
            todo += [(n.rstrip("*"), n.endswith("*")) for n in parts.extras if with_extras]
    return packages
