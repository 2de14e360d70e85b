"""The whole rehearsal at a glance: every stage leaves a record, and every record is judged."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from parity.facts.limits import LIMITS, Limits
from parity.records import Boot, Config, Pushed, Release, Say
from parity.records.options import DEFAULTS, Options
from parity.records.verdict import Verdict
from parity.rehearsal import proof
from parity.rehearsal.repairing import after_that
from parity.rehearsal.trial import Trial
from parity.runtime import deploy as stages
from parity.runtime.deploy import NO_CONFIG
from parity.system import interrupt
from parity.system.errors import MACHINE, Trouble, what_and_fix

if TYPE_CHECKING:
    from parity.dyno.containment import Containment
    from parity.dyno.sandbox import Sandbox
    from parity.rehearsal.probing import Probing
    from parity.runtime.process import RunningDyno


def rehearse(
    app: Path | str,
    *,
    config: Config = NO_CONFIG,
    options: Options = DEFAULTS,
    facts: Limits = LIMITS,
    say: Say | None = None,
    on_stage: Callable[[str], None] | None = None,
    on_verdict: Callable[[Verdict], None] | None = None,
    on_listen: Callable[[Boot], None] | None = None,
    stay: Callable[[Verdict, str], None] | None = None,
) -> Verdict:
    """Do with `app` what Heroku does after `git push heroku main`, and judge every step.

    `on_listen` gets the boot of each web dyno before its first request, `on_verdict` the verdict
    before the dyno is stopped, or before a repaired copy is tried. A dyno that is up stays up until
    `stay` returns, which is called in its own thread with the address of the dyno's router. If
    this machine causes a failure, the verdict is `unknown`. Raises `Usage` for a missing folder.
    """

    from parity.dyno.containment import Containment
    from parity.push import whole

    certain = _certain(on_verdict, offline=options.offline)
    containment = Containment(options.isolation, options.network)
    new = partial(Trial, "run", say, on_stage, strict=options.strict)
    new = partial(new, ignore=options.ignore, on_listen=on_listen)
    inputs = (Path(app), config, containment, options, facts)
    try:
        return whole.sure(
            lambda: _rehearsed(new(), *inputs, certain, stay), offline=options.offline
        )
    except Trouble as error:
        return _stuck(new(), containment, error)


def _certain(
    on_verdict: Callable[[Verdict], None] | None, *, offline: bool
) -> Callable[[Verdict], None]:
    """Return a reporter of the first verdict that first checks the cache behind a failure."""
    from parity.push import whole

    report_once = proof.once(on_verdict)
    checked = False

    def report(verdict: Verdict) -> None:
        nonlocal checked
        if verdict.verdict != "works" and not checked:
            whole.check(offline=offline)
            checked = True
        if report_once:
            report_once(verdict)

    return report


def _rehearsed(
    trial: Trial,
    app: Path,
    config: Config,
    containment: "Containment",
    options: Options,
    facts: Limits,
    on_verdict: Callable[[Verdict], None],
    stay: Callable[[Verdict, str], None] | None,
) -> Verdict:
    """Return the verdict of one try. Raises `whole.Spoilt` if it failed on a damaged cache."""
    from threading import Thread

    from parity.dyno.abandoned import workspace
    from parity.dyno.sandbox import Sandbox
    from parity.push import whole

    try:
        Thread(target=import_module, args=("parity.dyno.process",), daemon=True).start()
        with workspace() as work:
            sandbox = Sandbox(work, containment)
            pushed = stages.receive(trial, app, config, options)
            if pushed.source.goes_on:
                deploy(trial, pushed, sandbox, options, facts, on_verdict, stay)
            repair(trial, pushed, sandbox, options, facts, on_verdict, stay)
    except interrupt.Interrupted as ended:
        return _over(trial, containment, ended.signum)
    except MACHINE as error:
        whole.check(offline=options.offline)
        return _stuck(trial, containment, error)
    return _over(trial, containment)


def _stuck(trial: Trial, containment: "Containment", error: Exception) -> Verdict:
    trial.stuck(*what_and_fix(error))
    return _over(trial, containment)


def _over(trial: Trial, containment: "Containment", interrupted: int | None = None) -> Verdict:
    """Return the verdict, after all processes have ended that could be ended."""
    trial.strays(containment.outlived)
    return trial.verdict(interrupted=interrupted)


def repair(
    trial: Trial,
    pushed: Pushed,
    sandbox: "Sandbox",
    options: Options,
    facts: Limits,
    on_verdict: Callable[[Verdict], None] | None,
    stay: Callable[[Verdict, str], None] | None,
) -> None:
    """Go on with repairs in a copy, and report the verdict, which they do not change.

    A fix that fails in the copy is not reported, so the verdict waits for the first one that helps.
    """
    if stay:
        trial.failed = None

    def report() -> None:
        if on_verdict and failing:
            on_verdict(proof.before_repairs(trial.verdict()))

    failing = trial.stopped or trial.failed
    again = options._replace(run_release=False)
    after_that(trial, pushed, options, lambda p: deploy(trial, p, sandbox, again, facts), report)


def check(
    app: Path | str,
    *,
    config: Config = NO_CONFIG,
    options: Options = DEFAULTS,
    say: Say | None = None,
) -> Verdict:
    """Return the verdict on the tree alone, up to the plan. Runs none of the app's code."""
    trial = Trial("check", say, None, strict=options.strict, ignore=options.ignore)
    try:
        pushed = stages.receive(trial, Path(app), config, options)
        if pushed.source.goes_on:
            stages.decide(trial, pushed, builds=False)
        after_that(trial, pushed, options, lambda p: stages.decide(trial, p, builds=False))
    except interrupt.Interrupted as ended:
        return trial.verdict(interrupted=ended.signum)
    except MACHINE as error:
        trial.stuck(*what_and_fix(error))
    return trial.verdict()


