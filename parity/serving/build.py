"""What `git push` does before any dyno is touched, in a thread of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from parity.facts.limits import Limits
from parity.facts.procfile import ROUTED
from parity.records import Config, Plan, ProcessType, Release, Say
from parity.records.options import Options
from parity.rehearsal import pipeline, side_by_side
from parity.rehearsal.trial import Trial, what_and_fix
from parity.rules.views.procfile_lines import background
from parity.system.errors import Trouble, Usage
from parity.system.workspace import Workspace


class Built(NamedTuple):
    """What came of one build; `released` None: Heroku, or this machine, did not get so far.

    `dynos` are the types to run, each with its name; `work` is the folder that all of it is in.
    """

    trial: Trial
    released: Release | None
    dynos: tuple[tuple[ProcessType, str], ...]
    options: Options
    work: Workspace


def build(
    app: Path,
    config: Config,
    options: Options,
    work: Workspace,
    limits: Limits,
    say: Say,
    on_stage: Callable[[str], None],
    *,
    first: bool,
) -> Built:
    """Receive, build and release `app`. Raises `interrupt.Interrupted`.

    The `first` one raises `Usage`, too: later on, files may be half written.
    """
    trial = Trial("run", say, on_stage, strict=options.strict)
    try:
        return _built(trial, app, config, options, work, limits)
    except Usage as error:
        if first:
            raise
        trial.stuck(str(error), "Mend that; parity looks again at the next change.")
    except (Trouble, OSError) as error:
        trial.stuck(*what_and_fix(error))
    return Built(trial, None, (), options, work)


def _built(
    trial: Trial,
    app: Path,
    config: Config,
    options: Options,
    work: Workspace,
    limits: Limits,
) -> Built:
    pushed, accepted = pipeline.receive(trial, app, config, options)
    plan = pipeline.decide(trial, pushed) if accepted else None
    slug = pipeline.compile_slug(trial, plan, work, options, limits) if plan else None
    released = pipeline.release_phase(trial, slug, work, options, limits) if slug else None
    if released is None:
        return Built(trial, None, (), options, work)
    sized = side_by_side.sized(options, pushed.source)
    plan = released.slug.plan
    chosen = side_by_side.chosen(plan.processes, options.processes) or _usual(plan)
    return Built(trial, released, tuple(chosen), sized, work)


def _usual(plan: Plan) -> list[tuple[ProcessType, str]]:
    """One dyno of web, as after a first deploy; without one, of every other type."""
    types = plan.processes
    if ROUTED in types:
        return [(types[ROUTED], f"{ROUTED}.1")]
    return [(each, f"{each.name}.1") for each in background(plan.procfile, types.values())]
