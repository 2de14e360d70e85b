"""What the requirements bring, themselves and through what they require in turn."""

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
    """`brought` are all distributions; not `known`: some requirement may bring more than that."""

    brought: frozenset[str]
    known: bool

    def lacks(self, package: str) -> bool:
        """Whether it is certain that `package` will not be installed."""
        return self.known and normalised(package) not in self.brought

    def exists(self, package: str) -> bool:
        """Whether `package` is one that parity knows."""
        return known_package(normalised(package)) is not None

    def nothing_called(self, module: str) -> bool:
        """Whether it is certain that no installed package has a top-level `module`."""
        return self.known and not self.brought & _distributions(module)


def _distributions(module: str) -> set[str]:
    """Names that a distribution with this module may have."""
    given = normalised(DISTRIBUTIONS.get(module, module))
    return {normalised(module), given, f"python-{normalised(module)}", f"py{normalised(module)}"}


def required(source: Source) -> Required:
    """What requirements.txt brings. Not known: other package managers, addresses, rare packages."""
    others = ("Pipfile", "Pipfile.lock", "poetry.lock", "uv.lock")
    if any(path in source.entries for path in others) or not text_of(source, "requirements.txt"):
        return Required(frozenset(), known=False)
    brought: set[str] = set(_PYTHON_HAS)
    known = True
    for entry in entries(source):
        if entry.name:
            found = closure(entry.name, extras=bool(_EXTRAS.match(entry.text)))
            brought |= found or {entry.name}
            known = known and bool(found) and _of_its_time(entry.name, entry.text)
        elif not re.match(r"--?(?:i|f|index-url|extra-index-url|trusted-host|hash)\b", entry.text):
            known = known and entry.text.startswith(("-r", "-c", "--requirement", "--constraint"))
    return Required(frozenset(brought), known)


def _of_its_time(name: str, text: str) -> bool:
    """Whether a pin is of the same series as the version whose requirements are known."""
    match, known = _PIN.match(text[len(name) :]), known_package(name)
    return match is None or known is None or _series(match[1]) == _series(known.version)


def _series(version: str) -> str:
    first, _, rest = version.partition(".")
    return f"0.{rest.partition('.')[0]}" if first == "0" else first


def closure(name: str, *, extras: bool) -> set[str]:
    """`name` and everything that comes with it; nothing if that is not known."""
    found: set[str] = set()
    todo = [(name, extras)]
    while todo:
        package, with_extras = todo.pop()
        parts = known_package(package)
        if parts is None:
            return set()
        if package not in found:
            found.add(package)
            todo += [(n.rstrip("*"), n.endswith("*")) for n in parts.requires]
            todo += [(n.rstrip("*"), n.endswith("*")) for n in parts.extras if with_extras]
    return found
