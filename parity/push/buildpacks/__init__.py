"""Heroku's buildpacks: which of them take a tree, and the languages that parity follows.

A language is a package here; see `language.py` for what it has to offer.
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
"""The languages by their buildpack's id; a package is imported for an app that needs it."""


def emulated(name: str) -> Language | None:
    """The language of a buildpack; None for one that parity does not know from inside."""
    return LANGUAGES[name]() if name in LANGUAGES else None


def languages() -> Iterator[Language]:
    """All of them."""
    return (load() for load in LANGUAGES.values())


def is_folder(name: str) -> bool:
    """Whether a buildpack, as `naming.named` has it, is a folder of this machine."""
    return name.startswith("/")


def taking(source: Source) -> tuple[Buildpack, ...]:
    """The official buildpacks that would take the app, in Heroku's order."""
    return tuple(buildpack for buildpack in BUILDPACKS.values() if takes(buildpack, source))


def takes(buildpack: Buildpack, source: Source) -> bool:
    """Whether an official buildpack takes the app."""
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
    """What the buildpack `name` decides; nothing for one that parity does not know from inside."""
    known = emulated(name)
    return known.decide(source, config, stack) if known else Decision()


def default_types(runs: Sequence[str], source: Source) -> Mapping[str, str]:
    """The default process types: those of the last buildpack that runs."""
    last = emulated(runs[-1]) if runs else None
    return last.default_types(source) if last else {}
