"""What `git push` leaves behind: plan, slug, release."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, TypeVar

from parity.records.tree import Config, Line, Refusal, Source

T = TypeVar("T")


class ProcessType(NamedTuple):
    """One entry of the formation; `line` 0: a buildpack's default, not a line of the Procfile."""

    name: str
    command: str
    line: int


class Procfile(NamedTuple):
    """The Procfile by Heroku's classic pattern. `ignored` are the lines (number, text) it drops."""

    path: str
    encoding: Literal["utf-8", "utf-8-sig", "utf-16", "binary"]
    types: Mapping[str, ProcessType]
    ignored: tuple[tuple[int, str], ...]
    lines: tuple[str, ...]


class Runtime(NamedTuple):
    """What the buildpack of one language decides before it installs anything.

    `language` is the buildpack's id, `origin` the file or field that asks for a version: nothing
    is `requested` where it is a default. `warnings` are what the buildpack warns of, as refusals
    that refuse nothing. Not `certain`: the version is newer than those that parity knows, so only
    the download would tell whether it exists. `edition` tells apart what is called `manager` but
    works otherwise (`berry`: Yarn 2 or newer).
    """

    language: str
    manager: str
    requested: str | None
    origin: str
    version: str
    warnings: tuple[Refusal, ...] = ()
    certain: bool = True
    edition: str = ""


class Plan(NamedTuple):
    """What Heroku decides from the tree alone. `refusal`: the first decision that rejects it.

    `detected` are all buildpacks that would take the app, in Heroku's order; `runs` those that
    compile it, one after the other (a folder: its path). `runtimes` has one for each language of
    which a version was looked for, in the order in which Heroku asks their buildpacks.
    `unsupported` names what parity does not emulate here; then no verdict follows.
    """

    source: Source
    config: Config
    stack: str
    detected: tuple[str, ...]
    buildpack: str | None
    procfile: Procfile | None
    processes: Mapping[str, ProcessType]
    runtimes: tuple[Runtime, ...]
    refusal: Refusal | None
    unsupported: str | None
    runs: tuple[str, ...] = ()

    def runtime(self, language: str) -> Runtime | None:
        """What the buildpack `language` has decided, if it came so far."""
        return next((made for made in self.runtimes if made.language == language), None)

    def line_of(self, process: ProcessType) -> str:
        """The line of the Procfile that declares `process`; a buildpack's default has none."""
        if self.procfile is None or not process.line:
            return f"{process.name}:"
        return self.procfile.lines[process.line - 1]

    @property
    def goes_on(self) -> bool:
        """Whether Heroku builds, and parity can follow. Without a web process it builds, too."""
        stops = self.refusal or self.unsupported or self.source.incomplete
        return not stops and self.source.goes_on


class Interpreter(NamedTuple):
    """What runs a language on this machine; `exact` when Heroku would use the same series.

    The series is `major.minor` of Python, `major` of Node.js.
    """

    path: Path
    version: str
    exact: bool


class Part(NamedTuple):
    """A package, file or folder of the slug, with about the bytes that it has compressed."""

    name: str
    packed: int


class Slug(NamedTuple):
    """The build's result: `root` is the folder every dyno gets a copy of.

    `output` is what the installer and the hooks printed; `unknown` says what this machine could not
    decide (None: nothing); `packages` are the installed distributions by normalised name.
    `packed` is about how many bytes Heroku's compressed slug has (None: far from any limit), and
    `largest` what takes the most of them.
    `installer` is the version of the package manager that ran here, `interpreters` what stands for
    Heroku's Python, Node.js, … by the buildpack's id. `environment` is a folder that the slug links
    to, and that may be shared with other slugs.
    """

    plan: Plan
    root: Path
    interpreters: Mapping[str, Interpreter]
    environment: Path | None
    cached: bool
    output: tuple[str, ...]
    packages: Mapping[str, str]
    refusal: Refusal | None
    unknown: str | None
    seconds: float
    installed: bool = True
    packed: int | None = None
    installer: str = ""
    largest: tuple[Part, ...] = ()

    @property
    def goes_on(self) -> bool:
        """Whether the build gives a release."""
        return self.refusal is None and self.unknown is None


class Ended(NamedTuple):
    """A command that ran to its end; `exit` as Heroku counts (128 + signal).

    `written` are the files that it left in its own copy of the slug, if it had one.
    """

    exit: int
    output: tuple[Line, ...]
    seconds: float
    timed_out: bool = False
    written: tuple[str, ...] = ()


class Run(Protocol):
    """Runs a stranger's command so that nothing of it survives; `limit` in seconds.

    The build gets one from above (it lives with the dyno), so that rooms stay apart.
    """

    def __call__(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        on_line: Callable[[str], None],
        limit: float,
    ) -> Ended: ...


class Beside(Protocol):
    """Runs blocking work while the dyno is being watched, and gives its result."""

    def __call__(self, work: Callable[[], T]) -> T: ...


class Release(NamedTuple):
    """The release phase. `skipped` is the reason why a declared command was not run.

    `postdeploy` is app.json's script, on a new app alone; `not_deployed` why it was not run.
    """

    slug: Slug
    command: ProcessType | None
    ended: Ended | None
    skipped: str | None
    postdeploy: Ended | None = None
    not_deployed: str | None = None

    @property
    def goes_on(self) -> bool:
        """Whether the new version runs: release command and postdeploy script have not failed."""
        deployed = self.postdeploy
        return self.status != "failed" and not (deployed and (deployed.exit or deployed.timed_out))

    @property
    def status(self) -> Literal["succeeded", "failed", "skipped", "none"]:
        if self.command is None:
            return "none"
        if self.ended is None:
            return "skipped"
        return "succeeded" if self.ended.exit == 0 and not self.ended.timed_out else "failed"
