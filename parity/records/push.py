"""The records of `git push`: plan, slug, release."""

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
    """The Procfile by Heroku's classic pattern; `ignored`: the lines (number, text) it drops."""

    path: str
    encoding: Literal["utf-8", "utf-8-sig", "utf-16", "binary"]
    types: Mapping[str, ProcessType]
    ignored: tuple[tuple[int, str], ...]
    lines: tuple[str, ...]


class Runtime(NamedTuple):
    """The decisions of one language's buildpack before it installs anything.

    `language` is the buildpack's id, `origin` the file or field that requests a version;
    `requested` is None for a default. `warnings` are the buildpack's, as refusals that refuse
    nothing. If not `certain`, the version is newer than those that parity knows, so only the
    download would show whether it exists. `edition` distinguishes managers of the same name
    (`berry`: Yarn 2 or newer).
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
    """Heroku's decisions from the tree alone; `refusal`: the first one that rejects it.

    `detected` are all buildpacks that accept the app, in Heroku's order; `runs` those that compile
    it, in sequence (a folder: its path). `runtimes` has one for each language whose version was
    looked up, in the order in which Heroku calls their buildpacks. `unsupported` names what parity
    does not emulate; then there is no verdict.
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
        """Return the decisions of the buildpack `language`, if it came that far."""
        return next((one for one in self.runtimes if one.language == language), None)

    def line_of(self, process: ProcessType) -> str:
        """Return the Procfile's line for `process`, or `TYPE:` for a buildpack's default."""
        if self.procfile is None or not process.line:
            return f"{process.name}:"
        return self.procfile.lines[process.line - 1]

    @property
    def goes_on(self) -> bool:
        """True if Heroku builds, and parity can follow. Without a web process it builds, too."""
        stops = self.refusal or self.unsupported or self.source.incomplete
        return not stops and self.source.goes_on


class Interpreter(NamedTuple):
    """The program that runs a language here; `exact` if Heroku would use the same series.

    The series is `major.minor` for Python, `major` for Node.js.
    """

    path: Path
    version: str
    exact: bool


class Part(NamedTuple):
    """A package, file or folder of the slug, with its approximate compressed size in bytes."""

    name: str
    packed: int


class Fit(NamedTuple):
    """How a requirement fits the Pythons that Heroku installs, by its files on the index.

    `series` are those (`major.minor`) for which an admitted version has a wheel, or has no compiled
    parts; `newer` is the first later version that fits the app's Python (empty: none). `compiled`:
    it has wheels for other Pythons only, so that pip has to compile it for the app's.
    """

    name: str
    text: str
    series: tuple[str, ...]
    newer: str = ""
    compiled: bool = False


class Slug(NamedTuple):
    """The build's result; `root` is the folder of which every dyno gets a copy.

    `output` is the output of the installer and the hooks; `unknown` says what this machine could
    not decide (None: nothing); `packages` are the installed distributions by normalised name.
    `packed` is the approximate size in bytes of Heroku's compressed slug (None: far from any
    limit), and `largest` the largest parts of it.
    `installer` is the version of the package manager that ran here, `interpreters` are those in
    place of Heroku's Python, Node.js, … by the buildpack's id. `fits` are the requirements that the
    index was asked about, as it is after some failures. `environment` is a folder that the slug
    links to, and that other slugs may share; `tools` are further ones, each with the node_modules
    of one package manager.
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
    fits: tuple[Fit, ...] = ()
    tools: tuple[Path, ...] = ()

    @property
    def goes_on(self) -> bool:
        """True if the build leads to a release."""
        return self.refusal is None and self.unknown is None


class Ended(NamedTuple):
    """A command that ran to its end; `exit` as Heroku counts (128 + signal).

    `written` are the files that it left in its copy of the slug, if it had one.
    """

    exit: int
    output: tuple[Line, ...]
    seconds: float
    timed_out: bool = False
    written: tuple[str, ...] = ()


class Run(Protocol):
    """Runs an untrusted command, and leaves no process of it behind; `limit` in seconds.

    The build's caller provides it, because it is in the dyno's room, which the build cannot import.
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
    """Runs blocking work while the dyno is being watched, and returns its result."""

    def __call__(self, work: Callable[[], T]) -> T: ...


class Withheld(NamedTuple):
    """A process that was not started: its command changes the schema of a database elsewhere.

    `step` is that part of the command, `variable` the config var that points to the database.
    """

    process: ProcessType
    step: str
    variable: str


class Release(NamedTuple):
    """The release phase. `skipped` says why a declared command was not run.

    `postdeploy` is app.json's script, only for a new app; `not_deployed` says why it was not run.
    `withheld` is a process that is not started, and then none is.
    """

    slug: Slug
    command: ProcessType | None
    ended: Ended | None
    skipped: str | None
    postdeploy: Ended | None = None
    not_deployed: str | None = None
    withheld: Withheld | None = None

    @property
    def goes_on(self) -> bool:
        """True if the new version runs: neither release command nor postdeploy script failed.

        A version whose start would change a database elsewhere does not run here.
        """
        deployed = self.postdeploy
        if self.withheld:
            return False
        return self.status != "failed" and not (deployed and (deployed.exit or deployed.timed_out))

    @property
    def status(self) -> Literal["succeeded", "failed", "skipped", "none"]:
        """The outcome of the release command."""
        if self.command is None:
            return "none"
        if self.ended is None:
            return "skipped"
        return "succeeded" if self.ended.exit == 0 and not self.ended.timed_out else "failed"
