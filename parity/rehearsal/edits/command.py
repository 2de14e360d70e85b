"""Edits of the app's start command: a line of the Procfile, a script in package.json."""

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
    """Return the whole line that a rule wants in the Procfile."""
    edit = evidence.edit
    if edit and edit.file == "Procfile":
        return edit.new
    names = evidence.names
    right = names.get("right")
    return f"{names['type']}: {right}" if right and "type" in names else None


def as_advised(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Change the Procfile's line to the one that the finding advises."""
    evidence = next((e for e in finding.evidence if e.file == "Procfile" and e.line), None)
    if evidence is None:
        return _in_script(pushed, finding)
    line = _line(evidence) if evidence else None
    if evidence is None or line is None or "…" in line or not _same_type(pushed, evidence, line):
        return None
    edited = replaced(pushed, "Procfile", {evidence.line or 0: line})
    return (f"`{line}` in the Procfile", edited) if edited and edited != pushed else None


def _in_script(pushed: Pushed, finding: Finding) -> tuple[str, Pushed] | None:
    """Change the line of a shell script that the finding names, and keep its indentation."""
    evidence = finding.evidence[0]
    edit, file, number = evidence.edit, evidence.file or "", evidence.line or 0
    lines = (body(pushed, file) or b"").decode().split("\n")
    if edit is None or edit.file != file or edit.script or not 0 < number <= len(lines):
        return None
    old = lines[number - 1]
    indent = old[: len(old) - len(old.lstrip())]
    edited = replaced(pushed, file, {number: f"{indent}{edit.new}" if edit.new else ""})
    what = f"`{edit.new}` in {file}:{number}" if edit.new else f"no line {number} in {file}"
    return (what, edited) if edited and edited != pushed else None


def _same_type(pushed: Pushed, evidence: Evidence, line: str) -> bool:
    """Return whether the line to replace declares the same type as the new one."""
    data = body(pushed, "Procfile") or b""
    lines = data.decode().split("\n")
    old = lines[evidence.line - 1] if evidence.line and evidence.line <= len(lines) else ""
    name = line.partition(":")[0]
    return re.match(rf"{re.escape(name)}\s*:", old) is not None and old.rstrip("\r") != line


def only_app(pushed: Pushed, record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Change the Procfile's line, which names the app, only if the tree has a single app."""
    return as_advised(pushed, record, finding) if _apps(pushed) == 1 else None


def _apps(pushed: Pushed) -> int:
    source = pushed.source
    return sum(len(applications(source, path)) for path in modules(source))


def web(pushed: Pushed, record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Rewrite a line that was meant for web so that Heroku reads it."""
    evidence = finding.evidence[0]
    line = evidence.names.get("write", "")
    if len(finding.evidence) != 1 or not line.startswith("web: ") or line.endswith("…"):
        return None
    if evidence.line is None:
        return _new(pushed, line)
    plan = record if isinstance(record, Plan) else None
    hidden = commented(plan.procfile) if plan and plan.procfile else None
    if hidden and hidden[0] == evidence.line:
        return None
    edited = replaced(_without_mark(pushed), "Procfile", {evidence.line: line})
    return (f"`{line}` in the Procfile", edited) if edited else None


def _without_mark(pushed: Pushed) -> Pushed:
    """Remove the Procfile's byte order mark, which Heroku reads as a part of the first line."""
    data, entry = body(pushed, "Procfile"), pushed.source.entries.get("Procfile")
    if data is None or entry is None or entry.data == data:
        return pushed
    entries = {**pushed.source.entries, "Procfile": entry._replace(size=len(data), data=data)}
    return pushed._replace(source=pushed.source._replace(entries=entries))


def _new(pushed: Pushed, line: str) -> tuple[str, Pushed] | None:
    """Add a web line where there is none, if it starts the tree's only app."""
    sure = _apps(pushed) == 1 and _SERVES.match(line.removeprefix(f"{ROUTED}: "))
    if not sure or line != web_line(pushed.source) or "Procfile" in pushed.source.absent:
        return None
    what, edited = f"`{line}` in the Procfile", added(pushed, "Procfile", line, first=True)
    if edited and missing_server(pushed.source, line):
        server = line.removeprefix("web: ").split()[0]
        what, edited = f"{what}, {server} in requirements.txt", required(edited, server)
    return (what, edited) if edited else None


def asgi(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Serve an ASGI app with uvicorn, if the tree has no WSGI app beside it."""
    evidence = finding.evidence[0]
    names = evidence.names
    right = f"uvicorn {names.get('module')} --host 0.0.0.0 --port $PORT"
    if names.get("django") or not evidence.line or set(names.get("command", "")) & set("&|;<>`$"):
        return None
    line = f"{names['type']}: {right}"
    edited = replaced(pushed, "Procfile", {evidence.line: line})
    if edited is None or requires(pushed.source, "uvicorn"):
        return (f"`{line}` in the Procfile", edited) if edited else None
    more = required(edited, "uvicorn")
    return (f"`{line}` in the Procfile, uvicorn in requirements.txt", more) if more else None


def script(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Change a script in package.json to the one that the finding advises."""
    evidence = finding.evidence[0]
    edit = evidence.edit
    data = body(pushed, "package.json") if evidence.file == "package.json" else None
    if data is None or edit is None or edit.script is None:
        return None
    old = _scripts(data).get(edit.script)
    text, new = json.dumps(old), json.dumps(edit.new)
    if old is None or data.decode().count(text) != 1 or text == new:
        return None
    edited = data.decode().replace(text, new).encode()
    return f"`{edit.new}` in package.json", with_body(pushed, "package.json", edited)


def _scripts(data: bytes) -> Mapping[str, str]:
    try:
        scripts = json.loads(data).get("scripts", {})
    except (ValueError, AttributeError, RecursionError):
        return {}
    return scripts if isinstance(scripts, dict) else {}
