"""Finds the repository that a folder is in, as git does, before git reads anything of it.

What git would follow out of the folder, or wait for without end, is refused: the folder may come
from a stranger.
"""

import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

from parity.system.errors import Trouble

_OWN = ("HEAD", "index", "config.worktree", "commondir")
_COMMON = (
    *("config", "packed-refs", "shallow", "info/attributes", "info/exclude", "info/grafts"),
    *("objects/info/alternates", "objects/info/commit-graph"),
)
"""What git reads of a repository at once: plain files, or not there."""

_HEAD = re.compile(rb"ref:\s*(refs/[^\s\0]+)|[0-9a-f]{40}")
_WORKTREE = re.compile(rb'^[ \t]*+worktree[ \t]*+=[ \t]*+"?([^"\0\r\n]++)', re.MULTILINE)
_PARTIAL = re.compile(rb"^\s*(promisor\s*=\s*true|partialclone\s*=)", re.MULTILINE | re.I)
MOST = 64 * 1024
"""Bytes that are looked at: HEAD, `commondir` and a `.git` file hold one path each."""


class Repository(NamedTuple):
    """`top` is the folder of its files (None: it has none), `common` holds config and objects.

    Linked worktrees have a `git_dir` each and share `common`.
    """

    top: Path | None
    git_dir: Path
    common: Path


class Found(NamedTuple):
    """A folder's repositories: the one with files around it, and one without files inside that."""

    around: Repository | None
    bare: Repository | None


def find(folder: Path) -> Found:
    """The repositories that `folder` is in. Raises `Trouble` for one that git must not read."""
    start, bare = folder.resolve(), None
    device = start.stat().st_dev
    for place in (start, *start.parents):
        if place.stat().st_dev != device:
            break
        around = at(place)
        if around:
            return Found(around, bare)
        bare = bare or _opened(None, place)
    return Found(None, bare)


def at(top: Path) -> Repository | None:
    """The repository whose files are in `top` itself, if there is one. Raises `Trouble`."""
    marker = top / ".git"
    if marker.is_symlink():
        return _elsewhere(top, marker, marker)
    if not os.path.isfile(marker):  # noqa: PTH113 - false where nothing can be asked, too
        return _opened(top, marker)
    match = re.fullmatch(rb"gitdir: ([^\0]+?)[\r\n]*", _text(marker))
    return _elsewhere(top, marker, top / os.fsdecode(match[1])) if match else None


def _elsewhere(top: Path, marker: Path, named: Path) -> Repository | None:
    """The repository of a linked worktree or a submodule, which `.git` names. Raises `Trouble`."""
    git_dir = Path(os.path.realpath(named))
    if not git_dir.is_dir():
        return None
    if not git_dir.is_relative_to(top) and not _names_back(git_dir, top):
        raise _not_its_folder(top, marker, git_dir)
    return _opened(top, git_dir)


def _not_its_folder(top: Path, marker: Path, git_dir: Path) -> Trouble:
    from shlex import quote

    here = quote(str(top))
    linked = (git_dir / "commondir").exists()
    command = "worktree repair" if linked else f"config core.worktree {here}"
    return Trouble(
        f"{marker} names the repository {git_dir}, which does not say that {top} is its folder",
        f"If it is, type `git -C {here} {command}`, then run parity again.",
    )


def _names_back(git_dir: Path, top: Path) -> bool:
    back = os.fsdecode(_text(git_dir / "gitdir").rstrip(b"\r\n"))
    if back and Path(os.path.realpath(git_dir / back)) == top / ".git":
        return True
    texts = (_text(git_dir / name) for name in ("config", "config.worktree"))
    named = (value for text in texts for value in _WORKTREE.findall(text))
    return any(os.path.realpath(git_dir / os.fsdecode(v.rstrip())) == str(top) for v in named)


def _opened(top: Path | None, git_dir: Path) -> Repository | None:
    """The repository in `git_dir` if it is one by git's own rule. Raises `Trouble`."""
    if not os.path.lexists(git_dir / "HEAD"):
        return None
    common = _common(git_dir)
    if not all(os.path.isdir(common / name) for name in ("objects", "refs")):  # noqa: PTH112
        return None
    head = _head(git_dir)
    branch = head[1] if head else None
    for file in (
        *(git_dir / name for name in _OWN),
        *(common / name for name in (*_COMMON, os.fsdecode(branch or b"."))),
    ):
        _plain(file)
    return Repository(top, git_dir, common) if head else None


def _head(git_dir: Path) -> re.Match[bytes] | None:
    """HEAD: a commit, or the branch in its first group. A link is the older form of the latter."""
    file = git_dir / "HEAD"
    try:
        return _HEAD.match(b"ref: " + os.fsencode(file.readlink())) or _HEAD.match(_text(file))
    except OSError:
        return _HEAD.match(_text(file))


def _common(git_dir: Path) -> Path:
    """The repository that a linked worktree's folder belongs to; else the folder itself."""
    named = _text(git_dir / "commondir").rstrip(b"\r\n")
    if not named:
        return git_dir
    common = Path(os.path.realpath(git_dir / os.fsdecode(named)))
    if git_dir.resolve().parent != common / "worktrees":
        raise Trouble(
            f"{git_dir / 'commondir'} names {common}, which is another repository",
            "Remove that file if this is no linked worktree, then run parity again.",
        )
    return common


def _plain(file: Path) -> None:
    """Raises `Trouble` for what can be waited for, or read, without end: a pipe, a device."""
    try:
        mode = os.stat(file).st_mode  # noqa: PTH116 - twenty of these are asked
    except (OSError, ValueError):
        return
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise Trouble(f"{file} is no plain file", "Remove it, then run parity again.")


def _text(file: Path) -> bytes:
    """The beginning of a small file; empty where there is no such plain file."""
    try:
        fd = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    with os.fdopen(fd, "rb") as opened:
        plain = stat.S_ISREG(os.fstat(fd).st_mode)
        return opened.read(MOST) if plain else b""


def foreign(repository: Repository) -> bool:
    """Whether part of it belongs to another user: then git asks its user's `safe.directory`."""
    mine = {os.geteuid()}
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdecimal():
        mine.add(int(os.environ["SUDO_UID"]))
    marker = repository.top / ".git" if repository.top else repository.git_dir
    places = (marker, repository.top or marker, repository.git_dir)
    return not all(place.lstat().st_uid in mine for place in places)


def partial(repository: Repository) -> bool:
    """Whether it was cloned without all of its objects."""
    return _PARTIAL.search(_text(repository.common / "config")) is not None
