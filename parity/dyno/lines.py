"""A dyno's output as lines, in bounded memory.

Longer lines are cut at 10,000 bytes: https://devcenter.heroku.com/articles/limits#logging.
"""

import os

LONGEST = 10_000
"""Bytes of a log line; the rest becomes the next line (documented)."""


class Lines:
    """Cuts a stream of bytes into lines."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        while len(self._rest) > LONGEST:
            lines.append(self._rest[:LONGEST])
            self._rest = self._rest[LONGEST:]
        return [_text(piece) for line in lines for piece in _cut(line)]

    def end(self) -> list[str]:
        """What came without a line end."""
        rest, self._rest = self._rest, b""
        return [_text(rest)] if rest else []


def read(fd: int, lines: Lines) -> list[str] | None:
    """The lines that are there now; None at the end of the stream."""
    try:
        data = os.read(fd, 65536)
    except BlockingIOError:
        return []
    return lines.feed(data) if data else None


def _cut(line: bytes) -> list[bytes]:
    line = line.removesuffix(b"\r")
    return [line[n : n + LONGEST] for n in range(0, len(line), LONGEST)] or [b""]


def _text(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace")
