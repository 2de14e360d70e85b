"""The context of a running build: its folders, how it runs and prints, and its time limit."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from parity.facts.phrases import INDENT
from parity.records import Ended, Interpreter, Plan, Refusal, Run, Slug

BUILD_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Undecided(NamedTuple):
    """The reason why it is unknown how a step would end on Heroku."""

    why: str


Stop: TypeAlias = Refusal | Undecided | None
"""The reason why the build stops; None if it goes on."""


class Job(NamedTuple):
    """One build: `folder` becomes the slug, `work` beside it is temporary; `until` is monotonic.

    `exported` are variables from earlier steps and buildpacks for later ones; `interpreter` stands
    in for Heroku's own in this buildpack's steps, as soon as it is known.
    """

    plan: Plan
    folder: Path
    work: Path
    run: Run
    tell: Callable[[str], None]
    output: list[str]
    offline: bool
    until: float
    exported: Mapping[str, str] = {}
    interpreter: Interpreter | None = None

    def print(self, text: str) -> None:
        """Print a line of a command's output, indented, and keep it."""
        self.output.append(text)
        self.tell(f"{INDENT}{text}" if text else "")

    def call(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        *,
        on_line: Callable[[str], None] | None = None,
    ) -> Ended:
        """Run a step in the slug's folder, within the rest of Heroku's time limit for a build.

        Its temporary files are removed with the workspace, however the step ends; its output shows
        their path on Heroku.
        """
        left = max(0.1, self.until - time.monotonic())
        temporary, show = str(self.inner("tmp")), on_line or self.print

        def show_as_on_heroku(text: str) -> None:
            show(text.replace(temporary, "/tmp"))

        env = {"TMPDIR": temporary, **env}
        return self.run(argv, cwd=self.folder, env=env, on_line=show_as_on_heroku, limit=left)

    @property
    def home(self) -> Path:
        """The build's HOME, outside the slug, with a link to the slug's `.heroku`."""
        home = self.work / "home"
        if not home.exists():
            home.mkdir()
            (home / ".heroku").symlink_to(self.folder / ".heroku")
        return home

    def env_dir(self) -> Path:
        """Return the folder with a file for each config var, as a buildpack gets it."""
        folder = self.work / "env"
        if not folder.exists():
            folder.mkdir(mode=0o700)
            for name, value in self.plan.config.values.items():
                (folder / name).write_text(value)
        return folder

    def inner(self, name: str) -> Path:
        """Return a folder for the build's own files, beside the slug."""
        folder = self.work / name
        folder.mkdir(exist_ok=True)
        return folder


def blank(job: Job) -> Slug:
    """Return the slug before anything is compiled into it."""
    return Slug(
        plan=job.plan,
        root=job.folder,
        interpreters={},
        environment=None,
        cached=False,
        output=(),
        packages={},
        refusal=None,
        unknown=None,
        seconds=0.0,
        installed=False,
    )


def stopped(slug: Slug, job: Job, stop: Stop) -> Slug:
    """Return the slug with the whole output, and the reason why the build stopped, if it did."""
    return slug._replace(
        output=tuple(job.output),
        refusal=stop if isinstance(stop, Refusal) else None,
        unknown=stop.why if isinstance(stop, Undecided) else None,
    )


def timed_out(job: Job) -> Undecided:
    """Return why a timeout decides nothing: Heroku may be faster, or closer to the index."""
    last = next((line.strip() for line in reversed(job.output) if line.strip()), "(no output)")
    return Undecided(f"the build did not end within Heroku's 15 minutes here; at last: {last}")


def saying(lines: Iterable[str], pattern: str) -> str | None:
    """Return the first line that contains a match for `pattern`, stripped."""
    import re

    regex = re.compile(pattern)
    return next((line.strip() for line in lines if regex.search(line)), None)
