"""The workspace of a run that starts processes, and the clean-up after runs that were killed."""

from collections.abc import Iterator
from contextlib import contextmanager

from parity.dyno import shared, signals
from parity.dyno.environment import COOKIE, RUN_ID
from parity.system import workspace as folders

MOST = 200
"""The most commands of one run whose processes are looked for (ours)."""


@contextmanager
def workspace() -> Iterator[folders.Workspace]:
    """Yield a workspace, after ending processes of killed runs and sweeping their workspaces.

    Raises `Trouble` if nothing can be written.
    """
    with folders.workspace(RUN_ID, end) as work:
        yield work


def end(run: str) -> None:
    """End the processes that carry the marks of a run that is over, and their shared memory."""
    marks = [f"{COOKIE}={run}.{number}" for number in range(1, MOST + 1)]
    files = shared.held(signals.marked(*marks))
    signals.end_marked(*marks)
    shared.remove(files)
