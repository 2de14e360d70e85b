"""`pip install -r requirements.txt` with the buildpack's version of pip.

Flags and config vars: https://github.com/heroku/heroku-buildpack-python lib/pip.sh (observed).
"""

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from parity.facts.pip_failures import unbuilt
from parity.facts.python import versions
from parity.push import cache
from parity.push.buildpacks import pip_settings
from parity.push.buildpacks.context import Job, saying
from parity.push.buildpacks.python import release_files, requirements, site, stand_in, tools
from parity.push.buildpacks.python.installer import Installer, compiled
from parity.records import Ended, Fit, Interpreter, Runtime

INSTALL = (
    *("install", "-r", "requirements.txt", "--disable-pip-version-check"),
    *("--exists-action=w", "--no-input", "--progress-bar", "off"),
)
FORMAT = "2"
"""What an environment holds besides packages; environments of another format are not used."""

WITH_SETUPTOOLS = 12
"""The newest Python 3 minor version with which the buildpack installs setuptools."""

NOISE = ("Looking in indexes:", "Looking in links:", "WARNING: Location 'file:")
"""Beginnings of pip's lines about this machine's settings, which Heroku does not have."""

_UNCOMPILED = r"/site-packages/(?:pip|setuptools)/"
"""Packages that are not compiled in advance, because an app hardly ever imports them."""

_REFUSED = re.compile(r"40[13] (?:Client )?Error")

_SOURCE = re.compile(
    r"\s*(?:Downloading|Using cached|Processing) (?:\S*/)?([\w.+-]+\.(?:tar\.gz|zip))\b"
)
_FOR_OTHERS = r"require a different python|requires a different Python|No matching distribution"
_COMPILED = re.compile(
    r"(?:Created wheel for|Using cached) (\w[\w.]*?)(?:: filename=\S+|-\d\S*)-cp\d\S+-linux_\w+.whl"
)
"""pip's line about a wheel with compiled parts that it has built."""

_SCRIPT = """#!{python}
import sys
from pip._internal.cli.main import main
sys.exit(main())
"""


def installer(job: Job, python: Runtime, interpreter: Interpreter) -> Installer:
    """Return the installer of an app that uses pip."""
    files = requirements.read(job.folder)
    tool_versions = versions().installer

    def pip() -> tools.UnpackedWheel:
        return tools.tool(job, "pip", tool_versions["pip"], interpreter)

    def fits(place: Path) -> bool:
        return interpreter.exact or not stand_in.refused(job, python, place, pip().code, files)

    return Installer(
        name="pip",
        file="requirements.txt",
        command="pip install -r requirements.txt",
        tools=_named(python),
        kept=False,
        parts=(
            FORMAT,
            tool_versions["pip"],
            tool_versions["setuptools"],
            job.plan.config.values.get("PIP_EXTRA_INDEX_URL", ""),
            *pip_settings.indexes(),
            *(part for pair in sorted(files.items()) for part in pair),
        ),
        tied=requirements.tied_to_tree(files),
        fill=lambda place: _filled(job, python, interpreter, place, files),
        version=lambda: pip().version,
        hopeless=", ".join(
            requirements.paths_of_this_machine(files)
            + requirements.includes_of_this_machine(job.folder, files)
        ),
        fits=fits,
        answers=lambda: _index_answers(job, interpreter, pip()),
        look_up=lambda: _looked_up(job, python, interpreter, files),
        noted=release_files.noted,
    )


def _named(python: Runtime) -> str:
    tool_versions = versions().installer
    more = f" and setuptools {tool_versions['setuptools']}" if _old(python) else ""
    return f"pip {tool_versions['pip']}{more}"


def _old(python: Runtime) -> bool:
    return int(python.version.split(".")[1]) <= WITH_SETUPTOOLS


