"""Installation of the packages into a cached environment, as the buildpack does it."""

from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from parity.push import environment
from parity.push.buildpacks import pip_settings
from parity.push.buildpacks.context import Job, Stop, timed_out
from parity.push.buildpacks.python.installer import Exported, Installer
from parity.push.buildpacks.python.machine_faults import undecided
from parity.records import Ended, Fit, Interpreter, Refusal, Runtime

VERSION = "parity-installer"
"""The file in an environment with the version of the package manager that created it."""


class Installed(NamedTuple):
    """An environment, whether it was cached, and its package manager's exports."""

    place: Path
    cached: bool
    version: str
    exported: Exported
    fits: tuple[Fit, ...] = ()


class NotInstalled(NamedTuple):
    """Why the build stops, and how the requirements fit Heroku's Pythons if that may be why."""

    stop: Stop
    fits: tuple[Fit, ...] = ()


def install(
    job: Job, python: Runtime, interpreter: Interpreter, *, cached: bool = False
) -> Installed | NotInstalled:
    """Return the environment with everything installed, or why the build stops.

    `cached`: on Heroku the previous build left the package manager in the cache. Raises
    `interrupt.Interrupted`, `Trouble`, `OSError`.
    """
    manager = import_module(f"parity.push.buildpacks.python.{python.manager}")
    installer: Installer = manager.installer(job, python, interpreter)
    verb = "Using cached" if cached and installer.kept else "Installing"
    job.tell(f"-----> {verb} {installer.tools}")
    job.tell(f"-----> Installing dependencies using '{installer.command}'")
    if installer.hopeless:
        return NotInstalled(installer.failed())
    ended: list[Ended] = []

    def fill(place: Path) -> bool:
        ended.append(installer.fill(place))
        if ended[-1].exit or not installer.fits(place):
            return False
        (place / VERSION).write_text(installer.version())
        return True

    own = job.work / "python"
    if installer.tied or (job.folder / "bin" / "post_compile").exists():
        own.mkdir()
        place, there = (own if fill(own) else None), False
    else:
        name = _key(python, interpreter, installer)
        place, there = environment.made(name, fill, spare=own)
    if place:
        version = (place / VERSION).read_text()
        exported = installer.exported(place)
        return Installed(place, there, version, exported, installer.noted(place))
    stop = _failure(job, python, interpreter, installer, ended[-1])
    return NotInstalled(stop, installer.look_up() if isinstance(stop, Refusal) else ())


def _failure(
    job: Job, python: Runtime, interpreter: Interpreter, installer: Installer, ended: Ended
) -> Stop:
    """Return why a failed installation stops the build: undecided, or a refusal."""
    if ended.timed_out:
        return timed_out(job)
    if ended.exit == 0:
        return installer.failed()
    why = undecided(
        job.output,
        interpreter,
        python,
        offline=job.offline or pip_settings.no_index(),
        killed=ended.exit > 128,
        answers=installer.answers,
    )
    return why or installer.failed()


def _key(python: Runtime, interpreter: Interpreter, installer: Installer) -> str:
    """Return the name of the environment: a hash of all that affects it."""
    return environment.key(
        installer.name,
        str(interpreter.path),
        interpreter.version,
        python.version,
        *installer.parts,
    )
