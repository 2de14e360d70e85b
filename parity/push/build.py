"""From the tree to the slug, with the lines of `git push` around the buildpack's own.

https://devcenter.heroku.com/articles/slug-compiler (documented).
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from parity.facts import phrases
from parity.facts.limits import LIMITS
from parity.push.weigh import soft_limit, weighed
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
    made = weighed(made)
    for text in _ending(made):
        tell(text)
    return made


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
        *soft_limit(slug),
        *(_DECLARED if "release" in slug.plan.processes else ()),
    ]


_DECLARED = phrases.message(
    "Release command declared: this new release will not be available until the command succeeds."
)
