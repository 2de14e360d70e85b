"""The workspace of a run that starts processes, and the end of those whose run was killed."""

from collections.abc import Iterator
from contextlib import contextmanager

from parity import workspace as folders
from parity.dyno import reach
from parity.dyno.environment import COOKIE, RUN_ID

MOST = 200
"""Commands of one run whose processes are looked for (ours)."""


@contextmanager
def workspace() -> Iterator[folders.Workspace]:
    """As `parity.workspace.workspace`; what a killed run has left is ended before it is swept.

    Raises `Trouble` where nothing can be written.
    """
    with folders.workspace(RUN_ID, end) as work:
        yield work


def end(run: str) -> None:
    """End the processes that have the marks of a run which is over."""
    reach.end_marked(*(f"{COOKIE}={run}.{number}" for number in range(1, MOST + 1)))
