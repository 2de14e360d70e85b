"""The preconditions of every verdict: else this machine's faults would look like the app's.

Checked before a build, in milliseconds, without starting a process; `parity doctor` tries more.
"""

import os
import re
import resource
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from parity.facts.dynos import DEFAULT
from parity.system import ulimits
from parity.system.errors import Trouble

MB = 1024 * 1024
ELSEWHERE = "Run parity from a shell without that limit, or outside of what sets it (a container)."

LEAST = (
    (resource.RLIMIT_CPU, "t", 120, 1, "s of CPU time for a process"),
    (resource.RLIMIT_FSIZE, "f", 500 * MB, 1024, "kB for a file"),
    (resource.RLIMIT_AS, "v", DEFAULT.deadly, 1024, "kB of addresses for a process"),
    (resource.RLIMIT_DATA, "d", DEFAULT.quota, 1024, "kB of data for a process"),
    (resource.RLIMIT_STACK, "s", MB, 1024, "kB of stack"),
    (resource.RLIMIT_NOFILE, "n", 64, 1, "open files for a process"),
)
"""Hard limits below which builds and dynos fail that would not fail on Heroku (ours).

Each is the limit, its letter in bash, the least that will do, the unit in bash, and what it limits.
"""

BREAKS = re.compile(r"""["'`$\\:#\s]""")
"""Characters that break a path in PATH, or the first line of a script that names its Python.

A space alone does not (pip writes such scripts for /bin/sh).
"""

OTHER_ADDRESS = "127.0.0.2"


def check(work: Path, cache: Path) -> None:
    """Raise `Trouble` for the first fault of this machine or of parity's folders on it."""
    for trouble in faults(work, cache):
        raise trouble


def faults(work: Path, cache: Path) -> Iterator[Trouble]:
    """Yield every fault because of which an app could fail here and not on Heroku."""
    yield from limits()
    yield from folder(work, "the temporary folder", "TMPDIR")
    yield from folder(cache, "the cache folder", "PARITY_CACHE_DIR")
    yield from processes()
    yield from loopback()


def limits() -> Iterator[Trouble]:
    """Yield the limits that parity was started with and cannot raise."""
    for limit, letter, least, unit, what in LEAST:
        most = ulimits.hard(limit)
        if most is not None and most < least:
            problem = f"this shell allows only {most // unit} {what} (ulimit -H{letter})"
            fix = f"Raise it to {least // unit} or more: `ulimit -{letter} unlimited` as root."
            yield Trouble(problem, fix if limit != resource.RLIMIT_NOFILE else ELSEWHERE)


def folder(path: Path, what: str, variable: str) -> Iterator[Trouble]:
    """Yield why programs cannot start in a folder, or scripts not find their interpreter."""
    fix = f"Set {variable} to a folder "
    if os.statvfs(path).f_flag & os.ST_NOEXEC:
        problem = f"{what} {path} is mounted with noexec: no program can start there"
        yield Trouble(problem, f"{fix}on a disk without noexec.")
    if odd := BREAKS.search(str(path).replace(" ", "")):
        problem = f"{what} {str(path)!r} has {odd[0]!r} in its path, which breaks scripts in it"
        yield Trouble(problem, f"{fix}whose path has letters, digits, `-`, `_` and `.` alone.")


def processes() -> Iterator[Trouble]:
    """Yield why /proc does not show this process under its own number; only Linux must have one."""
    if not sys.platform.startswith("linux"):
        return
    try:
        own = str(Path("/proc/self").readlink())
        Path("/proc/self/stat").read_bytes()
    except OSError:
        fix = "`mount -t proc proc /proc` (in a container: do not hide /proc)."
        yield Trouble("there is no /proc, so parity cannot see the app's processes", fix)
        return
    if own != str(os.getpid()):
        fix = "`mount -t proc proc /proc` (for unshare: the option --mount-proc)."
        yield Trouble("/proc belongs to another pid namespace than parity's", fix)


def loopback() -> Iterator[Trouble]:
    """Yield why this machine cannot reach itself, as the router has to reach the dyno."""
    addresses = ["127.0.0.1"] + [OTHER_ADDRESS] * sys.platform.startswith("linux")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
            server.bind(("0.0.0.0", 0))
            server.listen(2)
            for address in addresses:
                with socket.create_connection((address, server.getsockname()[1]), 2):
                    pass
    except OSError as error:
        problem = f"there is no loopback network here ({error.strerror or error})"
        yield Trouble(
            problem, "`ip link set lo up` (as root), or allow connections to 127.0.0.0/8."
        )
