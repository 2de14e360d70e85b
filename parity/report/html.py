"""One self-contained HTML page: it loads no script, no font and no address.

jinja2 and `safe` escape every value; a content security policy forbids whatever would get through
nevertheless (https://www.w3.org/TR/CSP3/).
"""

import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from parity.records import Exchange, Line, Shutdown
from parity.records.verdict import Evidence, Finding, Verdict
from parity.report.frame import lines, place
from parity.report.next_step import what_next
from parity.report.stages import DETAILS, MB
from parity.report.summary import Group, groups, importance, joint, spoken
from parity.system.text import clip, safe
from parity.version import __version__

if TYPE_CHECKING:
    from jinja2 import Template

WIDTH, HEIGHT = 720, 160
"""Size of the memory curve, in SVG units."""

FIRST, LAST = 1000, 4000
"""Lines of a long log that a page shows: a browser has to lay them out."""

LONGEST = 2000
"""Characters of a log line; the rest is in the JSON report."""

AROUND = 2
"""Lines of code above and below the one to blame."""

_SPAN = re.compile(r"`([^`\n]+)`")
_STYLE = re.compile(rb"<style[^>]*>(.*?)</style>", re.DOTALL)


def document(verdict: Verdict) -> str:
    """Return the page."""
    text = (files("parity.report") / "templates" / "report.html").read_bytes()
    return template("report.html").render(**_page(verdict), policy=policy(text)) + "\n"


def template(name: str) -> "Template":
    """Return a template that escapes every value, with filters for an app's text and for advice."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("parity.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["v"] = safe
    environment.filters["link"] = _link
    environment.filters["prose"] = _prose
    return environment.get_template(name)


def _page(verdict: Verdict) -> dict[str, Any]:
    word, sentence = spoken(verdict)
    ordered = sorted(groups(verdict.findings), key=importance)
    return {
        "parity": __version__,
        "command": verdict.command,
        "word": word,
        "joint": joint(sentence),
        "said": sentence,
        "state": verdict.verdict,
        "next": what_next(verdict),
        "where": str(verdict.source.root) if verdict.source else "",
        "timeline": list(_timeline(verdict)),
        "requests": [_request(e) for e in verdict.traffic.exchanges] if verdict.traffic else [],
        "memory": _memory(verdict.shutdown) if verdict.shutdown else None,
        "findings": [shown(group, verdict) for group in ordered if group.effect != "note"],
        "notes": [group.first for group in ordered if group.effect == "note"],
        "log": list(_log(verdict.log)),
        "lines": len(verdict.log),
        "not_emulated": verdict.not_emulated,
    }


def policy(page: bytes, *more: str) -> str:
    """Return the content security policy of `page`: its own style sheets, and `more` directives."""
    hashes = (b64encode(sha256(style).digest()).decode() for style in _STYLE.findall(page))
    styles = " ".join(f"'sha256-{digest}'" for digest in hashes)
    rules = ("default-src 'none'", f"style-src {styles}", *more)
    return "; ".join((*rules, "base-uri 'none'", "form-action 'none'"))


def _link(address: str) -> str:
    """Return an address that may be followed: anything but http and https becomes `#`."""
    return address if re.match(r"https?://", address) else "#"


def _prose(text: str) -> str:
    """Return a sentence whose commands between backticks are code; every part is escaped."""
    from markupsafe import Markup, escape

    parts = [escape(part) for part in _SPAN.split(safe(text))]
    marked = (Markup("<code>%s</code>") % part if n % 2 else part for n, part in enumerate(parts))
    return Markup("").join(marked)


def _timeline(verdict: Verdict) -> Iterator[dict[str, Any]]:
    """Yield each stage with its bar, which is at least one pixel wide."""
    whole = sum(stage.seconds for stage in verdict.stages) or 1.0
    began = 0.0
    for stage in verdict.stages:
        yield {
            "name": stage.name,
            "status": stage.status,
            "seconds": stage.seconds,
            "x": round(WIDTH * began / whole, 1),
            "width": max(1, round(WIDTH * stage.seconds / whole, 1)),
            "details": [] if stage.status == "not-reached" else list(DETAILS[stage.name](verdict)),
        }
        began += stage.seconds


def _request(exchange: Exchange) -> dict[str, Any]:
    bad = exchange.code is not None or exchange.status >= 400
    return {"exchange": exchange, "status": "fail" if bad else "ok"}


def _memory(shutdown: Shutdown) -> dict[str, Any] | None:
    """Return the curve of the dyno's memory, with the line above which Heroku warns."""
    if len(shutdown.samples) < 2:
        return None
    last = shutdown.samples[-1][0] or 1.0
    peak = shutdown.peak or max(used for _, used in shutdown.samples)
    top = 1.1 * max(peak, shutdown.quota)
    points = (
        f"{WIDTH * at / last:.1f},{HEIGHT * (1 - used / top):.1f}" for at, used in shutdown.samples
    )
    return {
        "points": " ".join(points),
        "quota_y": round(HEIGHT * (1 - shutdown.quota / top), 1),
        "peak": round(peak / MB),
        "quota": round(shutdown.quota / MB),
        "seconds": f"{last:.0f}" if last >= 10 else f"{last:.1f}",
    }


def shown(group: Group, verdict: Verdict) -> dict[str, Any]:
    """Return the data that a template needs of a finding and its causes."""
    return {
        "first": _finding(group.first, verdict),
        "causes": [_finding(cause, verdict) for cause in group.causes],
    }


def _finding(finding: Finding, verdict: Verdict) -> dict[str, Any]:
    framed = next((e for e in finding.evidence if e.file), None)
    return {
        "finding": finding,
        "fix": [(row.startswith("  "), row) for row in finding.fix.split("\n")],
        "evidence": [
            ("heroku" if e.heroku else "seen", e.seen, place(e), e.pid) for e in finding.evidence
        ],
        "frame": list(_frame(framed, verdict)) if framed else [],
        "diff": [(_sort(row), row) for row in (finding.diff or "").splitlines()],
    }


def _sort(row: str) -> str:
    return {"+": "added", "-": "removed"}.get(row[:1], "same")


def _frame(evidence: Evidence, verdict: Verdict) -> Iterator[tuple[int, bool, str]]:
    """Yield the line to blame and those around it: number, whether it is to blame, text."""
    blamed = evidence.line or 0
    first = max(1, blamed - AROUND)
    shown = lines(verdict.source, evidence)[first - 1 : blamed + AROUND]
    for number, line in enumerate(shown, first):
        yield number, number == blamed, clip(line, LONGEST)


def _log(log: tuple[Line, ...]) -> Iterator[dict[str, str]]:
    """Yield the log's lines by kind of source; of a very long log the beginning and the end."""
    left_out = len(log) - FIRST - LAST
    shown = log if left_out <= 0 else (*log[:FIRST], *log[-LAST:])
    for number, line in enumerate(shown):
        if number == FIRST and left_out > 0:
            yield {"at": "", "source": "", "kind": "gap", "text": f"{left_out} lines left out"}
        at = datetime.fromtimestamp(line.at, UTC).isoformat(timespec="milliseconds")
        text = clip(line.text, LONGEST)
        yield {"at": at, "source": line.source, "kind": _kind(line.source), "text": text}


def _kind(source: str) -> str:
    name = source.partition("[")[0]
    return name if name in ("app", "heroku", "remote") else "other"
