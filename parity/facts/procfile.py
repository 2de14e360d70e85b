"""How Heroku, and the tools that developers run locally, read a line of the Procfile.

Heroku's classic pattern: https://github.com/heroku/buildpacks-procfile/blob/main/SPEC.md
(documented). `heroku local` and honcho share the other one (observed):
https://github.com/heroku/cli/blob/main/src/lib/local/foreman/procfile.cjs.
"""

import re
from collections.abc import Mapping
from typing import Protocol, TypeVar

T = TypeVar("T")

ARTICLE = "https://devcenter.heroku.com/articles/procfile"

CLASSIC = r"[ \t\r\f\v]*([a-zA-Z0-9_-]+):?[ \t\r\f\v]+(.*)"
"""Matches at the start of a line: name, command. Other lines are dropped silently."""

LOCAL = r"([A-Za-z0-9_-]+):\s*(.+)$"

ROUTED = "web"
SHORT_RUN = ("release", "console", "rake")
"""Types that are not part of a running formation (Heroku's Ruby defaults among them)."""

TYPED = re.compile(r"heroku|git|pip3?|cd|sudo|export|echo")
"""Commands for a terminal, which nobody uses as names of process types (ours)."""


def for_terminal(name: str, line: str) -> bool:
    """Return whether `line`, which declares the type `name`, is a shell command (`heroku run`)."""
    return bool(TYPED.fullmatch(name)) and not line.strip().removeprefix(name).startswith(":")


def runs_on(name: str, line: str) -> bool:
    """Return whether the type `name`, declared on `line`, is part of a running formation."""
    return name not in SHORT_RUN and not for_terminal(name, line)


class Types(Protocol[T]):
    """What declares process types: the plan."""

    @property
    def processes(self) -> Mapping[str, T]: ...

    def line_of(self, process: T, /) -> str: ...


def background(plan: Types[T]) -> list[T]:
    """The types that run on, without the lines that were only meant for a terminal."""
    types = plan.processes.items()
    return [each for name, each in types if runs_on(name, plan.line_of(each))]
