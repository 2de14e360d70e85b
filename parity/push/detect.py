"""Heroku's decisions from the pushed tree alone: buildpacks, versions, process types.

In the order of https://devcenter.heroku.com/articles/slug-compiler: detection, the buildpack's own
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
    """The result of detection: the buildpacks that match, and those that run, in order.

    `lead` is printed before the refusal; `runtimes` are the decisions of those that run.
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
    """Decide as Heroku would, and print its lines up to the language's version or the refusal.

    `buildpacks` are those set on the app; without any, Heroku looks for one. `clock` returns
    seconds since the epoch for the lines. A decision that an earlier step of the build could change
    refuses nothing: it is left to the build, or is `unsupported` if nothing `builds`. Raises
    `Usage` for an entry of `buildpacks` that is not a buildpack.
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
    """Return the process types: the Procfile's, and the buildpack's defaults for missing ones."""
    types = dict(file.types) if file else {}
    return types | {n: ProcessType(n, c, 0) for n, c in default.items() if n not in types}


def _automatic(source: Source) -> _Choice:
    """Choose the first official buildpack that takes the app, as Heroku does."""
    matching = taking(source)
    said: tuple[str, ...] = (phrases.DETERMINING,)
    if not matching:
        return _Choice((), (), said, Refusal("no-default-language", phrases.NO_LANGUAGE))
    if len(matching) > 1:
        said += phrases.several(tuple(b.name for b in matching))
    said += (f"-----> {matching[0].name} app detected",)
    ids = tuple(b.id for b in matching)
    return _Choice(ids, ids[:1], said, unsupported=_foreign(ids[:1]))


def _set(source: Source, typed: Sequence[str]) -> _Choice:
    """Choose the buildpacks that are set on the app. The first must take the tree as it is.

    The later ones may depend on files that the earlier ones create.
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
    """Return the refusal for a buildpack that is set but does not take the app."""
    url = typed if "://" in typed or is_folder(name) else _REGISTRY.format(name)
    language = emulated(name)
    lines = phrases.incompatible(url, language.undetected if language else ())
    return Refusal("buildpack-not-compatible", lines, subject=name)


def _foreign(ids: tuple[str, ...]) -> str | None:
    """Return why the buildpacks cannot be followed: one is neither emulated nor on this machine."""
    unknown = (n for n in ids if n not in LANGUAGES and not is_folder(n))
    other = next(unknown, None)
    return f"{other} is not emulated yet" if other else None


def _decided(
    source: Source, config: Config, stack: str, choice: _Choice, *, builds: bool
) -> _Choice:
    """Add the buildpacks' decisions. Only the first one's refusal counts before the build."""
    if choice.refusal or not choice.runs:
        return choice
    first, *later = (decided(name, source, config, stack) for name in choice.runs)
    refusal, unsupported = first.refusal or _twice(choice.runs), choice.unsupported
    hook = _hook(source, choice.runs[0])
    if hook:
        unsupported = unsupported or (None if builds else _open(hook, refusal))
        first, refusal = first._replace(said=()), None
    unsupported = unsupported or first.unsupported or next(_unfollowed(later), None)
    runtimes = (decision.runtime for decision in (*reversed(later), first))
    return choice._replace(
        said=(*choice.said, *first.said),
        refusal=refusal,
        unsupported=None if refusal else unsupported,
        lead=first.lead,
        runtimes=merged((runtime for runtime in runtimes if runtime), ()),
    )


def _twice(runs: Sequence[str]) -> Refusal | None:
    """Return the first buildpack's refusal to run a second time, if it is set twice."""
    first = emulated(runs[0])
    return first.once if first and runs.count(runs[0]) > 1 else None


def _hook(source: Source, name: str) -> str | None:
    """Return the app's own script that runs before the buildpack decides, if there is one."""
    language = emulated(name)
    script = language.decides_after if language else None
    return script if script and tree.file(source, script) else None


def _unfollowed(later: Sequence[Decision]) -> Iterator[str]:
    return (d.unsupported for d in later if d.unsupported)


def _open(hook: str, refusal: Refusal | None) -> str | None:
    """Return why a refusal is uncertain until the hook has run; None without a refusal."""
    if not refusal:
        return None
    headline = refusal.lines[0].removeprefix(" !     Error: ")
    return f"what {hook} changes before Heroku decides this is not known ({headline})"


def _refused(source: Source, choice: _Choice) -> tuple[str, ...]:
    """Return the refusal as it is printed, with the last lines of every rejected push."""
    refusal = choice.refusal
    app = source.remote or source.root.name or "app"
    if refusal is None:
        return ()
    if choice.detected:
        failed = phrases.failed(app, BUILDPACKS[choice.runs[0]].name)
        return (*choice.lead, *refusal.lines, "", *failed)
    return (*refusal.lines, "", *phrases.failed(app))


def _procfile(source: Source) -> tuple[Procfile | None, str | None]:
    """Return the Procfile in the root, and why it was not read, if it was not."""
    entry = tree.file(source, "Procfile")
    why = source.unread.get("Procfile")
    if why or (entry and entry.data is None):
        return None, f"the Procfile was not read ({why or 'it is larger than 1 MiB'})"
    if entry is None or entry.data is None:
        return None, None
    return procfile.parse("Procfile", entry.data), None
