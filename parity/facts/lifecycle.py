"""A dyno's life in the words of Heroku's dyno manager, as found in public logs (observed).

Codes: https://devcenter.heroku.com/articles/error-codes; states: `dyno.state` in
https://devcenter.heroku.com/articles/platform-api-reference#dyno.
"""

from collections.abc import Mapping

from parity.facts.dynos import MB

NEXT: Mapping[str, tuple[str, ...]] = {
    "starting": ("up", "crashed", "down"),
    "up": ("crashed", "starting", "down", "complete"),
    "crashed": ("starting", "down"),
    "down": ("starting",),
    "complete": (),
}
"""The states that may follow each state."""

IDLING, UNIDLING = "Idling", "Unidling"
RESTARTING, CYCLING = "Restarting", "Cycling"
STOPPING = "Stopping all processes with SIGTERM"
KILLING = "Stopping process with SIGKILL"
KILLING_REST = "Stopping remaining processes with SIGKILL"
R14 = "Error R14 (Memory quota exceeded)"
R15 = "Error R15 (Memory quota vastly exceeded)"


def starting(command: str) -> str:
    """Return the first line of every dyno."""
    return f"Starting process with command `{command}`"


def changed(before: str, after: str) -> str:
    """Return the line for a change of state."""
    return f"State changed from {before} to {after}"


def exited(code: int) -> str:
    """Return the line for the command's end; `code` is 128 + signal if a signal ended it."""
    return f"Process exited with status {code}"


def boot_timeout(seconds: float) -> str:
    """Return the line for R10."""
    return (
        "Error R10 (Boot timeout) -> Web process failed to bind to $PORT "
        f"within {seconds:.0f} seconds of launch"
    )


def exit_timeout(seconds: float) -> str:
    """Return the line for R12."""
    return (
        "Error R12 (Exit timeout) -> At least one process failed to exit "
        f"within {seconds:.0f} seconds of SIGTERM"
    )


def running(used: int, quota: int) -> str:
    """Return the line before R14 and R15: whole MB, and percent of `quota`; both are in bytes."""
    return f"Process running mem={used // MB}M({100 * used / quota:.1f}%)"
