"""Heroku's error page with an additional panel: the true cause, and the fix.

Heroku's own bytes stay as they are; a policy and the panel are inserted. No script, nothing loaded,
every value escaped (https://www.w3.org/TR/CSP3/).
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from parity.facts.codes import CODES
from parity.records import Line
from parity.records.verdict import Verdict
from parity.report.html import policy, shown, template
from parity.report.next_step import what_next
from parity.report.summary import Group, decisive, groups, headline
from parity.system.text import clip

if TYPE_CHECKING:
    from jinja2 import Template

LAST = 12
"""Lines of the log in the panel."""

LONGEST = 300
"""Characters of one of them."""

HEAD, BODY = b"<head>\n", b"</body>"
"""The places in Heroku's page for the policy and the panel."""

DOWN = frozenset({"H10", "H14", "H20", "H21", "H81"})
"""Codes of requests that no dyno got, which may be repeated without harm."""

REFRESH = 3
"""Seconds after which a page with one of them loads again, until the app is back (ours)."""

FRAMES = "frame-src http: https:"
"""The directive for the frame in Heroku's page."""


class Told(NamedTuple):
    """The data of the panel: the current verdict (masked), the last lines, and what comes next."""

    verdict: Verdict | None
    log: Sequence[Line] = ()
    next: str = ""


def added(page: bytes, code: str, told: Told) -> bytes:
    """Return `page` with the panel. A page that is not Heroku's stays as it is."""
    if HEAD not in page or BODY not in page:
        return page
    panel = _template().render(**_values(code, told)).encode("utf-8", "backslashreplace")
    allowed = policy(page + panel, FRAMES)
    meta = f'<meta http-equiv="Content-Security-Policy" content="{allowed}">\n'
    if code in DOWN:
        meta += f'<meta http-equiv="refresh" content="{REFRESH}">\n'
    before, head, rest = page.partition(HEAD)
    inner, body, after = rest.rpartition(BODY)
    return b"".join((before, head, meta.encode(), inner, panel, body, after))


@cache
def _template() -> "Template":
    return template("panel.html")


def _values(code: str, told: Told) -> dict[str, Any]:
    known, verdict = CODES[code], told.verdict
    group = _group(code, verdict) if verdict else None
    return {
        "code": code,
        "words": known.words,
        "meaning": known.meaning,
        "headline": headline(verdict) if verdict and group else "",
        "next": told.next or (what_next(verdict) if verdict and group else ""),
        "group": shown(group, verdict) if verdict and group else None,
        "log": [(line.source, clip(line.text, LONGEST)) for line in told.log[-LAST:]],
    }


def _group(code: str, verdict: Verdict) -> Group | None:
    """Return the group that decided the verdict, else one that explains this code."""
    own = (g for g in groups(verdict.findings) if code in (g.first.id, g.first.symptom))
    return decisive(verdict) or next(own, None)
