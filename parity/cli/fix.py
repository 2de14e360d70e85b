"""`parity run --fix`: writes the edits that were proved safe in a copy to the user's own files.

All of them or none: each file must still hold what was tested, and no link is followed.
"""

import argparse
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO, NamedTuple

from parity.push import worktree
from parity.records import Entry, Source
from parity.records.verdict import Fix, Verdict
from parity.report.diffs import together
from parity.report.next_step import git, typed_path
from parity.rules.shell import word
from parity.system.errors import Usage

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class FixRefused(Exception):
    """The reason why nothing changed."""


class Write(NamedTuple):
    """The change of one file; `data` None: it is deleted. `mode` are its permissions.

    `before` are its previous bytes and permissions (None: there was no file).
    """

    path: str
    data: bytes | None
    mode: int
    before: tuple[bytes, int] | None = None


def check(arguments: argparse.Namespace) -> None:
    """Raise `Usage` if nothing could be written whatever the rehearsal shows."""
    if arguments.force:
        return
    from parity.push.source import read

    source = read(Path(arguments.path))
    try:
        _undoable(source)
    except FixRefused as refused:
        raise Usage(f"--fix: nothing changed: {refused}") from refused


def _undoable(source: Source) -> None:
    """Raise `FixRefused` if git could not restore what was there before."""
    if source.kind == "folder":
        raise FixRefused(
            "this folder is not in git, so a change could not be undone; --force writes anyway"
        )
    if source.uncommitted:
        more = f" and {len(source.uncommitted) - 1} more" if source.uncommitted[1:] else ""
        named = f"{source.uncommitted[0]}{more}"
        raise FixRefused(f"{named}: not committed yet; commit first, or --force writes anyway")


def run(arguments: argparse.Namespace, verdict: Verdict, masked: Verdict) -> None:
    """Make the safe fixes of `verdict`, and report them, or why they were refused."""
    from parity.system.text import emit

    out = sys.stdout if arguments.format in ("full", "concise") else sys.stderr
    emit("".join(f"{line}\n" for line in _messages(arguments, verdict, masked)), out)


def _messages(arguments: argparse.Namespace, verdict: Verdict, masked: Verdict) -> Iterator[str]:
    from parity.system.text import oneline

    if verdict.interrupted is not None or verdict.source is None or not verdict.fixes:
        why = "nothing to fix" if verdict.verdict == "works" else "no fix was proved safe"
        yield f"parity: nothing changed: {why}"
        return
    try:
        written = apply(verdict.source, verdict.fixes, force=arguments.force)
    except FixRefused as refused:
        yield f"parity: nothing changed: {oneline(str(refused))}"
        return
    for fix in masked.fixes:
        yield f"fixed[{fix.finding}]: {oneline(fix.what)}"
    for write in written:
        yield f"  {'deleted' if write.data is None else 'wrote'} {oneline(write.path)}"
    yield f"next: {oneline(_next(verdict.source, written))}"


def _next(source: Source, written: list[Write]) -> str:
    if source.kind == "folder":
        return f"parity run{typed_path(source)}"
    here, paths = git(source.root), " ".join(word(write.path) for write in written)
    return f'{here} add -A -- {paths} && {here} commit -m "Fix the deploy"'


def apply(source: Source, fixes: tuple[Fix, ...], *, force: bool) -> list[Write]:
    """Write the fixes into the files under `source.root`, or raise `FixRefused` and change none."""
    if source.kind == "folder" and not force:
        _undoable(source)
    planned = [_planned(source, path, *pair, force=force) for path, pair in together(fixes).items()]
    planned.sort(key=lambda write: write.data is None)
    done: list[Write] = []
    try:
        for write in planned:
            _write(source.root, write)
            done.append(write)
    except OSError as error:
        for write in done:
            _write(source.root, _undone(write))
        raise FixRefused(f"{error.filename or 'a file'}: {error.strerror}") from error
    return planned


def _undone(write: Write) -> Write:
    data, mode = write.before or (None, 0)
    return Write(write.path, data, mode)


def _planned(
    source: Source, path: str, old: Entry | None, new: Entry | None, *, force: bool
) -> Write:
    """Return the write for one path. Raises `FixRefused`."""
    if path in source.uncommitted and not force:
        raise FixRefused(f"{path}: not committed yet; commit first, or --force writes anyway")
    current = _current(source.root, path)
    if old is None:
        if current is not None or path in source.absent:
            raise FixRefused(f"{path} is on disk already, and git does not have it")
        return Write(path, new.data if new else None, 0o666 & ~_umask())
    if current is None:
        raise FixRefused(f"{path} is no longer a regular file")
    data, mode = current
    if new is None:
        _fitted(path, data, old.data, b"")
        return Write(path, None, mode, current)
    if new.mode == worktree.EXECUTABLE and old.mode != new.mode:
        mode |= (mode & 0o444) >> 2
    return Write(path, _fitted(path, data, old.data, new.data), mode, current)


def _fitted(path: str, here: bytes, old: bytes | None, new: bytes | None) -> bytes:
    """Return the new content, with CRLF line ends if git has converted them on disk."""
    if old is not None and new is not None:
        if here == old:
            return new
        if b"\r" not in old + new and here == old.replace(b"\n", b"\r\n"):
            return new.replace(b"\n", b"\r\n")
    raise FixRefused(f"{path} has changed since it was tested")


def _umask() -> int:
    now = os.umask(0o077)
    os.umask(now)
    return now


@contextmanager
def _folder(root: Path, path: str) -> Iterator[tuple[int, str]]:
    """Open the folder that holds `path`, following no link below `root`; yield it and the name."""
    *folders, name = path.split("/")
    if {"", ".", "..", ".git"} & {*folders, name}:
        raise FixRefused(f"{path} is not a path in the app")
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in folders:
            inner = os.open(folder, _FOLDER, dir_fd=at)
            os.close(at)
            at = inner
        yield at, name
    finally:
        os.close(at)


def _current(root: Path, path: str) -> tuple[bytes, int] | None:
    """Return a file's bytes and permissions. Raises `FixRefused` for a link or a special file."""
    try:
        with _folder(root, path) as (at, name), _opened(at, name) as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise FixRefused(f"{path} is not a regular file")
            return file.read(), stat.S_IMODE(mode)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FixRefused(f"{path}: {error.strerror} (a link is not followed)") from error


def _opened(at: int, name: str) -> BinaryIO:
    return os.fdopen(os.open(name, _FILE, dir_fd=at), "rb")


def _write(root: Path, write: Write) -> None:
    """Replace the file in one step: a reader sees either the old one or the new one."""
    with _folder(root, write.path) as (at, name):
        if write.data is None:
            os.unlink(name, dir_fd=at)
            return
        temporary = f".{name[:100]}.parity-{token_hex(4)}"
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(temporary, flags, 0o600, dir_fd=at), "wb") as file:
                file.write(write.data)
                file.flush()
                os.fchmod(file.fileno(), write.mode)
                os.fsync(file.fileno())
            os.replace(temporary, name, src_dir_fd=at, dst_dir_fd=at)
        except OSError:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=at)
            raise
