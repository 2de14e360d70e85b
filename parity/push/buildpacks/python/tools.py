"""The buildpack's package managers at its versions: downloaded once, kept in the cache.

Versions: https://github.com/heroku/heroku-buildpack-python requirements/ (observed).
"""

import re
from pathlib import Path
from typing import NamedTuple

from parity.facts.python import versions
from parity.push import cache, environment
from parity.push.buildpacks import wheels
from parity.push.buildpacks.context import BUILD_PATH, Job
from parity.push.environment import key
from parity.records import Interpreter
from parity.system.errors import Trouble

_NO_SSH = "#!/bin/sh\necho 'Host key verification failed.' >&2\nexit 255\n"
"""A replacement for ssh that fails as on Heroku; the real one would use the developer's keys."""


class UnpackedWheel(NamedTuple):
    """An unpacked wheel in the cache: `code` is importable, `about` its metadata folder."""

    version: str
    code: Path
    about: Path


def tool(job: Job, name: str, version: str, interpreter: Interpreter) -> UnpackedWheel:
    """Return `name` at `version`, or at the newest version of its series in the index.

    Raises `Trouble` if there is none, `OSError`, `interrupt.Interrupted`.
    """
    output: list[str] = []
    tries = ((version, False), (version, True), (series(version), True), (series(version), False))
    for wanted, fetch in tries:
        if fetch and job.offline:
            continue
        if fetch:
            output = _fetched(job, name, wanted, interpreter.path)
        unpacked = _unpacked(job, name, wanted, interpreter)
        if unpacked:
            return unpacked
    raise _missing(name, version, output)


def series(version: str) -> str:
    """Return the pattern of the closest versions: with the same first number, or `0.N`."""
    parts = version.split(".")
    return ".".join([*parts[: 2 if parts[0] == "0" else 1], "*"])


def _missing(name: str, version: str, output: list[str]) -> Trouble:
    error = next((line for line in reversed(output) if line.startswith("ERROR")), "offline")
    return Trouble(
        f"cannot fetch {name} {version}, which Heroku installs with: {error}",
        "Check the network and pip's index settings (`pip config list`), then try again.",
    )


def _unpacked(job: Job, name: str, wanted: str, interpreter: Interpreter) -> UnpackedWheel | None:
    """Return the newest version in the cache that matches `wanted`, for one series of Python.

    Damaged wheels are removed.
    """
    tools, series = cache.folder("tools"), f".py{interpreter.version.rpartition('.')[0]}"
    stems = {wheel.stem for wheel in tools.glob(f"{name}-{wanted}-py*.whl")}
    stems |= {p.name.removesuffix(series) for p in tools.glob(f"{name}-{wanted}-py*{series}")}
    for stem in sorted(stems, key=_order, reverse=True):
        wheel = tools / f"{stem}.whl"

        def fill(place: Path, wheel: Path = wheel) -> bool:
            return wheels.sound(wheel) and _unpack(job, wheel, place, interpreter)

        spare = job.work / "tools" / stem
        place, _ = environment.sealed(
            tools / f"{stem}{series}", fill, lock=f"tool-{name}", spare=spare
        )
        if place:
            (about,) = place.glob("about/*.dist-info")
            return UnpackedWheel(stem.split("-")[1], place / "code", about)
        cache.remove(wheel)
    return None


def _order(stem: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", stem.split("-")[1])]


def _unpack(job: Job, wheel: Path, place: Path, interpreter: Interpreter) -> bool:
    """Unpack code and metadata separately, so that this pip does not count as an installed one.

    Programs are compiled now, because files that an interpreter writes later cannot be verified.
    """
    import zipfile

    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place / "code")
    (place / "about").mkdir()
    for about in (place / "code").glob("*.dist-info"):
        about.rename(place / "about" / about.name)
    for script in (place / "code").glob("*.data/scripts/*"):
        script.chmod(0o755)
    if any(place.glob("code/*/__main__.py")):
        flags = ("-I", "-m", "compileall", "-q", "-j", "0")
        command = [str(interpreter.path), *flags, str(place / "code")]
        job.call(command, {"PATH": BUILD_PATH}, on_line=lambda _: None)
    return any(place.glob("about/*.dist-info"))


