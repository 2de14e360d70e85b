"""A one-off dyno, for the release phase: https://devcenter.heroku.com/articles/one-off-dynos."""

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from parity.dyno import environment, isolation, port
from parity.dyno.containment import Containment
from parity.dyno.files import written
from parity.facts import lifecycle
from parity.facts.dynos import DynoSize
from parity.records import Ended, Line, ProcessType, Say, Slug


def one_off(
    slug: Slug,
    process: ProcessType,
    name: str,
    *,
    folder: Path,
    size: DynoSize,
    limit: float,
    say: Say,
    containment: Containment,
    extra: Mapping[str, str] | None = None,
) -> Ended:
    """Run `process` to its end in `folder`, its copy of the slug, and log what Heroku logs."""
    variables = partial(
        environment.variables, slug.plan.config.values, name=name, port=port.choose(), size=size
    )

    def log(text: str, source: str = "heroku") -> None:
        say(Line(time.time(), f"{source}[{name}]", text))

    log(lifecycle.starting(process.command))
    log(lifecycle.changed("starting", "up"))

    def run_at(level: str) -> Ended:
        place = isolation.dyno(level, folder, slug, size, own_network=containment.own_network)
        return containment.start(
            place,
            environment.command(process.command),
            cwd=folder,
            env=variables(place=place, extra=extra or {}),
            on_line=lambda text: log(text, "app"),
            limit=limit,
        )

    ended = isolation.at_best(containment.levels(), run_at)
    log(lifecycle.exited(ended.exit))
    log(lifecycle.changed("up", "complete"))
    return ended._replace(written=written(folder, slug.root, process.command))
