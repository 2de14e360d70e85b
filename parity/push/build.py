"""From the tree to the slug, with the lines of `git push` around the buildpacks' own.

https://devcenter.heroku.com/articles/slug-compiler (documented).
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from parity.facts import phrases
from parity.facts.limits import LIMITS
from parity.facts.slug import ERROR, HARD
from parity.push import slug as folders
from parity.push.buildpacks import sequence
from parity.push.buildpacks.job import Job
from parity.records import Line, Plan, Refusal, Run, Say, Slug

MB = 1024 * 1024


def build(
    plan: Plan,
    folder: Path,
    *,
    run: Run,
    say: Say,
    clock: Callable[[], float],
    offline: bool = False,
    limit: float = LIMITS.build_timeout.value,
) -> Slug:
    """Compile the tree in `folder`, which becomes the slug; `limit` in seconds.

    What the build needs besides goes to a new folder beside it. Raises `interrupt.Interrupted`,
    `interrupt.Trouble` and `OSError`.
    """

    def tell(text: str) -> None:
        say(Line(clock(), "remote", text))

    work = Path(tempfile.mkdtemp(prefix="build-", dir=folder.parent))
    until = time.monotonic() + limit
    made, language = sequence.compile_all(Job(plan, folder, work, run, tell, [], offline, until))
    made = _weighed(made)
    for text in _ending(made, language):
        tell(text)
    return made


def _weighed(slug: Slug) -> Slug:
    """The slug with its compressed size, refused where that is beyond the limit."""
    if slug.refusal or slug.unknown:
        return slug
    places = [slug.root] + ([slug.environment] if slug.environment else [])
    sizes = [_size(slug, place) for place in places]
    if sum(size.bytes for size in sizes) <= folders.SMALL:
        return slug
    packed = sum(s.packed or folders.packed(p) for s, p in zip(sizes, places, strict=True))
    slug = slug._replace(packed=packed)
    return slug._replace(refusal=_too_large(packed)) if packed > _limit() else slug


def _size(slug: Slug, place: Path) -> folders.Size:
    """The size of a part; that of a finished environment was noted."""
    from parity.push.buildpacks.python import environment

    noted = environment.manifest(place) if place == slug.environment else None
    return noted.size if noted else folders.size(place)


def _limit() -> float:
    """Bytes beyond which the estimate leaves no doubt."""
    return HARD.value * MB * (1 + ERROR.value)


def _too_large(packed: int) -> Refusal:
    lines = phrases.message(
        f"Compiled slug size: {packed / MB:.1f}M is too large (max is {HARD.value:.0f}M).",
        "See: http://devcenter.heroku.com/articles/slug-size",
    )
    return Refusal("slug-too-large", lines)


def _ending(slug: Slug, language: str | None) -> list[str]:
    """What Heroku prints after the buildpacks; `language`: of the one that failed."""
    source = slug.plan.source
    app = source.remote or source.root.name or "app"
    if slug.unknown:
        return []
    if slug.refusal and slug.refusal.reason != "slug-too-large":
        return [*slug.refusal.lines, *phrases.failed(app, language)]
    compressed = [*_types(slug.plan), "", "-----> Compressing..."]
    if slug.refusal:
        return [*compressed, *slug.refusal.lines, "", *phrases.failed(app)]
    return [
        *compressed,
        "-----> Launching...",
        *(_DECLARED if "release" in slug.plan.processes else ()),
    ]


def _types(plan: Plan) -> list[str]:
    """The process types: the Procfile's, and those that only a buildpack declares."""
    own = ", ".join(sorted(t.name for t in plan.processes.values() if t.line)) or "(none)"
    more = ", ".join(sorted(t.name for t in plan.processes.values() if not t.line))
    head = "-----> Discovering process types"
    if not more:
        return [head, f"{phrases.INDENT}Procfile declares types -> {own}"]
    return [
        head,
        f"{phrases.INDENT}Procfile declares types     -> {own}",
        f"{phrases.INDENT}Default types for buildpack -> {more}",
    ]


_DECLARED = phrases.message(
    "Release command declared: this new release will not be available until the command succeeds."
)
