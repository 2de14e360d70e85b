"""`poetry sync --only main` with the buildpack's version of Poetry, which only the build uses.

Flags and variables: https://github.com/heroku/heroku-buildpack-python lib/poetry.sh (observed).
"""

import re
from pathlib import Path

from parity.facts.python import versions
from parity.push import downloads
from parity.push.buildpacks import pip_settings
from parity.push.buildpacks.context import Job
from parity.push.buildpacks.python import site, tools
from parity.push.buildpacks.python.installer import PLACE, Exported, Installer, heroku, text
from parity.records import Ended, Interpreter, Runtime

COMMAND = "poetry sync --only main"
FLAGS = ("--compile", "--no-ansi", "--no-interaction")
NOWHERE = "http://127.0.0.1:9"
"""A proxy address that nothing listens on, because Poetry has no offline option."""

_RUN = """#!{python}
import os, sys
from poetry.repositories.exceptions import PackageNotFoundError
from poetry.repositories.http_repository import HTTPRepository
from poetry.repositories.pypi_repository import PyPiRepository
from poetry.utils.env import EnvManager

def links(self, package):
    self._url = os.environ.get("PARITY_INDEX_URL", self._url).rstrip("/")
    try:
        page = HTTPRepository._get_page(self, package.name)
    except PackageNotFoundError:
        return []
    return list(page.links_for_version(package.name, package.version))

PyPiRepository.find_links_for_package = links
EnvManager.create_venv = lambda self, *_, **__: self.get(reload=True)

from poetry.console.application import main
sys.exit(main())
"""
"""Poetry with two changes. It looks up files as pip does, because few mirrors have pypi.org's other
interface. And it treats the environment as the system's Python, as on Heroku, which it does not
compare with `requires-python`."""

_LOCAL = re.compile(r'^type = "(?:directory|file)"', re.MULTILINE)
_NO_PACKAGE = re.compile(r"^\s*package-mode\s*=\s*false\b", re.MULTILINE)


def installer(job: Job, python: Runtime, interpreter: Interpreter) -> Installer:
    """Return the installer of an app that uses Poetry."""
    version = versions().installer["poetry"]
    files = [text(job.folder, name) for name in ("pyproject.toml", "poetry.lock", "poetry.toml")]

    def program() -> tools.Program:
        return tools.program(job, "poetry", version, interpreter)

    def fill(place: Path) -> Ended:
        tools.bare(job, place, interpreter)
        site.named_like(python.version, place)
        command = [str(_script(job, program())), *COMMAND.split()[1:], *FLAGS]
        return job.call(command, _variables(job, place), on_line=heroku(job, {str(place): PLACE}))

    return Installer(
        name="Poetry",
        file="poetry.lock",
        command=COMMAND,
        tools=f"Poetry {version}",
        kept=True,
        parts=(version, *files, *pip_settings.indexes()),
        tied=not _NO_PACKAGE.search(files[0]) or bool(_LOCAL.search(files[1])),
        fill=fill,
        version=lambda: program().version,
        exported=lambda place: _exported(_script(job, program()), place),
    )


def _script(job: Job, program: tools.Program) -> Path:
    script = job.work / "poetry" / "poetry"
    script.parent.mkdir(exist_ok=True)
    script.write_text(_RUN.format(python=program.python))
    script.chmod(0o755)
    return script


def _exported(script: Path, place: Path) -> Exported:
    """Return what later steps of the build get."""
    return Exported(
        script.parent,
        {
            "POETRY_VIRTUALENVS_CREATE": "false",
            "POETRY_VIRTUALENVS_USE_POETRY_PYTHON": "true",
            # On Heroku this is the system's Python, where Poetry would look without this variable.
            "VIRTUAL_ENV": str(place),
        },
    )


def _variables(job: Job, place: Path) -> dict[str, str]:
    own = tools.variables(job, place)
    index = {"PARITY_INDEX_URL": own["PIP_INDEX_URL"]} if "PIP_INDEX_URL" in own else {}
    offline = {"HTTPS_PROXY": NOWHERE, "HTTP_PROXY": NOWHERE} if job.offline else {}
    others = {k: v for k, v in own.items() if not k.startswith("PIP_")}
    return {
        **others,
        **index,
        **offline,
        "POETRY_VIRTUALENVS_CREATE": "false",
        "POETRY_VIRTUALENVS_USE_POETRY_PYTHON": "true",
        "POETRY_CACHE_DIR": str(downloads.folder("poetry")),
        # Heroku has no keyring, and this machine's might ask for its password.
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "VIRTUAL_ENV": str(place),
        **({"REQUESTS_CA_BUNDLE": own["PIP_CERT"]} if "PIP_CERT" in own else {}),
    }
