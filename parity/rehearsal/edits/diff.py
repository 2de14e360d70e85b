"""The diff of an edit, in the form that `git apply` takes."""

import difflib
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from parity.push import worktree
from parity.records import Entry, Source

Changes: TypeAlias = Mapping[str, tuple[Entry | None, Entry | None]]
LONGEST = 256 * 1024
"""The most bytes of a file that a diff shows (ours)."""


def changes(old: Source, new: Source) -> Changes:
    """Return the old and the new entry of every changed path (None: no file)."""
    paths = dict.fromkeys((*old.entries, *new.entries))
    pairs = {path: (old.entries.get(path), new.entries.get(path)) for path in paths}
    return {path: pair for path, pair in pairs.items() if pair[0] != pair[1]}


def unified(changed: Changes, prefix: str = "") -> str | None:
    """Return the diff of all files; None if it is empty, or a file is not text in UTF-8.

    `prefix` leads to the app's folder from the one where `git apply` looks for the files.
    """
    parts = [_file(f"{prefix}{path}", *pair) for path, pair in changed.items()]
    texts = [part for part in parts if part is not None]
    return "".join(texts) if texts and len(texts) == len(parts) else None


def _file(path: str, old: Entry | None, new: Entry | None) -> str | None:
    before, after = _text(old), _text(new)
    plain = path.isprintable() and not set(path) & set('"\\')
    if before is None or after is None or not plain:
        return None
    head = "".join(f"{line}\n" for line in (f"diff --git a/{path} b/{path}", *_modes(old, new)))
    names = (
        "/dev/null" if old is None else f"a/{path}",
        "/dev/null" if new is None else f"b/{path}",
    )
    blanks = tuple(f"{name}\t" if " " in name else name for name in names)
    return head + "".join(_hunks(before, after, *blanks))


def _modes(old: Entry | None, new: Entry | None) -> Iterator[str]:
    if old is None and new:
        yield f"new file mode {new.mode:o}"
    elif new is None and old:
        yield f"deleted file mode {old.mode:o}"
    elif old and new and old.mode != new.mode:
        yield f"old mode {old.mode:o}"
        yield f"new mode {new.mode:o}"


def _text(entry: Entry | None) -> str | None:
    """Return a file's text; empty if there is no file, None if it is not text."""
    if entry is None:
        return ""
    regular = entry.data is not None and entry.mode in (worktree.FILE, worktree.EXECUTABLE)
    if not regular or entry.data is None or len(entry.data) > LONGEST or b"\0" in entry.data:
        return None
    try:
        return entry.data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _hunks(before: str, after: str, old: str, new: str) -> Iterator[str]:
    """Yield the diff's lines; only `\\n` ends a line, as in git."""
    for line in difflib.unified_diff(_lines(before), _lines(after), old, new):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    return [f"{line}\n" for line in text.split("\n")[:-1]] + [
        line for line in text.split("\n")[-1:] if line
    ]
