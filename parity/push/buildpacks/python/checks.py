"""Checks of what this machine has for Python apps: interpreters, and the package index."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from parity.facts.python import versions
from parity.push.buildpacks import pip_settings
from parity.push.buildpacks.python import interpreters
from parity.push.buildpacks.wheels import bundled
from parity.records.machine import Check
from parity.system import programs

PATIENCE = 20.0
"""Seconds that the package index may take to answer (ours)."""


def pythons() -> Iterator[Check]:
    """Yield a check for each Python that Heroku installs, with the one that would run here."""
    for series, newest in reversed(list(versions().newest.items())):
        yield _python(series, newest)


def _python(series: str, newest: str) -> Check:
    name = f"Python {series}" + (" (default)" if series == versions().default else "")
    interpreter = interpreters.find(newest)
    if interpreter is None:
        return Check(name, "missing", "none, and none near it", get_python(series))
    if not interpreter.exact:
        here = f"none; {interpreter.version} would stand in ({programs.shown(interpreter.path)})"
        return Check(name, "limited", here, get_python(series))
    patch = "" if interpreter.version == newest else f"; Heroku's is {newest}"
    return Check(name, "ok", f"{interpreter.version}{patch} ({programs.shown(interpreter.path)})")


def get_python(series: str) -> str:
    """Return the command that installs a Python, with a tool that this machine has."""
    if programs.find("uv"):
        return f"Type `uv python install {series}`."
    if programs.find("pyenv"):
        return f"Type `pyenv install {series}`."
    if sys.platform == "darwin" and programs.find("brew"):
        return f"Type `brew install python@{series}`."
    return f"Type `pip install uv && uv python install {series}`."


def index() -> Check:
    """Check that the package index answers pip with this machine's settings."""
    hurry = ("--retries", "1", "--timeout", "5", "--disable-pip-version-check")
    argv = [*bundled(Path(sys.executable).resolve()), "index", "versions", "pip", *hurry]
    env = {"PATH": os.pathsep.join(programs.folders()), **pip_settings.variables()}
    try:
        done = subprocess.run(
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
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        return _no_index(lines[-1].removeprefix("ERROR: ") if lines else "pip cannot ask it")
    return Check("package index", "ok", "answers")


def _no_index(why: str) -> Check:
    fix = "Connect to the network; `pip config list` shows which index pip asks."
    return Check("package index", "missing", f"{why}: only what is in the cache installs", fix)
