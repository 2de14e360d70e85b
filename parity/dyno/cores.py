"""The number of CPU cores that a dyno's processes see, from which many servers take their size."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parity.facts.dynos import DynoSize


def seen(isolation: str | None, size: "DynoSize") -> int | None:
    """Return what `os.cpu_count()` is in a dyno at that level of isolation; None if not known.

    At `pidns` it is the dyno's number (namespace.py), elsewhere this machine's.
    """
    if isolation == "pidns" and size.cores:
        return size.cores
    return os.cpu_count()
