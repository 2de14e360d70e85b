"""The options of a rehearsal."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from parity.records.scenario import Step


class Options(NamedTuple):
    """The options of a rehearsal; `host` None: the app's own name, `port` None: a random one.

    `first_only`: the rehearsal ends where Heroku stops, instead of looking for further problems.
    `new_app`: the app is created from app.json. `processes` are the types to run, each with its
    number of dynos; empty: as after a first deploy. `ignore` are the ids of findings to silence.
    """

    ref: str | None = None
    paths: tuple[str, ...] = ("/",)
    host: str | None = None
    port: int | None = None
    stack: str = "heroku-26"
    buildpacks: tuple[str, ...] = ()
    dyno: str = "basic"
    router: str = "2.0"
    processes: tuple[tuple[str, int], ...] = ()
    scenario: "tuple[Step, ...]" = ()
    exact: bool = False
    run_release: bool = False
    offline: bool = False
    isolation: str = "auto"
    network: str = "host"
    metadata: bool = False
    strict: bool = False
    first_only: bool = False
    new_app: bool = False
    ignore: frozenset[str] = frozenset()


DEFAULTS = Options()
