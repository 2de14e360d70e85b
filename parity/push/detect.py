"""What Heroku decides from the pushed tree alone: buildpacks, versions, process types.

The order of https://devcenter.heroku.com/articles/slug-compiler: detection, the buildpack's own
checks, and (after the build, but from the same file) the process types.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from parity.facts import phrases
from parity.facts.buildpacks import BUILDPACKS
from parity.push import procfile, tree
from parity.push.buildpacks import (
    LANGUAGES,
    decided,
    default_types,
    emulated,
    is_folder,
    takes,
    taking,
)
from parity.push.buildpacks.language import Decision, merged
from parity.records import (
    Config,
    Line,
    Plan,
    ProcessType,
    Procfile,
    Refusal,
    Runtime,
    Say,
    Source,
)

_REGISTRY = "https://buildpack-registry.s3.amazonaws.com/buildpacks/{}.tgz"


class _Choice(NamedTuple):
    """Detection's result: who would take the app, and who runs (the last one's types count).

    `lead` is printed before the refusal, `runtimes` are what those that run have decided.
    """

    detected: tuple[str, ...]
    runs: tuple[str, ...]
    said: tuple[str, ...]
    refusal: Refusal | None = None
    unsupported: str | None = None
    lead: tuple[str, ...] = ()
    runtimes: tuple[Runtime, ...] = ()


def detect(
    source: Source,
    config: Config,
    *,
    stack: str,
    buildpacks: Sequence[str],
    say: Say,
    clock: Callable[[], float],
    builds: bool = True,
) -> Plan:
    """Decide as Heroku would, and print its lines up to the language's version, or the refusal.

    `buildpacks` are those set on the app; none: Heroku looks for one. `clock` gives seconds since
    the epoch for the lines. A decision that something run before it could change refuses nothing:
    it is the build's to take, or `unsupported` where nothing `builds`. Raises `Usage` for
    a `buildpacks` entry that is no buildpack.
    """
    choice = _set(source, buildpacks) if buildpacks else _automatic(source)
    choice = _decided(source, config, stack, choice, builds=builds)
    file, trouble = _procfile(source)
    received = (*phrases.RECEIVED, *phrases.deleting(source.deleted))
    said = (*received, phrases.building(stack), *choice.said)
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
        processes=formation(file, default_types(choice.runs, source)),
        runtimes=choice.runtimes,
        refusal=choice.refusal,
        unsupported=choice.unsupported or trouble,
        runs=choice.runs,
    )


def formation(file: Procfile | None, default: Mapping[str, str]) -> dict[str, ProcessType]:
    """The process types: the Procfile's, and what a buildpack adds where it has none."""
    types = dict(file.types) if file else {}
    return types | {n: ProcessType(n, c, 0) for n, c in default.items() if n not in types}


def _automatic(source: Source) -> _Choice:
    """Heroku's own search: the first official buildpack that takes the app."""
    found = taking(source)
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
    from parity.push.buildpacks.naming import named

    ids = tuple(named(name) for name in typed)
    said = phrases.using(tuple(typed))
    first = BUILDPACKS.get(ids[0])
    if first is None:
        return _Choice(ids, ids, said, unsupported=_foreign(ids))
    if not takes(first, source):
        refusal = incompatible(first.id, typed[0])
        return _Choice((), ids[:1], said, refusal)
    said += (f"-----> {first.name} app detected",)
    return _Choice(ids, ids, said, unsupported=_foreign(ids))


def incompatible(name: str, typed: str) -> Refusal:
    """The refusal by a buildpack that is set and does not take the app."""
    url = typed if "://" in typed or is_folder(name) else _REGISTRY.format(name)
    known = emulated(name)
    lines = phrases.incompatible(url, known.undetected if known else ())
    return Refusal("buildpack-not-compatible", lines, subject=name)


def _foreign(ids: tuple[str, ...]) -> str | None:
    """The first buildpack that is neither emulated nor on this machine."""
    known = (n for n in ids if n not in LANGUAGES and not is_folder(n))
    other = next(known, None)
    return f"{other} is not emulated yet" if other else None


def _decided(
    source: Source, config: Config, stack: str, choice: _Choice, *, builds: bool
) -> _Choice:
    """What the buildpacks decide; the first one's refusal stands, the others' is the build's."""
    if choice.refusal or not choice.runs:
        return choice
    first, *later = (decided(name, source, config, stack) for name in choice.runs)
    refusal, unsupported = first.refusal or _twice(choice.runs), choice.unsupported
    hook = _hook(source, choice.runs[0])
    if hook:
        unsupported = unsupported or (None if builds else _open(hook, refusal))
        first, refusal = first._replace(said=()), None
    unsupported = unsupported or first.unsupported or next(_unfollowed(later), None)
    made = (decision.runtime for decision in (*reversed(later), first))
    return choice._replace(
        said=(*choice.said, *first.said),
        refusal=refusal,
        unsupported=None if refusal else unsupported,
        lead=first.lead,
        runtimes=merged((runtime for runtime in made if runtime), ()),
    )


def _twice(runs: Sequence[str]) -> Refusal | None:
    """The refusal of the first buildpack to run again."""
    first = emulated(runs[0])
    return first.once if first and runs.count(runs[0]) > 1 else None


def _hook(source: Source, name: str) -> str | None:
    """The app's own script that runs before the buildpack decides, if it has one."""
    known = emulated(name)
    script = known.decides_after if known else None
    return script if script and tree.file(source, script) else None


def _unfollowed(later: Sequence[Decision]) -> Iterator[str]:
    return (d.unsupported for d in later if d.unsupported)


def _open(hook: str, refusal: Refusal | None) -> str | None:
    """What a refusal leaves open until the hook has run."""
    if not refusal:
        return None
    headline = refusal.lines[0].removeprefix(" !     Error: ")
    return f"what {hook} changes before Heroku decides this is not known ({headline})"


def _refused(source: Source, choice: _Choice) -> tuple[str, ...]:
    """The refusal as printed, with the tail of every rejected push."""
    refusal = choice.refusal
    app = source.remote or source.root.name or "app"
    if refusal is None:
        return ()
    if choice.detected:
        failed = phrases.failed(app, BUILDPACKS[choice.runs[0]].name)
        return (*choice.lead, *refusal.lines, "", *failed)
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
