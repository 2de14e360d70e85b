"""Reading of the files on disk, without following links and without changing anything."""

import os
import re
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from parity.push import git, listing
from parity.records import TEXT_LIMIT, Entry
from parity.system import interrupt

if TYPE_CHECKING:
    from hashlib import _Hash

FILE, EXECUTABLE, LINK, SUBMODULE = 0o100644, 0o100755, 0o120000, 0o160000
POINTER = 200
"""Size in bytes below which a file named like a picture or model may be a Git LFS pointer.

https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md (documented)."""

LONGEST = 200
"""The longest path that is shown whole, in characters (ours)."""

BUDGET = 64 * 1024 * 1024
"""Bytes of content that are kept for the rules, in all files together."""

LARGE = 16 * 1024 * 1024
"""Size in bytes above which a file is read and written in pieces (ours)."""

BINARY = re.compile(
    r"\.(png|jpe?g|gif|ico|webp|svg|pdf|zip|t?gz|bz2|xz|7z|woff2?|ttf|otf|eot|mp[34]|mov|avi|so|dll"
    r"|dylib|exe|bin|db|sqlite3?|pkl|npy|h5|pt|whl|jar|class|pyc)$",
    re.IGNORECASE,
)
"""Names of binary files, which explain nothing."""


def encoded(path: str) -> bytes:
    """Return a path as the bytes that git has."""
    return os.fsencode(path)


def decoded(path: bytes) -> str:
    """Return a path from git as text; bytes that are not UTF-8 are preserved."""
    return os.fsdecode(path)


def mtime(path: Path) -> int:
    """Return the time of the last change in nanoseconds, 0 if there is no such file."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def as_committed(
    app: Path, path: str, indexed: listing.Stat, *, racy: int, crlf: bool
) -> Entry | None:
    """Return what a commit would record for a tracked path; None if it is gone.

    A file as old as the index may have changed within a tick of the clock, so its content decides.
    """
    if indexed.mode == SUBMODULE or indexed.skipped:
        return Entry(indexed.mode, indexed.size, indexed.oid, None)
    where = f"{app}/{path}"
    try:
        status = os.lstat(where)
    except OSError:
        return None
    seconds, nanoseconds = indexed.mtime
    then = seconds * 10**9 + nanoseconds
    mode = _mode(status.st_mode)
    same = (status.st_mtime_ns, status.st_size) == (then, indexed.size) and then < racy
    if mode is None or (same and stat.S_IFMT(mode) == stat.S_IFMT(indexed.mode)):
        return Entry(mode or indexed.mode, indexed.size, indexed.oid, None)
    if not reachable(app, path):
        return None
    if status.st_size > LARGE and mode != LINK:
        unchanged = large_id(where, indexed.oid) == indexed.oid
        return Entry(mode, status.st_size, indexed.oid if unchanged else None, None)
    data = content(Path(where), mode)
    if data is None or indexed.oid in (blob_id(data, indexed.oid), _plain(data, indexed.oid, crlf)):
        return Entry(mode, indexed.size, indexed.oid, None)
    return Entry(mode, len(data), None, data if len(data) <= TEXT_LIMIT else None)


def reachable(app: Path, path: str) -> bool:
    """Return whether a path of the index leads into the tree through no link: git follows none."""
    folders = [f"{app}/{path[:at]}" for at, letter in enumerate(path) if letter == "/"]
    return proper(path) and not any(map(os.path.islink, folders))


def _mode(mode: int) -> int | None:
    """Return git's mode for a file on disk; None for what git never keeps (a folder, a socket)."""
    if stat.S_ISLNK(mode):
        return LINK
    if not stat.S_ISREG(mode):
        return None
    return EXECUTABLE if mode & 0o100 else FILE


def _plain(data: bytes, oid: str, crlf: bool) -> str:
    return blob_id(data.replace(b"\r\n", b"\n"), oid) if crlf else ""


def blob_id(data: bytes, like: str) -> str:
    """Return the object id of a blob, by the hash algorithm of the object id `like`."""
    return _hash(b"blob %d\0" % len(data) + data, like).hexdigest()


