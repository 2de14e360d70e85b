"""`pipenv install --deploy` with the buildpack's version of Pipenv, which stays in the slug.

Flags and variables: https://github.com/heroku/heroku-buildpack-python lib/pipenv.sh (observed).
"""

import re
from pathlib import Path

from parity.facts.python import versions
from parity.push.buildpacks import pip_settings
from parity.push.buildpacks.context import Job
from parity.push.buildpacks.python import site, tools
from parity.push.buildpacks.python.installer import (
    PLACE,
    Exported,
    Installer,
    compiled,
    heroku,
    text,
)
from parity.push.buildpacks.python.machine_faults import admits
from parity.records import Ended, Interpreter, Runtime

COMMAND = "pipenv install --deploy"

_SCRIPT = """#!{python}
import sys
from pipenv import cli
from pipenv.project import Project
{more}
sys.exit(cli())
"""
_LAYOUT = "a link to its own environment"
"""A part of the cache key that excludes environments with an older layout."""

_ANY_PYTHON = """
Project.required_python_version = None
"""
"""A change to Pipenv so that it accepts a Python that stands in for the Pipfile's."""

_LOCAL = re.compile(r'"(?:path|editable)":|"file": "(?!https?:)')
_ASKED = re.compile(r'^\s*python(?:_full)?_version\s*=\s*["\']([^"\']+)', re.MULTILINE)


def installer(job: Job, python: Runtime, interpreter: Interpreter) -> Installer:
    """Return the installer of an app that uses Pipenv."""
    version = versions().installer["pipenv"]
    files = (text(job.folder, "Pipfile"), text(job.folder, "Pipfile.lock"))
    extra = job.plan.config.values.get("PIP_EXTRA_INDEX_URL", "")
    match = _ASKED.search(files[0])
    requested = match[1] if match else "*"
    ours, theirs = fits(requested, interpreter.version), fits(requested, python.version)

    def program() -> tools.Program:
        return tools.program(job, "pipenv", version, interpreter)

    def fill(place: Path) -> Ended:
        tools.bare(job, place, interpreter)
        site.named_like(python.version, place)
        pipenv = program()
        _put(pipenv, place, theirs and not ours)
        env = _variables(job, place)
        show = heroku(job, _words(place, pipenv, python, interpreter))
        ended = job.call([*COMMAND.split()], env, on_line=show)
        if ended.exit == 0:
            compiled(job, place, env, "^$")
        return ended

    return Installer(
        name="Pipenv",
        file="Pipfile.lock",
        command=COMMAND,
        tools=f"Pipenv {version}",
        kept=True,
        parts=(version, _LAYOUT, *files, extra, *pip_settings.indexes()),
        tied=bool(_LOCAL.search(files[1])),
        fill=fill,
        version=lambda: program().version,
        hopeless=f"python_version {requested}" if ours and not theirs else "",
        exported=lambda place: Exported(place / "pipenv" / "bin", _settings(place)),
    )


def fits(requested: str, version: str) -> bool:
    """Return whether a Python matches the Pipfile's, as Pipenv compares them."""
    if requested == "*" or requested[:1] in "<>=!~":
        return requested == "*" or admits(requested, version)
    return f"{version}.".startswith(f"{requested}.")


def _words(
    place: Path, program: tools.Program, python: Runtime, interpreter: Interpreter
) -> dict[str, str]:
    """Return replacements for Pipenv's output: on Heroku it is installed beside Python."""
    return {
        str(place): PLACE,
        str(program.python.parent.parent): f"{PLACE}/pipenv/venv",
        f"you are using {interpreter.version}": f"you are using {python.version}",
    }


def _put(program: tools.Program, place: Path, any_python: bool) -> None:
    """Write the command where the buildpack has it: beside Python, in a separate folder."""
    script = place / "pipenv" / "bin" / "pipenv"
    script.parent.mkdir(parents=True)
    own = place / "pipenv" / "venv"
    own.symlink_to(program.python.parent.parent)
    more = _ANY_PYTHON if any_python else ""
    script.write_text(_SCRIPT.format(python=own / "bin" / "python", more=more))
    script.chmod(0o755)


def _settings(place: Path) -> dict[str, str]:
    """Return the variables for installing into the environment; later steps get them, too."""
    return {"PIPENV_SYSTEM": "1", "PIPENV_VERBOSITY": "-1", "VIRTUAL_ENV": str(place)}


def _variables(job: Job, place: Path) -> dict[str, str]:
    own = tools.variables(job, place)
    mirror = own.pop("PIP_INDEX_URL", None)
    return {
        **own,
        **({"PIPENV_PYPI_MIRROR": mirror} if mirror else {}),
        **({"PIP_NO_INDEX": "1"} if job.offline else {}),
        **_settings(place),
        "PATH": f"{place}/pipenv/bin:{own['PATH']}",
        "PIPENV_NOSPIN": "1",
        "PIPENV_CACHE_DIR": own["PIP_CACHE_DIR"],
        "PIP_SRC": str(place / "src"),
    }
