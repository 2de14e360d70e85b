"""The rehearsal of a release's dynos: booted together, requested in turn, stopped together."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from parity.records import ProcessType
from parity.runtime.release import RunningRelease

if TYPE_CHECKING:
    from parity.rehearsal.probing import Probing
    from parity.rehearsal.trial import Trial
    from parity.runtime.process import RunningDyno


def together(
    trial: "Trial",
    probing: "Probing",
    dynos: Sequence[tuple[ProcessType, str]],
    before_stop: "Callable[[list[RunningDyno]], None]",
) -> None:
    """Boot all dynos together, send requests to those of web, judge each, and stop all together.

    The report has the first dyno's records; of the others it has the findings and their ends.
    """
    edge, release = probing.edge, RunningRelease(probing.formation, dynos)
    release.prepare()
    with edge.holding(release):
        probing.boot(release)
        for number, one in enumerate(release.dynos):
            with _share(trial, number):
                _judge(trial, probing, one)
        for number, one in enumerate(release.dynos):
            with _share(trial, number):
                _settle(trial, probing, one)
        before_stop(release.dynos)
        with trial.stage("stop"):
            for number, end in enumerate(edge.run(release.stop())):
                with _share(trial, number):
                    assert end, "a dyno that was booted has a shutdown"
                    trial.observe(end)


def _share(trial: "Trial", number: int) -> AbstractContextManager[None]:
    """Return a context in which only the first dyno's records become the report's."""
    return trial.aside() if number else nullcontext()


def _judge(trial: "Trial", probing: "Probing", one: "RunningDyno") -> None:
    """Send a web dyno its first requests; judge the boot of any other as it is."""
    assert one.boot, "the dyno was not booted"
    if one.routed:
        probing.ask(one)
    else:
        trial.observe(one.boot)


def _settle(trial: "Trial", probing: "Probing", one: "RunningDyno") -> None:
    """Judge a dyno that has ended by itself before its stop, which is a crash."""
    if one.boot and one.boot.state == "up":
        later = probing.edge.run(one.settle(answered=one.traffic is not None))
        if later.state != "up":
            trial.observe(later)
