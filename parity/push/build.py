"""The build of a slug from a tree, with the lines of `git push` around the buildpacks' own.

https://devcenter.heroku.com/articles/slug-compiler (documented).
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from parity.facts import phrases
from parity.facts.limits import LIMITS
from parity.push.buildpacks import sequence
from parity.push.buildpacks.context import Job
from parity.push.slug_size import soft_limit, weighed
from parity.records import Line, Plan, Run, Say, Slug


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

    The build's other files go to a new folder beside it. Raises `interrupt.Interrupted`,
    `Trouble` and `OSError`.
    """

    def tell(text: str) -> None:
        say(Line(clock(), "remote", text))

    work = Path(tempfile.mkdtemp(prefix="build-", dir=folder.parent))
    until = time.monotonic() + limit
    slug, language = sequence.compile_all(Job(plan, folder, work, run, tell, [], offline, until))
    slug = weighed(slug)
    for text in _ending(slug, language):
        tell(text)
    return slug


def _ending(slug: Slug, language: str | None) -> list[str]:
    """Return the lines that Heroku prints after the buildpacks; `language`: the one that failed."""
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
        *soft_limit(slug),
        *(_DECLARED if "release" in slug.plan.processes else ()),
    ]


def _types(plan: Plan) -> list[str]:
    """Return the lines about process types: the Procfile's, and a buildpack's defaults."""
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
