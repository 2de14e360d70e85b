"""Rules about the tree itself: what git sends, and what it does not."""

import posixpath
import stat
from collections.abc import Iterator

from parity.facts.python import REFUSED_ENVIRONMENTS
from parity.records import Source
from parity.records.edits import Command
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.shell import word
from parity.rules.views.environments import MARK, environments

GIT = "https://devcenter.heroku.com/articles/git"
LFS = b"version https://git-lfs.github.com/spec/"
SHOWN = 5
COMMIT = Command('git commit -am "Deploy to Heroku"')
FIRST = Command('git add . && git commit -m "First version"')


@rule(
    "nothing-to-push",
    effect="reject",
    title="Nothing is committed, so there is nothing to push",
    cause="git push sends commits, and git tracks none of the files in this folder.",
    fix='Type `git add .`, then `git commit -m "First version"`, then push again.',
    docs=GIT,
)
def nothing_to_push(source: Source) -> Iterator[Evidence]:
    if source.nothing_committed:
        refused = "error: src refspec main does not match any"
        yield Evidence(refused, next(iter(source.absent)), names={"typed": FIRST})


@rule(
    "not-committed",
    effect="warn",
    title="What was tested is not committed: {files}",
    cause="parity tested the tracked files as they are on disk. git push sends the last commit, in"
    " which these are different.",
    fix='Type `git commit -am "…"` before you push. `--ref HEAD` tests what is committed now.',
    docs=GIT,
)
def not_committed(source: Source) -> Iterator[Evidence]:
    changed = tuple(path for path in source.uncommitted if path not in source.staged)
    names = {"files": _listed(changed), "typed": COMMIT}
    for path in changed[:SHOWN]:
        seen = "differs from the last commit" if path in source.entries else "deleted, still in git"
        yield Evidence(f"{path}: {seen}", path, names=names)


@rule(
    "not-committed-yet",
    effect="note",
    title="The tested files are staged, but not committed yet: {files}",
    cause="git push sends the last commit, where these files differ.",
    fix='Type `git commit -m "…"` before you push.',
    docs=GIT,
)
def not_committed_yet(source: Source) -> Iterator[Evidence]:
    staged = tuple(path for path in source.uncommitted if path in source.staged)
    if staged:
        names = {"files": _listed(staged), "typed": COMMIT}
        yield Evidence("staged for the next commit", staged[0], names=names)


@rule(
    "merge-unfinished",
    effect="warn",
    title="A merge is not finished: {files}",
    cause="git commits nothing until the conflicts are resolved. parity tested these files as they"
    " are on disk, with the conflict markers.",
    fix="Resolve them, then type `git add {paths}` and `git commit`; or `git merge --abort`.",
    docs="https://git-scm.com/docs/git-merge#_how_to_resolve_conflicts",
)
def merge_unfinished(source: Source) -> Iterator[Evidence]:
    paths = " ".join(map(word, source.unmerged))
    names = {"files": _listed(source.unmerged), "paths": paths}
    for path in source.unmerged[:SHOWN]:
        yield Evidence(f"{path}: unmerged", path, names=names)


@rule(
    "branch-not-deployed",
    effect="note",
    title="Heroku builds only main and master; you are on {branch}",
    cause="A push to another branch of the Heroku remote is accepted and builds nothing: `Pushed to"
    " branch other than [main, master], skipping build.`",
    fix="Type `git push heroku {branch}:main`.",
    docs=f"{GIT}#deploy-from-a-branch-besides-main",
)
def branch_not_deployed(source: Source) -> Iterator[Evidence]:
    if source.kind == "worktree" and source.branch and source.branch not in ("main", "master"):
        yield Evidence(f"the current branch is {source.branch}", names={"branch": source.branch})


@rule(
    "not-a-repository",
    effect="note",
    title="The folder is not a git repository; every file in it was tested",
    cause="Heroku gets what is committed. Without a repository parity tests the whole folder,"
    " including what you may not want to push.",
    fix='Type `git init`, `git add .`, `git commit -m "First version"`.',
    docs=GIT,
)
def not_a_repository(source: Source) -> Iterator[Evidence]:
    if source.kind == "folder":
        where = f"tracked by the repository around {source.prefix}" if source.prefix else "tracked"
        yield Evidence(f"nothing in this folder is {where}")


