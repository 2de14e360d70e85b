"""`uv sync --locked --no-default-groups` with the buildpack's version of uv, only in the build.

Flags and variables: https://github.com/heroku/heroku-buildpack-python lib/uv.sh (observed).
"""

import re
from pathlib import Path

from parity.facts.python import versions
from parity.push import cache, downloads
from parity.push.buildpacks.context import Job
from parity.push.buildpacks.python import site, tools
from parity.push.buildpacks.python.installer import PLACE, Exported, Installer, heroku, text
from parity.push.buildpacks.python.machine_faults import admits
from parity.records import Ended, Interpreter, Runtime

COMMAND = "uv sync --locked --no-default-groups"
FLAGS = ("--color", "never", "--compile-bytecode", "--no-progress")
"""The flags used on Heroku, but without colours."""

_LOCAL = re.compile(
    r"^source = \{ (?:editable|directory|path) =|^source = \{ virtual = \"[^.]", re.M
)
_REQUIRES = re.compile(r'^requires-python = "([^"]+)"', re.MULTILINE)


def installer(job: Job, python: Runtime, interpreter: Interpreter) -> Installer:
    """Return the installer of an app that uses uv."""
    version = versions().installer["uv"]
    names = ("pyproject.toml", "uv.lock", "uv.toml", ".python-version")
    files = [text(job.folder, name) for name in names]
    requires = _REQUIRES.search(files[1])
    here = interpreter.version

    def program() -> tools.UnpackedWheel:
        return tools.tool(job, "uv", version, interpreter)

    def fill(place: Path) -> Ended:
        tools.bare(job, place, interpreter)
        site.named_like(python.version, place)
        uv = _binary(program())
        show = heroku(job, _words(place, python, interpreter))
        command = [str(uv), *COMMAND.split()[1:], *FLAGS]
        return job.call(command, _variables(job, place), on_line=show)

    return Installer(
        name="uv",
        file="uv.lock",
        command=COMMAND,
        tools=f"uv {version}",
        kept=True,
        parts=(version, *files),
        tied=bool(_LOCAL.search(files[1])),
        fill=fill,
        version=lambda: program().version,
        hopeless=""
        if not requires or admits(requires[1], python.version)
        else _refused(requires[1], here),
        exported=lambda place: _exported(_binary(program()), place),
    )


def _refused(requires: str, here: str) -> str:
    """Return the unmet `requires-python`, if uv does not report it because the Python here fits."""
    return f"requires-python {requires}" if admits(requires, here) else ""


def _binary(program: tools.UnpackedWheel) -> Path:
    (binary,) = program.code.glob("uv-*.data/scripts/uv")
    return binary


def _words(place: Path, python: Runtime, interpreter: Interpreter) -> dict[str, str]:
    """Return replacements for uv's output: on Heroku .python-version selects the interpreter."""
    chosen = f"The requested interpreter resolved to Python {interpreter.version}"
    requested = f"The Python request from `.python-version` resolved to Python {python.version}"
    return {chosen: requested, str(place): PLACE}


def _exported(binary: Path, place: Path) -> Exported:
    """Return what later steps of the build get."""
    return Exported(binary.parent, _settings(place))


def _settings(place: Path) -> dict[str, str]:
    return {
        "UV_PROJECT_ENVIRONMENT": str(place),
        # Not the version in .python-version: another patch or minor version may stand in for it.
        "UV_PYTHON": str(place / "bin" / "python"),
        "UV_NO_MANAGED_PYTHON": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_CACHE_DIR": str(cache.folder("uv")),
    }


def _variables(job: Job, place: Path) -> dict[str, str]:
    own = tools.variables(job, place)
    downloads.folder("uv")
    certificates = {"SSL_CERT_FILE": own["PIP_CERT"]} if "PIP_CERT" in own else {}
    return {
        **{k: v for k, v in own.items() if not k.startswith("PIP_")},
        **certificates,
        **({"UV_OFFLINE": "1"} if job.offline else {}),
        **_settings(place),
        # Heroku uses hard links, but through one an app could change uv's own copy.
        "UV_LINK_MODE": "copy",
    }
