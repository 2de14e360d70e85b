"""The dynos of one release, each with its own copy of the slug, and their router."""

import re
from collections.abc import Mapping
from copy import copy
from hashlib import sha256
from pathlib import Path
from random import randint
from typing import TYPE_CHECKING

from parity.dyno import Dyno
from parity.dyno import one_off as run_one_off
from parity.facts.dynos import SIZES
from parity.facts.limits import Limits
from parity.facts.router import PROFILES
from parity.push.slug import copy as copy_slug
from parity.records import Config, Ended, ProcessType, Release, Say, Slug

if TYPE_CHECKING:
    from parity.dyno.sandbox import Sandbox
    from parity.records.options import Options
    from parity.router import Router
    from parity.runtime.edge import Edge

HURRIED = 5.0
"""Seconds that a second look waits for a slow boot or answer (ours)."""


class Formation:
    """Creates the dynos of `released` and routers for them; it judges nothing."""

    def __init__(
        self,
        released: Release,
        sandbox: "Sandbox",
        options: "Options",
        limits: Limits,
        say: Say,
    ) -> None:
        self.released = released
        self.options = options
        self.limits = limits
        self._sandbox = sandbox
        self._say = say
        self._host = options.host or host_of(released)
        self._trace = False
        self._extra_env: Mapping[str, str] = {}

    def again(
        self,
        *,
        trace: bool = False,
        extra_env: Mapping[str, str] | None = None,
        config: Config | None = None,
        hurry: bool = False,
    ) -> "Formation":
        """Return a formation for a second look at the release, which is not logged.

        Its dynos may have `extra_env`, or other config vars, or write a `trace`; with `hurry`, they
        do not wait for the whole boot timeout.
        """
        second = copy(self)
        if config:
            slug = self.released.slug
            slug = slug._replace(plan=slug.plan._replace(config=config))
            second.released = self.released._replace(slug=slug)
        second.limits = self.limits.shortened(idle_before_verdict=0.3)
        if hurry:
            wait = min(self.limits.boot_timeout.value, HURRIED)
            second.limits = second.limits.shortened(boot_timeout=wait)
        second.options = self.options._replace(port=None, exact=False)
        second._say, second._trace, second._extra_env = _ignore, trace, extra_env or {}
        return second

    def dyno(self, process: ProcessType, name: str) -> Dyno:
        """Return a dyno in its own copy of the slug."""
        return Dyno(
            self.released,
            process,
            name,
            folder=self.fresh(name),
            size=SIZES[self.options.dyno],
            limits=self.limits,
            say=self._say,
            port=self.options.port if name == "web.1" else None,
            exact=self.options.exact,
            trace=self._trace,
            extra_env={**_metadata(self.released.slug, self.options), **self._extra_env},
            containment=self._sandbox.containment,
        )

    def fresh(self, name: str) -> Path:
        """Return a new copy of the slug, for a dyno that is started again."""
        folder = self._sandbox.work.folder(name)
        copy_slug(self.released.slug.root, folder)
        return folder

    def router(
        self, dyno: Dyno, edge: "Edge", *, hurry: bool = False, quiet: bool = False
    ) -> "Router":
        """Return a router for one dyno; a `quiet` one logs nothing."""
        from parity.router import Backend, Router

        crashed = dyno.state == "crashed"
        return Router(
            [Backend(dyno.name, dyno.watch.front, state="crashed" if crashed else "up")],
            self._host,
            loop=edge.loop,
            during=edge.beside,
            limits=self._hurried() if hurry else self.limits,
            say=_ignore if quiet else self._say,
            profile=PROFILES[self.options.router],
            config=self.released.slug.plan.config.values,
        )

    def _hurried(self) -> Limits:
        """Return limits that do not wait for the end of a slow answer."""
        return self.limits.shortened(first_byte=min(self.limits.first_byte.value, HURRIED))


def one_off(
    slug: Slug,
    process: ProcessType,
    sandbox: "Sandbox",
    options: "Options",
    limits: Limits,
    say: Say,
) -> Ended:
    """Run a release command, or another one-off command, in its own dyno.

    The dyno's name ends with four digits, as on Heroku.
    """
    name = f"{process.name}.{randint(1000, 9999)}"
    folder = sandbox.work.folder(name)
    copy_slug(slug.root, folder)
    return run_one_off(
        slug,
        process,
        name,
        folder=folder,
        size=SIZES[options.dyno],
        limit=limits.release_timeout.value,
        say=say,
        containment=sandbox.containment,
        extra=_metadata(slug, options),
    )


def _metadata(slug: Slug, options: "Options") -> dict[str, str]:
    if not options.metadata:
        return {}
    from parity.dyno import metadata

    return metadata.variables(options.host or _host(slug), slug.plan.source.commit)


def host_of(released: Release) -> str:
    """Return `NAME-<12 hex>.herokuapp.com`, by the git remote or folder; the same in every run.

    New apps have such hosts since 2023: https://devcenter.heroku.com/articles/custom-domains.
    """
    return _host(released.slug)


def _host(slug: Slug) -> str:
    source = slug.plan.source
    name = name_of(source.root, source.remote)
    return f"{name}-{sha256(name.encode()).hexdigest()[:12]}.herokuapp.com"


def name_of(root: Path, remote: str | None = None) -> str:
    """Return the app's name: the remote's, else one derived from the folder's."""
    name = remote or re.sub(r"[^a-z0-9]+", "-", root.resolve().name.lower())
    return name.strip("-")[:30].strip("-") or "app"


def _ignore(_line: object) -> None:
    """Log nothing: a second look is not part of the deploy."""
