"""Parsers for the output of git's plumbing about trees and the index."""

import os
import re
from typing import NamedTuple

_ENTRY = re.compile(
    rb"(\d{6}) ([0-9a-f]+) (\d)\t([^\0]+)\0  ctime: [^\n]*\n  mtime: (\d+):(\d+)\n"
    rb"[^\n]*\n[^\n]*\n  size: (\d+)\tflags: ([0-9a-f]+)\n"
)

_LISTED = re.compile(rb"(\d{6}) \w+ ([0-9a-f]+)(?: +(?:(\d+)|-))?\t([^\0]+)\0")

NOT_LOOKED_AT = 0x4000_8000
"""The flags CE_SKIP_WORKTREE and CE_VALID of an index entry (git's read-cache.h)."""


def names(out: bytes) -> list[str]:
    """Return the NUL-separated paths in `out`."""
    return [os.fsdecode(name) for name in out.split(b"\0") if name]


class Stat(NamedTuple):
    """A tracked path in the index, with the state of the file on disk that git remembers.

    `skipped`: git does not look at the disk (sparse checkout, assume-unchanged).
    """

    mode: int
    oid: str
    mtime: tuple[int, int]
    size: int
    skipped: bool = False


def index(out: bytes) -> dict[str, Stat]:
    """Parse the output of `ls-files -z -s --debug`, by path; an unmerged path has our side."""
    return {
        os.fsdecode(path): Stat(
            int(mode, 8),
            oid.decode(),
            (int(sec), int(nano)),
            int(size),
            int(flags, 16) & NOT_LOOKED_AT != 0,
        )
        for mode, oid, stage, path, sec, nano, size, flags in _ENTRY.findall(out)
        if stage in (b"0", b"2")
    }


def unmerged(out: bytes) -> tuple[str, ...]:
    """Return the unmerged paths in the output of `ls-files -z -s --debug`."""
    paths = {os.fsdecode(entry[3]) for entry in _ENTRY.findall(out) if entry[2] != b"0"}
    return tuple(sorted(paths))


def tree(out: bytes) -> dict[str, tuple[int, str, int]]:
    """Parse the output of `ls-tree -rlz`, by path: mode, object, size in bytes (0 without -l)."""
    return {
        os.fsdecode(path): (int(mode, 8), oid.decode(), int(size or 0))
        for mode, oid, size, path in _LISTED.findall(out)
    }
