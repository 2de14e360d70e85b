"""Failures caused by this machine: what it ran out of, or was told to withhold.

An app, or a step of its build, that fails for lack of something of which Heroku has more shows it
in its log, or in the signal that ended it. That is reported as this machine's fault, not the app's.
"""

import re
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from parity.facts.dynos import DEFAULT, OPEN_FILES, SIZES
from parity.records import Boot, Record, Release, Slug, Traffic
from parity.system import ulimits

SIGXCPU, SIGXFSZ, SIGKILL, SIGSEGV = 152, 153, 137, 139
"""Exit statuses of a command that the signal has ended."""

LAST = 200
"""Lines at the end of a log that are searched (ours)."""

RAISE = "Raise the limit (as root, or in /etc/security/limits.conf), and run parity again."


class Lack(NamedTuple):
    """A shortage, and what to do about it."""

    what: str
    fix: str


class Sign(NamedTuple):
    """The symptom of a hard limit below `enough` (None: of any): a message, or an exit status."""

    limit: int
    enough: int | None
    pattern: str
    exit: int
    what: str


SIGNS = (
    Sign(
        resource.RLIMIT_NOFILE,
        int(OPEN_FILES.value),
        r"Too many open files|\bEMFILE\b|\[Errno 24\]",
        0,
        "open files (ulimit -Hn)",
    ),
    Sign(
        resource.RLIMIT_CPU,
        None,
        r"CPU time limit exceeded|\bSIGXCPU\b",
        SIGXCPU,
        "seconds of CPU time (ulimit -Ht)",
    ),
    Sign(
        resource.RLIMIT_FSIZE,
        None,
        r"File size limit exceeded|File too large|\bEFBIG\b|\bSIGXFSZ\b",
        SIGXFSZ,
        "bytes in a file (ulimit -Hf)",
    ),
    Sign(
        resource.RLIMIT_STACK,
        ulimits.STACK,
        r"Segmentation fault|\bSIGSEGV\b|[Ss]tack overflow|Maximum call stack",
        SIGSEGV,
        "bytes of stack (ulimit -Hs)",
    ),
)
MEMORY = r"MemoryError|Cannot allocate memory|\bENOMEM\b|bad_alloc|[Oo]ut of memory|failed to map"
TASKS = (
    r"can't start new thread|Resource temporarily unavailable|pthread_create failed"
    r"|unable to create (?:new )?(?:native )?thread|fork: retry"
)
DISK = (
    r"No space left on device|\bENOSPC\b|Disk quota exceeded|\bEDQUOT\b|Stale file handle"
    r"|\bESTALE\b|\[Errno 5\]|\bEIO\b|Too many open files in system|\bENFILE\b"
)
KILLED = r"\bKilled\b|SIGKILL|signal 9\b|exit(?:ed with)? (?:code|status) 137\b|code -9\b"
CLOSED = ("H13", "H18", "H21")
"""The router's codes for a dyno whose worker was killed during a request."""

_killed_before: list[int] = []


def begin() -> None:
    """Record how many processes the kernel's OOM killer has ended so far."""
    _killed_before[:] = [_killed()]


def _killed() -> int:
    """Return the kernel's count of OOM kills, 0 if it does not tell."""
    try:
        counters = Path("/proc/vmstat").read_text()
    except OSError:
        return 0
    match = re.search(r"^oom_kill (\d+)$", counters, re.MULTILINE)
    return int(match[1]) if match else 0


def lack(record: Record) -> Lack | None:
    """Return why a failed record says nothing about the app; None: it does."""
    return next(_lacks(record, _output(record), _exit(record)), None)


def _output(record: Record) -> str:
    """Return the end of the output."""
    if isinstance(record, Slug):
        return "\n".join(record.output[-LAST:])
    if isinstance(record, Release):
        lines = record.ended.output if record.ended else ()
    else:
        lines = record.output if isinstance(record, Boot | Traffic) else ()
    return "\n".join(line.text for line in lines[-LAST:])


def _exit(record: Record) -> int | None:
    if isinstance(record, Release):
        return record.ended.exit if record.ended else None
    return record.exit if isinstance(record, Boot) else None


def _lacks(record: Record, text: str, code: int | None) -> Iterator[Lack]:
    for sign in SIGNS:
        most = ulimits.hard(sign.limit)
        small = most is not None and (sign.enough is None or most < sign.enough)
        if small and (code == sign.exit or re.search(sign.pattern, text)):
            yield Lack(f"it allows only {most} {sign.what}", RAISE)
    if _few_tasks(record) and re.search(TASKS, text):
        yield Lack("it allows no more processes or threads (ulimit -u, pids.max)", RAISE)
    if _little_memory() and re.search(MEMORY, text):
        yield Lack("it allows no more memory (ulimit -v, -d)", RAISE)
    if match := re.search(DISK, text):
        yield Lack(f"its disk or its file table is full ({match[0]})", "Free some space.")
    if _killed_before and _killed() > _killed_before[0] and _was_killed(record, text, code):
        fix = "Close other programs, or give it more memory (a container: a higher limit)."
        yield Lack("it ran out of memory, and the kernel's OOM killer ended a process", fix)


def _few_tasks(record: Record) -> bool:
    """Return whether fewer processes may run here than in a dyno, counting all of this user's."""
    boot = record.boot if isinstance(record, Traffic) else record
    level = boot.isolation if isinstance(boot, Boot) else None
    size = SIZES.get(boot.size, DEFAULT) if isinstance(boot, Boot) else DEFAULT
    limits = (ulimits.hard(resource.RLIMIT_NPROC), allowed("pids", "pids.max"))
    few = any(most is not None and most <= size.processes for most in limits)
    return few or level in ("guard", "subreaper", "basic")


def allowed(controller: str, *files: str) -> int | None:
    """Return the limit of this process's control group (a container's --pids-limit, --memory)."""
    try:
        own = Path("/proc/self/cgroup").read_text()
    except OSError:
        return None
    for line in own.splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(",") or not controllers:
            root = "/sys/fs/cgroup"
            for place in (f"{root}/{controller}{path}", f"{root}/{controller}", root + path, root):
                for file in files:
                    try:
                        return int(Path(place, file).read_text())
                    except (OSError, ValueError):
                        continue
    return None


def _little_memory() -> bool:
    return any(ulimits.hard(x) is not None for x in (resource.RLIMIT_AS, resource.RLIMIT_DATA))


def _was_killed(record: Record, text: str, code: int | None) -> bool:
    """Return whether something other than Heroku's R15 has killed it."""
    if isinstance(record, Boot) and record.memory and record.memory.over == "R15":
        return False
    closed = isinstance(record, Traffic) and any(e.code in CLOSED for e in record.exchanges)
    return code == SIGKILL or closed or bool(re.search(KILLED, text))
