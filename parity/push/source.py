"""The tree that `git push` would send, which is all that Heroku sees.

In a repository: the tracked files as they are on disk, as after `git commit -a`, or exactly one
commit. Untracked and ignored files do not exist on Heroku:
https://devcenter.heroku.com/articles/git (documented). None of the user's programs is run, and
none of the user's files is written.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from parity.push import git, gitconfig, layout, listing, submodules, worktree
from parity.records import Entry, Ignored, Source
from parity.system import programs
from parity.system.errors import Usage

_REMOTE = re.compile(
    r"git\.heroku\.com[:/]([a-z0-9-]+?)(?:\.git)?$|@heroku\.com:([a-z0-9-]+)\.git$"
)
_NOISE = re.compile(
    r"(^|/)(__pycache__|\.git|\.(pytest|mypy|ruff)_cache|\.DS_Store)(/|$)|\.py[co]$"
)
MOST_ABSENT = 5000


class _Repository(NamedTuple):
    """git's answers about the folder; `bare`: it is not in a working tree.

    `files` are options that name the user's files of attributes and of ignore rules.
    """

    prefix: str
    git_dir: Path
    bare: bool
    commit: str | None
    branch: str | None
    remote: str | None
    pushes: bool
    autocrlf: bool
    file_mode: bool
    tracked: dict[str, listing.Stat]
    unmerged: tuple[str, ...]
    head: dict[str, tuple[int, str, int]]
    others: list[str]
    files: tuple[str, ...]


def read(app: Path, ref: str | None = None) -> Source:
    """Read the tree at `app`; `ref` names a commit to read instead of the files on disk.

    Raises `Usage` if `app` is not a folder or `ref` not a commit, `Trouble` if git or the file
    system fails.
    """
    if not app.is_dir():
        raise Usage(f"{app}: {'not a folder' if app.exists() else 'no such folder'}")
    programs.distrust(app)
    repository = _repository(app)
    if ref is not None:
        if repository is None:
            raise Usage(f"--ref {ref}: {app} is not in a git repository")
        return _commit(app, repository, ref)
    if repository and repository.bare:
        raise Usage(f"{app} has no files on disk, only git's own: name a commit, as in --ref HEAD")
    if repository is None or (repository.prefix and not repository.tracked):
        return _folder(app, repository)
    return _worktree(app, repository)


def lay_out(source: Source, folder: Path) -> None:
    """Write the tree into the empty `folder`. Raises `Interrupted`, `Trouble`, `OSError`."""
    layout.lay_out(source.root, source.entries, folder, submodules.stores(source.submodules))


def _repository(app: Path) -> _Repository | None:
    """Return git's answers about `app`, None outside a repository. Raises `Trouble`."""
    try:
        where, config, tracked, head, others = git.ask(
            app,
            ("rev-parse", *_PLACE, "HEAD", "--abbrev-ref", "HEAD"),
            gitconfig.COMMAND,
            ("ls-files", "-z", "-s", "--debug"),
            ("ls-tree", "-rz", "HEAD"),  # no sizes: git would open every loose object
            ("ls-files", "-z", "-o", "--directory"),
        )
    except git.Outside:
        return None
    if not where.out and "not a git repository" in where.error:
        return None
    if not where.out:
        raise git.refused(app, where)
    git_dir, prefix, bare, commit, branch = _parse_place(where)
    if tracked.code:
        raise git.refused(app, tracked)
    if head.code and commit:
        raise git.refused(app, head)
    settings = gitconfig.settings(app, config.out)
    remote = _REMOTE.search(settings.values.get("remote.heroku.url", ""))
    return _Repository(
        prefix=prefix,
        git_dir=git_dir,
        bare=bare,
        commit=commit,
        branch=branch,
        remote=(remote[1] or remote[2]) if remote else None,
        pushes="remote.heroku.url" in settings.values,
        autocrlf=settings.values.get("core.autocrlf", "false") in ("true", "input"),
        file_mode=settings.values.get("core.filemode", "true") == "true",
        tracked=listing.index(tracked.out),
        unmerged=listing.unmerged(tracked.out) if (git_dir / "MERGE_HEAD").exists() else (),
        head={} if head.code else listing.tree(head.out),
        others=listing.names(others.out),
        files=settings.files,
    )


_PLACE = ("--absolute-git-dir", "--show-prefix", "--is-inside-work-tree")


def _parse_place(answer: git.Answer) -> tuple[Path, str, bool, str | None, str | None]:
    """Parse git's folder, the prefix, whether it is bare, and HEAD's commit and branch, if any."""
    text = answer.out.decode("utf-8", "surrogateescape")
    head = r"[^\n]*\n?" if answer.code else r"([0-9a-f]{40,64})\n([^\n]*)\n"
    match = re.fullmatch(rf"(.*)\n(true|false)\n{head}", text, re.DOTALL)
    if match is None:
        raise git.refused(Path(), answer)
    places, inside = match[1], match[2]
    commit, branch = (None, None) if answer.code else (match[3], match[4])
    parts = places.split("\n")  # both paths may themselves contain line breaks
    ends = (n for n in range(1, len(parts) - 1) if Path("\n".join(parts[:n]), "HEAD").exists())
    end = next(ends, len(parts) - 1)
    git_dir, prefix = Path("\n".join(parts[:end])), "\n".join(parts[end:]).rstrip("/")
    return git_dir, prefix, inside == "false", commit, None if branch == "HEAD" else branch


