"""The last line of a report, `next:`: what to type now, which is the fix where there is one."""

import os
from pathlib import Path

from parity.records import Source
from parity.records.edits import Command
from parity.records.verdict import Verdict
from parity.report.summary import Group, decisive, groups
from parity.rules.shell import word

START = 'git init -b main && git add . && git commit -m "First version"'
SAVE = 'git commit -am "Deploy to Heroku"'
CREATE = "heroku create"
"""It adds the remote `heroku` to the repository (https://devcenter.heroku.com/articles/git)."""


def what_next(verdict: Verdict) -> str:
    """Return what to type now, one command where the fix is known as one."""
    again = f"parity {verdict.command}{typed_path(verdict.source)}"
    if verdict.interrupted is not None:
        return again
    if verdict.verdict == "works":
        return _after_works(verdict)
    if verdict.fixes and verdict.source:
        return _fix(verdict.source)
    group = decisive(verdict)
    if group is None:
        return again
    command = _command(group)
    return _in(verdict.source, command) if command else f"make the fix above, then: {again}"


def typed_path(source: Source | None) -> str:
    """Return the PATH that was typed, for another command of parity's."""
    root = source.root if source else Path()
    return "" if root == Path() else f" {word(str(root))}"


def git(folder: Path) -> str:
    """Return `git` for the repository of a folder, from where parity was typed."""
    return "git" if folder == Path() else f"git -C {word(str(folder))}"


def _command(group: Group) -> Command | None:
    """Return the command that a finding advises, the cause's before the symptom's."""
    evidence = (e for finding in (*group.causes, group.first) for e in finding.evidence)
    return next((e.command for e in evidence if e.command), None)


def _in(source: Source | None, command: str) -> str:
    """Return a command that is to be typed in the app's folder."""
    root = source.root if source else Path()
    return command if root == Path() else f"cd {word(str(root))} && {command}"


def _fix(source: Source) -> str:
    """Return how to make the proved fixes, which needs a repository without changes."""
    if source.kind == "folder":
        start = SAVE_FOLDER if source.prefix else START
        return _in(source, f"{start} && parity run --fix")
    run = f"parity run --fix{typed_path(source)}"
    changed = source.kind == "worktree" and source.uncommitted
    return f"{git(source.root)} {SAVE.partition(' ')[2]} && {run}" if changed else run


SAVE_FOLDER = 'git add . && git commit -m "First version"'
"""For a folder that git does not track, in a repository."""


def _after_works(verdict: Verdict) -> str:
    """Return the push, or what has to come before it."""
    again = f"parity run{typed_path(verdict.source)}"
    if verdict.command == "check":
        return again
    source = verdict.source
    if source and source.unmerged:
        return f"make the fix above, then: {again}"
    warned = (_command(g) for g in groups(verdict.findings) if g.effect == "warn")
    commands = [c for c in dict.fromkeys(filter(None, warned)) if c.startswith("heroku ")]
    return push(source, commands)


def push(source: Source | None, before: list[Command]) -> str:
    """Return the push, after what git and Heroku need first: a commit, an app, its settings."""
    if source is None:
        return f"{START} && {CREATE} && git push heroku main"
    if source.kind == "folder" and not source.prefix:
        return _in(source, " && ".join((START, CREATE, *before, "git push heroku main")))
    create = [] if source.pushes else [CREATE]
    steps = (*_commit(source), *create, *before)
    own = any(step.startswith("heroku ") for step in steps)
    if own and not source.prefix:
        return _in(source, " && ".join((*steps, f"git {_sent(source)}")))
    here = git(source.root)
    return " && ".join((*(_placed(here, step, source) for step in steps), _pushed(source, here)))


def _commit(source: Source) -> tuple[str, ...]:
    if source.kind == "folder":
        return (SAVE_FOLDER,)
    return (SAVE,) if source.uncommitted else ()


def _placed(here: str, step: str, source: Source) -> str:
    """Return a step as it is typed outside the app's folder."""
    if step.startswith("git "):
        return step.replace("git ", f"{here} ")
    return step if source.root == Path() else f"(cd {word(str(source.root))} && {step})"


def _sent(source: Source) -> str:
    """Return the arguments of git that push the tested commit to main, which Heroku builds:
    https://devcenter.heroku.com/articles/git.
    """
    if source.kind == "commit":
        return f"push heroku {source.commit}:refs/heads/main"
    if source.branch is None:
        return "push heroku HEAD:refs/heads/main"
    return f"push heroku {'main' if source.branch == 'main' else f'{word(source.branch)}:main'}"


def _pushed(source: Source, here: str) -> str:
    """Return the push; that of a subfolder is accepted only in the repository's own folder:
    https://git-scm.com/docs/git-subtree.
    """
    if not source.prefix:
        return f"{here} {_sent(source)}"
    prefix = source.prefix.rstrip("/")
    above = source.root / "/".join([".."] * len(prefix.split("/")))
    return f"{git(Path(os.path.normpath(above)))} subtree push --prefix {word(prefix)} heroku main"
