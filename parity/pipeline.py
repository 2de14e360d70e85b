"""The story of a deploy on one screen: every stage leaves a record, every record is judged."""

import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

from parity import interrupt
from parity.facts.limits import LIMITS, Limits
from parity.records import Config, Plan, Release, Say, Slug
from parity.trial import Trial
from parity.verdict import Verdict

if TYPE_CHECKING:
    from parity.router.scenario import Step
    from parity.workspace import Workspace

NO_CONFIG = Config({}, {})


class Options(NamedTuple):
    """What a user may choose; `host` None: the app's own name, `port` None: a random one."""

    ref: str | None = None
    paths: tuple[str, ...] = ("/",)
    host: str | None = None
    port: int | None = None
    stack: str = "heroku-26"
    buildpacks: tuple[str, ...] = ()
    dyno: str = "basic"
    router: str = "2.0"
    scenario: "tuple[Step, ...]" = ()
    exact: bool = False
    run_release: bool = False
    offline: bool = False
    strict: bool = False


DEFAULTS = Options()


def rehearse(
    app: Path | str,
    *,
    config: Config = NO_CONFIG,
    options: Options = DEFAULTS,
    facts: Limits = LIMITS,
    say: Say | None = None,
    on_stage: Callable[[str], None] | None = None,
    on_verdict: Callable[[Verdict], None] | None = None,
) -> Verdict:
    """Do to `app` what Heroku does after `git push heroku main`, and judge every step.

    `on_verdict` gets the verdict before the dyno is stopped, which may take a while. Where this
    machine, not the app, stands in the way, the verdict is `unknown`. Raises `interrupt.Usage` for
    an `app` that is no folder.
    """
    from parity.workspace import workspace

    Thread(target=import_module, args=("parity.dyno.process",), daemon=True).start()
    trial = Trial("run", say, on_stage, strict=options.strict)
    try:
        with workspace() as work:
            plan = decide(trial, Path(app), config, options)
            slug = compile_slug(trial, plan, work, options, facts) if plan else None
            released = release_phase(trial, slug, work, options, facts) if slug else None
            if released:
                start(trial, released, work, options, facts, on_verdict)
    except interrupt.Interrupted as ended:
        return trial.verdict(interrupted=ended.signum)
    except (interrupt.Trouble, OSError) as error:
        trial.stuck(*what_and_fix(error))
    return trial.verdict()


def check(
    app: Path | str,
    *,
    config: Config = NO_CONFIG,
    options: Options = DEFAULTS,
    say: Say | None = None,
) -> Verdict:
    """The story up to the plan: what the tree alone decides. Runs none of the app's code."""
    trial = Trial("check", say, None, strict=options.strict)
    try:
        decide(trial, Path(app), config, options)
    except interrupt.Interrupted as ended:
        return trial.verdict(interrupted=ended.signum)
    except (interrupt.Trouble, OSError) as error:
        trial.stuck(*what_and_fix(error))
    return trial.verdict()


def what_and_fix(error: interrupt.Trouble | OSError) -> tuple[str, str]:
    """What stood in the way, and what to do about it."""
    if isinstance(error, interrupt.Trouble):
        return error.what, error.fix
    return str(error), "Check free disk space, permissions and limits (ulimit -a), then try again."


def decide(trial: Trial, app: Path, config: Config, options: Options) -> Plan | None:
    """The tree that is pushed, and what Heroku makes of it before it builds."""
    from parity.push.detect import detect
    from parity.push.source import read

    with trial.stage("source"):
        source = read(app, options.ref)
        if not trial.judge(source):
            return None
    with trial.stage("detect"):
        plan = detect(
            source,
            config,
            stack=options.stack,
            buildpacks=options.buildpacks,
            say=trial.say,
            clock=time.time,
        )
        return plan if trial.judge(plan) else None


def compile_slug(
    trial: Trial, plan: Plan, work: "Workspace", options: Options, facts: Limits
) -> Slug | None:
    """The build."""
    from parity.dyno.contained import run
    from parity.push.build import build
    from parity.push.source import lay_out

    with trial.stage("build"):
        folder = work.folder("slug")
        lay_out(plan.source, folder)
        slug = build(
            plan,
            folder,
            run=run,
            say=trial.say,
            clock=time.time,
            offline=options.offline,
            limit=facts.build_timeout.value,
        )
        return slug if trial.judge(slug) else None


def release_phase(
    trial: Trial, slug: Slug, work: "Workspace", options: Options, facts: Limits
) -> Release | None:
    """The release command, in a dyno of its own."""
    from parity.formation import one_off
    from parity.push.release import release

    with trial.stage("release"):
        released = release(
            slug,
            one_off=lambda process: one_off(trial, slug, process, work, options, facts),
            run_release=options.run_release,
        )
        return released if trial.judge(released) else None


def start(
    trial: Trial,
    released: Release,
    work: "Workspace",
    options: Options,
    facts: Limits,
    on_verdict: Callable[[Verdict], None] | None,
) -> None:
    """The web dyno and its first requests; without one, the other long-running types."""
    from parity.formation import Formation

    formation = Formation(trial, released, work, options, facts)
    web = released.slug.plan.processes.get("web")
    if web is None:
        formation.workers()
        return
    with formation.dyno(web, "web.1") as dyno:
        boot, traffic = formation.serve(dyno)
        if on_verdict:
            on_verdict(trial.verdict())
        with trial.stage("stop"):
            trial.judge(dyno.stop(boot, traffic))
