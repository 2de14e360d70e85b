"""The formation as scaled: `--process web=2 --process worker=1`, every dyno side by side.

Heroku runs one web dyno and none of the others after a first deploy; `heroku ps:scale` changes it:
https://devcenter.heroku.com/articles/scaling (documented).
"""

import re
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from parity.facts.dynos import SIZES
from parity.facts.procfile import ROUTED, SHORT_RUN
from parity.records import Boot, ProcessType, Shutdown, Source, Traffic
from parity.records.options import DEFAULTS, Options
from parity.system import interrupt
from parity.system.errors import Usage

if TYPE_CHECKING:
    import asyncio

    from parity.dyno import Dyno
    from parity.rehearsal.probing import Formation
    from parity.rehearsal.trial import Trial

ALL = "all"
"""What `--process` takes for one dyno of every type."""

MOST = 100
"""Dynos of an app: https://devcenter.heroku.com/articles/limits#dynos (documented)."""

_SCALE = re.compile(r"([-\w]{1,128})(?:[=@](\d{1,4}))?", re.ASCII)


class Member(NamedTuple):
    """One dyno of the formation, and what became of it so far."""

    dyno: "Dyno"
    boot: Boot
    traffic: Traffic | None


def parsed(given: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """`web=2,worker` as types and numbers of dynos. Raises `Usage`."""
    found: dict[str, int] = {}
    for part in (part.strip() for text in given for part in text.split(",")):
        match = _SCALE.fullmatch(part)
        if not match:
            raise Usage(f"--process {part}: type TYPE or TYPE=NUMBER, as in web=2")
        found[match[1]] = int(match[2] or 1)
    if sum(found.values()) > MOST:
        raise Usage(f"--process: an app has at most {MOST} dynos")
    return tuple(found.items())


def chosen(
    types: Mapping[str, ProcessType], wanted: Iterable[tuple[str, int]]
) -> list[tuple[ProcessType, str]]:
    """Every dyno with its name, those of web first. Raises `Usage`."""
    numbers = dict(wanted)
    if ALL in numbers and ALL not in types:
        each = numbers.pop(ALL)
        numbers = {**{name: each for name in types if name not in SHORT_RUN}, **numbers}
    for name in numbers:
        if name not in types or name == "release":
            known = ", ".join(t for t in types if t != "release") or "(none)"
            raise Usage(
                f"--process {name}: Couldn't find that process type ({name}). The Procfile"
                f" declares {known}."
            )
    if numbers and not any(numbers.values()):
        raise Usage("--process: no dyno to run; type at least TYPE=1")
    order = sorted(numbers, key=lambda name: name != ROUTED)
    return [(types[name], f"{name}.{n}") for name in order for n in range(1, numbers[name] + 1)]


def together(
    trial: "Trial",
    formation: "Formation",
    dynos: Sequence[tuple[ProcessType, str]],
    before_stop: Callable[[], None],
) -> None:
    """Boot all at once, ask those of web, judge each, stop all at once.

    The first one is the report's own; of the others it has the findings and how they ended.
    """
    import asyncio  # slow, and one dyno alone does not need it before it is launched

    with ExitStack() as stack:
        loop = stack.enter_context(closing(asyncio.new_event_loop()))
        made = [stack.enter_context(formation.dyno(*each, loop=loop)) for each in dynos]
        with trial.stage("boot"):
            boots = loop.run_until_complete(_all([dyno.boot_aside() for dyno in made]))
        pairs = zip(made, boots, strict=True)
        members = [_judged(trial, formation, n, *pair) for n, pair in enumerate(pairs)]
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
        trial.judge(later)
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
        trial.judge(record)


def _judged(
    trial: "Trial", formation: "Formation", number: int, dyno: "Dyno", boot: Boot
) -> Member:
    """The first requests to a dyno of web; the boots of others are judged as they are."""
    if dyno.type.name != ROUTED:
        _judge(trial, number, boot)
        return Member(dyno, boot, None)
    with trial.aside() if number else nullcontext():
        return Member(dyno, *formation.ask(dyno, boot))


def sized(options: Options, source: Source) -> Options:
    """The size of web dynos, for an app that is created from app.json; what was typed counts."""
    manifest = source.manifest
    web = manifest.formation.get("web") if manifest and manifest.applied else None
    known = web is not None and web.size in SIZES and options.dyno == DEFAULTS.dyno
    return options._replace(dyno=web.size) if web and web.size and known else options
