"""The buildpack's package managers at its versions: fetched once, kept in the cache.

Versions: https://github.com/heroku/heroku-buildpack-python requirements/ (observed).
"""

import re
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from parity.facts.python import versions
from parity.interrupt import Trouble
from parity.push import cache
from parity.push.buildpacks.job import BUILD_PATH, Job
from parity.push.buildpacks.python import settings
from parity.push.buildpacks.python.environment import key
from parity.records import Interpreter

_NO_SSH = "#!/bin/sh\necho 'Host key verification failed.' >&2\nexit 255\n"
"""Instead of ssh, which would find the developer's keys: Heroku has none, and fails like this."""


class Tool(NamedTuple):
    """An unpacked wheel in the cache: `code` is importable, `about` its metadata folder."""

    version: str
    code: Path
    about: Path


def tool(job: Job, name: str, version: str, python: Path) -> Tool:
    """`name` at `version`, or at the nearest of its series that the index has.

    Raises `interrupt.Trouble` if there is none, `OSError`, `interrupt.Interrupted`.
    """
    with cache.locked(f"tool-{name}"):
        found = _unpacked(name, version)
        told: list[str] = []
        for wanted in (version, series(version)):
            if not found and not job.offline:
                told = _fetched(job, name, wanted, python)
                found = _unpacked(name, version) or _unpacked(name, wanted)
        found = found or _unpacked(name, series(version))
    if found:
        return found
    raise _missing(name, version, told)


def series(version: str) -> str:
    """The versions that come nearest: those with the same first number, or `0.N`."""
    parts = version.split(".")
    return ".".join([*parts[: 2 if parts[0] == "0" else 1], "*"])


def _missing(name: str, version: str, told: list[str]) -> Trouble:
    error = next((line for line in reversed(told) if line.startswith("ERROR")), "offline")
    return Trouble(
        f"cannot fetch {name} {version}, which Heroku installs with: {error}",
        "Check the network and pip's index settings (`pip config list`), then try again.",
    )


def _unpacked(name: str, wanted: str) -> Tool | None:
    """The newest version in the cache that fits `wanted`; its wheel is unpacked only once."""
    tools = cache.root() / "tools"
    wheels = sorted(tools.glob(f"{name}-{wanted}-py*.whl"), key=_order)
    if not wheels:
        return None
    wheel = wheels[-1]
    place = tools / wheel.stem
    if not place.exists():
        _unpack(wheel, place)
    cache.keep(place)
    (about,) = place.glob("about/*.dist-info")
    return Tool(wheel.name.split("-")[1], place / "code", about)


def _order(wheel: Path) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", wheel.name.split("-")[1])]


