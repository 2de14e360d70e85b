"""The workspace of a run that starts processes, and the end of those whose run was killed."""

from collections.abc import Iterator
from contextlib import contextmanager

from parity.dyno import signals
from parity.dyno.environment import COOKIE, RUN_ID
from parity.system import workspace as folders

MOST = 200
"""Commands of one run whose processes are looked for (ours)."""


@contextmanager
def workspace() -> Iterator[folders.Workspace]:
    """A workspace; what a killed run has left is ended before its own is swept.

    Raises `Trouble` where nothing can be written.
    """
    with folders.workspace(RUN_ID, end) as work:
        yield work


def end(run: str) -> None:
    """End the processes that have the marks of a run which is over."""
    signals.end_marked(*(f"{COOKIE}={run}.{number}" for number in range(1, MOST + 1)))
