"""app.json: what an app that is created from it gets."""

from collections.abc import Mapping
from typing import NamedTuple


class EnvVar(NamedTuple):
    """A config var that app.json asks for. `generated`: Heroku makes up a secret value."""

    name: str
    value: str | None
    required: bool
    generated: bool
    line: int | None


class Dynos(NamedTuple):
    """How many dynos of a process type, and of which size (None: not said)."""

    quantity: int | None
    size: str | None


class Problem(NamedTuple):
    """What is wrong in app.json; `fatal`: nobody could read it."""

    seen: str
    line: int | None
    fatal: bool = False


class Manifest(NamedTuple):
    """app.json as read; `applied`: the app is created from it (`--new-app`).

    `scripts` are shell commands by their name; `unset` are required config vars that then had no
    value. https://devcenter.heroku.com/articles/app-json-schema (documented).
    """

    env: Mapping[str, EnvVar] = {}
    buildpacks: tuple[str, ...] = ()
    stack: str | None = None
    formation: Mapping[str, Dynos] = {}
    scripts: Mapping[str, str] = {}
    addons: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    applied: bool = False
    unset: tuple[str, ...] = ()

    @property
    def stops_setup(self) -> bool:
        """Whether no app comes of it: Heroku refuses it, or builds a Docker image instead."""
        return self.applied and (self.broken or bool(self.unset) or self.stack == "container")

    @property
    def broken(self) -> bool:
        return any(problem.fatal for problem in self.problems)
