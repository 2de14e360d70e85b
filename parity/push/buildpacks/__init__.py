"""Heroku's buildpacks: which of them take a tree, and which languages parity emulates.

Each language is a package in this folder; `language.py` defines its interface.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from parity.facts.buildpacks import BUILDPACKS, NODE, PYTHON, Buildpack
from parity.push import tree
from parity.push.buildpacks.language import Decision, Language
from parity.records import Config, Source


def _python() -> Language:
    from parity.push.buildpacks.python import LANGUAGE

    return LANGUAGE


def _nodejs() -> Language:
    from parity.push.buildpacks.nodejs import LANGUAGE

    return LANGUAGE


LANGUAGES: dict[str, Callable[[], Language]] = {PYTHON: _python, NODE: _nodejs}
"""The languages by their buildpack's id; a package is imported only for an app that needs it."""


def emulated(name: str) -> Language | None:
    """Return the language of a buildpack; None if parity does not emulate it."""
    return LANGUAGES[name]() if name in LANGUAGES else None


def languages() -> Iterator[Language]:
    """Return all languages that parity emulates."""
    return (load() for load in LANGUAGES.values())


def is_folder(name: str) -> bool:
    """Return whether a buildpack, as returned by `naming.named`, is a folder on this machine."""
    return name.startswith("/")


def taking(source: Source) -> tuple[Buildpack, ...]:
    """Return the official buildpacks that would take the app, in Heroku's order."""
    return tuple(buildpack for buildpack in BUILDPACKS.values() if takes(buildpack, source))


def takes(buildpack: Buildpack, source: Source) -> bool:
    """Return whether an official buildpack takes the app."""
    if any(tree.file(source, name) for name in buildpack.files):
        return True
    if any(tree.exists(source, name) for name in buildpack.entries):
        return True
    if any(tree.folder(source, name) for name in buildpack.folders):
        return True
    if buildpack.paths is None:
        return False
    taken = re.compile(buildpack.paths).fullmatch
    return any(taken(path) for path in source.entries)


def decided(name: str, source: Source, config: Config, stack: str) -> Decision:
    """Return the decision of the buildpack `name`, empty if parity does not emulate it."""
    language = emulated(name)
    return language.decide(source, config, stack) if language else Decision()


def default_types(runs: Sequence[str], source: Source) -> Mapping[str, str]:
    """Return the default process types, which are those of the last buildpack that runs."""
    last = emulated(runs[-1]) if runs else None
    return last.default_types(source) if last else {}
