"""Edits of the command that starts the app: a line of the Procfile, a script of package.json."""

import json
import re
from collections.abc import Mapping

from parity.facts.procfile import ROUTED
from parity.records import Plan, Pushed, Record
from parity.records.verdict import Evidence, Finding
from parity.rehearsal.edits.lines import added, body, replaced, with_body
from parity.rehearsal.edits.packages import required
from parity.rules.views.procfile_lines import commented
from parity.rules.views.python_source import applications, modules
from parity.rules.views.suggestions import missing_server, requires, web_line

_SERVES = re.compile(r"\b(?:gunicorn|uvicorn|hypercorn|daphne|waitress-serve|streamlit)\b")


def _line(evidence: Evidence) -> str | None:
    """The whole line that a rule wants in the Procfile."""
    edit = evidence.edit
    if edit and edit.file == "Procfile":
        return edit.new
    names = evidence.names
    right = names.get("right")
    return f"{names['type']}: {right}" if right and "type" in names else None


def as_told(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """As if the Procfile's line read as the finding says it should."""
    told = next((e for e in finding.evidence if e.file == "Procfile" and e.line), None)
    line = _line(told) if told else None
    if told is None or line is None or "…" in line or not _same_type(pushed, told, line):
        return None
    made = replaced(pushed, "Procfile", {told.line or 0: line})
    return (f"`{line}` in the Procfile", made) if made and made != pushed else None


def _same_type(pushed: Pushed, told: Evidence, line: str) -> bool:
    """Whether the line that is replaced declares the type that the new one does."""
    data = body(pushed, "Procfile") or b""
    lines = data.decode().split("\n")
    old = lines[told.line - 1] if told.line and told.line <= len(lines) else ""
    name = line.partition(":")[0]
    return re.match(rf"{re.escape(name)}\s*:", old) is not None and old.rstrip("\r") != line


def only_app(pushed: Pushed, record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """The same where the line names the app: only if the tree has a single one."""
    return as_told(pushed, record, finding) if _apps(pushed) == 1 else None


def _apps(pushed: Pushed) -> int:
    source = pushed.source
    return sum(len(applications(source, path)) for path in modules(source))


def web(pushed: Pushed, record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """As if a line that was meant for web were written so that Heroku reads it."""
    told = finding.evidence[0]
    line = told.names.get("write", "")
    if len(finding.evidence) != 1 or not line.startswith("web: ") or line.endswith("…"):
        return None
    if told.line is None:
        return _new(pushed, line)
    plan = record if isinstance(record, Plan) else None
    hidden = commented(plan.procfile) if plan and plan.procfile else None
    if hidden and hidden[0] == told.line:
        return None
    made = replaced(_without_mark(pushed), "Procfile", {told.line: line})
    return (f"`{line}` in the Procfile", made) if made else None


def _without_mark(pushed: Pushed) -> Pushed:
    """As if the Procfile had no byte order mark: Heroku reads it as a part of the first line."""
    data, entry = body(pushed, "Procfile"), pushed.source.entries.get("Procfile")
    if data is None or entry is None or entry.data == data:
        return pushed
    entries = {**pushed.source.entries, "Procfile": entry._replace(size=len(data), data=data)}
    return pushed._replace(source=pushed.source._replace(entries=entries))


def _new(pushed: Pushed, line: str) -> tuple[str, Pushed] | None:
    """A line of web where there is none: what it starts must be the tree's only app."""
    sure = _apps(pushed) == 1 and _SERVES.match(line.removeprefix(f"{ROUTED}: "))
    if not sure or line != web_line(pushed.source) or "Procfile" in pushed.source.absent:
        return None
    what, made = f"`{line}` in the Procfile", added(pushed, "Procfile", line, first=True)
    if made and missing_server(pushed.source, line):
        server = line.removeprefix("web: ").split()[0]
        what, made = f"{what}, {server} in requirements.txt", required(made, server)
    return (what, made) if made else None


def asgi(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """As if uvicorn served an ASGI app, where the tree has no WSGI app beside it."""
    told = finding.evidence[0]
    names = told.names
    right = f"uvicorn {names.get('module')} --host 0.0.0.0 --port $PORT"
    if names.get("django") or not told.line or set(names.get("command", "")) & set("&|;<>`$"):
        return None
    line = f"{names['type']}: {right}"
    made = replaced(pushed, "Procfile", {told.line: line})
    if made is None or requires(pushed.source, "uvicorn"):
        return (f"`{line}` in the Procfile", made) if made else None
    more = required(made, "uvicorn")
    return (f"`{line}` in the Procfile, uvicorn in requirements.txt", more) if more else None


def script(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """As if a script of package.json read as the finding says it should."""
    told = finding.evidence[0]
    edit = told.edit
    data = body(pushed, "package.json") if told.file == "package.json" else None
    if data is None or edit is None or edit.script is None:
        return None
    old = _scripts(data).get(edit.script)
    text, new = json.dumps(old), json.dumps(edit.new)
    if old is None or data.decode().count(text) != 1 or text == new:
        return None
    made = data.decode().replace(text, new).encode()
    return f"`{edit.new}` in package.json", with_body(pushed, "package.json", made)


def _scripts(data: bytes) -> Mapping[str, str]:
    try:
        scripts = json.loads(data).get("scripts", {})
    except (ValueError, AttributeError, RecursionError):
        return {}
    return scripts if isinstance(scripts, dict) else {}