def _fetched(job: Job, name: str, wanted: str, python: Path) -> list[str]:
    """Download a wheel with the pip bundled with an interpreter; return its output."""
    return wheels.fetched(job, f"{name}=={wanted}", python, lock=f"fetch-{name}")


class Program(NamedTuple):
    """A package manager with its dependencies, in its own virtual environment."""

    version: str
    python: Path


def program(job: Job, name: str, version: str, interpreter: Interpreter) -> Program:
    """Return `name` at `version`, or at the newest version of its series in the index.

    Raises `Trouble` if there is none, `OSError`, `interrupt.Interrupted`.
    """
    tools = cache.folder("tools").resolve()
    tag = key(str(interpreter.path), interpreter.version, folder=tools)[:8]
    folder = f"{name}-{version}-{tag}"
    output: list[str] = []

    def fill(place: Path) -> bool:
        output[:] = _installed(job, name, version, interpreter, place)
        return not output

    place, _ = environment.sealed(
        tools / folder, fill, lock=f"tool-{name}", spare=job.work / "tools" / folder
    )
    if place is None:
        raise _missing(name, version, output)
    return Program((place / "version").read_text(), place / "bin" / "python")


def _installed(
    job: Job, name: str, version: str, interpreter: Interpreter, place: Path
) -> list[str]:
    """Install a program into `place`; return the output if it failed, otherwise nothing."""
    output = ["ERROR: there is no network (--offline)"]
    for wanted in () if job.offline else (version, series(version)):
        bare(job, place, interpreter)
        pip = tool(job, "pip", versions().installer["pip"], interpreter).code / "pip"
        flags = ("--no-input", "--progress-bar", "off", "-q")
        command = [str(place / "bin" / "python"), str(pip), "install", *flags]
        output = []
        done = job.call([*command, f"{name}=={wanted}"], variables(job), on_line=output.append)
        if done.exit == 0:
            (about,) = place.glob(f"lib/python3*/site-packages/{name}-*.dist-info")
            (place / "version").write_text(about.stem.partition("-")[2])
            return []
        output = output or ["ERROR: pip did not end well"]
    return output


def variables(job: Job, place: Path | None = None) -> dict[str, str]:
    """Return pip's environment, for an installation into `place` if that is set.

    Only the app's packages, which go into `place`, may come from the app's own index.
    """
    env = wheels.variables(job)
    if place is None:
        return env
    env["PATH"] = f"{place / 'bin'}:{_no_ssh(job)}:{BUILD_PATH}"
    extra = job.plan.config.values.get("PIP_EXTRA_INDEX_URL")
    if extra:
        both = (env.get("PIP_EXTRA_INDEX_URL", ""), extra)
        env["PIP_EXTRA_INDEX_URL"] = " ".join(both).strip()
    return env


def _no_ssh(job: Job) -> Path:
    folder = job.work / "no-ssh"
    folder.mkdir(exist_ok=True)
    (folder / "ssh").write_text(_NO_SSH)
    (folder / "ssh").chmod(0o755)
    return folder


def bare(job: Job, place: Path, interpreter: Interpreter) -> None:
    """Create a virtual environment without pip. Raises `Trouble`."""
    output: list[str] = []
    ended = job.call(
        [str(interpreter.path), "-I", "-m", "venv", "--without-pip", str(place)],
        {"PATH": BUILD_PATH, "HOME": str(job.home)},
        on_line=output.append,
    )
    if ended.exit:
        raise Trouble(
            f"{interpreter.path} makes no virtual environment: {' '.join(output[-1:])}",
            "Install its venv module (Debian: `apt install python3-venv`).",
        )
