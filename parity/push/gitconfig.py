"""The settings of git's configuration that parity uses, and the scope each may come from.

A setting that names a file comes from the user's own configuration. The repository's may come from
a stranger, and may name only files in the repository.
"""

import os
from pathlib import Path
from typing import NamedTuple

from parity.push import git
from parity.push.repository import Repository
from parity.system.errors import Trouble

COMMAND = (
    *("config", "-z", "--show-scope", "--get-regexp"),
    r"^(remote\.heroku\.url|core\.(autocrlf|filemode|worktree|attributesfile|excludesfile))$",
)
"""The git command that lists these settings."""

_NAMING = {"core.attributesfile": "attributes", "core.excludesfile": "ignore"}
"""Settings that name a file, and the file's default name in the user's own folder:
https://git-scm.com/docs/git-config (documented)."""


class Settings(NamedTuple):
    """The values by key; `files` are options that name the attributes and ignore files."""

    values: dict[str, str]
    files: tuple[str, ...]


def settings(app: Path, out: bytes) -> Settings:
    """Parse the output `out` of `COMMAND` in `app`. Raises `Trouble`."""
    inside = git.of(app)
    fields = out.decode("utf-8", "surrogateescape").split("\0")
    values: dict[str, str] = {}
    named = {key: f"{_own_folder()}/{name}" for key, name in _NAMING.items()}
    for scope, item in zip(fields[::2], fields[1::2], strict=False):
        key, _, value = item.partition("\n")
        values[key] = value
        if key in named and (scope == "global" or _within(inside.top, value)):
            named[key] = value
    _not_elsewhere(inside, values.get("core.worktree"))
    options = (option for pair in named.items() for option in ("-c", "=".join(pair)))
    return Settings(values, tuple(options))


def _own_folder() -> str:
    home = os.environ.get("HOME") or "/nonexistent"
    return f"{os.environ.get('XDG_CONFIG_HOME') or f'{home}/.config'}/git"


def _within(top: Path | None, value: str) -> bool:
    """Return whether `value` names a plain file in the repository."""
    if top is None:
        return False
    file = Path(os.path.realpath(top / value))
    return file.is_relative_to(top) and file.is_file()


def _not_elsewhere(inside: Repository, worktree: str | None) -> None:
    """Raise `Trouble` if the repository's working tree is set to another folder."""
    top = inside.top
    if top and worktree and os.path.realpath(inside.git_dir / worktree) != str(top):
        from shlex import quote

        raise Trouble(
            f"git's configuration in {top} says that its files are elsewhere (core.worktree)",
            f"Type `git -C {quote(str(top))} config --unset core.worktree`, then run parity again.",
        )
