"""The deploy that `git push heroku main` starts, stage by stage up to the release.

It judges nothing, and passes every record to an observer. A record's `goes_on` says whether the
next stage follows.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from parity.facts.dynos import SIZES
from parity.facts.limits import Limits
from parity.records import Config, Ended, Line, Plan, ProcessType, Pushed, Release, Slug, Source
from parity.records.options import DEFAULTS, Options
from parity.records.verdict import Stage

if TYPE_CHECKING:
    from parity.dyno.sandbox import Sandbox

NO_CONFIG = Config({}, {})


class Observer(Protocol):
    """Receives what a deploy does, and changes nothing."""

    def say(self, line: Line) -> None:
        """Receive one line of platform output."""

    def stage(self, name: Stage) -> AbstractContextManager[None]:
        """Return a context that lasts as long as the stage."""

    def observe(self, record: Source | Plan | Slug | Release) -> None:
        """Receive the record of a stage."""


class Recorder:
    """An observer that only collects the records, to be explained later."""

    def __init__(self) -> None:
        self.records: list[Source | Plan | Slug | Release] = []

    def say(self, line: Line) -> None:
        """Ignore the line."""

    def stage(self, name: Stage) -> AbstractContextManager[None]:  # noqa: ARG002 — the protocol's
        """Return a context that does nothing."""
        return nullcontext()

    def observe(self, record: Source | Plan | Slug | Release) -> None:
        """Add the record."""
        self.records.append(record)


def slug_of(
    observer: Observer,
    app: Path,
    sandbox: "Sandbox",
    config: Config,
    options: Options,
    limits: Limits,
) -> Slug | None:
    """Return the slug of the tree `app`; None if Heroku stops before there is one.

    Raises `Trouble`, `Usage`, `interrupt.Interrupted`, `OSError`.
    """
    pushed = receive(observer, app, config, options)
    plan = decide(observer, pushed) if pushed.source.goes_on else None
    slug = compile_slug(observer, plan, sandbox, options, limits) if plan and plan.goes_on else None
    return slug if slug and slug.goes_on else None


def receive(observer: Observer, app: Path, config: Config, options: Options) -> Pushed:
    """Return the pushed tree, as Heroku's git receives it."""
    from parity.push import app_json, receive
    from parity.push.source import read as read_tree

    with observer.stage("source"):
        read = receive.receive(read_tree(app, options.ref), observer.say, time.time)
        pushed = Pushed(read, config, options.stack, options.buildpacks)
        pushed = app_json.set_up(pushed) if options.new_app else pushed
        observer.observe(pushed.source)
        return pushed


def decide(observer: Observer, pushed: Pushed, *, builds: bool = True) -> Plan:
    """Return the plan that Heroku makes from the tree before it builds."""
    from parity.push.detect import detect

    with observer.stage("detect"):
        plan = detect(
            pushed.source,
            pushed.config,
            stack=pushed.stack,
            buildpacks=pushed.buildpacks,
            say=observer.say,
            clock=time.time,
            builds=builds,
        )
        observer.observe(plan)
        return plan


def compile_slug(
    observer: Observer, plan: Plan, sandbox: "Sandbox", options: Options, limits: Limits
) -> Slug:
    """Build the slug. Raises `Usage` if a process type to run after it does not exist."""
    from parity.push import cache, downloads, whole
    from parity.push.build import build
    from parity.push.source import lay_out
    from parity.runtime import scale
    from parity.system import ground, withheld

    def act() -> Slug:
        folder = sandbox.work.folder("slug")
        lay_out(plan.source, folder)
        return build(
            plan,
            folder,
            run=sandbox.containment.run,
            say=observer.say,
            clock=time.time,
            offline=options.offline,
            limit=limits.build_timeout.value,
        )

    scale.chosen(plan.processes, options.processes)
    with observer.stage("build"):
        ground.check(sandbox.work.root, cache.root())
        withheld.begin()
        slug = whole.sure(act, lambda each: each.refusal or each.unknown, offline=options.offline)
        downloads.left()
        observer.observe(slug)
        return slug


def release_phase(
    observer: Observer, slug: Slug, sandbox: "Sandbox", options: Options, limits: Limits
) -> Release:
    """Run the release command in a one-off dyno, and return the release."""
    from parity.push.release import release
    from parity.runtime import scale

    types = slug.plan.processes
    dynos = scale.chosen(types, options.processes) or scale.usual(slug.plan)
    with observer.stage("release"):
        released = release(
            slug,
            one_off=_one_off(observer, slug, sandbox, options, limits),
            run_release=options.run_release,
            starts=[process for process, _ in dynos],
        )
        observer.observe(released)
        return released


def _one_off(
    observer: Observer, slug: Slug, sandbox: "Sandbox", options: Options, limits: Limits
) -> Callable[[ProcessType], Ended]:
    def run(process: ProcessType) -> Ended:
        from parity.runtime.formation import one_off

        return one_off(slug, process, sandbox, options, limits, observer.say)

    return run


def sized(options: Options, source: Source) -> Options:
    """Return the options with app.json's size of web dynos, for a new app; a typed size wins."""
    manifest = source.manifest
    web = manifest.formation.get("web") if manifest and manifest.applied else None
    known = web is not None and web.size in SIZES and options.dyno == DEFAULTS.dyno
    return options._replace(dyno=web.size) if web and web.size and known else options
