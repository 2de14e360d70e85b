"""How a log was quoted: what a mail, a forum, a viewer or a terminal did to its lines.

It is undone only where the head of the log shows it on most lines: an app may print anything, so a
line that looks like Heroku's behind a mark of the app is not believed (forms of quotation: public
issues, forums and chats, observed).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from parity.logs.grammar import FORMS, MESSAGE, TIME

WIDEST = 160
"""The widest terminal, in columns, whose line breaks are undone."""

NEAR = 15
"""A line that is this much shorter than the widest one may have been broken between two words."""

ONE_LINE = 5
"""The largest number of lines that are taken for a log whose line ends were lost."""

MOST = 0.9
"""The part of the lines that must have a mark before it is taken for a quotation mark."""

_HEADS = tuple(p for form in FORMS if form.headed for p in form.patterns[:1])
_MARK = re.compile(r"(?:[\s>|│*•`'\"]|[-–—](?=\s)|\d{1,6}[.:)|\]]?(?=[\s|]))+")
_QUOTE = re.compile(r"^\s*(?:> ?)+")
_NUMBER = re.compile(r"^\s*(\d{1,6})[.:)|\]]?(?:[ \t]|$)")
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})[\w ]*")
_BANNER = re.compile(r"\s*> (?:(?:@[\w.-]+/)?[\w.-]+@\S+ \S+|npx \S+)")
"""The line with which npm names the package and the script that it starts."""

_BUILD = re.compile(r"-----> \S| ! {5}")
"""A line of a build as it is printed: its indent belongs to it."""

_TIMED = rf"{TIME} (?:\x1b\[[\d;]*m)*[a-z][\w-]*\[[\w.-]+\]:"
_WITHIN = re.compile(
    rf"(?:{_TIMED}|\b(?:heroku|app)\[[\w.-]+\]: |(?:\bat=\w+ )?\bcode=[HLR]\d\d desc="
    r"|\bError [HLR]\d\d \()"
)
"""Where Heroku's part begins in a line that has something before it."""


class Quotation(NamedTuple):
    """What was done to every line: `plain` undoes it.

    `width` is the number of columns at which lines were broken (0: they were not); `joined`: line
    ends were lost; `fenced`: there are lines with nothing but a Markdown fence.
    """

    plain: Callable[[str], str] | None = None
    width: int = 0
    joined: bool = False
    fenced: bool = False


def undone(lines: Iterable[str], quotation: Quotation) -> Iterator[str]:
    """Yield the lines as they were before they were quoted."""
    if quotation.fenced:
        lines = (line for line in lines if not _FENCE.fullmatch(line))
    if quotation.plain:
        lines = map(quotation.plain, lines)
    if quotation.joined:
        lines = (row for line in lines for row in re.split(rf"(?<!\s)\s+(?={_TIMED})", line))
    return _whole(lines, quotation.width) if quotation.width else iter(lines)


def quotation(head: Sequence[str]) -> Quotation:
    """Return how the log with these first lines was quoted."""
    fenced = any(map(_FENCE.fullmatch, head))
    head = [line for line in head if not _FENCE.fullmatch(line)]
    plain = _marks(head)
    head = [plain(line) for line in head] if plain else head
    return Quotation(plain, _width(head), _joined(head), fenced)


def _marks(head: Sequence[str]) -> Callable[[str], str] | None:
    """Return the function that removes the text before every line; None if there is none."""
    for known in (_headed, _message):
        clean = sum(map(known, head))
        marked = sum(known(_unmarked(line)) for line in head if not known(line))
        if marked > clean:
            return lambda line: _unmarked(line) if known(_unmarked(line)) else line
        if clean:
            return None
    if any(map(_WITHIN.search, head)):
        return _part
    return None if any(map(_BUILD.match, head)) else _common(head)


def _headed(line: str) -> bool:
    return any(pattern.match(line) for pattern in _HEADS)


def _message(line: str) -> bool:
    return bool(MESSAGE.match(line))


def _unmarked(line: str) -> str:
    match = _MARK.match(line)
    return line[match.end() :] if match else line


def _part(line: str) -> str:
    """Return Heroku's part of a line, without the words before it."""
    if "]:" not in line and "code=" not in line and "Error " not in line:
        return line  # what the pattern needs: this is ten times faster
    match = _WITHIN.search(line)
    return line[match.start() :] if match else line


def _common(head: Sequence[str]) -> Callable[[str], str] | None:
    """Return the function that removes a mark which most lines have, then the common indent."""
    rows = [line for line in head if line.strip()]
    if not rows:
        return None
    mark = next((mark for mark in (_QUOTE, _NUMBER) if _on_most(mark, rows)), None)
    rows = [mark.sub("", line, count=1) for line in rows] if mark else rows
    indent = min((len(row) - len(row.lstrip()) for row in rows if row.strip()), default=0)
    if mark is None and not indent:
        return None

    def plain(line: str) -> str:
        line = mark.sub("", line, count=1) if mark else line
        return line[indent:] if not line[:indent].strip() else line

    return plain


def _on_most(mark: re.Pattern[str], rows: Sequence[str]) -> bool:
    """Return whether most lines have the mark: for numbers, each is one more than the last."""
    matches = [mark.match(row) for row in rows]
    if sum(map(bool, matches)) < max(2, MOST * len(rows)) or any(map(_BANNER.match, rows)):
        return False
    if mark is _QUOTE:
        return True
    numbers = [int(match[1]) for match in matches if match]
    return all(0 < b - a <= 2 for a, b in pairwise(numbers))


def _joined(head: Sequence[str]) -> bool:
    """Return whether the line ends were lost: a few lines with many heads."""
    rows = [line for line in head if line.strip()]
    heads = sum(len(re.findall(_TIMED, line)) for line in rows) if len(rows) <= ONE_LINE else 0
    return heads > 2 * len(rows)


def _width(head: Sequence[str]) -> int:
    """Return the width at which a terminal or a forum broke the lines, or 0."""
    width = max(map(len, head), default=0)
    if width > WIDEST or not any(map(_headed, head)):
        return 0
    broken = any(_goes_on(a, b, width) for a, b in pairwise(head) if _headed(a))
    return width if broken else 0


def _goes_on(line: str, following: str, width: int) -> bool:
    """Return whether a line was broken, so that the following one is its rest."""
    rest = bool(following.strip()) and not _headed(following) and not _message(following)
    return rest and len(line) >= width - NEAR


def _whole(lines: Iterable[str], width: int) -> Iterator[str]:
    """Yield lines that were broken at `width` as one line each."""
    whole, last = None, ""
    for line in lines:
        if whole is not None and _goes_on(last, line, width):
            whole += line if len(last) == width else f" {line.strip()}"
        else:
            if whole is not None:
                yield whole
            whole = line
        last = line
    if whole is not None:
        yield whole
