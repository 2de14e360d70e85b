"""Checks of what this machine can and cannot do for a rehearsal, and how to fix it."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from parity.records.machine import Check
from parity.system import capacity, ground, programs
from parity.system.errors import Trouble, what_and_fix

MB = 1024 * 1024
ROOM = 500 * MB
"""Free bytes that a build of ordinary size takes (ours)."""


def examine(*, offline: bool = False) -> Iterator[Check]:
    """Yield every check, one after another: some take a second.

    Programs are found as `parity check .` would find them.
    """
    from parity.push.buildpacks import languages

    programs.distrust(Path())
    yield system(sys.platform)
    yield processes()
    yield sockets()
    yield command("git", "Install git: it alone knows which files would be pushed.")
    yield command("bash", "Install bash: dynos start their commands with it.")
    for language in languages():
        yield from language.checks()
    yield capacity.limits()
    yield capacity.memory()
    yield capacity.checked(
        "/proc", ground.processes(), "shows the processes of parity's own namespace"
    )
    yield capacity.checked("loopback", ground.loopback(), "this machine reaches itself")
    for language in () if offline else languages():
        yield from language.network_checks()
    yield cache_folder()
    yield temporary_folder()


def system(name: str) -> Check:
    """Check the operating system, by Python's name for it."""
    import platform

    words = f"{platform.system()} {platform.release()}, {platform.machine()}"
    if name == "linux":
        return Check("system", "ok", words)
    if name == "darwin":
        fix = "For verdicts that rest on the same kernel as Heroku's, run parity on Linux."
        return Check("system", "limited", f"{words}: sockets are detected less precisely", fix)
    return Check(
        "system",
        "missing",
        f"{name} does not have a dyno's processes, signals and sockets",
        "Use Linux, or Windows' own (WSL): `wsl --install`.",
    )


CONTAINED = {
    "pidns": "separate namespaces: /app over a read-only system, nothing is left over",
    "guard": "two guards: everything the app starts is ended, daemons too; no /app",
    "subreaper": "one guard: everything the app starts is ended, daemons are named; no /app",
    "basic": "process group: daemons are searched for, ended and named; no /app",
}


def processes() -> Check:
    """Check how well an app's processes are contained: the best level that this machine grants."""
    from parity.dyno import levels

    level = levels.level()
    detail = f"{level}: {CONTAINED[level]}"
    if level == "pidns":
        return Check("isolation", "ok", detail)
    why = levels.why_not("pidns") or "not granted"
    return Check(
        "isolation",
        "limited",
        f"{detail} (pidns: {why})",
        "Run parity on Linux where users may make namespaces (sysctl user.max_user_namespaces).",
    )


def sockets() -> Check:
    """Check whether the kernel tells who listens where."""
    from parity.dyno.sockets import listening

    if listening() is None:
        fix = "Allow netlink sockets (sock_diag), or run parity outside of this container."
        return Check("sockets", "limited", "the kernel does not say; psutil does, but later", fix)
    return Check("sockets", "ok", "the kernel says who listens where (sock_diag)")


def command(name: str, fix: str) -> Check:
    """Check a command on PATH, and its version."""
    path = programs.find(name)
    if path is None:
        return Check(name, "missing", "not on PATH", fix)
    return Check(name, "ok", f"{programs.version(path)} ({programs.shown(path)})")


def cache_folder() -> Check:
    """Check the folder where environments are kept, and whether there is room for more."""
    from parity.push import cache, cache_contents

    try:
        root = cache.root()
        size = sum(one.size for one in cache_contents.everything())
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=root) as folder:
            fault = _fault(Path(folder), "the cache folder", "PARITY_CACHE_DIR")
    except (Trouble, OSError) as error:
        return Check("cache", "missing", *what_and_fix(error))
    if fault:
        return Check("cache", "missing", fault.what, fault.fix)
    return _room("cache", root, f"{size / MB:.0f} MB in it (parity cache)", "PARITY_CACHE_DIR")


def temporary_folder() -> Check:
    """Check whether programs run in the folder for temporary files."""
    from parity.system.workspace import workspace

    try:
        with workspace() as work:
            fault = _fault(work.root, "the temporary folder", "TMPDIR")
            folder = work.root.parent
            room = _room("temporary", folder, "programs run there", "TMPDIR")
    except (Trouble, OSError) as error:
        return Check("temporary", "missing", *what_and_fix(error))
    return Check("temporary", "missing", fault.what, fault.fix) if fault else room


def _fault(folder: Path, what: str, variable: str) -> Trouble | None:
    """Return why a program that is written into `folder` does not run there; None if it does."""
    trouble = next(ground.folder(folder.parent, what, variable), None)
    script = folder / "runs"
    script.write_text("#!/bin/sh\nexit 0\n")
    script.chmod(0o755)
    try:
        code = subprocess.run([script], timeout=10, check=False).returncode
        why = f"it ended with status {code}" if code else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        why = str(error)
    if trouble or not why:
        return trouble
    return Trouble(f"no program starts in {what}: {why}", f"Set {variable} to another folder.")


def _room(name: str, folder: Path, detail: str, variable: str) -> Check:
    free = shutil.disk_usage(folder).free
    text = f"{programs.shown(folder)}: {detail}, {free / MB:,.0f} MB free"
    if free < ROOM:
        fix = f"Free some space, or set {variable} to a folder on another disk."
        return Check(name, "limited", text, fix)
    return Check(name, "ok", text)
