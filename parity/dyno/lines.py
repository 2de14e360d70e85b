"""A dyno's output, cut into lines in bounded memory.

Longer lines are cut at 10,000 bytes: https://devcenter.heroku.com/articles/limits#logging.
"""

import os

LONGEST = 10_000
"""The most bytes of a log line; the rest becomes the next line (documented)."""

READ = 1 << 18
"""The most bytes read at once."""


class Lines:
    """Cuts a stream of bytes into lines."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that `data` completes."""
        whole, end, rest = (self._rest + data).rpartition(b"\n")
        self._rest = rest
        lines = _lines(whole) if end else []
        while len(self._rest) > LONGEST:
            lines.append(_text(self._rest[:LONGEST]))
            self._rest = self._rest[LONGEST:]
        return lines

    def end(self) -> list[str]:
        """Return the last line, if it came without a line end."""
        rest, self._rest = self._rest, b""
        return [_text(rest)] if rest else []


def read(fd: int, lines: Lines) -> list[str] | None:
    """Return the lines that can be read now; None at the end of the stream."""
    try:
        data = os.read(fd, READ)
    except BlockingIOError:
        return []
    return lines.feed(data) if data else None


def _lines(data: bytes) -> list[str]:
    """Return the lines of `data`; decodes ordinary ones all at once, as a flood of lines needs."""
    if b"\r" not in data:
        pieces = data.split(b"\n")
        if len(max(pieces, key=len)) <= LONGEST:
            try:
                return data.decode().split("\n")
            except UnicodeDecodeError:
                return [_text(piece) for piece in pieces]
    return [_text(piece) for line in data.split(b"\n") for piece in _cut(line)]


def _cut(line: bytes) -> list[bytes]:
    line = line.removesuffix(b"\r")
    return [line[n : n + LONGEST] for n in range(0, len(line), LONGEST)] or [b""]


def _text(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace")
