"""The tree in the middle of a build, and a buildpack's decision about it."""

import os
import stat
from pathlib import Path

from parity.push import worktree
from parity.push.buildpacks.context import Job
from parity.push.buildpacks.language import Decision, merged
from parity.records import TEXT_LIMIT, Entry, Plan, Refusal, Source


def decided(job: Job, decision: Decision) -> tuple[Plan, Refusal | None]:
    """Print a buildpack's decision; return the plan with it, and its refusal with all lines."""
    plan, refusal = job.plan, decision.refusal
    for text in decision.said:
        job.tell(text)
    if refusal:
        refusal = refusal._replace(lines=(*decision.lead, *refusal.lines, ""))
    now = (decision.runtime,) if decision.runtime else ()
    return plan._replace(runtimes=merged(plan.runtimes, now)), refusal


def tree(source: Source, folder: Path) -> Source:
    """Return the tree without removed files, and with the root's files as they are on disk now."""
    entries = {path: e for path, e in source.entries.items() if os.path.lexists(folder / path)}
    with os.scandir(folder) as listed:
        for item in listed:
            if item.is_file(follow_symlinks=False):
                entries[item.name] = _entry(folder / item.name)
    if (folder / ".heroku" / "python").exists():
        entries[".heroku/python/bin/python"] = Entry(worktree.EXECUTABLE, 0, None, None)
    return source._replace(entries=entries)


def _entry(path: Path) -> Entry:
    status = path.lstat()
    mode = worktree.EXECUTABLE if status.st_mode & stat.S_IXUSR else worktree.FILE
    data = worktree.content(path, mode) if status.st_size <= TEXT_LIMIT else None
    return Entry(mode, status.st_size, None, data)
