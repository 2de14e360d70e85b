"""What the Python buildpack does once it has decided: install, collect static files, scripts.

The order of bin/compile: https://github.com/heroku/heroku-buildpack-python (observed).
"""

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from parity.facts.phrases import INDENT, message
from parity.facts.python import versions
from parity.push.buildpacks.python import django, environment, interpreters, pip, profile, settings
from parity.push.buildpacks.python.django import Skipped
from parity.records import Interpreter, Plan, Python, Refusal, Run, Slug

BUILD_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
HIDDEN = frozenset(
    ("PATH", "CPATH", "CPPATH", "LD_PRELOAD", "LIBRARY_PATH", "LD_LIBRARY_PATH", "PYTHONHOME")
)
"""Config vars that no step of the build sees."""

NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|name resolution|ReadTimeoutError|ConnectTimeout"
    r"|ProxyError|SSLError|SSLCertVerificationError|5\d\d Server Error|ConnectionResetError"
    r"|Could not resolve host:"
)
OLDER = re.compile(r"requires? a different [Pp]ython|Requires-Python|SyntaxError")
"""What an interpreter older than Heroku's may be to blame for."""

NEWER = re.compile(
    rf"{OLDER.pattern}|from versions:|Failed to build|metadata-generation-failed|No module named"
)
"""What a newer one may be to blame for: wheels not built for it yet, modules that have gone."""

HEADERS = re.compile(
    r"fatal error: \S+\.h: No such file|pg_config executable not found|mysql_config"
    r"|unable to execute '?(?:gcc|cc|x86_64)|command '[^']*(?:gcc|g\+\+|cc)' failed"
    r"|Could not find gdal-config|cargo|rustc"
)


class Build(NamedTuple):
    """One build: its plan, its folder (the slug to be), and how it runs and prints."""

    plan: Plan
    folder: Path
    run: Run
    tell: Callable[[str], None]
    output: list[str]
    offline: bool
    limit: float

    def print(self, text: str) -> None:
        """Command output: indented, and kept."""
        self.output.append(text)
        self.tell(f"{INDENT}{text}")


def compile_app(build: Build, python: Python) -> Slug:
    """The slug of a pip app. Raises `interrupt.Interrupted`, `interrupt.Trouble`, `OSError`."""
    began = time.monotonic()
    interpreter = interpreters.find(python.version)
    if interpreter is None:
        unknown = f"Python {python.version} is not on this machine, nor one near it"
        return _slug(build, None, None, began, unknown=unknown)
    build.tell(f"-----> Installing Python {python.version}")
    build.tell(f"-----> Installing pip {versions().installer['pip']}")
    place, was_there = _environment(build, python, interpreter)
    if place is None:
        reason = _undecided(build.output, interpreter, python)
        failed = None if reason else _failed()
        return _slug(build, interpreter, None, began, refusal=failed, unknown=reason)
    _link(build.folder, place)
    packages = pip.distributions(place)
    refusal = _collectstatic(build, packages)
    profile.write(build.folder)
    return _slug(
        build, interpreter, place, began, refusal=refusal, cached=was_there, packages=packages
    )


def _environment(
    build: Build, python: Python, interpreter: Interpreter
) -> tuple[Path | None, bool]:
    """The environment with everything installed, and whether it was in the cache."""
    files = pip.included(build.plan.source)
    command = "pip install -r requirements.txt"
    build.tell(f"-----> Installing dependencies using '{command}'")

    def fill(place: Path) -> bool:
        return _install(build, python, interpreter, place)

    if pip.tied_to_tree(files):
        place = build.folder.parent / "python"
        place.mkdir()
        return (place if fill(place) else None), False
    tools = versions().installer
    extra = build.plan.config.values.get("PIP_EXTRA_INDEX_URL", "")
    indexes = sorted(f"{k}={v}" for k, v in settings.variables().items())
    name = environment.key(
        str(interpreter.path.resolve()),
        interpreter.version,
        python.version,
        tools["pip"],
        tools["setuptools"],
        extra,
        *indexes,
        *(f"{path}\n{text}" for path, text in sorted(files.items())),
    )
    return environment.made(name, fill)


