"""The tree as the steps of the build have left it by now, and what a buildpack decides of that."""

import os
import stat
from pathlib import Path

from parity.push import worktree
from parity.push.buildpacks.context import Job
from parity.push.buildpacks.language import Decision, merged
from parity.records import TEXT_LIMIT, Entry, Plan, Refusal, Source


def decided(job: Job, made: Decision) -> tuple[Plan, Refusal | None]:
    """The plan with what a buildpack has decided by now, said; the refusal as it prints it."""
    plan, refusal = job.plan, made.refusal
    for text in made.said:
        job.tell(text)
    if refusal:
        refusal = refusal._replace(lines=(*made.lead, *refusal.lines, ""))
    now = (made.runtime,) if made.runtime else ()
    return plan._replace(runtimes=merged(plan.runtimes, now)), refusal


def tree(source: Source, folder: Path) -> Source:
    """The tree as it is on disk by now: what is gone, and the files of the root as they are."""
    entries = {path: e for path, e in source.entries.items() if os.path.lexists(folder / path)}
    with os.scandir(folder) as listed:
        for item in listed:
            if item.is_file(follow_symlinks=False):
                entries[item.name] = _entry(folder / item.name)
    if (folder / ".heroku" / "python").exists():
        entries[".heroku/python/bin/python"] = Entry(worktree.EXECUTABLE, 0, None, None)
    return source._replace(entries=entries)


def _entry(path: Path) -> Entry:
    found = path.lstat()
    mode = worktree.EXECUTABLE if found.st_mode & stat.S_IXUSR else worktree.FILE
    data = worktree.content(path, mode) if found.st_size <= TEXT_LIMIT else None
    return Entry(mode, found.st_size, None, data)
