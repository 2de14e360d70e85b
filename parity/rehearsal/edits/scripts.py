"""Edits of scripts and imports: the executable bit, line ends, upper and lower case."""

import posixpath
import re

from parity.push import worktree
from parity.records import Pushed, Record
from parity.records.verdict import Finding
from parity.rehearsal.edits.lines import body, replaced, with_body
from parity.rehearsal.edits.tree import with_entries
from parity.rules.views.node_source import SUFFIXES


def executable(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Set a script's executable bit in git."""
    script = finding.evidence[0].names.get("script", "")
    entry = pushed.source.entries.get(script)
    if entry is None or entry.mode != worktree.FILE or not (entry.data or b"").startswith(b"#!"):
        return None
    edited = with_entries(pushed, {script: entry._replace(mode=worktree.EXECUTABLE)})
    return f"{script} executable", edited


def unix_line_ends(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Give scripts Unix line ends."""
    edited = pushed
    names = sorted({e.names["script"] for e in finding.evidence if "script" in e.names})
    for script in names:
        data = body(pushed, script)
        if data is None:
            return None
        edited = with_body(edited, script, data.replace(b"\r\n", b"\n"))
    return (f"Unix line ends in {', '.join(names)}", edited) if names else None


def right_name(pushed: Pushed, record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Spell the name in an import like the file's, in Python or JavaScript."""
    javascript = (finding.evidence[0].file or "").endswith(SUFFIXES)
    return (right_path if javascript else right_case)(pushed, record, finding)


def right_case(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Spell a Python module in an import, or in the Procfile, like its file."""
    evidence = finding.evidence[0]
    names, file, number = evidence.names, evidence.file or "", evidence.line or 0
    data = body(pushed, file)
    lines = data.decode().split("\n") if data is not None else []
    line = lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""
    new = _import(line, re.escape(names.get("module", "")), names.get("right", ""))
    if file == "Procfile":
        new = re.sub(rf"(?<=\s){re.escape(names.get('module', ''))}(?=:\w)", names["right"], line)
    edited = replaced(pushed, file, {number: new}) if new and new != line else None
    return (f"`{names['right']}` in {file}:{number}", edited) if edited else None


def right_path(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Spell a path in JavaScript like the file in the tree."""
    evidence = finding.evidence[0]
    file, number, actual = evidence.file or "", evidence.line or 0, evidence.names.get("actual", "")
    data = (
        body(pushed, file) if file.endswith(SUFFIXES) and actual in pushed.source.entries else b""
    )
    lines = (data or b"").decode().split("\n")
    line = lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""
    path = posixpath.relpath(actual, posixpath.dirname(file) or ".")
    path = path if path.startswith(".") else f"./{path}"
    bare = re.escape(path.removesuffix("/index.js").rpartition(".")[0] or path)
    named = list(re.finditer(rf"(?<=[\"'`])(?i:{bare})(?=(?:\.\w+)?[\"'`])", line))
    if len(named) != 1:
        return None
    right = path[: len(named[0][0])]
    new = f"{line[: named[0].start()]}{right}{line[named[0].end() :]}"
    edited = replaced(pushed, file, {number: new}) if new != line else None
    return (f"`{right}` in {file}:{number}", edited) if edited else None


def _import(line: str, module: str, right: str) -> str | None:
    """Return the import with the file's name, bound to the same name in the code as before."""
    start = re.match(rf"(\s*from\s+){module}(?=\s+import\b)", line)
    if start:
        return f"{start[1]}{right}{line[start.end() :]}"
    plain = re.fullmatch(rf"(\s*import\s+)({module})(\s+as\s+\w+)?(\s*(?:#.*)?)", line)
    if plain is None or ("." in plain[2] and not plain[3]):
        return None
    return f"{plain[1]}{right}{plain[3] or f' as {plain[2]}'}{plain[4]}"
