"""What Heroku decides from the pushed tree alone: buildpack, Python version, process types.

The order of https://devcenter.heroku.com/articles/slug-compiler: detection, the buildpack's own
checks, and (after the build, but from the same file) the process types.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from parity.facts import phrases
from parity.facts.buildpacks import BUILDPACKS, PYTHON, Buildpack
from parity.facts.python import versions
from parity.push import procfile, tree
from parity.push.buildpacks import python
from parity.records import Config, Line, Plan, Procfile, Python, Refusal, Say, Source

_REGISTRY = "https://buildpack-registry.s3.amazonaws.com/buildpacks/{}.tgz"
_GITHUB = r"https://github\.com/heroku/heroku-buildpack-([a-z]+)(?:\.git)?/?"
_HOOK = "bin/pre_compile"


class _Choice(NamedTuple):
    """Detection's result: who would take the app, and who runs (the last one's types count)."""

    detected: tuple[str, ...]
    runs: tuple[str, ...]
    said: tuple[str, ...]
    refusal: Refusal | None = None
    unsupported: str | None = None


def detect(
    source: Source,
    config: Config,
    *,
    stack: str,
    buildpacks: Sequence[str],
    say: Say,
    clock: Callable[[], float],
) -> Plan:
    """Decide as Heroku would, and print its lines up to the Python version, or the refusal.

    `buildpacks` are those set on the app; none: Heroku looks for one. `clock` gives seconds since
    the epoch for the lines. A decision that something run before it could change refuses nothing:
    it is `unsupported`.
    """
    choice = _set(source, buildpacks) if buildpacks else _automatic(source)
    made, choice = _decided(source, config, stack, choice)
    file, trouble = _procfile(source)
    said = (*phrases.RECEIVED, phrases.building(stack), *choice.said, *_python_lines(made))
    if choice.refusal:
        said += _refused(source, choice)
    for text in said:
        say(Line(clock(), "remote", text))
    return Plan(
        source=source,
        config=config,
        stack=stack,
        detected=choice.detected,
        buildpack=choice.runs[-1] if choice.runs else None,
        procfile=file,
        processes=file.types if file else {},
        python=made,
        refusal=choice.refusal,
        unsupported=choice.unsupported or trouble,
    )


def _matches(source: Source, buildpack: Buildpack) -> bool:
    if buildpack.id == PYTHON:
        return python.matches(source)
    if any(tree.file(source, name) for name in buildpack.files):
        return True
    if buildpack.paths is None:
        return False
    taken = re.compile(buildpack.paths).fullmatch
    return any(taken(path) for path in source.entries)


def _automatic(source: Source) -> _Choice:
    """Heroku's own search: the first official buildpack that takes the app."""
    found = tuple(b for b in BUILDPACKS.values() if _matches(source, b))
    said: tuple[str, ...] = (phrases.DETERMINING,)
    if not found:
        return _Choice((), (), said, Refusal("no-default-language", phrases.NO_LANGUAGE))
    if len(found) > 1:
        said += phrases.several(tuple(b.name for b in found))
    said += (f"-----> {found[0].name} app detected",)
    ids = tuple(b.id for b in found)
    return _Choice(ids, ids[:1], said, unsupported=_foreign(ids[:1]))


def _set(source: Source, typed: Sequence[str]) -> _Choice:
    """The buildpacks that are set on the app. The first must take it as it is.

    What the later ones find may have been made by those before.
    """
    ids = tuple(_id(name) for name in typed)
    said = phrases.using(tuple(typed))
    first = BUILDPACKS.get(ids[0])
    if first is None:
        return _Choice(ids, ids, said, unsupported=_foreign(ids))
    if not _matches(source, first):
        url = typed[0] if "://" in typed[0] else _REGISTRY.format(first.id)
        error = phrases.message(*phrases.NO_PYTHON) if first.id == PYTHON else ()
        lines = phrases.incompatible(url, error)
        refusal = Refusal("buildpack-not-compatible", lines, subject=first.id)
        return _Choice((), ids[:1], said, refusal)
    said += (f"-----> {first.name} app detected",)
    return _Choice(ids, ids, said, unsupported=_foreign(ids))


def _id(name: str) -> str:
    """A buildpack as set on an app, by its short name where that is one of Heroku's own."""
    found = re.fullmatch(_GITHUB, name)
    short = f"heroku/{found[1]}" if found else name.removeprefix("urn:buildpack:")
    return short if "/" in short else f"heroku/{short}"


def _foreign(ids: tuple[str, ...]) -> str | None:
    other = next((name for name in ids if name != PYTHON), None)
    return f"{other} is not emulated yet" if other else None


def _decided(
    source: Source, config: Config, stack: str, choice: _Choice
) -> tuple[Python | None, _Choice]:
    """The Python buildpack's decisions, where it is the one or one of those that run."""
    if choice.refusal or PYTHON not in choice.runs:
        return None, choice
    made, refusal = python.decide(source, config, stack, _kept(source))
    if not refusal and choice.runs.count(PYTHON) > 1:
        refusal = python.TWICE
    if refusal and (choice.runs[0] != PYTHON or tree.file(source, _HOOK)):
        return made, choice._replace(unsupported=choice.unsupported or _open(refusal))
    return made, choice._replace(
        refusal=refusal, unsupported=None if refusal else choice.unsupported
    )


def _kept(source: Source) -> str | None:
    """The Python that the app keeps if it asks for none: that of its last build."""
    if not source.remote:
        return None
    from parity.push.buildpacks.python import before

    return before.series(source)


def _open(refusal: Refusal) -> str:
    headline = refusal.lines[0].removeprefix(" !     Error: ")
    return f"what {_HOOK} changes before Heroku decides this is not known ({headline})"


def _python_lines(made: Python | None) -> tuple[str, ...]:
    if made is None:
        return ()
    warnings = (("", *w.lines, "") for w in made.warnings)
    return (_using(made), *(line for block in warnings for line in block))


def _using(made: Python) -> str:
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


def _refused(source: Source, choice: _Choice) -> tuple[str, ...]:
    """The refusal as printed, with the tail of every rejected push."""
    refusal = choice.refusal
    app = source.remote or source.root.name or "app"
    if refusal is None:
        return ()
    if choice.detected:
        return ("", *refusal.lines, "", *phrases.failed(app, "Python"))
    return (*refusal.lines, "", *phrases.failed(app))


def _procfile(source: Source) -> tuple[Procfile | None, str | None]:
    """The Procfile of the root, and what kept parity from reading it."""
    entry = tree.file(source, "Procfile")
    why = source.unread.get("Procfile")
    if why or (entry and entry.data is None):
        return None, f"the Procfile was not read ({why or 'it is larger than 1 MiB'})"
    if entry is None or entry.data is None:
        return None, None
    return procfile.parse("Procfile", entry.data), None
