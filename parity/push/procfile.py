"""Parser for the Procfile, as Heroku's classic build system reads it: one pattern for each line.

There is no other grammar, and lines that do not match are silently dropped:
https://github.com/heroku/buildpacks-procfile/blob/main/SPEC.md (documented).
"""

import re
from typing import Literal, TypeAlias

from parity.facts.procfile import CLASSIC
from parity.records import ProcessType, Procfile

Encoding: TypeAlias = Literal["utf-8", "utf-8-sig", "utf-16", "binary"]

_CLASSIC = re.compile(CLASSIC)
_SAMPLE = 4096


def parse(path: str, data: bytes) -> Procfile:
    """Parse the Procfile `data` as Heroku does; `path` is for the report.

    Lines end at `\\n`. A `\\r` at the end of a line is dropped: whether Heroku keeps it is unknown,
    and apps with such files run. A type without a command is ignored; the last duplicate wins.
    Nothing matches in UTF-16, which is decoded only to explain it.
    """
    encoding, text = _decoded(data)
    lines = tuple(line.removesuffix("\r") for line in text.split("\n"))
    types: dict[str, ProcessType] = {}
    ignored = []
    for number, line in enumerate(lines, 1):
        entry = None if encoding == "utf-16" else _process(line, number)
        if entry:
            types[entry.name] = entry
        elif not _blank(line):
            ignored.append((number, line))
    return Procfile(path, encoding, types, tuple(ignored), lines)


def _process(line: str, number: int) -> ProcessType | None:
    match = _CLASSIC.match(line)
    if not match or not match[2].strip() or "\0" in line:
        return None
    return ProcessType(match[1], match[2], number)


def _blank(line: str) -> bool:
    text = line.lstrip("\ufeff").strip()
    return not text or text.startswith("#")


def _decoded(data: bytes) -> tuple[Encoding, str]:
    """Return the encoding and the text; in UTF-8 a byte order mark stays, as on Heroku."""
    wide = _utf16(data)
    if wide:
        return "utf-16", data.decode(wide, "replace").lstrip("\ufeff")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return "binary", data.decode("utf-8", "backslashreplace")
    if text.startswith("\ufeff"):
        return "utf-8-sig", text
    return ("binary" if "\0" in text else "utf-8"), text


def _utf16(data: bytes) -> str | None:
    """Return the UTF-16 codec of `data`, judged by its mark or by a NUL in every second byte."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16-le" if data[0] == 0xFF else "utf-16-be"
    sample = data[:_SAMPLE]
    half = len(sample) // 2
    if half and sample[1::2].count(0) > 0.8 * half and not sample[::2].count(0):
        return "utf-16-le"
    if half and sample[::2].count(0) > 0.8 * half and not sample[1::2].count(0):
        return "utf-16-be"
    return None