def _filled(
    job: Job, python: Runtime, interpreter: Interpreter, place: Path, files: Mapping[str, str]
) -> Ended:
    """Fill the empty folder `place`; return how pip ended."""
    tool_versions = versions().installer
    names = ("pip", "setuptools") if _old(python) else ("pip",)
    wheels = [tools.tool(job, name, tool_versions[name], interpreter) for name in names]
    tools.bare(job, place, interpreter)
    _put(wheels, place)
    site.named_like(python.version, place)
    offline = ["--no-index"] if job.offline else []
    source = f"--src={place / 'src'}"
    env = {**tools.variables(job, place), "VIRTUAL_ENV": str(place)}
    pip = [str(place / "bin" / "python"), str(wheels[0].code / "pip")]
    command = [*pip, *INSTALL, "--no-compile", source, *offline]
    show = _shown(job, files)

    def announced(text: str) -> None:
        show(text)
        source = _SOURCE.match(text)
        if source:
            release_files.announce(job, interpreter, source[1], _series(python))

    ended = job.call(command, env, on_line=announced)
    if ended.exit == 0:
        compiled(job, place, env, _UNCOMPILED)
        _note_compiled(job, python, interpreter, place, files)
    else:
        _ask_again(job, pip, env, requirements.indexes(files))
    return ended


def _looked_up(
    job: Job, python: Runtime, interpreter: Interpreter, files: Mapping[str, str]
) -> tuple[Fit, ...]:
    """Return how the requirements fit Heroku's Pythons, if the version may be why pip failed."""
    failed = unbuilt(job.output)
    if not (failed or saying(job.output, _FOR_OTHERS)):
        return ()
    wanted = release_files.bounded(files, release_files.downloaded(job.output, failed))
    return release_files.looked_up(job, interpreter, wanted, _series(python))


def _note_compiled(
    job: Job, python: Runtime, interpreter: Interpreter, place: Path, files: Mapping[str, str]
) -> None:
    """Note how the requirements that pip has compiled here fit Heroku's Pythons."""
    names = {site.normalised(m[1]) for line in job.output if (m := _COMPILED.search(line))}
    wanted = [one for one in release_files.bounded(files) if site.normalised(one.name) in names]
    if wanted:
        fits = release_files.looked_up(job, interpreter, wanted, _series(python))
        cache.note(place / release_files.NOTE, fits)


def _series(python: Runtime) -> str:
    return python.version.rpartition(".")[0]


def _ask_again(job: Job, pip: list[str], env: Mapping[str, str], indexes: list[str]) -> None:
    """Record whether an index of the app's requires a password, which pip does not report itself.

    It is added to the output, for the rules that explain the failure, but not printed.
    """
    nothing = saying(job.output, r"requirement (\S+).*\(from versions: none\)")
    name = re.search(r"requirement ([\w.-]+)", nothing or "")
    if not name:
        return
    for address in indexes:
        said: list[str] = []
        asking = ["index", "versions", "-vv", "--no-input", "--index-url", address, name[1]]
        job.call([*pip, *asking], env, on_line=said.append)
        job.output.extend(line for line in said if _REFUSED.search(line))


def _put(wheels: list[tools.UnpackedWheel], place: Path) -> None:
    """Install tools as from their wheels, and pip's commands."""
    packages = site.site_packages(place)
    for tool in wheels:
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(tool.code, packages, ignore=unwanted, dirs_exist_ok=True)
        shutil.copytree(tool.about, packages / tool.about.name)
    for name in ("pip", "pip3"):
        script = place / "bin" / name
        script.write_text(_SCRIPT.format(python=place / "bin" / "python"))
        script.chmod(0o755)


def _shown(job: Job, files: Mapping[str, str]) -> Callable[[str], None]:
    """Return a function that prints only the lines that pip would print on Heroku."""
    quiet = () if requirements.names_an_index(files) else NOISE

    def show(text: str) -> None:
        if text.lstrip().startswith("Requirement already satisfied"):
            text = re.sub(r" in \S+site-packages", "", text)
        if not text.startswith(quiet):
            job.print(text)

    return show


def _index_answers(job: Job, interpreter: Interpreter, pip: tools.UnpackedWheel) -> bool:
    """Return whether the package index has pip; one that lacks it refuses everything."""
    command = [str(interpreter.path), str(pip.code / "pip"), "index", "versions", "pip"]
    return job.call(command, tools.variables(job), on_line=lambda _: None).exit == 0