def _unpack(wheel: Path, place: Path) -> None:
    """Code and metadata apart: a pip that runs must not pass for one that is installed."""
    import zipfile

    temporary = place.with_name(f".{place.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(temporary / "code")
    (temporary / "about").mkdir()
    for about in (temporary / "code").glob("*.dist-info"):
        about.rename(temporary / "about" / about.name)
    temporary.rename(place)


def _fetched(job: Job, name: str, wanted: str, python: Path) -> list[str]:
    """Download a wheel with the pip that came with an interpreter; what that printed."""
    tools = cache.root() / "tools"
    tools.mkdir(exist_ok=True)
    told: list[str] = []
    fresh = job.work / f"fetched-{name}"
    flags = ("--no-deps", "--only-binary=:all:", "-q", "-d", str(fresh))
    job.call(
        [*bundled(python), "download", *flags, f"{name}=={wanted}"],
        variables(job),
        on_line=told.append,
    )
    for wheel in fresh.glob("*.whl"):
        # A file of the cache appears whole: a run may be killed at any moment.
        shutil.copyfile(wheel, tools / f".{wheel.name}")
        (tools / f".{wheel.name}").rename(tools / wheel.name)
    return told


def bundled(python: Path) -> list[str]:
    """A pip to begin with: that of the interpreter's or of our own `ensurepip`, or beside us."""
    for prefix in (python.parent.parent, Path(sys.base_prefix)):
        for found in prefix.glob("lib/python3*/ensurepip/_bundled/pip-*.whl"):
            return [str(python), f"{found}/pip"]
    return [sys.executable, "-P", "-m", "pip"]  # no `pip.py` of the folder that it is started in


class Program(NamedTuple):
    """A package manager with all that it needs, in a virtual environment of its own."""

    version: str
    python: Path


def program(job: Job, name: str, version: str, interpreter: Interpreter) -> Program:
    """`name` at `version`, or at the nearest of its series that the index has.

    Raises `interrupt.Trouble` if there is none, `OSError`, `interrupt.Interrupted`.
    """
    tools = (cache.root() / "tools").resolve()
    tag = key(str(interpreter.path), interpreter.version, folder=tools)[:8]
    place = tools / f"{name}-{version}-{tag}"
    done = place / "version"
    with cache.locked(f"tool-{name}"):
        if not done.exists():
            told = _installed(job, name, version, interpreter, place)
            if told:
                raise _missing(name, version, told)
    return Program(done.read_text(), place / "bin" / "python")


def _installed(
    job: Job, name: str, version: str, interpreter: Interpreter, place: Path
) -> list[str]:
    """Install a program into `place`; what the installation printed if it failed."""
    told = ["ERROR: there is no network (--offline)"]
    for wanted in () if job.offline else (version, series(version)):
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(exist_ok=True)
        bare(job, place, interpreter)
        pip = tool(job, "pip", versions().installer["pip"], interpreter.path).code / "pip"
        flags = ("--no-input", "--progress-bar", "off", "-q")
        command = [str(place / "bin" / "python"), str(pip), "install", *flags]
        told = []
        done = job.call([*command, f"{name}=={wanted}"], variables(job), on_line=told.append)
        if done.exit == 0:
            (about,) = place.glob(f"lib/python3*/site-packages/{name}-*.dist-info")
            (place / ".version").write_text(about.stem.partition("-")[2])
            (place / ".version").rename(place / "version")
            return []
    shutil.rmtree(place, ignore_errors=True)
    return told


def variables(job: Job, place: Path | None = None) -> dict[str, str]:
    """pip's environment: this machine's way to the index, and nothing else of it.

    Only what is installed into `place` for the app may come from the app's own index.
    """
    found = {
        **settings.variables(),
        "HOME": str(job.home),
        "PATH": f"{place / 'bin'}:{_no_ssh(job)}:{BUILD_PATH}" if place else BUILD_PATH,
        "LANG": "en_US.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PIP_CACHE_DIR": str(cache.root() / "pip"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    extra = job.plan.config.values.get("PIP_EXTRA_INDEX_URL")
    if extra and place:
        both = (found.get("PIP_EXTRA_INDEX_URL", ""), extra)
        found["PIP_EXTRA_INDEX_URL"] = " ".join(both).strip()
    return found


def _no_ssh(job: Job) -> Path:
    folder = job.work / "no-ssh"
    folder.mkdir(exist_ok=True)
    (folder / "ssh").write_text(_NO_SSH)
    (folder / "ssh").chmod(0o755)
    return folder


def bare(job: Job, place: Path, interpreter: Interpreter) -> None:
    """A virtual environment without pip. Raises `interrupt.Trouble`."""
    told: list[str] = []
    ended = job.call(
        [str(interpreter.path), "-I", "-m", "venv", "--without-pip", str(place)],
        {"PATH": BUILD_PATH, "HOME": str(job.home)},
        on_line=told.append,
    )
    if ended.exit:
        raise Trouble(
            f"{interpreter.path} makes no virtual environment: {' '.join(told[-1:])}",
            "Install its venv module (Debian: `apt install python3-venv`).",
        )
