"""The dynos of a formation, in the form that `heroku ps:scale` takes: `web=2,worker=1`.

After a first deploy Heroku runs one web dyno and no others:
https://devcenter.heroku.com/articles/scaling (documented).
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from parity.facts.procfile import ROUTED, SHORT_RUN, background
from parity.records import Plan, ProcessType
from parity.system.errors import Usage

ALL = "all"
"""The value of `--process` for one dyno of every type."""

MOST = 100
"""The most dynos of an app: https://devcenter.heroku.com/articles/limits#dynos (documented)."""

_SCALE = re.compile(r"([-\w]{1,128})(?:[=@](\d{1,4}))?", re.ASCII)


def parsed(texts: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Return the types and numbers of dynos in `web=2,worker`. Raises `Usage`."""
    counts: dict[str, int] = {}
    for part in (part.strip() for text in texts for part in text.split(",")):
        match = _SCALE.fullmatch(part)
        if not match:
            raise Usage(f"--process {part}: type TYPE or TYPE=NUMBER, as in web=2")
        counts[match[1]] = int(match[2] or 1)
    if sum(counts.values()) > MOST:
        raise Usage(f"--process: an app has at most {MOST} dynos")
    return tuple(counts.items())


def chosen(
    types: Mapping[str, ProcessType], wanted: Iterable[tuple[str, int]]
) -> list[tuple[ProcessType, str]]:
    """Return every dyno with its name, those of web first. Raises `Usage`."""
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


def usual(plan: Plan) -> list[tuple[ProcessType, str]]:
    """Return one web dyno, as after a first deploy; without a web type, one of every other."""
    web = plan.processes.get(ROUTED)
    types = [web] if web else background(plan)
    return [(each, f"{each.name}.1") for each in types]