def large_id(path: str, like: str) -> str:
    """Return the object id of a file too large for memory; `like` if it cannot be opened."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return like
    with os.fdopen(fd, "rb", buffering=0) as file:
        digest = _hash(b"blob %d\0" % os.fstat(fd).st_size, like)
        while data := file.read(LARGE):
            interrupt.check()
            digest.update(data)
    return digest.hexdigest()


def _hash(data: bytes, like: str) -> "_Hash":
    """Return a hash of `data`, by the algorithm of the object id `like`."""
    from hashlib import sha1, sha256

    return (sha1 if len(like) == 40 else sha256)(data, usedforsecurity=False)


def content(path: Path, mode: int) -> bytes | None:
    """Return a file's bytes or a link's target; None if it cannot be read. No link is followed."""
    try:
        if mode == LINK:
            return os.fsencode(path.readlink())
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(fd, "rb") as file:
        return file.read()


def walk(
    app: Path, without: frozenset[str] = frozenset()
) -> tuple[dict[str, Entry], dict[str, str]]:
    """Return every file of a folder without git, and the reason for each one that was not read.

    `without` lists what to skip: files, and folders with a final `/`.
    """
    entries: dict[str, Entry] = {}
    unread: dict[str, str] = {}
    todo = [""]
    while todo:
        interrupt.check()
        prefix = todo.pop()
        try:
            with os.scandir(app / prefix) as listed:
                for item in listed:
                    path = prefix + item.name
                    mode = _mode(item.stat(follow_symlinks=False).st_mode)
                    if item.is_dir(follow_symlinks=False):
                        gone = item.name == ".git" or f"{path}/" in without
                        todo += [] if gone else [f"{path}/"]
                    elif mode is not None and path not in without:
                        size = item.stat(follow_symlinks=False).st_size
                        entries[path] = Entry(mode, size, None, None)
        except OSError as error:
            unread[_shown(prefix) or "."] = error.strerror or str(error)
    unread |= fill(app, entries)
    return dict(sorted(entries.items())), unread


def _shown(path: str) -> str:
    """Return a path for display, with the middle left out if it is very long."""
    return path if len(path) <= LONGEST else f"{path[: LONGEST // 2]}…{path[-LONGEST // 2 :]}"


def fill(app: Path, entries: dict[str, Entry], stores: Sequence[Path] = ()) -> dict[str, str]:
    """Load `data` for the entries that a rule may read; return those that could not be read."""
    unread: dict[str, str] = {}
    chosen = _affordable(
        {p: e for p, e in entries.items() if e.data is None and _of_interest(p, e)}
    )
    stored: dict[str, bytes] = {}
    if wanted := list(dict.fromkeys(oid for path in chosen if (oid := entries[path].oid))):
        stored = dict(git.blobs(app, wanted, stores, most=TEXT_LIMIT))
    for path in chosen:
        entry = entries[path]
        data = stored.get(entry.oid) if entry.oid else content(app / path, entry.mode)
        if data is None and not entry.oid:
            unread[path] = "permission denied"
        entries[path] = entry._replace(data=data)
    return unread


def _affordable(entries: Mapping[str, Entry]) -> list[str]:
    """Return as many paths as the budget allows, preferring those near the root."""
    left = BUDGET
    if sum(entry.size for entry in entries.values()) <= left:
        return list(entries)
    chosen: list[str] = []
    for path in sorted(entries, key=lambda path: path.count("/")):
        if entries[path].size <= left:
            left -= entries[path].size
            chosen.append(path)
    return chosen


def _of_interest(path: str, entry: Entry) -> bool:
    """Return whether a rule may want to read the file."""
    if entry.mode == SUBMODULE or entry.size > TEXT_LIMIT:
        return False
    return BINARY.search(path) is None or entry.size < POINTER


def proper(path: str) -> bool:
    """Return whether a path stays inside its tree (in a crafted tree it may not)."""
    parts = path.split("/")
    return not path.startswith("/") and ".." not in parts and ".git" not in parts
