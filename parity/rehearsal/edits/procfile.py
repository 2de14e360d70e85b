"""The addition of a web line to the copy's Procfile, if the right line is obvious."""

from parity.facts.procfile import ROUTED
from parity.push import procfile
from parity.records import Pushed, Record
from parity.records.verdict import Evidence, Finding
from parity.rehearsal.edits.tree import with_file
from parity.rules.views.suggestions import requires

NAMED = (
    "no-procfile",
    "procfile-encoding",
    "procfile-empty",
    "procfile-no-space",
    "procfile-bom",
    "procfile-line-not-read",
    "procfile-no-type",
    "procfile-type-name",
    "procfile-no-web",
)
"""Causes whose evidence has the line to write."""

_SERVES = ("PORT", "serve", "run(")


def with_web(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Add the line to the Procfile, and the server that it starts to requirements.txt."""
    evidence = next(
        (e for e in finding.evidence if e.names.get("write", "").startswith("web: ")), None
    )
    line = evidence.names["write"] if evidence else ""
    if evidence is None or line.endswith("…"):
        return None
    replaces = evidence.line is not None
    server = line.removeprefix("web: ").split()[0]
    if not replaces and server == "python" and not _serves(pushed, line):
        return None
    what, served = f"`{line}` in the Procfile", pushed
    if not replaces and server != "python" and not requires(pushed.source, server):
        what, served = f"{what}, {server} in requirements.txt", _required(pushed, server)
    return what, with_file(served, "Procfile", _text(served, evidence, line))


def _serves(pushed: Pushed, line: str) -> bool:
    """Return whether the script that a line starts seems to be a server."""
    text = pushed.source.text(line.split()[-1]) or ""
    return any(word in text for word in _SERVES)


def _required(pushed: Pushed, server: str) -> Pushed:
    text = pushed.source.text("requirements.txt")
    return with_file(pushed, "requirements.txt", f"{text or ''}\n{server}\n")


def _text(pushed: Pushed, evidence: Evidence, line: str) -> str:
    """Return the Procfile with the line as the first, without lines that Heroku drops."""
    entry = pushed.source.entries.get("Procfile")
    read = procfile.parse("Procfile", entry.data) if entry and entry.data else None
    types = read.types.values() if read else ()
    others = [
        f"{t.name}: {t.command}" for t in types if t.line != evidence.line and t.name != ROUTED
    ]
    return "".join(f"{text}\n" for text in (line, *others))