def deploy(
    trial: Trial,
    pushed: Pushed,
    sandbox: "Sandbox",
    options: Options,
    facts: Limits,
    on_verdict: Callable[[Verdict], None] | None = None,
    stay: Callable[[Verdict, str], None] | None = None,
) -> None:
    """Carry on with a push that Heroku's git accepts, as far as it gets."""
    plan = stages.decide(trial, pushed)
    slug = stages.compile_slug(trial, plan, sandbox, options, facts) if plan.goes_on else None
    if slug and slug.goes_on:
        released = stages.release_phase(trial, slug, sandbox, options, facts)
        if released.goes_on:
            sized = stages.sized(options, pushed.source)
            start(trial, released, sandbox, sized, facts, on_verdict, stay)


def start(
    trial: Trial,
    released: Release,
    sandbox: "Sandbox",
    options: Options,
    facts: Limits,
    on_verdict: Callable[[Verdict], None] | None,
    stay: Callable[[Verdict, str], None] | None = None,
) -> None:
    """Run the web dyno and its first requests; without one, the other long-running types."""
    from parity.rehearsal.probing import Probing
    from parity.rehearsal.side_by_side import together
    from parity.runtime import scale
    from parity.runtime.edge import Edge
    from parity.runtime.formation import Formation

    plan = released.slug.plan
    with Edge() as edge:
        formation = Formation(released, sandbox, options, facts, trial.say)
        probing = Probing(trial, formation, edge)

        def before_stop(running: "list[RunningDyno]") -> None:
            if dynos:
                trial.formation(tuple(one.boot for one in running if one.boot))
            if on_verdict and not trial.failed:
                on_verdict(trial.verdict())
            if stay and not dynos:
                _stays(trial, probing, running[0], stay)

        dynos = scale.chosen(plan.processes, options.processes)
        if dynos or "web" in plan.processes:
            together(trial, probing, dynos or scale.usual(plan), before_stop)
        elif trial.stopped is None:
            for each in scale.usual(plan):
                together(trial, probing, [each], lambda _: None)


def _stays(
    trial: Trial, probing: "Probing", one: "RunningDyno", stay: Callable[[Verdict, str], None]
) -> None:
    """Keep a dyno that is up behind a router until `stay` returns."""
    if one.boot and one.boot.state == "up":
        with probing.formation.router(one.dyno, probing.edge) as router:
            probing.edge.beside(partial(stay, trial.verdict(), router.loopback()))
