"""Crashes because .slugignore removed a file that the app needs."""

import re
from collections.abc import Iterator

from parity.records import Boot, Release, Slug
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, at_place
from parity.rules.engine import rule
from parity.rules.push.slugignore import IGNORING, taken
from parity.rules.views.missing_python_module import absent_module
from parity.rules.views.python_traceback import Crash

_NO_FILE = (
    r"No such file or directory: '(?:\./|/app/)?([^']+)'|can't open file '(?:[^']*/)?([^'/]+)'"
)


@rule(
    "slugignore-needed",
    leads_to=ENDINGS,
    title=".slugignore deletes {path}, which the app needs",
    cause="What .slugignore matches is not part of the slug. Line {at:N} (`{pattern}`) matches"
    " {path}, and the app stops without it.",
    fix="Remove the line `{pattern}` from .slugignore, or make it match less; commit, push again.",
    docs=IGNORING,
    records=(Boot, Release, Slug),
)
def slugignore_needed(crash: Crash) -> Iterator[Evidence]:
    path = _pruned_path(crash) if crash.source.pruned else None
    if not path:
        return
    yield from taken(crash.source, path)
    place = at_place(crash)
    if place:
        yield place._replace(names={})


def _pruned_path(crash: Crash) -> str | None:
    """Return the pruned path that the app needs."""
    pruned = crash.source.pruned
    module = absent_module(crash)
    if module:
        base = module.replace(".", "/")
        own = (f"{base}.py", f"{base}/__init__.py")
        inside = (path for path in pruned if path.startswith(f"{base}/"))
        return next((path for path in own if path in pruned), None) or next(inside, None)
    match = crash.saying(_NO_FILE)
    name = (match[1] or match[2]) if match else ""
    return next((p for p in pruned if p == name or re.search(rf"(^|/){re.escape(p)}$", name)), None)
