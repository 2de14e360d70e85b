"""Edits of the app's JavaScript: the port and the host of the only `listen` call."""

import re

from parity.records import Boot, Listener, Pushed, Record
from parity.records.verdict import Finding
from parity.rehearsal.edits.lines import body, replaced
from parity.rules.views.listeners import main_listener
from parity.rules.views.node_listeners import LOCAL, host
from parity.rules.views.node_source import SUFFIXES, found

_CALL = re.compile(r"\.listen\(\s*([^\s,){}]+)")
_OPTION = re.compile(r"\.listen\(\s*\{[^{}]*\bport\s*:\s*(\d++)[^{}]*\}")


def listens_on_port(pushed: Pushed, record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Make the call listen on $PORT, and not on a host that only the dyno itself can reach."""
    evidence = finding.evidence[0]
    listener = main_listener(record) if isinstance(record, Boot) else None
    file = evidence.file or ""
    if not file.endswith(SUFFIXES) or listener is None or not isinstance(record, Boot):
        return None
    if len(list(found(pushed.source, r"\.listen\("))) != 1 or body(pushed, file) is None:
        return None
    line = _text(pushed, file, evidence.line or 0)
    new: dict[int, str] | None = {evidence.line or 0: line}
    if listener.loopback:
        new = _anywhere(line, evidence.line or 0) or _named(pushed, file, line)
    if new is not None and listener.port != record.port:
        new = _port(pushed, file, new, listener)
    edited = replaced(pushed, file, new) if new else None
    changed = edited is not None and edited.source.entries[file] != pushed.source.entries[file]
    kinds = ["0.0.0.0"] * listener.loopback + ["$PORT"] * (listener.port != record.port)
    what = f"{' and '.join(kinds)} in {file}:{evidence.line}"
    return (what, edited) if edited and changed else None


def _text(pushed: Pushed, file: str, number: int) -> str:
    lines = (body(pushed, file) or b"").decode().split("\n")
    return lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""


def _anywhere(line: str, number: int) -> dict[int, str] | None:
    """Return the line with 0.0.0.0 as its host; None if it does not name one host."""
    call = line.partition(".listen(")[2].partition("=>")[0]
    if len(LOCAL.findall(call)) != 1:
        return None
    at = line.index(call)
    return {number: line[:at] + LOCAL.sub(r"\g<1>0.0.0.0\1", line[at:], count=1)}


def _named(pushed: Pushed, file: str, line: str) -> dict[int, str] | None:
    """Return the line that sets the call's host, with 0.0.0.0 instead."""
    place = host(pushed.source, file, line)
    if place is None:
        return None
    return {place.line: LOCAL.sub(r"\g<1>0.0.0.0\1", _text(pushed, file, place.line), count=1)}


def _port(
    pushed: Pushed, file: str, lines: dict[int, str], listener: Listener
) -> dict[int, str] | None:
    """Return the lines with $PORT before the number of the listener's port."""
    ((number, line),) = lines.items()
    right = f"process.env.PORT || {listener.port}"
    match = _CALL.search(line) or _OPTION.search(line)
    if match and match[1] == str(listener.port):
        return {number: f"{line[: match.start(1)]}{right}{line[match.end(1) :]}"}
    if match is None or not re.fullmatch(r"[A-Za-z_$][\w$]*", match[1]):
        return None
    name = re.escape(match[1])
    places = list(found(pushed.source, rf"(?:^|[^\w$.]){name}\s*=(?!=|>)"))
    if len(places) != 1 or places[0].file != file or places[0].line == number:
        return None
    text = _text(pushed, file, places[0].line)
    set_to = re.fullmatch(rf"(\s*(?:const|let|var)\s+{name}\s*=\s*){listener.port}(;?\s*)", text)
    return {**lines, places[0].line: f"{set_to[1]}{right}{set_to[2]}"} if set_to else None
