"""Pushes of a repository with several apps, each in its folder."""

import re
from collections.abc import Iterator

from parity.records import Plan, Slug
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.push.plan import PUSH_REJECTED, nothing_found
from parity.rules.views.suggestions import likely_folder


@rule(
    "monorepo-buildpack-late",
    instead_of=("app-in-subfolder",),
    leads_to=PUSH_REJECTED,
    title="{first} runs before {mover:the monorepo buildpack} moves the app to the root",
    cause="Heroku runs buildpacks in order, each on the result of the one before. A monorepo"
    " buildpack puts the sub-folder in place of the root, so it must come first.",
    fix="Type `heroku buildpacks:remove {mover:URL}`, then `heroku buildpacks:add --index 1"
    " {mover:URL}`, push again. Or push only that folder: `git subtree push --prefix"
    " {folder:FOLDER} heroku main`.",
    docs="https://devcenter.heroku.com/articles/using-multiple-buildpacks-for-an-app",
    apart="a buildpack with `monorepo` or `subdir` in its name is not the first",
)
def monorepo_buildpack_late(record: Plan | Slug) -> Iterator[Evidence]:
    plan = record if isinstance(record, Plan) else record.plan
    late = next((name for name in plan.runs[1:] if _MOVES.search(name)), None)
    if late and nothing_found(record) and not _MOVES.search(plan.runs[0]):
        names = {"first": plan.runs[0], "mover": late}
        folder = likely_folder(plan.source)
        names |= {"folder": folder} if folder else {}
        order = ", ".join(f"{n}. {name}" for n, name in enumerate(plan.runs, 1))
        yield Evidence(f"Using buildpacks: {order}", names=names)


_MOVES = re.compile(r"monorepo|sub-?dir", re.I)
"""Names of buildpacks that put a sub-folder in place of the root."""
