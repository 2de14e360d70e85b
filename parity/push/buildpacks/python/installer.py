"""The common interface of the package managers: each one is an `Installer`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from parity.facts.phrases import message
from parity.push.buildpacks.context import Job
from parity.records import Ended, Fit, Refusal

PLACE = "/app/.heroku/python"
"""The path of Python in a build on Heroku (observed)."""


class Exported(NamedTuple):
    """A package manager's exports for later steps of the build: its folder, and variables."""

    path: Path | None
    variables: Mapping[str, str]


class Installer(NamedTuple):
    """A package manager for one app.

    `name` and `command` are as in the build log, `file` is what it installs from. `tools` names the
    package manager itself, which is installed first; `kept`: the buildpack's cache keeps it.
    `parts` decide what is installed; `tied`: other files of the tree do, too. `fill` fills a new
    folder, and `fits` returns whether the result would also install on Heroku. `version` returns
    the version that ran. `hopeless` says why it fails on Heroku though not here (empty: it need not
    fail). `answers` returns whether the package index has a package that every index has.
    `look_up` returns how the requirements fit Heroku's Pythons, after a failure that this may
    explain; `noted` returns what was looked up while an environment was built. `exported` returns
    what later steps get.
    """

    name: str
    file: str
    command: str
    tools: str
    kept: bool
    parts: tuple[str, ...]
    tied: bool
    fill: Callable[[Path], Ended]
    version: Callable[[], str]
    hopeless: str = ""
    fits: Callable[[Path], bool] = lambda _: True
    answers: Callable[[], bool] = lambda: True
    look_up: Callable[[], tuple[Fit, ...]] = lambda: ()
    noted: Callable[[Path], tuple[Fit, ...]] = lambda _: ()
    exported: Callable[[Path], Exported] = lambda _: Exported(
        None, {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    )

    def failed(self) -> Refusal:
        """Return the refusal with which Heroku rejects a push after this failure."""
        lines = message(
            f"Error: Unable to install dependencies using {self.name}.",
            "",
            "See the log output above for more information.",
        )
        reason = f"install-dependencies::{self.name.lower()}"
        return Refusal(reason, ("", *lines, ""), self.file, subject=self.hopeless)


def heroku(job: Job, words: Mapping[str, str]) -> Callable[[str], None]:
    """Return a function that prints lines as on Heroku, with its paths and version of Python.

    The build folder's name on Heroku has eight hexadecimal digits (observed); here the commit's.
    """
    folder = f"/tmp/build_{(job.plan.source.commit or '0' * 8)[:8]}"
    said = {**words, str(job.folder): folder}

    def show(text: str) -> None:
        for ours, theirs in said.items():
            text = text.replace(ours, theirs)
        job.print(text)

    return show


def compiled(job: Job, place: Path, env: dict[str, str], skipped: str) -> None:
    """Compile the installed packages on all cores; the package managers would use one."""
    flags = ("-q", "-j", "0", "-x", skipped)
    command = [str(place / "bin" / "python"), "-I", "-m", "compileall", *flags]
    job.call([*command, str(place / "lib")], env, on_line=lambda _: None)


def text(folder: Path, name: str) -> str:
    """Read a small file of the tree that decides what is installed; empty if there is none."""
    try:
        return (folder / name).read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return ""
