"""Changes of single lines in text files, which keep byte order mark, line ends and mode."""

from collections.abc import Mapping

from parity.push import worktree
from parity.records import Entry, Pushed, Record
from parity.records.verdict import Finding
from parity.rehearsal.edits.tree import with_entries

_BOM = b"\xef\xbb\xbf"


def body(pushed: Pushed, path: str) -> bytes | None:
    """Return a file's bytes after its byte order mark; None if it is not plain text in UTF-8."""
    entry = pushed.source.entries.get(path)
    if (
        entry is None
        or entry.data is None
        or entry.mode not in (worktree.FILE, worktree.EXECUTABLE)
    ):
        return None
    try:
        text = entry.data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    plain = "\0" not in text and len(text.split("\n")) - text.endswith("\n") == len(
        text.splitlines() or [""]
    )
    return entry.data.removeprefix(_BOM) if plain else None


def with_body(pushed: Pushed, path: str, data: bytes) -> Pushed:
    """Put `data` into the file `path`, whose byte order mark, if any, and mode stay."""
    old = pushed.source.entries.get(path)
    marked = old is not None and (old.data or b"").startswith(_BOM)
    whole = _BOM + data if marked else data
    mode = old.mode if old else worktree.FILE
    return with_entries(pushed, {path: Entry(mode, len(whole), None, whole)})


def replaced(pushed: Pushed, path: str, lines: Mapping[int, str]) -> Pushed | None:
    """Replace lines of a file, by number; return None if that is not possible."""
    data = body(pushed, path)
    if data is None:
        return None
    old = data.decode().split("\n")
    if not all(0 < number <= len(old) for number in lines):
        return None
    for number, text in lines.items():
        old[number - 1] = text + ("\r" if old[number - 1].endswith("\r") else "")
    return with_body(pushed, path, "\n".join(old).encode())


def added(pushed: Pushed, path: str, line: str, *, first: bool = False) -> Pushed | None:
    """Add a line to a file, at its end or as the first, or create the file."""
    if path not in pushed.source.entries:
        return with_body(pushed, path, f"{line}\n".encode())
    data = body(pushed, path)
    if data is None:
        return None
    end = "\r\n" if b"\r\n" in data else "\n"
    text = data.decode()
    if first:
        return with_body(pushed, path, f"{line}{end}{text}".encode())
    gap = "" if not text or text.endswith("\n") else end
    return with_body(pushed, path, f"{text}{gap}{line}{end}".encode())


def as_advised(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Replace the line of a source file that the finding advises to replace; its indent stays."""
    edits = (evidence.edit for evidence in finding.evidence)
    edit = next((edit for edit in edits if edit and edit.line is not None), None)
    data = body(pushed, edit.file) if edit else None
    if edit is None or edit.line is None or data is None:
        return None
    old = data.decode().split("\n")[edit.line - 1]
    indent = old[: len(old) - len(old.lstrip())]
    changed = replaced(pushed, edit.file, {edit.line: f"{indent}{edit.new}"})
    return (f"line {edit.line} of {edit.file}", changed) if changed else None
