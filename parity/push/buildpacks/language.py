"""The protocol of a language: one of Heroku's buildpacks, emulated by a package of this folder.

The package has one `LANGUAGE`, and imports what builds only when it builds. The files that select
a buildpack are facts (`facts/buildpacks.py`), so that a package is imported only when it runs.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from parity.facts.buildpacks import BUILDPACKS
from parity.records import Config, Part, Refusal, Runtime, Source

if TYPE_CHECKING:
    from parity.push.buildpacks.context import Job
    from parity.records import Slug
    from parity.records.machine import Check


class Decision(NamedTuple):
    """One buildpack's decisions; `said` are its lines, without the refusal's own.

    `lead` is what it prints before a refusal. `unsupported` is what parity cannot follow.
    """

    runtime: Runtime | None = None
    said: tuple[str, ...] = ()
    refusal: Refusal | None = None
    unsupported: str | None = None
    lead: tuple[str, ...] = ("",)


def _no_exports(_job: "Job") -> Mapping[str, str]:
    return {}


def _no_types(_source: Source) -> Mapping[str, str]:
    return {}


def _no_version() -> str:
    return ""


def _no_checks() -> "Iterator[Check]":
    return iter(())


class Language(NamedTuple):
    """The steps of one buildpack, and its words.

    `decide` takes the tree, the config vars and the stack, and is asked before anything is built;
    `compile` builds into the job's folder, and raises `interrupt.Interrupted`, `Trouble` and
    `OSError`. `exports` are the variables that the buildpacks after it see, `default_types` the
    process types that an app without them gets.
    """

    decide: Callable[[Source, Config, str], Decision]
    compile: "Callable[[Job], Slug]"
    exports: "Callable[[Job], Mapping[str, str]]" = _no_exports
    default_types: Callable[[Source], Mapping[str, str]] = _no_types
    decides_after: str | None = None
    """The app's own script that runs before the buildpack decides, if the app has one."""
    undetected: tuple[str, ...] = ()
    """The lines that the buildpack prints when it is set on an app that it does not take."""
    once: Refusal | None = None
    """The refusal of a second run in the same build; None: it may run again."""
    checks: "Callable[[], Iterator[Check]]" = _no_checks
    """Checks of this machine: the programs that the language needs."""
    network_checks: "Callable[[], Iterator[Check]]" = _no_checks
    """Checks that need a network: the package registry."""
    downloads: tuple[str, ...] = ()
    """Folders of the cache that its package managers fill."""
    beside: tuple[Part, ...] = ()
    """Parts of Heroku's slug that the folder built here does not have: the language itself."""
    package_folders: tuple[str, ...] = ()
    """Names of the folders that hold a folder or file for each package."""
    suggested_version: Callable[[], str] = _no_version
    """The version that a fix asks for when any will do: one of this machine, if Heroku has it."""


def merged(before: Iterable[Runtime], now: Iterable[Runtime]) -> tuple[Runtime, ...]:
    """One runtime for each language, `now` in place of what was decided `before`.

    In the order in which Heroku asks the buildpacks.
    """
    found = {made.language: made for made in (*before, *now)}
    return tuple(found[name] for name in BUILDPACKS if name in found)
