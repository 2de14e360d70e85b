"""From the tree to the slug, with the lines of `git push` around the buildpack's own.

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
    from parity.push.buildpacks.job import Job
    from parity.push.buildpacks.python.compile import compile_app

    def tell(text: str) -> None:
        say(Line(clock(), "remote", text))

    assert plan.python, "only Python apps get here"
    work = Path(tempfile.mkdtemp(prefix="build-", dir=folder.parent))
    until = time.monotonic() + limit
    made = compile_app(Job(plan, folder, work, run, tell, [], offline, until), plan.python)
    made = _weighed(made)
    for text in _ending(made):
        tell(text)
    return made


def _weighed(slug: Slug) -> Slug:
    """The slug with its compressed size, refused where that is beyond the limit."""
    from parity.push.buildpacks.python import environment

    if slug.refusal or slug.unknown or slug.environment is None:
        return slug
    noted = environment.manifest(slug.environment)
    python = noted.size if noted else folders.size(slug.environment)
    if python.bytes + sum(e.size for e in slug.plan.source.entries.values()) <= folders.SMALL:
        return slug
    packed = (python.packed or folders.packed(slug.environment)) + folders.packed(slug.root)
    slug = slug._replace(packed=packed)
    return slug._replace(refusal=_too_large(packed)) if packed > _limit() else slug


def _limit() -> float:
    """Bytes beyond which the estimate leaves no doubt."""
    return HARD.value * MB * (1 + ERROR.value)


def _too_large(packed: int) -> Refusal:
    lines = phrases.message(
        f"Compiled slug size: {packed / MB:.1f}M is too large (max is {HARD.value:.0f}M).",
        "See: http://devcenter.heroku.com/articles/slug-size",
    )
    return Refusal("slug-too-large", lines)


def _ending(slug: Slug) -> list[str]:
    """What Heroku prints after the buildpack."""
    source = slug.plan.source
    app = source.remote or source.root.name or "app"
    if slug.unknown:
        return []
    if slug.refusal and slug.refusal.reason != "slug-too-large":
        return [*slug.refusal.lines, *phrases.failed(app, "Python")]
    types = ", ".join(sorted(slug.plan.processes)) or "(none)"
    found = f"{phrases.INDENT}Procfile declares types -> {types}"
    compressed = ["-----> Discovering process types", found, "", "-----> Compressing..."]
    if slug.refusal:
        return [*compressed, *slug.refusal.lines, "", *phrases.failed(app)]
    return [
        *compressed,
        "-----> Launching...",
        *(_DECLARED if "release" in slug.plan.processes else ()),
    ]


_DECLARED = phrases.message(
    "Release command declared: this new release will not be available until the command succeeds."
)
