"""`pip install -r requirements.txt` as the buildpack does it, into a cached environment."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from parity.facts.phrases import message
from parity.facts.python import versions
from parity.push.buildpacks.job import Job, Stop, timed_out
from parity.push.buildpacks.python import elsewhere, environment, pip, requirements, settings
from parity.push.buildpacks.python.blame import undecided
from parity.records import Ended, Interpreter, Python, Refusal

FAILED = Refusal(
    "install-dependencies::pip",
    (
        "",
        *message(
            "Error: Unable to install dependencies using pip.",
            "",
            "See the log output above for more information.",
        ),
        "",
    ),
    "requirements.txt",
)
WITH_SETUPTOOLS = 12
"""Up to this Python 3 minor version the buildpack installs setuptools."""

_UNCOMPILED = r"/site-packages/(?:pip|setuptools)/"
"""What an app imports hardly ever: Python compiles it when it does."""

NOISE = ("Looking in indexes:", "Looking in links:", "WARNING: Location 'file:")
"""What pip says of this machine's settings; on Heroku it has none."""


class Installed(NamedTuple):
    """The environment, and whether it was in the cache."""

    place: Path
    cached: bool


def install(job: Job, python: Python, interpreter: Interpreter) -> Installed | Stop:
    """The environment with everything installed, or why there is none.

    Raises `interrupt.Interrupted`, `interrupt.Trouble`, `OSError`.
    """
    files = requirements.read(job.folder)
    job.tell(f"-----> Installing {_installers(python)}")
    job.tell("-----> Installing dependencies using 'pip install -r requirements.txt'")
    if requirements.paths_of_this_machine(files):
        return FAILED
    ended: list[Ended] = []

    def fill(place: Path) -> bool:
        ended.append(_filled(job, python, interpreter, place, files))
        if ended[-1].exit == 0 and not interpreter.exact:
            code = pip.tool(job, "pip", versions().installer["pip"], interpreter.path).code
            return not elsewhere.refused(job, python, place, code, files)
        return ended[-1].exit == 0

    own = job.work / "python"
    if requirements.tied_to_tree(files) or (job.folder / "bin" / "post_compile").exists():
        own.mkdir()
        place, cached = (own if fill(own) else None), False
    else:
        place, cached = environment.made(_key(job, python, interpreter, files), fill, spare=own)
    if place:
        return Installed(place, cached)
    if ended[-1].timed_out:
        return timed_out(job)
    if ended[-1].exit == 0:
        return FAILED
    why = undecided(
        job.output,
        interpreter,
        python,
        offline=job.offline or settings.no_index(),
        killed=ended[-1].exit > 128,
        answers=lambda: pip.index_answers(job, interpreter),
    )
    return why or FAILED


def _installers(python: Python) -> str:
    tools = versions().installer
    more = f" and setuptools {tools['setuptools']}" if _old(python) else ""
    return f"pip {tools['pip']}{more}"


def _old(python: Python) -> bool:
    return int(python.version.split(".")[1]) <= WITH_SETUPTOOLS


def _key(job: Job, python: Python, interpreter: Interpreter, files: Mapping[str, str]) -> str:
    """The name of the environment: whatever could make it another one."""
    tools = versions().installer
    return environment.key(
        str(interpreter.path),
        interpreter.version,
        python.version,
        tools["pip"],
        tools["setuptools"],
        job.plan.config.values.get("PIP_EXTRA_INDEX_URL", ""),
        *settings.indexes(),
        *(part for pair in sorted(files.items()) for part in pair),
    )


def _filled(
    job: Job, python: Python, interpreter: Interpreter, place: Path, files: Mapping[str, str]
) -> Ended:
    """Fill the empty folder `place`; how pip ended."""
    tools = versions().installer
    names = ("pip", "setuptools") if _old(python) else ("pip",)
    found = [pip.tool(job, name, tools[name], interpreter.path) for name in names]
    pip.bare(job, place, interpreter)
    pip.put(found, place)
    pip.named_like(python.version, place)
    offline = ["--no-index"] if job.offline else []
    source = f"--src={place / 'src'}"
    env = {**pip.variables(job, place), "VIRTUAL_ENV": str(place)}
    own = str(place / "bin" / "python")
    ended = job.call(
        # Compiled below, on all cores: pip takes one.
        [own, str(found[0].code / "pip"), *pip.INSTALL, "--no-compile", source, *offline],
        env,
        on_line=_shown(job, files),
    )
    if ended.exit == 0:
        compiler = [own, "-I", "-m", "compileall", "-q", "-j", "0", "-x", _UNCOMPILED]
        job.call([*compiler, str(place / "lib")], env, on_line=lambda _: None)
    return ended


def _shown(job: Job, files: Mapping[str, str]) -> Callable[[str], None]:
    """Print what pip would print on Heroku."""
    quiet = () if requirements.names_an_index(files) else NOISE

    def show(text: str) -> None:
        if text.lstrip().startswith("Requirement already satisfied"):
            text = re.sub(r" in \S+site-packages", "", text)
        if not text.startswith(quiet):
            job.print(text)

    return show
