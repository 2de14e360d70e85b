"""The line of the app that is to blame, with a mark below the column."""

import os
from pathlib import Path

from parity.records import Source
from parity.records.verdict import Evidence
from parity.report.page import Page
from parity.system.text import cells, visible

TAB = 4


def place(evidence: Evidence) -> str:
    """Return `file:line:column`, as far as known; empty without a file."""
    parts = (evidence.file, evidence.line, evidence.column if evidence.line else None)
    return ":".join(str(part) for part in parts if part is not None) if evidence.file else ""


def place_here(source: Source | None, evidence: Evidence) -> str:
    """Return the place with a path from the current folder, which terminals and editors open."""
    where = place(evidence)
    if source is None or not evidence.file or evidence.file.startswith("/"):
        return where
    root = source.root
    if root.is_absolute() and root.is_relative_to(_current()):
        root = Path(os.path.relpath(root, _current()))
    return where if root == Path() else f"{root}/{where}"


def _current() -> str:
    try:
        return os.getcwd()  # noqa: PTH109
    except OSError:  # it was deleted
        return "/"


def frame(page: Page, source: Source | None, evidence: Evidence, *, indent: int = 0) -> None:
    """Print the place of the evidence, and its line if the tree has it."""
    rows = lines(source, evidence)
    number = str(evidence.line or "")
    gutter = " " * len(number)
    page.code(f"{gutter}--> {visible(place_here(source, evidence))}", indent=indent, style="note")
    if not rows or not evidence.line:
        return
    room = page.width - indent - len(number) - 3
    shown, caret = _window(rows[evidence.line - 1], evidence.column, room)
    page.code(f"{gutter} |", indent=indent, style="dim")
    page.code(f"{number} | {shown}", indent=indent)
    if caret is not None:
        page.code(f"{gutter} | {' ' * caret}^", indent=indent, style="fail")


def lines(source: Source | None, evidence: Evidence) -> list[str]:
    """Return the lines of the file that the evidence names.

    Empty if its line does not exist, or is not text (UTF-16, a binary file).
    """
    text = source.text(evidence.file) if source and evidence.file else None
    rows = text.removesuffix("\n").split("\n") if text else []
    if not evidence.line or evidence.line > len(rows) or "\0" in rows[evidence.line - 1]:
        return []
    return [line.rstrip("\r") for line in rows]


def _window(text: str, column: int | None, room: int) -> tuple[str, int | None]:
    """Return as much of a line as fits, around the column, and the position of the mark."""
    shown = visible(text).expandtabs(TAB).rstrip()
    if column is None or not 1 <= column <= len(text) + 1:
        return (shown if cells(shown) <= room else f"{_head(shown, room - 1)}…"), None
    before = visible(text[: column - 1]).expandtabs(TAB)
    if cells(shown) <= room:
        return shown, cells(before)
    start = max(0, len(before) - room // 2)
    left = "…" if start else ""
    body = _head(shown[start:], room - 1 - len(left))
    right = "…" if start + len(body) < len(shown) else ""
    return f"{left}{body}{right}", cells(left) + cells(before[start:])


def _head(text: str, room: int) -> str:
    """Return the characters of `text` that fit into `room` columns."""
    end = min(len(text), room)
    while cells(text[:end]) > room:
        end -= 1
    return text[:end]
