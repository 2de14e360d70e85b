"""The app's own build steps: `bin/pre_compile`, `bin/post_compile`, the NLTK download.

https://devcenter.heroku.com/articles/python-support#build-behavior,
https://devcenter.heroku.com/articles/python-nltk (documented); lib/hooks.sh, bin/steps/nltk of
https://github.com/heroku/heroku-buildpack-python (observed).
"""

from collections.abc import Mapping
from pathlib import Path

from parity.facts.build_image import TOOLS
from parity.facts.network_failures import NETWORK
from parity.facts.phrases import INDENT, message
from parity.push.buildpacks import pip_settings
from parity.push.buildpacks.context import Job, Stop, Undecided, saying, timed_out
from parity.push.buildpacks.python import environ
from parity.records import Refusal

BEFORE = "pre_compile"
"""The hook that runs before the buildpack decides anything but the stack."""

NLTK_DATA = ".heroku/nltk_data"
"""The folder for NLTK data: not in Python's as on Heroku, because other runs share that."""


def has(folder: Path, name: str) -> bool:
    """Return whether the app has `bin/NAME`."""
    return (folder / "bin" / name).is_file()


def hook(job: Job, name: str) -> Stop:
    """Run `bin/NAME` if the app has one."""
    if not has(job.folder, name):
        return None
    script = job.folder / "bin" / name
    job.tell(f"-----> Running bin/{name} hook")
    script.chmod(script.stat().st_mode | 0o111)
    began = len(job.output)
    data = _data_file(job)
    # Through a shell, as on Heroku, which also runs a script without a #! line.
    env = {**pip_settings.options(), **environ.variables(job)}
    ended = job.call(["bash", "-c", f"bin/{name}"], env)
    if ended.exit == 0:
        return None if data.exists() else _deleted(name)
    if ended.timed_out:
        return timed_out(job)
    return _not_here(job.output[began:]) or Refusal(f"hooks::{name}", _failed(name), f"bin/{name}")


def _data_file(job: Job) -> Path:
    """Create the file in CACHE_DIR in which the buildpack records data about the build."""
    data = Path(environ.variables(job)["CACHE_DIR"], "build-data", "python.json")
    data.parent.mkdir(exist_ok=True)
    data.touch()
    return data


def _deleted(name: str) -> Refusal:
    lines = message("Error: Can't find the buildpack's build data file.")
    return Refusal("build-data::data-file-deleted", ("", *lines, ""), f"bin/{name}")


def _not_here(lines: list[str]) -> Undecided | None:
    """Return why the script may succeed on Heroku: it lacked a network or a command here."""
    line = saying(lines, NETWORK)
    if line:
        return Undecided(f"the network did not answer: {line}")
    pattern = r"\b(?:" + "|".join(sorted(map(_escaped, TOOLS))) + r"): command not found"
    line = saying(lines, pattern)
    return Undecided(f"a command is missing here that Heroku has: {line}") if line else None


def _escaped(name: str) -> str:
    return name.replace("+", r"\+")


def _failed(name: str) -> tuple[str, ...]:
    return (
        "",
        *message(
            f"Error: Failed to run the bin/{name} script.",
            "",
            f"We found a 'bin/{name}' script in your app source, so ran",
            "it to allow for customisation of the build process.",
            "",
            "However, this script exited with a non-zero exit status.",
        ),
        "",
    )


def nltk(job: Job, packages: Mapping[str, str]) -> Stop:
    """Download the corpora that nltk.txt names, if NLTK is installed."""
    if "nltk" not in packages:
        return None
    job.tell("-----> Downloading NLTK corpora...")
    names = job.folder / "nltk.txt"
    if not names.is_file():
        job.tell(f"{INDENT}'nltk.txt' not found, not downloading any corpora")
        return None
    wanted = names.read_text("utf-8", "replace").split()
    job.tell(f"-----> Downloading NLTK packages: {' '.join(wanted)}")
    if job.offline:
        return Undecided("without a network no NLTK data can be downloaded")
    began = len(job.output)
    target = str(job.folder / NLTK_DATA)
    ended = job.call(
        ["python", "-m", "nltk.downloader", "-d", target, *wanted], environ.variables(job)
    )
    if ended.timed_out:
        return timed_out(job)
    line = saying(job.output[began:], NETWORK)
    if line:
        return Undecided(f"the NLTK data could not be downloaded: {line}")
    lines = ("", *message("Error: Unable to download NLTK data."), "")
    return Refusal("nltk-downloader", lines, "nltk.txt") if ended.exit else None
