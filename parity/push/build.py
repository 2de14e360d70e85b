"""From the tree to the slug, with the lines of `git push` around the buildpack's own.

https://devcenter.heroku.com/articles/slug-compiler (documented).
"""

from collections.abc import Callable
from pathlib import Path

from parity.facts import phrases
from parity.records import Line, Plan, Run, Say, Slug


def build(
    plan: Plan,
    folder: Path,
    *,
    run: Run,
    say: Say,
    clock: Callable[[], float],
    offline: bool = False,
    limit: float = 900,
) -> Slug:
    """Compile the tree in `folder`, which becomes the slug; `limit` in seconds.

    Raises `interrupt.Interrupted`, `interrupt.Trouble` and `OSError`.
    """
    from parity.push.buildpacks.python.compile import Build, compile_app

    def tell(text: str) -> None:
        say(Line(clock(), "remote", text))

    assert plan.python, "only Python apps get here"
    made = compile_app(Build(plan, folder, run, tell, [], offline, limit), plan.python)
    for text in _ending(made):
        tell(text)
    return made


def _ending(slug: Slug) -> list[str]:
    """What Heroku prints after the buildpack."""
    source = slug.plan.source
    if slug.refusal:
        app = source.remote or source.root.name or "app"
        return [*slug.refusal.lines, "", *phrases.failed(app, "Python")]
    if slug.unknown:
        return []
    types = ", ".join(sorted(slug.plan.processes)) or "(none)"
    return [
        "-----> Discovering process types",
        f"{phrases.INDENT}Procfile declares types -> {types}",
        "",
        "-----> Launching...",
    ]
