"""`parity hook`: before a push to Heroku, rehearse exactly the commit that is pushed.

git passes a pre-push hook the remote's name and address as arguments and the refs on stdin
(https://git-scm.com/docs/githooks#_pre_push); pre-commit passes them in variables
(https://pre-commit.com/#pre-commit-for-pre-push-stage). Other pushes are let through.
"""

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator

from parity.system.errors import Usage

HEROKU = re.compile(
    r"(?:https?://(?:[^@/]+@)?git\.heroku\.com/|(?:ssh://)?git@heroku\.com[:/])", re.IGNORECASE
)
"""https://devcenter.heroku.com/articles/git (documented); the second is SSH, used until 2021."""

DEPLOYED = ("refs/heads/main", "refs/heads/master")
"""The branches that Heroku builds; others are only stored (documented there)."""

Run = Callable[[list[str]], int]


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", run: Run) -> None:
    """Add the command to the parser; `run` runs one of parity's command lines."""
    hook = commands.add_parser("hook", help="before a push to Heroku: rehearse what is pushed")
    hook.add_argument("remote", nargs="?", metavar="NAME", help="the remote, as git tells a hook")
    hook.add_argument("url", nargs="?", metavar="URL")
    hook.set_defaults(act=lambda arguments: _act(arguments, run))


def _act(arguments: argparse.Namespace, run: Run) -> int:
    """Return 0 to let the push through: it works, or cannot be decided here, or is not a deploy."""
    url = arguments.url or os.environ.get("PRE_COMMIT_REMOTE_URL")
    if url is None:
        raise Usage("hook: no remote; git calls it with NAME URL, pre-commit sets variables")
    if not HEROKU.match(url):
        return 0
    worst = 0
    for commit in _commits():
        code = run(["run", ".", "--ref", commit])
        worst = code if code not in (0, 3) else worst
    return worst


def _commits() -> Iterator[str]:
    """Yield the commits that this push would deploy."""
    if "PRE_COMMIT_TO_REF" in os.environ:
        branch = os.environ.get("PRE_COMMIT_REMOTE_BRANCH", DEPLOYED[0])
        pushed = [(os.environ["PRE_COMMIT_TO_REF"], branch)]
    else:
        rows = [row.split() for row in sys.stdin] if not sys.stdin.isatty() else []
        pushed = [(row[1], row[2]) for row in rows if len(row) == 4]
    for commit, branch in pushed:
        if branch in DEPLOYED and set(commit) != {"0"}:
            yield commit
