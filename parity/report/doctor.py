"""The reports of `parity doctor` and `parity cache`, for people and for programs."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parity.records.machine import Check, Cleared, Stored
from parity.report.page import Page
from parity.system.text import oneline
from parity.version import __version__

MB = 1024 * 1024
_STYLE = {"ok": "good", "limited": "warn", "missing": "fail"}
_KINDS = {"environment": "environments", "installer": "installers", "downloads": "downloads"}


def exit_code(checks: Sequence[Check]) -> int:
    """Return 0 if every check is ok, 3 if some verdict could be `could not tell`."""
    return 0 if all(check.status == "ok" for check in checks) else 3


def doctor(checks: Sequence[Check], *, width: int, colour: bool) -> str:
    """Return the checks as a table, each with its fix."""
    page = Page(width, colour)
    page.prose(_headline(checks), style="strong", body="strong")
    page.blank()
    room = max(len(check.name) for check in checks)
    for check in checks:
        label = f"{check.status:<8} {check.name:<{room}}  "
        page.prose(oneline(check.found), label=label, style=_STYLE[check.status])
        if check.fix:
            page.prose(check.fix, label="fix: ", indent=len(label), style="strong")
    page.blank()
    version = f"parity {__version__} knows Heroku's Python buildpack {_buildpack()}."
    page.prose(version, body="dim")
    return str(page)


def _buildpack() -> str:
    from parity.facts.python import versions

    return f"v{versions().buildpack} of {versions().date}"


def _headline(checks: Sequence[Check]) -> str:
    bad = [check.name for check in checks if check.status != "ok"]
    if not bad:
        return "This machine gives verdicts of full fidelity."
    return f"This machine may have to answer `could not tell`: {', '.join(bad)}."


def doctor_document(checks: Sequence[Check]) -> str:
    """Return one JSON document of schema `parity.doctor/1`."""
    return _document("doctor", exit_code=exit_code(checks), checks=[c._asdict() for c in checks])


def cache(root: Path, stored: Sequence[Stored], *, width: int, colour: bool) -> str:
    """Return the contents of the cache, by kind, the most recently used first."""
    page = Page(width, colour)
    total = sum(one.size for one in stored)
    page.prose(f"{root}: {_size(total)}", label="cache ", style="strong", body="strong")
    now = time.time()
    for kind, title in _KINDS.items():
        entries = [one for one in stored if one.kind == kind]
        if entries:
            page.blank()
            page.prose(
                f"{_size(sum(one.size for one in entries))}", label=f"{title} ", style="strong"
            )
        for one in entries:
            label = f"  {one.path.name[:8]:<8} {_size(one.size):>8}  {_ago(now - one.used):>14}  "
            page.prose(oneline(one.what), label=label)
    page.blank()
    page.prose("parity cache clear (keeps what another run uses)", label="next: ", style="strong")
    return str(page)


def cleared(result: Cleared) -> str:
    """Return what was removed, in a line or two."""
    size = _size(sum(one.size for one in result.removed))
    text = f"removed {len(result.removed)} of {len(result.removed) + len(result.in_use)}, {size}\n"
    if result.in_use:
        text += f"kept {len(result.in_use)}: another run uses them\n"
    return text


def cache_document(root: Path, stored: Sequence[Stored]) -> str:
    """Return one JSON document of schema `parity.cache/1`."""
    entries = [{**one._asdict(), "path": str(one.path), "used": round(one.used)} for one in stored]
    return _document("cache", folder=str(root), bytes=sum(s.size for s in stored), entries=entries)


def _document(kind: str, **content: Any) -> str:
    head = {"schema": f"parity.{kind}/1", "parity": __version__}
    return json.dumps({**head, **content}, indent=2) + "\n"


def _size(number: int) -> str:
    return f"{number / MB:,.1f} MB" if number < 100 * MB else f"{number / MB:,.0f} MB"


def _ago(seconds: float) -> str:
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(seconds // length)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
