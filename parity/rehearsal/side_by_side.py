"""Several dynos rehearsed side by side: `--process web=2 --process worker=1`."""

from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from parity.facts.procfile import ROUTED
from parity.records import Boot, ProcessType, Shutdown, Traffic

if TYPE_CHECKING:
    from parity.dyno import Dyno
    from parity.rehearsal.probing import Probing
    from parity.rehearsal.trial import Trial
    from parity.runtime.edge import Edge

T = TypeVar("T")


class Member(NamedTuple):
    """One dyno of the formation, and what became of it so far."""

    dyno: "Dyno"
    boot: Boot
    traffic: Traffic | None


def together(
    trial: "Trial",
    probing: "Probing",
    dynos: Sequence[tuple[ProcessType, str]],
    before_stop: Callable[[], None],
) -> None:
    """Boot all at once, ask those of web, judge each, stop all at once.

    The first one is the report's own; of the others it has the findings and how they ended.
    """
    edge, made = probing.edge, [probing.formation.dyno(*each) for each in dynos]
    with ExitStack() as stack:
        for dyno in made:
            stack.enter_context(edge.holding(dyno))
        with trial.stage("boot"):
            for dyno in made:
                dyno.launch()
            boots = edge.run(_each([dyno.boot() for dyno in made]))
        pairs = zip(made, boots, strict=True)
        members = [_judged(trial, probing, n, *pair) for n, pair in enumerate(pairs)]
        members = [_still(trial, edge, n, member) for n, member in enumerate(members)]
        trial.formation(tuple(member.boot for member in members))
        before_stop()
        with trial.stage("stop"):
            stops = [member.dyno.stop(member.boot, member.traffic) for member in members]
            for number, end in enumerate(edge.run(_each(stops))):
                _judge(trial, number, end)


def still(trial: "Trial", edge: "Edge", dyno: "Dyno", boot: Boot, *, answered: bool) -> Boot:
    """The boot of a dyno that is to be stopped; one that has ended by itself has crashed."""
    if boot.state != "up":
        return boot
    later = edge.run(dyno.settle(boot, failed=False, answered=answered))
    if later.state != boot.state:
        trial.observe(later)
    return later


def _still(trial: "Trial", edge: "Edge", number: int, member: Member) -> Member:
    with trial.aside() if number else nullcontext():
        boot = still(trial, edge, member.dyno, member.boot, answered=member.traffic is not None)
        return member._replace(boot=boot)


async def _each(works: "Sequence[Coroutine[Any, Any, T]]") -> list[T]:
    """All at once; where one raises, the others end, too."""
    import asyncio

    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


def _judge(trial: "Trial", number: int, record: Boot | Shutdown) -> None:
    """The first dyno's records are the report's."""
    with trial.aside() if number else nullcontext():
        trial.observe(record)


def _judged(trial: "Trial", probing: "Probing", number: int, dyno: "Dyno", boot: Boot) -> Member:
    """The first requests to a dyno of web; the boots of others are judged as they are."""
    if dyno.type.name != ROUTED:
        _judge(trial, number, boot)
        return Member(dyno, boot, None)
    with trial.aside() if number else nullcontext():
        return Member(dyno, *probing.ask(dyno, boot))
