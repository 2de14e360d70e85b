"""What can go wrong in any language: facts that each language's views find in their own way.

A rule owns the words; where they differ from language to language, the fact has them.
"""

from collections.abc import Iterator
from typing import NamedTuple

from parity.records.verdict import Evidence
from parity.rules.views.python_traceback import Crash


class UnsetVariable(NamedTuple):
    """A config var that the app reads, and that is not set.

    `evidence` is the read, then the line that fails without it; `more` are others that are read
    with it.
    """

    name: str
    error: str
    crash: Crash
    evidence: tuple[Evidence, ...]
    more: tuple[tuple[str, Evidence], ...] = ()


class RefusedService(NamedTuple):
    """A database, or another server, that the app looks for in its own dyno."""

    service: str
    address: str
    error: str
    advice: str | None
    evidence: tuple[Evidence, ...]


class ModuleInOtherCase(NamedTuple):
    """A module that the tree has, but for upper and lower case; `wanted` is the path asked for."""

    module: str
    wanted: str
    actual: str
    right: str
    evidence: Evidence


class UncommittedModule(NamedTuple):
    """A module of the app's own that is on disk, and not in git."""

    module: str
    advice: str
    evidence: tuple[Evidence, ...]


class AbsentModule(NamedTuple):
    """A module of the app's own that is nowhere; `where` names the code that should have it."""

    module: str
    where: str
    why: str
    advice: str
    evidence: Evidence


class UnaskedPackage(NamedTuple):
    """A package that is imported, and that nothing in the `manifest` asks for."""

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
    """A program that the command starts, and whose package nothing in the `manifest` asks for."""

    docs: str
    name: str
    manifest: str
    aside: str
    advice: str
    evidence: tuple[Evidence, ...]


class AbsentScript(NamedTuple):
    """The file that the command starts, and that is not in the slug."""

    reader: str
    script: str
    command: str
    why: str
    advice: str
    evidence: tuple[Evidence, ...]


class AbsentFile(NamedTuple):
    """A file that the app opens, and that is not there."""

    path: str
    why: str
    advice: str
    evidence: tuple[Evidence, ...]


class SyntaxProblem(NamedTuple):
    """A file that its language cannot read."""

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
    """A command that has done its work."""

    command: str
    advice: str
    evidence: tuple[Evidence, ...]


class PortTaken(NamedTuple):
    """A port that the app itself has taken already."""

    error: str
    how: str
    advice: str
    evidence: Evidence


class StandIn(NamedTuple):
    """A language in another version than Heroku's, for want of that one."""

    language: str
    docs: str
    used: str
    version: str
    why: str
    advice: str
    evidence: Evidence


def naming(evidence: tuple[Evidence, ...], **names: str | None) -> Iterator[Evidence]:
    """`evidence`, of which the first fills the placeholders of a rule's texts with `names`.

    A name that is None leaves its general text.
    """
    first, *rest = evidence
    given = {name: value for name, value in names.items() if value is not None}
    yield first._replace(names={**first.names, **given})
    yield from rest
