"""app.json: the configuration of an app that is created from it."""

from collections.abc import Mapping
from typing import NamedTuple


class EnvVar(NamedTuple):
    """A config var that app.json declares. `generated`: Heroku makes up a secret value."""

    name: str
    value: str | None
    required: bool
    generated: bool
    line: int | None


class Dynos(NamedTuple):
    """Number and size of the dynos of a process type (None: not specified)."""

    quantity: int | None
    size: str | None


class Problem(NamedTuple):
    """A mistake in app.json; `fatal`: the file cannot be read."""

    seen: str
    line: int | None
    fatal: bool = False


class Manifest(NamedTuple):
    """The contents of app.json; `applied`: the app is created from it (`--new-app`).

    `scripts` are shell commands by name; `unset` are required config vars without a value.
    `attached` are the plans of add-ons whose attachments have a name, by the config var of each.
    https://devcenter.heroku.com/articles/app-json-schema (documented).
    """

    env: Mapping[str, EnvVar] = {}
    buildpacks: tuple[str, ...] = ()
    stack: str | None = None
    formation: Mapping[str, Dynos] = {}
    scripts: Mapping[str, str] = {}
    addons: tuple[str, ...] = ()
    attached: Mapping[str, str] = {}
    problems: tuple[Problem, ...] = ()
    applied: bool = False
    unset: tuple[str, ...] = ()

    @property
    def stops_setup(self) -> bool:
        """True if no app results: Heroku refuses it, or builds a Docker image instead."""
        return self.applied and (self.broken or bool(self.unset) or self.stack == "container")

    @property
    def broken(self) -> bool:
        return any(problem.fatal for problem in self.problems)
