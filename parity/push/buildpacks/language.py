"""The interface of a language: one of Heroku's buildpacks, emulated by a package in this folder.

The package has one `LANGUAGE`, and imports its build code only for a build. The files that select a
buildpack are facts (`facts/buildpacks.py`), so that a package is imported only when it runs.
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
    """One buildpack's decisions; `said` has the lines it prints, without those of the refusal.

    `lead` is printed before a refusal. `unsupported` names what parity cannot emulate.
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
    """The steps of one buildpack, and its texts.

    `decide` takes the tree, the config vars and the stack, and runs before the build; `compile`
    builds into the job's folder, and raises `interrupt.Interrupted`, `Trouble` and `OSError`.
    `exports` returns the variables for the buildpacks after it, `default_types` the process types
    that the Procfile need not declare.
    """

    decide: Callable[[Source, Config, str], Decision]
    compile: "Callable[[Job], Slug]"
    exports: "Callable[[Job], Mapping[str, str]]" = _no_exports
    default_types: Callable[[Source], Mapping[str, str]] = _no_types
    decides_after: str | None = None
    """The path of an app's own script that runs before the buildpack decides."""
    undetected: tuple[str, ...] = ()
    """The lines that the buildpack prints if it is set on an app that it does not take."""
    once: Refusal | None = None
    """The refusal for a second run in the same build; None if it may run again."""
    checks: "Callable[[], Iterator[Check]]" = _no_checks
    """Checks for the programs on this machine that the language needs."""
    network_checks: "Callable[[], Iterator[Check]]" = _no_checks
    """Checks that need a network: the package registry."""
    downloads: tuple[str, ...] = ()
    """Folders of the cache with its package managers' downloads."""
    beside: tuple[Part, ...] = ()
    """Parts of Heroku's slug that the folder built here lacks, such as the language itself."""
    package_folders: tuple[str, ...] = ()
    """Names of folders with one entry for each package."""
    suggested_version: Callable[[], str] = _no_version
    """A version for a fix when any will do: one on this machine if Heroku has it."""


def merged(before: Iterable[Runtime], now: Iterable[Runtime]) -> tuple[Runtime, ...]:
    """Return one runtime for each language; `now` replaces earlier decisions in `before`.

    They are in the order in which Heroku tries the buildpacks.
    """
    by_language = {runtime.language: runtime for runtime in (*before, *now)}
    return tuple(by_language[name] for name in BUILDPACKS if name in by_language)