def _commit(app: Path, repository: _Repository, ref: str) -> Source:
    """Return the tree of the commit `ref`. Raises `Usage` if there is none."""
    if ref.startswith("-"):
        raise Usage(f"--ref {ref}: not a commit")
    (answer,) = git.ask(app, ("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}"))
    if answer.code:
        raise Usage(f"--ref {ref}: no such commit in this repository")
    commit = answer.out.decode().strip()
    (listed,) = git.ask(app, ("ls-tree", "-rlz", commit))
    if listed.code:
        raise git.refused(app, listed)
    tree = listing.tree(listed.out)
    if len(tree) < listed.out.count(b"\0"):  # a missing object is listed without its size
        raise git.lost(app)
    entries = {p: Entry(m, size, oid, None) for p, (m, oid, size) in tree.items()}
    return _source(app, "commit", entries, repository, (), commit)


def _worktree(app: Path, repository: _Repository) -> Source:
    """Return the tracked files as they are on disk."""
    racy = worktree.mtime(repository.git_dir / "index")
    entries: dict[str, Entry] = {}
    changed: list[str] = []
    for path, indexed in repository.tracked.items():
        entry = worktree.as_committed(app, path, indexed, racy=racy, crlf=repository.autocrlf)
        if entry is not None:
            entries[path] = entry if repository.file_mode else entry._replace(mode=indexed.mode)
            if entry.oid is None:
                changed.append(path)
    for path in _converted(app, changed, repository.files):
        indexed = repository.tracked[path]
        entries[path] = Entry(indexed.mode, indexed.size, indexed.oid, None)
    uncommitted = _uncommitted(entries, repository)
    source = _source(app, "worktree", entries, repository, uncommitted)
    return source._replace(staged=_staged(uncommitted, entries, repository))


def _staged(
    uncommitted: tuple[str, ...], entries: Mapping[str, Entry], repository: _Repository
) -> frozenset[str]:
    """Return the uncommitted paths that are on disk as they are in the index."""
    return frozenset(
        path
        for path in uncommitted
        if (entries[path].oid is not None if path in entries else path not in repository.tracked)
    )


def _uncommitted(entries: Mapping[str, Entry], repository: _Repository) -> tuple[str, ...]:
    """Return the paths whose content on disk differs from HEAD."""
    differing = {
        path
        for path, entry in entries.items()
        if (entry.mode, entry.oid) != repository.head.get(path, (0, ""))[:2]
    }
    return tuple(sorted(differing | (set(repository.head) - set(entries))))


def _converted(app: Path, changed: list[str], files: tuple[str, ...]) -> list[str]:
    """Return the changed paths that git converts on commit, so that only git knows the result."""
    if not changed:
        return []
    paths = b"".join(worktree.encoded(path) + b"\0" for path in changed)
    attributes = ("filter", "text", "eol", "ident", "working-tree-encoding")
    command = (*files, "check-attr", "-z", "--stdin", *attributes)
    (answer,) = git.ask(app, command, stdin=paths)
    fields = answer.out.split(b"\0")
    rows = zip(fields[::3], fields[1::3], fields[2::3], strict=False)
    plain = (b"unspecified", b"unset")
    return sorted({worktree.decoded(path) for path, _, value in rows if value not in plain})


def _folder(app: Path, repository: _Repository | None) -> Source:
    """Return everything in a folder that is not itself in git."""
    entries, unread = worktree.walk(app)
    prefix = repository.prefix if repository else ""
    return Source(app, "folder", None, None, prefix, None, entries, (), {}, unread)


def _source(
    app: Path,
    kind: Literal["commit", "worktree"],
    entries: dict[str, Entry],
    repository: _Repository,
    uncommitted: tuple[str, ...],
    commit: str | None = None,
) -> Source:
    inner = submodules.install(app, entries)
    unread = worktree.fill(app, entries, submodules.stores(inner))
    return Source(
        root=app,
        kind=kind,
        commit=commit or repository.commit,
        branch=repository.branch,
        prefix=repository.prefix,
        remote=repository.remote,
        pushes=repository.pushes,
        entries=entries,
        uncommitted=uncommitted,
        absent=_absent(app, repository, entries),
        unread=unread,
        unmerged=repository.unmerged if kind == "worktree" else (),
        submodules=inner,
    )


def _absent(
    app: Path, repository: _Repository, entries: Mapping[str, Entry]
) -> dict[str, Ignored | None]:
    """Return the files on disk that are not pushed, each with the rule that ignores it, if any."""
    others = [path for path in repository.others if not _NOISE.search(path)][:MOST_ABSENT]
    absent: dict[str, Ignored | None] = {p: None for p in others if p not in entries}
    if absent:
        paths = b"".join(worktree.encoded(path) + b"\0" for path in absent)
        command = (*repository.files, "check-ignore", "-v", "-z", "--stdin")
        (answer,) = git.ask(app, command, stdin=paths)
        fields = [worktree.decoded(field) for field in answer.out.split(b"\0")]
        for file, line, pattern, path in zip(*(fields[n::4] for n in range(4)), strict=False):
            absent[path] = Ignored(file, int(line or 0), pattern)
    return absent
