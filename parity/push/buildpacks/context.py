"""One build at work: where it is, how it runs and prints, and how long it may still take."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from parity.facts.phrases import INDENT
from parity.records import Ended, Interpreter, Plan, Refusal, Run, Slug

BUILD_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Undecided(NamedTuple):
    """Why this machine cannot tell how a step ends on Heroku."""

    why: str


Stop: TypeAlias = Refusal | Undecided | None
"""Why the build does not go on."""


class Job(NamedTuple):
    """`folder` is the slug to be, `work` the build's own folder beside it; `until` is monotonic.

    `exported` are variables that the steps and buildpacks before left for those after them;
    `interpreter` is what stands for Heroku's own in this buildpack's steps, once it was found.
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
        """Command output: indented, and kept."""
        self.output.append(text)
        self.tell(f"{INDENT}{text}" if text else "")

    def call(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        *,
        on_line: Callable[[str], None] | None = None,
    ) -> Ended:
        """Run a step in the slug's folder, within what is left of Heroku's time for a build.

        Its temporary files go with the workspace, whatever ends the step; it prints where they
        would be on Heroku.
        """
        left = max(0.1, self.until - time.monotonic())
        temporary, show = str(self.inner("tmp")), on_line or self.print

        def told(text: str) -> None:
            show(text.replace(temporary, "/tmp"))

        env = {"TMPDIR": temporary, **env}
        return self.run(argv, cwd=self.folder, env=env, on_line=told, limit=left)

    @property
    def home(self) -> Path:
        """HOME of the build, which is not part of the slug; it leads to what is installed there."""
        home = self.work / "home"
        if not home.exists():
            home.mkdir()
            (home / ".heroku").symlink_to(self.folder / ".heroku")
        return home

    def env_dir(self) -> Path:
        """The config vars as a folder of files, as a buildpack gets them."""
        folder = self.work / "env"
        if not folder.exists():
            folder.mkdir(mode=0o700)
            for name, value in self.plan.config.values.items():
                (folder / name).write_text(value)
        return folder

    def inner(self, name: str) -> Path:
        """A folder of the build's own, beside the slug."""
        folder = self.work / name
        folder.mkdir(exist_ok=True)
        return folder


def blank(job: Job) -> Slug:
    """The slug before anything was compiled into it."""
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
    """The slug with why the build does not go on, if it does not, and all that was printed."""
    return slug._replace(
        output=tuple(job.output),
        refusal=stop if isinstance(stop, Refusal) else None,
        unknown=stop.why if isinstance(stop, Undecided) else None,
    )


def timed_out(job: Job) -> Undecided:
    """Not done in Heroku's time, on a machine that may be slower or farther from the index."""
    last = next((line.strip() for line in reversed(job.output) if line.strip()), "(no output)")
    return Undecided(f"the build did not end within Heroku's 15 minutes here; at last: {last}")


def saying(lines: Iterable[str], pattern: str) -> str | None:
    """The first line in which `pattern` is found, stripped."""
    import re

    regex = re.compile(pattern)
    return next((line.strip() for line in lines if regex.search(line)), None)
