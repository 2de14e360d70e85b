"""The levels of isolation that this machine grants, tested by running a command at each."""

from parity.dyno.containment import Containment
from parity.dyno.isolation import LEVELS, Place, Refused, refusals
from parity.system.errors import Trouble
from parity.system.workspace import workspace

_probed: set[str] = set()


def level() -> str:
    """Return the level that a run uses on this machine; each is tested once, by a process."""
    return next((level for level in LEVELS if not why_not(level)), LEVELS[-1])


def why_not(level: str) -> str | None:
    """Return why this machine does not grant `level`; None if it does."""
    if level not in _probed and level not in refusals:
        _probed.add(level)
        try:
            _probe(level)
        except (Refused, Trouble, OSError) as error:
            refusals[level] = str(error)
    return refusals.get(level)


def _probe(level: str) -> None:
    """Run a command that does nothing at `level`. Raises `Refused`, `OSError`, `Trouble`."""
    with workspace() as work:
        app = work.folder("app")
        place = Place(level, app)
        ended = Containment().start(
            place, ["true"], cwd=app, env={}, on_line=lambda _: None, limit=10
        )
    if ended.exit:
        raise Refused(f"a command in it ended with status {ended.exit}")