@rule(
    "sub-tree",
    effect="note",
    title="Only the folder {prefix} of the repository was tested",
    cause="`git push heroku main` sends the whole repository, and Heroku looks for the app at its"
    " root.",
    fix="Type `git subtree push --prefix {prefix} heroku main`.",
    docs=GIT,
)
def sub_tree(source: Source) -> Iterator[Evidence]:
    if source.prefix and source.kind != "folder":
        yield Evidence(f"{source.prefix} is inside a repository", names={"prefix": source.prefix})


@rule(
    "lfs-pointer",
    effect="warn",
    title="{file} is a Git LFS pointer: Heroku gets the pointer, not the file",
    cause="Heroku's git does not fetch LFS objects. The app finds a text of about 130 bytes where"
    " it expects the file.",
    fix="Keep the file in git itself (`git lfs migrate export --include={file}`), or fetch it from"
    " elsewhere when the app starts.",
    docs=GIT,
)
def lfs_pointer(source: Source) -> Iterator[Evidence]:
    for path, entry in source.entries.items():
        if entry.data and entry.data.startswith(LFS):
            yield Evidence("begins like a Git LFS pointer", path, 1, names={"file": path})


@rule(
    "case-collision",
    effect="warn",
    title="{one} and {other} differ only in upper and lower case",
    cause="On Heroku these are two files. On macOS and Windows they are one, so what you see there"
    " is not what runs.",
    fix="Keep one of them: `git rm --cached {other}`.",
    docs=GIT,
)
def case_collision(source: Source) -> Iterator[Evidence]:
    first: dict[str, str] = {}
    for path in source.entries:
        twin = first.setdefault(path.lower(), path)
        if twin != path:
            yield Evidence(f"{twin} and {path}", path, names={"one": twin, "other": path})


@rule(
    "symlink-leaves-tree",
    effect="warn",
    title="{path} is a link to a place outside the repository",
    cause="git stores the link, not its target. On Heroku there is nothing at {target}.",
    fix="Put the file itself into the repository.",
    docs=GIT,
)
def symlink_leaves_tree(source: Source) -> Iterator[Evidence]:
    for path, entry in source.entries.items():
        if stat.S_ISLNK(entry.mode) and entry.data is not None:
            target = entry.data.decode("utf-8", "backslashreplace")
            where = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
            if where.startswith(("/", "../")) or where == "..":
                names = {"path": path, "target": target}
                yield Evidence(f"links to {target}", path, names=names)


@rule(
    "environment-committed",
    effect="note",
    title="The virtual environment {path} is in git",
    cause="It was created for your machine. Heroku installs the packages itself and never uses"
    " it, but it takes up space in every slug.",
    fix="Type `git rm -r -q --cached {path}`, add `{path}/` to .gitignore, commit.",
    docs=GIT,
)
def environment_committed(source: Source) -> Iterator[Evidence]:
    for folder in environments(source):
        path = folder.rstrip("/")
        if path not in REFUSED_ENVIRONMENTS:
            seen = f"{folder}{MARK} is tracked"
            yield Evidence(seen, f"{folder}{MARK}", 1, names={"path": path})


@rule(
    "unreadable-file",
    effect="unknown",
    title="{path} cannot be read here: {reason:this user may not, or it is damaged}",
    cause="The contents of this file may decide what Heroku does.",
    fix="Give yourself the permission (`chmod u+r {path}`) and run parity again.",
    docs=GIT,
)
def unreadable_file(source: Source) -> Iterator[Evidence]:
    for path, reason in source.unread.items():
        yield Evidence(reason, path, names={"path": path, "reason": reason})


def _listed(paths: tuple[str, ...]) -> str:
    more = len(paths) - SHOWN
    return ", ".join(paths[:SHOWN]) + (f" and {more} more" if more > 0 else "")
