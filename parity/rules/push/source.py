"""Rules about the tree itself: what git sends, and what it does not."""

import posixpath
import stat
from collections.abc import Iterator

from parity.records import Source
from parity.records.edits import Command
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.push.plan import PUSH_REJECTED
from parity.rules.shell import word

GIT = "https://devcenter.heroku.com/articles/git"
SUBMODULES = "https://devcenter.heroku.com/articles/git-submodules"
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
    title="What was tested is staged, and not committed yet: {files}",
    cause="git push sends the last commit, in which these files are different.",
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
    "submodule-not-mapped",
    leads_to=PUSH_REJECTED,
    title="{path} is a submodule that .gitmodules does not name",
    cause="Heroku installs submodules before it builds. Without an address it stops with `Push"
    " rejected, submodule install failed`. A repository inside yours, added with `git add`, becomes"
    " such a submodule.",
    fix="Type `git rm --cached {path}`, delete {path}/.git, `git add {path}` and commit the files"
    " themselves; or `git submodule add URL {path}`.",
    docs=SUBMODULES,
)
def submodule_not_mapped(source: Source) -> Iterator[Evidence]:
    yield from _submodules(source, "unmapped")


@rule(
    "submodule-needs-key",
    leads_to=PUSH_REJECTED,
    title="The submodule {path} has an address that needs a key",
    cause="Heroku has none of your SSH keys: over ssh git ends with"
    " `Host key verification failed.`",
    fix="Use an https address that needs no password:"
    " `git config -f .gitmodules submodule.{path}.url https://…`, commit, push again.",
    docs=SUBMODULES,
)
def submodule_needs_key(source: Source) -> Iterator[Evidence]:
    yield from _submodules(source, "key")


@rule(
    "submodule-on-this-disk",
    leads_to=PUSH_REJECTED,
    title="The submodule {path} has an address on your own disk",
    cause="Heroku fetches submodules itself, and {url} exists only on this machine.",
    fix="Push it to a public repository, and put its https address into .gitmodules.",
    docs=SUBMODULES,
)
def submodule_on_this_disk(source: Source) -> Iterator[Evidence]:
    yield from _submodules(source, "local")


@rule(
    "submodule-not-fetched",
    effect="unknown",
    title="The files of the submodule {path} are not on this disk",
    cause="Heroku fetches submodules itself; parity fetches nothing, so the folder is empty here."
    " Whether Heroku can fetch this one shows only when it tries.",
    fix="Type `git submodule update --init {path}`, then run parity again: it uses the checkout.",
    docs=SUBMODULES,
)
def submodule_not_fetched(source: Source) -> Iterator[Evidence]:
    for one in source.submodules:
        if one.trouble == "elsewhere" and one.objects is None and not source.refusal:
            seen = f"an empty folder in the tested tree; its commit is {one.commit[:7]}"
            yield Evidence(seen, one.path, names={"path": one.path})


@rule(
    "submodule-left-behind",
    effect="unknown",
    title="The submodule {path} is pushed without its .gitmodules",
    cause="`git subtree push` sends only the folder, and .gitmodules is in the root of the"
    " repository. What Heroku does with a submodule that it has no address for is not known here.",
    fix="Commit the files themselves: `git rm --cached {path}`, delete {path}/.git,"
    " `git add {path}`.",
    docs=SUBMODULES,
)
def submodule_left_behind(source: Source) -> Iterator[Evidence]:
    for one in source.submodules:
        if one.trouble == "behind" and not source.refusal:
            yield Evidence("its .gitmodules is not pushed", one.path, names={"path": one.path})


@rule(
    "submodule-stands-in",
    effect="note",
    title="The submodule {path} was tested as it is on this disk; Heroku fetches its own copy",
    cause="Heroku fetches {url} without a password. parity cannot see whether the address is public"
    " and whether the commit was pushed there.",
    fix="`git ls-remote {url}` answers without asking for a password if Heroku can fetch it.",
    docs=SUBMODULES,
)
def submodule_stands_in(source: Source) -> Iterator[Evidence]:
    for one in source.submodules:
        if one.objects and not source.refusal:
            names = {"path": one.path, "url": one.url or "it"}
            seen = f"commit {one.commit[:7]} is in {one.path}"
            yield Evidence(seen, ".gitmodules", one.line, names=names)


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


def _submodules(source: Source, trouble: str) -> Iterator[Evidence]:
    """Yield the submodules that Heroku cannot fetch because of `trouble`."""
    refusal = source.refusal
    for one in source.submodules if refusal else ():
        if refusal and one.trouble == trouble:
            seen = refusal.lines[0] if one.path == refusal.subject else one.url or "no address"
            names = {"path": one.path, "url": one.url}
            yield Evidence(seen, ".gitmodules", one.line, names=names)
