"""What a language is: one of Heroku's buildpacks, as a package of this folder follows it.

The package has one `LANGUAGE`, and imports what builds only when it builds. What the buildpack
looks for in a tree is a fact (`facts/buildpacks.py`), so that no package is read for nothing.
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
    """The app's own script that runs before the buildpack decides, where the app has it."""
    undetected: tuple[str, ...] = ()
    """What the buildpack prints where it is set on an app that it does not take."""
    once: Refusal | None = None
    """How it refuses to run twice in a build, if it does."""
    checks: "Callable[[], Iterator[Check]]" = _no_checks
    """What this machine has to run the language with."""
    network_checks: "Callable[[], Iterator[Check]]" = _no_checks
    """Whether what is to be installed can be fetched from here."""
    downloads: tuple[str, ...] = ()
    """The folders of the cache that its package managers fill."""
    beside: tuple[Part, ...] = ()
    """What Heroku's slug has of the language itself, and the folder that is built here has not."""
    package_folders: tuple[str, ...] = ()
    """What the folders are called that hold one folder or file for each package."""
    suggested_version: Callable[[], str] = _no_version
    """The version that a fix asks for where any will do: one that is here, if Heroku has it."""


def merged(before: Iterable[Runtime], now: Iterable[Runtime]) -> tuple[Runtime, ...]:
    """One runtime for each language, `now` in place of what was decided `before`.

    In the order in which Heroku asks the buildpacks.
    """
    found = {made.language: made for made in (*before, *now)}
    return tuple(found[name] for name in BUILDPACKS if name in found)
