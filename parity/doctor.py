"""Checks of what this machine can and cannot do for a rehearsal, and how to fix it."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from parity.facts.python import versions
from parity.records.machine import Check
from parity.system import capacity, ground, programs
from parity.system.errors import Trouble, what_and_fix

MB = 1024 * 1024
ROOM = 500 * MB
"""Free bytes that a build of ordinary size takes (ours)."""

PATIENCE = 20.0
"""Seconds that the package index may take to answer (ours)."""

MISSING_NODE = (
    "Install Node.js and npm (Debian: `apt install nodejs npm`; macOS: `brew install node`)."
)


def examine(*, offline: bool = False) -> Iterator[Check]:
    """Yield every check, one after another: some take a second.

    Programs are found as `parity check .` would find them.
    """
    programs.distrust(Path())
    yield system(sys.platform)
    yield processes()
    yield sockets()
    yield command("git", "Install git: it alone knows which files would be pushed.")
    yield command("bash", "Install bash: dynos start their commands with it.")
    yield from pythons()
    yield node()
    yield capacity.limits()
    yield capacity.memory()
    yield capacity.checked(
        "/proc", ground.processes(), "shows the processes of parity's own namespace"
    )
    yield capacity.checked("loopback", ground.loopback(), "this machine reaches itself")
    if not offline:
        yield index()
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
    return Check(name, "ok", f"{_version(path)} ({_short(path)})")


def _short(path: Path | str) -> str:
    """Return a path as people write it, with `~` for their HOME."""
    home = os.environ.get("HOME", "").rstrip("/")
    text = str(path)
    return f"~{text[len(home) :]}" if home and text.startswith(f"{home}/") else text


def _version(path: str) -> str:
    try:
        process = subprocess.run(
            [path, "--version"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
            cwd=programs.ELSEWHERE,
            env=_few(),
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown version"
    match = re.search(r"(?<!\d)\d+(?:\.\d+)+", process.stdout)
    return match[0] if match else "unknown version"


def _few() -> dict[str, str]:
    """Return the minimal environment for `--version`.

    yarn and corepack would obey other variables, and files in the working directory.
    """
    home = os.environ.get("HOME")
    path = os.pathsep.join(programs.folders())
    return {"PATH": path, "COREPACK_ENABLE_NETWORK": "0", **({"HOME": home} if home else {})}


def pythons() -> Iterator[Check]:
    """Check, for each Python that Heroku installs, what would run here."""
    for series, newest in reversed(list(versions().newest.items())):
        yield _python(series, newest)


def _python(series: str, newest: str) -> Check:
    from parity.push.buildpacks.python import interpreters

    name = f"Python {series}" + (" (default)" if series == versions().default else "")
    interpreter = interpreters.find(newest)
    if interpreter is None:
        return Check(name, "missing", "not found, nor a similar one", get_python(series))
    if not interpreter.exact:
        here = f"none; {interpreter.version} would stand in ({_short(interpreter.path)})"
        return Check(name, "limited", here, get_python(series))
    patch = "" if interpreter.version == newest else f"; Heroku's is {newest}"
    return Check(name, "ok", f"{interpreter.version}{patch} ({_short(interpreter.path)})")


def get_python(series: str) -> str:
    """Return the command that installs a Python, by the installers on this machine."""
    if programs.find("uv"):
        return f"Type `uv python install {series}`."
    if programs.find("pyenv"):
        return f"Type `pyenv install {series}`."
    if sys.platform == "darwin" and programs.find("brew"):
        return f"Type `brew install python@{series}`."
    return f"Type `pip install uv && uv python install {series}`."


def node() -> Check:
    """Check Node.js, and the package managers beside it."""
    path = programs.find("node")
    if path is None:
        return Check("Node.js", "limited", "not on PATH", MISSING_NODE)
    beside = [f"{n} {_version(p)}" for n in ("npm", "yarn", "pnpm") if (p := programs.find(n))]
    if not any(text.startswith("npm") for text in beside):
        return Check("Node.js", "limited", f"{_version(path)}, but no npm", MISSING_NODE)
    return Check("Node.js", "ok", f"{_version(path)} ({_short(path)}), {', '.join(beside)}")


def index() -> Check:
    """Check whether the package index answers, asked by pip with this machine's settings."""
    from parity.push.buildpacks.python import settings
    from parity.push.buildpacks.python.tools import bundled

    hurry = ("--retries", "1", "--timeout", "5", "--disable-pip-version-check")
    argv = [*bundled(Path(sys.executable).resolve()), "index", "versions", "pip", *hurry]
    env = {"PATH": os.pathsep.join(programs.folders()), **settings.variables()}
    try:
        process = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            cwd=programs.ELSEWHERE,
            env=env,
        )
    except (OSError, subprocess.TimeoutExpired):
        return _no_index("it does not answer")
    if process.returncode:
        lines = [line for line in process.stderr.splitlines() if line.startswith("ERROR")]
        return _no_index(lines[-1].removeprefix("ERROR: ") if lines else "pip cannot query it")
    return Check("package index", "ok", "answers")


def _no_index(why: str) -> Check:
    fix = "Connect to the network; `pip config list` shows which index pip asks."
    return Check("package index", "missing", f"{why}: only what is in the cache installs", fix)


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
    text = f"{_short(folder)}: {detail}, {free / MB:,.0f} MB free"
    if free < ROOM:
        fix = f"Free some space, or set {variable} to a folder on another disk."
        return Check(name, "limited", text, fix)
    return Check(name, "ok", text)