def _install(build: Build, python: Python, interpreter: Interpreter, place: Path) -> bool:
    """Fill `place`; whether pip was content."""
    tools = versions().installer
    pip.bare(place, interpreter, build.run)
    wanted = [("pip", tools["pip"])]
    if int(python.version.split(".")[1]) <= 12:
        wanted.append(("setuptools", tools["setuptools"]))
    wheels = [pip.wheel(name, v, interpreter.path, build.run) for name, v in wanted]
    pip.unpack(wheels, place)
    pip.named_like(python.version, place)
    extra = build.plan.config.values.get("PIP_EXTRA_INDEX_URL")
    home = build.folder.parent / "pip-home"
    home.mkdir(exist_ok=True)
    ended = build.run(
        [
            str(place / "bin" / "python"),
            *("-m", "pip", "install", "-r", "requirements.txt", *pip.INSTALL),
            f"--src={place / 'src'}",
            *(["--no-index"] if build.offline else []),
        ],
        cwd=build.folder,
        env={
            **pip.variables(home, extra),
            "PATH": f"{place / 'bin'}:{BUILD_PATH}",
            "VIRTUAL_ENV": str(place),
        },
        on_line=build.print,
        limit=build.limit,
    )
    return ended.exit == 0


def _undecided(output: list[str], interpreter: Interpreter, python: Python) -> str | None:
    """Why a failed install may be this machine's doing, with the line that says so."""
    for pattern, reason in (
        (NETWORK, "the package index did not answer"),
        (HEADERS, "a package must be compiled, which needs what Heroku's build image has"),
    ):
        line = next((x for x in output if pattern.search(x)), None)
        if line:
            return f"{reason}: {line.strip()}"
    if interpreter.exact:
        return None
    blamed = NEWER if _minor(interpreter.version) > _minor(python.version) else OLDER
    line = next((x for x in output if blamed.search(x)), None)
    stand_in = f"Python {interpreter.version} stood in for {python.version}"
    return f"{stand_in}, which may be why: {line.strip()}" if line else None


def _minor(version: str) -> int:
    return int(version.split(".")[1])


def _failed() -> Refusal:
    lines = message(
        "Error: Unable to install dependencies using pip.",
        "",
        "See the log output above for more information.",
    )
    return Refusal("install-dependencies::pip", lines, "requirements.txt")


def _link(slug: Path, place: Path) -> None:
    """`.heroku/python` in the slug leads to the environment."""
    heroku = slug / ".heroku"
    heroku.mkdir(exist_ok=True)
    (heroku / "python").symlink_to(place)


def _collectstatic(build: Build, packages: Mapping[str, str]) -> Refusal | None:
    config = build.plan.config.values
    manage = django.manage(build.plan.source, config, packages)
    if isinstance(manage, Skipped):
        if manage:
            build.tell(manage)
        return None
    build.tell(f"-----> $ python {manage} collectstatic --noinput")
    began = len(build.output)
    ended = build.run(
        ["python", manage, "collectstatic", "--noinput", "--traceback"],
        cwd=build.folder,
        env=variables(build.folder, config),
        on_line=build.print,
        limit=build.limit,
    )
    return django.refusal(build.output[began:], manage) if ended.exit else None


def variables(folder: Path, config: Mapping[str, str]) -> dict[str, str]:
    """What hooks and collectstatic see: the build's variables and the config vars."""
    python = folder / ".heroku" / "python"
    shown = {name: value for name, value in config.items() if name not in HIDDEN}
    return {
        "HOME": str(folder),
        "PYTHONPATH": ".",
        "LANG": "en_US.UTF-8",
        **shown,
        "PATH": f"{python / 'bin'}:{BUILD_PATH}",
        "PYTHONUNBUFFERED": "1",
        "BUILD_DIR": str(folder),
    }


def _slug(
    build: Build,
    interpreter: Interpreter | None,
    place: Path | None,
    began: float,
    *,
    refusal: Refusal | None = None,
    unknown: str | None = None,
    cached: bool = False,
    packages: Mapping[str, str] | None = None,
) -> Slug:
    return Slug(
        plan=build.plan,
        root=build.folder,
        interpreter=interpreter,
        environment=place,
        cached=cached,
        output=tuple(build.output),
        packages=packages or {},
        refusal=refusal,
        unknown=unknown,
        seconds=time.monotonic() - began,
        installed=place is not None,
    )
