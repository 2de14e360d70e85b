"""Search for the repository that a folder is in, by git's own rules, before git reads any of it.

The folder may come from a stranger, so a repository is refused if it would lead git out of the
folder or make it wait forever.
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
"""Files that git reads in every repository; each must be a plain file or missing."""

_HEAD = re.compile(rb"ref:\s*(refs/[^\s\0]+)|[0-9a-f]{40}")
_WORKTREE = re.compile(rb'^[ \t]*+worktree[ \t]*+=[ \t]*+"?([^"\0\r\n]++)', re.MULTILINE)
_PARTIAL = re.compile(rb"^\s*(promisor\s*=\s*true|partialclone\s*=)", re.MULTILINE | re.I)
MOST = 64 * 1024
"""Bytes that are read of HEAD, `commondir` and a `.git` file, which hold one path each."""


class Repository(NamedTuple):
    """A repository: `top` is its working tree (None: bare), `common` holds config and objects.

    Each linked worktree has its own `git_dir`; all share `common`.
    """

    top: Path | None
    git_dir: Path
    common: Path


class Enclosing(NamedTuple):
    """The repositories around a folder: the nearest with files, and a bare one inside that."""

    around: Repository | None
    bare: Repository | None


def find(folder: Path) -> Enclosing:
    """Return the repositories around `folder`. Raises `Trouble` for one that git must not read."""
    start, bare = folder.resolve(), None
    device = start.stat().st_dev
    for place in (start, *start.parents):
        if place.stat().st_dev != device:
            break
        around = at(place)
        if around:
            return Enclosing(around, bare)
        bare = bare or _opened(None, place)
    return Enclosing(None, bare)


def at(top: Path) -> Repository | None:
    """Return the repository whose working tree is exactly `top`, or None. Raises `Trouble`."""
    marker = top / ".git"
    if marker.is_symlink():
        return _elsewhere(top, marker, marker)
    if not os.path.isfile(marker):  # noqa: PTH113 - also false where access is denied
        return _opened(top, marker)
    match = re.fullmatch(rb"gitdir: ([^\0]+?)[\r\n]*", _text(marker))
    return _elsewhere(top, marker, top / os.fsdecode(match[1])) if match else None


def _elsewhere(top: Path, marker: Path, named: Path) -> Repository | None:
    """Return the repository that the `.git` of a linked worktree or submodule points to.

    Raises `Trouble` if that repository does not point back to `top`.
    """
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
    """Return the repository in `git_dir`, None if git would not accept it. Raises `Trouble`."""
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
    """Return the match for HEAD, with the branch in group 1. A symbolic link is the older form."""
    file = git_dir / "HEAD"
    try:
        return _HEAD.match(b"ref: " + os.fsencode(file.readlink())) or _HEAD.match(_text(file))
    except OSError:
        return _HEAD.match(_text(file))


def _common(git_dir: Path) -> Path:
    """Return the repository that a linked worktree's `git_dir` belongs to, else `git_dir` itself.

    Raises `Trouble` if `commondir` names another repository.
    """
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
    """Raise `Trouble` for a pipe or a device, which git could wait for or read forever."""
    try:
        mode = os.stat(file).st_mode  # noqa: PTH116 - faster, and called for twenty files
    except (OSError, ValueError):
        return
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise Trouble(f"{file} is no plain file", "Remove it, then run parity again.")


def _text(file: Path) -> bytes:
    """Return the beginning of a plain file, empty if there is none."""
    try:
        fd = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    with os.fdopen(fd, "rb") as opened:
        plain = stat.S_ISREG(os.fstat(fd).st_mode)
        return opened.read(MOST) if plain else b""


def foreign(repository: Repository) -> bool:
    """Return whether part of it belongs to another user: then git consults `safe.directory`."""
    mine = {os.geteuid()}
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdecimal():
        mine.add(int(os.environ["SUDO_UID"]))
    marker = repository.top / ".git" if repository.top else repository.git_dir
    places = (marker, repository.top or marker, repository.git_dir)
    return not all(place.lstat().st_uid in mine for place in places)


def partial(repository: Repository) -> bool:
    """Return whether it is a partial clone, which lacks some of its objects."""
    return _PARTIAL.search(_text(repository.common / "config")) is not None
