"""A page for the terminal: prose is wrapped, code is not, and everything is made visible.

No third-party package: `parity check` prints a page too, on every commit.
"""

import re

from parity.system.text import cells, clip, inert, visible

STYLES = {
    "fail": "1;31",
    "warn": "1;33",
    "unknown": "1;35",
    "note": "36",
    "good": "1;32",
    "strong": "1",
    "dim": "2",
    "added": "32",
    "removed": "31",
}
"""The SGR parameters of each style, for a terminal of eight colours (ECMA-48)."""

NARROWEST = 40
LONGEST = 300
"""Characters of a log line: enough for a router's line up to its status (ours)."""

_WORDS = r"(?:[^\s`]|`[^`\n]*`|`)+"
"""A word, or a command between backticks, which stays in one piece for copying."""


class Page:
    """Lines of at most `width` columns, except for what must stay in one piece."""

    def __init__(self, width: int, colour: bool) -> None:
        self.width = max(NARROWEST, width)
        self._colour = colour
        self._lines: list[str] = []

    def blank(self) -> None:
        """Add an empty line, never two in a row and none at the top."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def prose(
        self, text: str, *, label: str = "", indent: int = 0, style: str = "", body: str = ""
    ) -> None:
        """Add wrapped text after a `label` in `style`; all rows are aligned with its first word.

        Lines of `text` that begin with two spaces are code and stay as they are.
        """
        room = self.width - indent
        hang = _hang(label, room)
        rows = wrap(text, room - hang, room - cells(label))
        self._hung(rows, label, hang, indent, (style, body))

    def verbatim(self, text: str, *, label: str = "", indent: int = 0, style: str = "") -> None:
        """Add a line of a log with its spaces, folded at the edge, and truncated if very long."""
        room = self.width - indent - cells(label)
        text = clip(visible(text).replace("\n", "\\n").expandtabs(4), LONGEST)
        self._hung(fold(text, room), label, cells(label), indent, (style, style))

    def code(self, text: str, *, indent: int = 0, style: str = "") -> None:
        """Add a line that is neither folded nor wrapped."""
        self._line([("", " " * indent), (style, visible(text))])

    def _hung(
        self, rows: list[str], label: str, hang: int, indent: int, styles: tuple[str, str]
    ) -> None:
        style, body = styles
        for number, row in enumerate(rows or [""]):
            head = label if number == 0 else " " * hang
            self._line([("", " " * indent), (style, head), (body, row)])

    def _line(self, parts: list[tuple[str, str]]) -> None:
        plain = "".join(text for _, text in parts).rstrip()
        if inert(plain) != plain or not self._colour:
            self._lines.append(inert(plain))
            return
        painted, room = "", len(plain)
        for style, text in parts:
            painted += _painted(style, text[:room])
            room = max(0, room - len(text))
        self._lines.append(painted)

    def __str__(self) -> str:
        while self._lines and not self._lines[-1]:
            self._lines.pop()
        return "".join(f"{line}\n" for line in self._lines)


def _painted(style: str, text: str) -> str:
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if style and text.strip() else text


def _hang(label: str, room: int) -> int:
    """Return the indent of the rows below a label: under its text, unless that is too narrow."""
    return cells(label) if cells(label) <= room // 2 else 2


def wrap(text: str, width: int, first: int | None = None) -> list[str]:
    """Return `text`, made visible, in rows of `width` columns; the `first` may be shorter.

    A single word that is longer overflows.
    """
    rows: list[str] = []
    for paragraph in visible(text).expandtabs(4).split("\n"):
        if paragraph.startswith("  "):
            rows.append(paragraph.rstrip())
        else:
            words = re.findall(_WORDS, paragraph)
            rows += _filled(words, width, width if rows or first is None else first)
    return rows


def _filled(words: list[str], width: int, first: int) -> list[str]:
    rows = [""]
    for word in words:
        room = first if len(rows) == 1 else width
        begun = rows[-1] or room < width
        if begun and cells(rows[-1]) + bool(rows[-1]) + cells(word) > room:
            rows.append(word)
        else:
            rows[-1] = f"{rows[-1]} {word}" if rows[-1] else word
    return rows


def fold(text: str, width: int) -> list[str]:
    """Split `text` into pieces of `width` columns, at a space if one is in the last two thirds."""
    rows = []
    while cells(text) > width:
        cut = width
        while cells(text[:cut]) > width:
            cut -= 1
        space = text.rfind(" ", cut // 3, cut)
        cut = space if space > 0 else cut
        rows.append(text[:cut])
        text = text[cut:].lstrip(" ")
    return [*rows, text]
