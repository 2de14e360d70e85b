"""This machine's limits and memory, compared with those of a dyno."""

import re
import resource
from collections.abc import Iterator
from pathlib import Path

from parity.facts.dynos import DEFAULT, OPEN_FILES
from parity.records.machine import Check
from parity.system import ground, ulimits, withheld
from parity.system.errors import Trouble

MB = 1024 * 1024


def checked(name: str, faults: Iterator[Trouble], detail: str) -> Check:
    """Return the check of a precondition: its first fault, or `found` if there is none."""
    fault = next(faults, None)
    return Check(name, "missing", fault.what, fault.fix) if fault else Check(name, "ok", detail)


def limits() -> Check:
    """Check the limits of parity's shell; fewer open files than in a dyno is `limited`."""
    few, wanted = ulimits.hard(resource.RLIMIT_NOFILE), int(OPEN_FILES.value)
    check = checked("limits", ground.limits(), "none below a dyno's")
    if check.status == "ok" and few is not None and few < wanted:
        detail = f"{few} open files (a dyno: {wanted}); for apps that need more: `could not tell`"
        return Check("limits", "limited", detail, f"`ulimit -n {wanted}`, as root.")
    return check


def memory() -> Check:
    """Compare the free memory, or a container's limit, with a dyno's memory."""
    sizes = [withheld.allowed("memory", "memory.max", "memory.limit_in_bytes")]
    try:
        free = re.search(r"^MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text(), re.M)
        sizes.append(int(free[1]) * 1024 if free else None)
    except OSError:
        pass
    least = min((size for size in sizes if size is not None), default=None)
    if least is None:
        return Check("memory", "ok", "the free memory is unknown")
    detail = f"{least // MB:,} MB available"
    if least >= DEFAULT.quota:
        return Check("memory", "ok", detail)
    fix = "Close other programs; a container: allow it more (`docker run --memory`)."
    return Check("memory", "limited", f"{detail} (a dyno: {DEFAULT.quota // MB} MB)", fix)
