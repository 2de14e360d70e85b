"""Text output: an app's text cannot control the terminal, and no slow reader can block parity."""

import os
import re
import select
from collections.abc import Iterable
from typing import TextIO
from unicodedata import combining, east_asian_width

from parity.system import interrupt

_NO_CHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
"""Noncharacters (https://www.unicode.org/faq/private_use.html#noncharacters)."""

_UNSAFE = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff"
    f"\ud800-\udfff\U000e0000-\U000e007f{_NO_CHARACTERS}]"
)
"""C0 except newline and tab, DEL, C1; direction and other invisible marks; noncharacters."""

_WORKFLOW = r"^(\s*):(?=:)|(#)#(?=\[|vso\[|teamcity\[)"
"""Commands of CI services: GitHub's `::error::`, Azure's and TeamCity's `##…[`."""

_PLAIN = str.maketrans({"—": "-", "–": "-", "…": "...", "→": "->", "·": "-", "’": "'"})
CLOSE = 0.7
"""The likeness, by difflib's measure, from which another word was probably meant (ours)."""

_CHUNK = 4096
"""Bytes that a ready pipe accepts without blocking (PIPE_BUF on Linux)."""

_GIVE_UP = 1.0
"""Seconds that a reader may delay parity after a signal has told it to end."""


def readable(value: str) -> str:
    """Return a string that every JSON reader accepts: bytes that are not UTF-8 as escapes."""
    return visible(value) if any("\ud800" <= c <= "\udfff" for c in value) else value


def visible(text: str) -> str:
    r"""Return `text` with every control or invisible character escaped, as `\x1b` or `\u202e`.

    Bytes of a file name that are not UTF-8 (surrogateescape) become `\xff`.
    """
    plain = text.isascii() and text.replace("\n", "").isprintable()
    return text if plain else re.sub(_UNSAFE, _escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    code -= 0xDC00 if 0xDC80 <= code <= 0xDCFF else 0
    return (
        f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    )


def inert(line: str) -> str:
    """Return `line` without anything that a CI service would take for a command."""
    if "::" not in line and "##" not in line:
        return line
    return re.sub(_WORKFLOW, lambda m: f"{m[1]}\\x3a" if m[2] is None else "#\\x23", line)


def oneline(text: str) -> str:
    r"""Return `text` visible and on one line: a newline becomes `\n`, a tab spaces."""
    return inert(visible(text).replace("\n", "\\n").expandtabs(4))


def safe(text: str) -> str:
    """Return `text` visible and inert, with its line breaks: for blocks in other formats."""
    return "\n".join(inert(line).expandtabs(4) for line in visible(text).split("\n"))


def clip(text: str, length: int) -> str:
    """Return at most `length` characters of `text`, with `…` for the rest."""
    return text if len(text) <= length else text[: length - 1] + "…"


def offered(word: str, known: Iterable[str], otherwise: str | None = None) -> str:
    """Return a suggestion for `word`: the nearest of the `known` words, or `otherwise`.

    `otherwise` None: all the known words.
    """
    from difflib import get_close_matches

    names = list(known)
    near = get_close_matches(word.lower(), names, 1, CLOSE)
    if near:
        return f". Did you mean {near[0]}?"
    return f": one of {', '.join(names)}" if otherwise is None else otherwise


def cells(text: str) -> int:
    """Return the width of `text` in a terminal: wide characters count 2, combining ones 0."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def emit(text: str, stream: TextIO | None) -> bool:
    """Write all of `text`; return False if nobody reads it. Never raises because of the stream.

    Characters that the stream's encoding lacks are escaped. It waits for a slow reader, but not for
    long once a signal has come.
    """
    return _put(text, stream, wait=True)


def offer(text: str, stream: TextIO | None) -> bool:
    """Write `text` if that is possible at once, else drop it."""
    return _put(text, stream, wait=False)


def _put(text: str, stream: TextIO | None, *, wait: bool) -> bool:
    if stream is None:
        return False
    text = _fitted(text, getattr(stream, "encoding", None) or "utf-8")
    try:
        descriptor = _descriptor(stream)
        if descriptor is not None:
            return _send(descriptor, text.encode(stream.encoding), wait=wait)
        stream.write(text)
        stream.flush()
    except (OSError, ValueError):
        return False
    return True


def _descriptor(stream: TextIO) -> int | None:
    """Flush `stream` and return its descriptor; None if it has none."""
    stream.flush()
    try:
        return stream.fileno()
    except (OSError, AttributeError):
        return None


def _fitted(text: str, encoding: str) -> str:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_PLAIN).encode(encoding, "backslashreplace").decode(encoding)
    return text


def _send(descriptor: int, data: bytes, *, wait: bool) -> bool:
    """Write in chunks that cannot block, so that a signal is always noticed."""
    rest, stalled = memoryview(data), 0.0
    ready = select.poll()
    ready.register(descriptor, select.POLLOUT)
    while rest:
        if ready.poll(100 if wait else 0):
            rest = rest[os.write(descriptor, rest[:_CHUNK]) :]
            continue
        stalled += 0.1
        if not wait or (interrupt.came() and stalled > _GIVE_UP):
            return False
    return True
