"""The limits that parity was started with (`ulimit -a`), raised for the dyno where possible.

Only a little of the standard library, as the guard imports this, too.
"""

import resource

UNLIMITED = resource.RLIM_INFINITY
MB = 1024 * 1024
STACK = 8 * MB
"""Bytes of stack that a process on Linux has by default."""

ROOM = 4096
"""Files that parity itself may have open, with many clients at its router (ours)."""

RAISED = (resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_AS, resource.RLIMIT_DATA)
"""Limits that a dyno does not have: seconds of CPU time, bytes of a file, of addresses, of data."""


def hard(limit: int) -> int | None:
    """Return the hard limit; None: unlimited or unknown."""
    most = _both(limit)[1]
    return None if most == UNLIMITED else most


def lift(files: int | None = None) -> None:
    """Raise the limits of this process and its children, as far as this user may.

    `files` is how many files a process may have open (None: at least what parity needs).
    """
    for limit in RAISED:
        most = hard(limit)
        if limit == resource.RLIMIT_CPU and most is not None:
            most = max(1, most - 1)  # SIGXCPU comes first, and is logged; SIGKILL is not
        _set(limit, UNLIMITED if most is None else most)
    open_now = _both(resource.RLIMIT_NOFILE)[0]
    if files is not None or UNLIMITED != open_now < ROOM:
        _set(resource.RLIMIT_NOFILE, _least(files or ROOM, hard(resource.RLIMIT_NOFILE)))
    stack = _both(resource.RLIMIT_STACK)[0]
    if stack != UNLIMITED and stack < STACK:
        _set(resource.RLIMIT_STACK, _least(STACK, hard(resource.RLIMIT_STACK)))


def _both(limit: int) -> tuple[int, int]:
    """Return the soft and the hard limit."""
    try:
        return resource.getrlimit(limit)
    except OSError:
        return UNLIMITED, UNLIMITED


def _least(wanted: int, most: int | None) -> int:
    return wanted if most is None else min(wanted, most)


def _set(limit: int, soft: int) -> None:
    """Set the soft limit; it stays as it is where the kernel refuses."""
    try:
        resource.setrlimit(limit, (soft, resource.getrlimit(limit)[1]))
    except (OSError, ValueError):
        pass


def none(limit: int) -> None:
    """Set a limit to 0; it stays as it is where the kernel refuses."""
    try:
        resource.setrlimit(limit, (0, 0))
    except (OSError, ValueError):
        pass
