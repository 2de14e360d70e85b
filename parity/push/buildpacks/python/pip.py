"""pip at the buildpack's version: fetched once, and run for one environment.

Flags and config vars: https://github.com/heroku/heroku-buildpack-python lib/pip.sh (observed).
"""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from parity.facts.python import versions
from parity.interrupt import Trouble
from parity.push import cache
from parity.push.buildpacks.job import BUILD_PATH, Job
from parity.push.buildpacks.python import settings
from parity.records import Interpreter

INSTALL = (
    *("install", "-r", "requirements.txt", "--disable-pip-version-check"),
    *("--exists-action=w", "--no-input", "--progress-bar", "off"),
)
_NO_SSH = "#!/bin/sh\necho 'Host key verification failed.' >&2\nexit 255\n"
"""Instead of ssh, which would find the developer's keys: Heroku has none, and fails like this."""

_SCRIPT = """#!{python}
import sys
from pip._internal.cli.main import main
sys.exit(main())
"""


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
        for wanted in (version, f"{version.partition('.')[0]}.*"):
            if not found and not job.offline:
                told = _fetched(job, name, wanted, python)
                found = _unpacked(name, version) or _unpacked(name, wanted)
        found = found or _unpacked(name, f"{version.partition('.')[0]}.*")
    if found:
        return found
    error = next((line for line in reversed(told) if line.startswith("ERROR")), "offline")
    raise Trouble(
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
    requirement = f"{name}=={wanted}"
    flags = ("--no-deps", "--only-binary=:all:", "-q", "-d", str(tools))
    job.call(
        [*bundled(python), "download", *flags, requirement],
        variables(job),
        on_line=told.append,
    )
    return told


def bundled(python: Path) -> list[str]:
    """A pip to begin with: that of the interpreter's or of our own `ensurepip`, or beside us."""
    for prefix in (python.parent.parent, Path(sys.base_prefix)):
        for found in prefix.glob("lib/python3*/ensurepip/_bundled/pip-*.whl"):
            return [str(python), f"{found}/pip"]
    return [sys.executable, "-m", "pip"]


def variables(job: Job, place: Path | None = None) -> dict[str, str]:
    """pip's environment: this machine's way to the index, and nothing else of it."""
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
    if extra:
        both = (found.get("PIP_EXTRA_INDEX_URL", ""), extra)
        found["PIP_EXTRA_INDEX_URL"] = " ".join(both).strip()
    return found


def _no_ssh(job: Job) -> Path:
    folder = job.work / "no-ssh"
    folder.mkdir(exist_ok=True)
    (folder / "ssh").write_text(_NO_SSH)
    (folder / "ssh").chmod(0o755)
    return folder


def index_answers(job: Job, interpreter: Interpreter) -> bool:
    """Whether the package index has pip, which every one has: else it refuses everything."""
    code = tool(job, "pip", versions().installer["pip"], interpreter.path).code
    command = [str(interpreter.path), str(code / "pip"), "index", "versions", "pip"]
    return job.call(command, variables(job), on_line=lambda _: None).exit == 0


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


def put(tools: list[Tool], place: Path) -> None:
    """Install tools as their wheels would, and pip's commands."""
    site = site_packages(place)
    for found in tools:
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(found.code, site, ignore=unwanted, dirs_exist_ok=True)
        shutil.copytree(found.about, site / found.about.name)
    for name in ("pip", "pip3"):
        script = place / "bin" / name
        script.write_text(_SCRIPT.format(python=place / "bin" / "python"))
        script.chmod(0o755)


def named_like(version: str, place: Path) -> None:
    """Call the interpreter as on Heroku: `python3.14`, whatever stands in for it here."""
    folder = place / "bin"
    real = (folder / "python").resolve()
    for path in folder.glob("python*"):
        path.unlink()
    (folder / "python").symlink_to(real)
    for name in ("python3", f"python{version.rpartition('.')[0]}"):
        (folder / name).symlink_to("python")


def site_packages(place: Path) -> Path:
    """Where the environment has its packages."""
    return next((place / "lib").glob("python3*/site-packages"))


def distributions(place: Path) -> dict[str, str]:
    """Installed distributions: normalised name → version, read off their metadata folders."""
    return dict(_distributions(place))


def _distributions(place: Path) -> Iterator[tuple[str, str]]:
    for path in site_packages(place).glob("*.dist-info"):
        name, _, version = path.name.removesuffix(".dist-info").partition("-")
        yield normalised(name), version


def normalised(name: str) -> str:
    """A distribution's name as indexes compare it (https://peps.python.org/pep-0503/)."""
    return re.sub(r"[-_.]+", "-", name).lower()
