"""`pip install -r requirements.txt` with the buildpack's version of pip.

Flags and config vars: https://github.com/heroku/heroku-buildpack-python lib/pip.sh (observed).
"""

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from parity.facts.python import versions
from parity.push.buildpacks import pip_settings
from parity.push.buildpacks.context import Job, saying
from parity.push.buildpacks.python import requirements, site, stand_in, tools
from parity.push.buildpacks.python.installer import Installer, compiled
from parity.records import Ended, Interpreter, Runtime

INSTALL = (
    *("install", "-r", "requirements.txt", "--disable-pip-version-check"),
    *("--exists-action=w", "--no-input", "--progress-bar", "off"),
)
WITH_SETUPTOOLS = 12
"""The newest Python 3 minor version with which the buildpack installs setuptools."""

NOISE = ("Looking in indexes:", "Looking in links:", "WARNING: Location 'file:")
"""Beginnings of pip's lines about this machine's settings, which Heroku does not have."""

_UNCOMPILED = r"/site-packages/(?:pip|setuptools)/"
"""Packages that are not compiled in advance, because an app hardly ever imports them."""

_REFUSED = re.compile(r"40[13] (?:Client )?Error")

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
    ended = job.call(command, env, on_line=_shown(job, files))
    if ended.exit == 0:
        compiled(job, place, env, _UNCOMPILED)
    else:
        _ask_again(job, pip, env, requirements.indexes(files))
    return ended


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
