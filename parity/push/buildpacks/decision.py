"""What the buildpacks that parity emulates decide and print before they install anything."""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from parity.facts.buildpacks import BUILDPACKS, NODE, PYTHON, Buildpack
from parity.facts.python import versions
from parity.push import tree
from parity.push.buildpacks import python
from parity.records import Config, Refusal, Runtime, Source
from parity.system.errors import Usage

EMULATED = (NODE, PYTHON)
_PATHS = (".", "/", "~")
_GITHUB = r"https://github\.com/heroku/heroku-buildpack-([a-z]+)(?:\.git)?/?"


class Decision(NamedTuple):
    """One buildpack's decisions; `said` are its lines, without the refusal's own."""

    runtimes: tuple[Runtime, ...] = ()
    said: tuple[str, ...] = ()
    refusal: Refusal | None = None
    unsupported: str | None = None


def named(typed: str) -> str:
    """A buildpack as set on an app, by the short name of one of Heroku's own, or as typed.

    A folder is an absolute path. Raises `Usage` for a folder without a buildpack.
    """
    place, short = folder(typed), _short(typed)
    if place is None:
        if short.startswith(_PATHS):
            return typed  # nothing that Heroku knows, and no folder either
        return _official(short) or (short if "/" in short else f"heroku/{short}")
    if not os.path.isfile(place / "bin" / "compile"):  # noqa: PTH113
        why = "no bin/compile in it" if os.path.isdir(place) else "no such folder"  # noqa: PTH112
        raise Usage(f"--buildpack {typed}: {why}")
    return str(place.resolve())


def folder(typed: str, base: str = "") -> Path | None:
    """The folder, seen from `base`, that a buildpack as typed means; None for a name."""
    if _official(_short(typed)):
        return None
    place = os.path.join(base, os.path.expanduser(typed.removeprefix("file://")))  # noqa: PTH111, PTH118
    is_path = typed.startswith((*_PATHS, "file://")) or os.path.isdir(place)  # noqa: PTH112
    return Path(place) if is_path else None


def _short(typed: str) -> str:
    found = re.fullmatch(_GITHUB, typed)
    return f"heroku/{found[1]}" if found else typed.removeprefix("urn:buildpack:")


def _official(short: str) -> str | None:
    return next((name for name in (short, f"heroku/{short}") if name in BUILDPACKS), None)


def is_folder(name: str) -> bool:
    """Whether a buildpack, as `named` has it, is a folder of this machine."""
    return name.startswith("/")


def matches(source: Source, buildpack: Buildpack) -> bool:
    """Whether an official buildpack takes the app."""
    if buildpack.id == PYTHON:
        return python.matches(source)
    if any(tree.file(source, name) for name in buildpack.files):
        return True
    if buildpack.paths is None:
        return False
    taken = re.compile(buildpack.paths).fullmatch
    return any(taken(path) for path in source.entries)


def decided(name: str, source: Source, config: Config, stack: str) -> Decision:
    """What the buildpack `name` decides; nothing for one that parity does not know from inside."""
    if name == PYTHON:
        return _python(source, config, stack)
    return _node(source, config, stack) if name == NODE else Decision()


def _python(source: Source, config: Config, stack: str) -> Decision:
    made, refusal = python.decide(source, config, stack, _kept(source))
    return Decision((made,) if made else (), said=_python_lines(made), refusal=refusal)


def _kept(source: Source) -> str | None:
    """The Python that the app keeps if it asks for none: that of its last build."""
    if not source.remote:
        return None
    from parity.push.buildpacks.python import previous_build

    return previous_build.series(source)


def _python_lines(made: Runtime | None) -> tuple[str, ...]:
    if made is None:
        return ()
    warnings = (("", *w.lines, "") for w in made.warnings)
    return (_using(made), *(line for block in warnings for line in block))


def _using(made: Runtime) -> str:
    if made.requested:
        return f"-----> Using Python {made.requested} specified in {made.origin}"
    if made.origin == "cached":
        series = ".".join(made.version.split(".")[:2])
        return (
            "-----> No Python version was specified."
            f" Using the same major version as the last build: Python {series}"
        )
    return (
        "-----> No Python version was specified."
        f" Using the buildpack default: Python {versions().default}"
    )


def _node(source: Source, config: Config, stack: str) -> Decision:
    from parity.facts.nodejs import inventory
    from parity.push.buildpacks import nodejs
    from parity.push.buildpacks.nodejs import messages

    made, refusal = nodejs.decide(source, config, stack)
    said = messages.opening(source, config, made, refusal)
    unsupported = None
    if made and not refusal and not made.certain:
        date = inventory().date
        unsupported = (
            f"parity knows the Node.js releases of {date}, none of which is {made.version}"
        )
    return Decision((made,) if made else (), said=said, refusal=refusal, unsupported=unsupported)


def merged(before: Iterable[Runtime], now: Iterable[Runtime]) -> tuple[Runtime, ...]:
    """One runtime for each language, `now` in place of what was decided `before`.

    In the order in which Heroku asks the buildpacks.
    """
    found = {made.language: made for made in (*before, *now)}
    return tuple(sorted(found.values(), key=lambda made: [*BUILDPACKS].index(made.language)))


def refused(refusal: Refusal, name: str) -> tuple[str, ...]:
    """A buildpack's refusal as it prints it."""
    return refusal.lines if name == NODE else ("", *refusal.lines)
