"""The part of a deploy before any dyno starts, from receiving to the release phase."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from parity.dyno.sandbox import Sandbox
from parity.facts.limits import Limits
from parity.records import Config, ProcessType, Release, Say
from parity.records.options import Options
from parity.runtime import deploy, scale
from parity.serving.judge import BuildObserver, Judge
from parity.system.errors import Trouble, Usage, what_and_fix


class Built(NamedTuple):
    """The result of one build; `released` is None if Heroku, or this machine, stopped before.

    `dynos` are the types to run, each with a name; all files are in the folder of `sandbox`.
    """

    observed: BuildObserver
    released: Release | None
    dynos: tuple[tuple[ProcessType, str], ...]
    options: Options
    sandbox: Sandbox


def build(
    app: Path,
    config: Config,
    options: Options,
    sandbox: Sandbox,
    limits: Limits,
    say: Say,
    on_stage: Callable[[str], None],
    *,
    judge: Judge,
    first: bool,
) -> Built:
    """Receive, build and release `app`. Raises `interrupt.Interrupted`.

    Only the `first` build raises `Usage`: in later ones, files may be half written.
    """
    observer = judge.build(say, on_stage)
    try:
        return _built(observer, app, config, options, sandbox, limits)
    except Usage as error:
        if first:
            raise
        observer.stuck(str(error), "Correct it; parity looks again at the next change.")
    except (Trouble, OSError) as error:
        observer.stuck(*what_and_fix(error))
    return Built(observer, None, (), options, sandbox)


def _built(
    observer: BuildObserver,
    app: Path,
    config: Config,
    options: Options,
    sandbox: Sandbox,
    limits: Limits,
) -> Built:
    slug = deploy.slug_of(observer, app, sandbox, config, options, limits)
    released = deploy.release_phase(observer, slug, sandbox, options, limits) if slug else None
    if released is None or not released.goes_on:
        return Built(observer, None, (), options, sandbox)
    plan = released.slug.plan
    dynos = scale.chosen(plan.processes, options.processes) or scale.usual(plan)
    return Built(observer, released, tuple(dynos), deploy.sized(options, plan.source), sandbox)
