"""The levels of isolation, and the places in which commands run.

`pidns`: private namespaces, no process can be left. `guard`: two guards that watch each other.
`subreaper`: one guard. `basic`: a process group, and marks that children inherit. The last two
report what outlived its command in its own session. Each run takes the first level that works
(guard.py implements them); only a level that was requested by name may fail.
"""

import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import NamedTuple, TypeVar

from parity.dyno import signals
from parity.facts.dynos import OPEN_FILES, DynoSize
from parity.records import Slug
from parity.system.errors import Trouble
from parity.system.interrupt import own_process

T = TypeVar("T")
LEVELS = ("pidns", "guard", "subreaper", "basic")
AUTO = "auto"

SERVICES = (Path("/run/postgresql"), Path("/run/mysqld"), Path("/run/redis"))
"""The sockets of local databases, which stand in for add-ons."""

APP = Path("/app")
"""HOME of a dyno: https://devcenter.heroku.com/articles/dynos (documented)."""

RUN_ELSEWHERE = "Close other programs, and run parity outside of what restricts it (a container)."

refusals: dict[str, str] = (
    {} if sys.platform.startswith("linux") else dict.fromkeys(LEVELS[:-1], "only Linux has it")
)
"""The levels that this machine is known to refuse (levels.py), and why: a fact about the machine,
so that all runs share it."""


class Refused(Exception):
    """The machine does not grant a level; the text says why."""


class Place(NamedTuple):
    """The folder, files and limits with which a command runs.

    At `pidns`, `app` is /app, and the command has nothing else of this machine but its system,
    `visible`, and the files `writable`; only there can it have its own network. `processes` 0: no
    limit; `cores` 0: this machine's. A command sees no more than `cores`, and at `pidns` just as
    many, however few this machine has.
    """

    level: str
    app: Path | None = None
    visible: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    processes: int = 0
    own_network: bool = False
    cores: int = 0

    @property
    def home(self) -> Path:
        """The command's HOME."""
        return APP if self.level == "pidns" or not self.app else self.app

    @property
    def temporary(self) -> Path | None:
        """The folder for the command's temporary files, if it has no private /tmp."""
        if self.level == "pidns" or not self.app:
            return None
        return self.app.with_name(f"{self.app.name}.tmp")

    def arguments(self) -> list[str]:
        """Return the place as arguments for guard.py."""
        paths = [f"r{path}" for path in self.visible] + [f"w{path}" for path in self.writable]
        numbers = (self.processes, int(OPEN_FILES.value), self.cores, len(paths))
        return [str(self.app or ""), *map(str, numbers), *paths]


def dyno(
    level: str,
    folder: Path,
    slug: Slug,
    size: DynoSize,
    *,
    writable: tuple[Path, ...] = (),
    own_network: bool = False,
) -> Place:
    """Return a dyno's place: its copy of the slug, and what the slug links to."""
    visible = [slug.root, Path(__file__).with_name("trace_hook"), *slug.tools]
    if slug.environment:
        visible += [slug.environment, *_linked(slug.environment)]
    for interpreter in slug.interpreters.values():
        visible += _prefixes(interpreter.path)
    if not own_network:
        visible += SERVICES
    shown = (tuple(visible), writable, size.processes, own_network, size.cores or 0)
    place = Place(level, folder, *shown)
    if place.temporary:
        place.temporary.mkdir(mode=0o700, exist_ok=True)
    return place


def _linked(environment: Path) -> list[Path]:
    """Return the programs outside of this environment that it links to."""
    return [link.resolve() for link in environment.glob("*/venv") if link.is_symlink()]


def _prefixes(interpreter: Path) -> list[Path]:
    """Return the folders of an interpreter and its library, but never the whole home folder."""
    prefixes = {interpreter.parent.parent, interpreter.resolve().parent.parent}
    home = Path.home()
    return [
        part
        for prefix in prefixes
        for part in (
            [prefix / "bin", prefix / "lib"] if prefix in (home, *home.parents) else [prefix]
        )
    ]


def at_best(levels: Generator[str, None, None], act: Callable[[str], T]) -> T:
    """Return the result of `act` at the first of `levels` that is not refused. Raises `Trouble`."""
    level = next(levels)
    while True:
        try:
            return act(level)
        except Refused as refused:
            level = levels.throw(refused)


def levels(wanted: str, *, own_network: bool = False) -> Generator[str, None, None]:
    """Yield the levels to try: each that `wanted` allows and this machine has not refused yet.

    A `Refused` that is thrown into it leads to the next one. Raises `Trouble` if none is left.
    """
    if own_network:
        yield from _with_network(wanted)
        return
    for level in LEVELS if wanted == AUTO else (wanted,):
        if level in refusals:
            continue
        if level != "pidns" and own_process():
            signals.conceal()
        try:
            yield level
        except Refused as refused:
            refusals[level] = str(refused)
    if wanted == AUTO:
        raise Trouble(f"no process can be started here: {refusals[LEVELS[-1]]}", RUN_ELSEWHERE)
    raise _trouble(wanted)


def _with_network(wanted: str) -> Generator[str, None, None]:
    why = refusals.get("pidns")
    if wanted not in (AUTO, "pidns"):
        why = f"it goes with --isolation pidns, not {wanted}"
    try:
        if not why:
            yield "pidns"
    except Refused as refused:
        why = str(refused)
    raise Trouble(
        f"a dyno cannot have --network own here: {why}",
        "Leave the option out: the dyno then uses this machine's network.",
    )


def _trouble(level: str) -> Trouble:
    return Trouble(
        f"this machine does not grant --isolation {level}: {refusals[level]}",
        "Leave the option out: parity then takes the best level there is.",
    )
