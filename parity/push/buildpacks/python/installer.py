"""What the package managers have in common: each is one `Installer`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from parity.facts.phrases import message
from parity.push.buildpacks.context import Job
from parity.records import Ended, Refusal

PLACE = "/app/.heroku/python"
"""Where a build on Heroku has its Python (observed)."""


class Exported(NamedTuple):
    """What a package manager leaves for the later steps of the build: its folder, variables."""

    path: Path | None
    variables: Mapping[str, str]


class Installer(NamedTuple):
    """One package manager at work for one app.

    `name` as the build log has it, `file` what it installs from, `command` as it is shown.
    `tools` is what it installs of itself first, `kept` whether the buildpack's cache keeps that.
    `parts` decide what is installed, `tied` says that the tree does, too. `fill` fills a new
    folder. `version` is the one that ran. `hopeless` says why it cannot succeed on Heroku where it
    would here (`` if nothing does); `fits` asks a filled folder. `answers`: whether the package
    index has what every index has. `exported` is for the later steps.
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
    exported: Callable[[Path], Exported] = lambda _: Exported(
        None, {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    )

    def failed(self) -> Refusal:
        """The push that Heroku rejects because this installation failed."""
        told = message(
            f"Error: Unable to install dependencies using {self.name}.",
            "",
            "See the log output above for more information.",
        )
        reason = f"install-dependencies::{self.name.lower()}"
        return Refusal(reason, ("", *told, ""), self.file, subject=self.hopeless)


def heroku(job: Job, words: Mapping[str, str]) -> Callable[[str], None]:
    """Print lines with what Heroku has (paths, the version of Python) instead of what is here.

    The name of the folder there is eight hexadecimal digits (observed), here those of the commit.
    """
    folder = f"/tmp/build_{(job.plan.source.commit or '0' * 8)[:8]}"
    said = {**words, str(job.folder): folder}

    def show(text: str) -> None:
        for ours, theirs in said.items():
            text = text.replace(ours, theirs)
        job.print(text)

    return show


def compiled(job: Job, place: Path, env: dict[str, str], skipped: str) -> None:
    """Compile what was installed, on all cores: the package managers take one."""
    flags = ("-q", "-j", "0", "-x", skipped)
    command = [str(place / "bin" / "python"), "-I", "-m", "compileall", *flags]
    job.call([*command, str(place / "lib")], env, on_line=lambda _: None)


def text(folder: Path, name: str) -> str:
    """A small file of the tree, as a part of what decides; `` where there is none."""
    try:
        return (folder / name).read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return ""
