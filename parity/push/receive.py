"""The steps of Heroku's git between the push and the build: submodules, .slugignore."""

from collections.abc import Callable

from parity.facts import phrases
from parity.push import app_json, slugignore
from parity.records import Line, Refusal, Say, Source, Submodule

REASON = "submodule-install-failed"
REFUSED = ("unmapped", "key", "local")
"""Troubles of a submodule with which Heroku certainly cannot fetch it."""


def receive(source: Source, say: Say, clock: Callable[[], float]) -> Source:
    """Return the tree that the build gets, with a refusal if there is one.

    Nothing is logged about submodules whose outcome is uncertain.
    """
    refused = next((s for s in source.submodules if s.trouble in REFUSED), None)
    said: tuple[str, ...] = ()
    if refused:
        refusal = _refusal(refused)
        said = phrases.submodules(_registered(source, refused), refusal.lines)
        source = source._replace(refusal=refusal)
    elif source.submodules and all(s.objects for s in source.submodules):
        done = (f"Submodule path '{s.path}': checked out '{s.commit}'" for s in source.submodules)
        said = phrases.submodules(_registered(source, None), tuple(done))
    for text in said:
        say(Line(clock(), "remote", text))
    return slugignore.prune(source._replace(manifest=app_json.read(source)))


def _registered(source: Source, refused: Submodule | None) -> tuple[str, ...]:
    """Return the lines that git prints for the submodules with a URL."""
    if refused and refused.trouble == "unmapped":
        return ()
    named = [s for s in source.submodules if s.url]
    registered = [f"Submodule '{s.path}' ({s.url}) registered for path '{s.path}'" for s in named]
    upto = named.index(refused) + 1 if refused else len(named)
    return (*registered, *(f"Cloning into '{s.path}'..." for s in named[:upto]))


def _refusal(submodule: Submodule) -> Refusal:
    lines = {
        "unmapped": phrases.no_submodule_mapping(submodule.path),
        "key": "Host key verification failed.",
        "local": f"fatal: repository '{submodule.url}' does not exist",
    }
    return Refusal(
        REASON,
        (lines[submodule.trouble], "", phrases.SUBMODULES_FAILED, ""),
        ".gitmodules",
        submodule.line,
        submodule.path,
    )
