"""Facts about what can go wrong in any language; each language has its own views for them.

A rule holds the texts; where they differ from language to language, the fact holds them.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from parity.records.verdict import Evidence
from parity.rules.views.python_traceback import Crash


class UnsetVariable(NamedTuple):
    """A config var that the app reads, but that is not set.

    `evidence` is the place that reads it, then the line that fails without it; `more` are other
    variables that are read with it.
    """

    name: str
    error: str
    crash: Crash
    evidence: tuple[Evidence, ...]
    more: tuple[tuple[str, Evidence], ...] = ()


class RefusedService(NamedTuple):
    """A database or other server that the app looks for in its own dyno."""

    service: str
    address: str
    error: str
    advice: str | None
    evidence: tuple[Evidence, ...]


class ModuleInOtherCase(NamedTuple):
    """A module whose name differs in case from the tree's file; `wanted` is the requested path."""

    module: str
    wanted: str
    actual: str
    right: str
    evidence: Evidence


class UncommittedModule(NamedTuple):
    """A module of the app's own that is on disk, but not in git."""

    module: str
    advice: str
    evidence: tuple[Evidence, ...]


class AbsentModule(NamedTuple):
    """A module of the app's own that does not exist; `top` names the code that should have it."""

    module: str
    top: str
    why: str
    advice: str
    evidence: Evidence


class UnaskedPackage(NamedTuple):
    """A package that is imported, although the `manifest` does not require it."""

    docs: str
    package: str
    module: str
    manifest: str
    who: str
    error: str
    advice: str
    evidence: tuple[Evidence, ...]


class UnknownPackage(NamedTuple):
    """A package that the index does not have; `heroku` is Heroku's name for that failure."""

    heroku: str
    docs: str
    registry: str
    entry: str
    why: str
    advice: str
    evidence: Evidence


class UnknownVersion(NamedTuple):
    """A version of a package that the index does not have."""

    heroku: str
    docs: str
    entry: str
    why: str
    advice: str
    evidence: Evidence


class UnaskedProgram(NamedTuple):
    """A program that the command starts, although the `manifest` does not require its package."""

    docs: str
    name: str
    manifest: str
    aside: str
    advice: str
    evidence: tuple[Evidence, ...]


class AbsentScript(NamedTuple):
    """A file that the command starts, but that is not in the slug."""

    reader: str
    script: str
    command: str
    why: str
    advice: str
    evidence: tuple[Evidence, ...]


class AbsentFile(NamedTuple):
    """A file that the app opens, but that does not exist."""

    path: str
    why: str
    advice: str
    evidence: tuple[Evidence, ...]


class SyntaxProblem(NamedTuple):
    """A file with a syntax error."""

    reader: str
    docs: str
    advice: str
    evidence: Evidence


class Unhandled(NamedTuple):
    """An error that the app does not handle; `where` names its line, if it has one."""

    where: str
    advice: str
    evidence: Evidence


class EndedAtOnce(NamedTuple):
    """A command that ended after it had done its work."""

    command: str
    advice: str
    evidence: tuple[Evidence, ...]


class PortTaken(NamedTuple):
    """A port that the app itself already uses."""

    error: str
    how: str
    advice: str
    evidence: Evidence


class StandIn(NamedTuple):
    """A language in another version than Heroku's, which is not on this machine."""

    language: str
    docs: str
    used: str
    version: str
    why: str
    advice: str
    evidence: Evidence


class Shown(Protocol):
    """A fact: its evidence, and fields named as the placeholders of the rule's texts."""

    @property
    def evidence(self) -> Evidence | tuple[Evidence, ...]:
        """Return where the fact shows."""

    def _asdict(self) -> dict[str, Any]: ...


def stated(fact: Shown, **names: str | None) -> Iterator[Evidence]:
    """Yield the evidence of a fact; the first has its texts, and `names`, for the placeholders.

    A value that is None leaves the general text.
    """
    first, *rest = (fact.evidence,) if isinstance(fact.evidence, Evidence) else fact.evidence
    values = {name: value for name, value in fact._asdict().items() if isinstance(value, str)}
    values |= {name: value for name, value in names.items() if value is not None}
    yield first._replace(names={**first.names, **values})
    yield from rest
