"""Several dynos rehearsed side by side: `--process web=2 --process worker=1`."""

from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import ExitStack, closing, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from parity.facts.procfile import ROUTED
from parity.records import Boot, ProcessType, Shutdown, Traffic
from parity.system import interrupt

if TYPE_CHECKING:
    import asyncio

    from parity.dyno import Dyno
    from parity.rehearsal.probing import Probing
    from parity.rehearsal.trial import Trial


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
    import asyncio  # slow, and one dyno alone does not need it before it is launched

    with ExitStack() as stack:
        loop = stack.enter_context(closing(asyncio.new_event_loop()))
        made = [stack.enter_context(probing.formation.dyno(*each, loop=loop)) for each in dynos]
        with trial.stage("boot"):
            boots = loop.run_until_complete(_all([dyno.boot_aside() for dyno in made]))
        pairs = zip(made, boots, strict=True)
        members = [_judged(trial, probing, n, *pair) for n, pair in enumerate(pairs)]
        members = [_still(trial, n, member) for n, member in enumerate(members)]
        trial.formation(tuple(member.boot for member in members))
        before_stop()
        with trial.stage("stop"):
            stops = [member.dyno.stopping(member.boot, member.traffic) for member in members]
            for number, end in enumerate(loop.run_until_complete(_each(stops))):
                _judge(trial, number, end)


def still(trial: "Trial", dyno: "Dyno", boot: Boot, *, answered: bool) -> Boot:
    """The boot of a dyno that is to be stopped; one that has ended by itself has crashed."""
    later = dyno.settle(boot, failed=False, answered=answered) if boot.state == "up" else boot
    if later.state != boot.state:
        trial.observe(later)
    return later


def _still(trial: "Trial", number: int, member: Member) -> Member:
    with trial.aside() if number else nullcontext():
        boot = still(trial, member.dyno, member.boot, answered=member.traffic is not None)
        return member._replace(boot=boot)


async def _all(tasks: "Sequence[asyncio.Task[Boot]]") -> list[Boot]:
    """Wait for every boot. Raises `interrupt.Interrupted`, and what a boot raises."""
    import asyncio

    pending = set(tasks)
    while pending:
        _, pending = await asyncio.wait(pending, timeout=0.05)
        interrupt.check()
    return [task.result() for task in tasks]


async def _each(stops: "Iterable[Coroutine[Any, Any, Shutdown]]") -> list[Shutdown]:
    import asyncio

    return list(await asyncio.gather(*stops))


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
