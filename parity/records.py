"""What each stage of a rehearsal left behind: frozen values that point backwards.

A rule takes one of these and sees the whole history through it
(`boot.release.slug.plan.source`). They are named tuples, not dataclasses: `parity check`
pays for its imports on every commit, and `dataclasses` costs 12 ms of them.

Times are seconds (`float`), sizes bytes (`int`), paths of the app relative to its root with `/`.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, TypeAlias, TypeVar

T = TypeVar("T")
Content: TypeAlias = bytes

TEXT_LIMIT = 1024 * 1024
"""Bytes of a file up to which `Entry.data` keeps its content."""


class Line(NamedTuple):
    """One line of platform output; `source` as Heroku writes it: `heroku[web.1]`, `app[web.1]`.

    `remote` is the source of what `git push` prints.
    """

    at: float
    source: str
    text: str


Say: TypeAlias = Callable[[Line], None]


class Entry(NamedTuple):
    """One path of the tested tree. `mode` is git's; `oid` None means: the bytes on disk."""

    mode: int
    size: int
    oid: str | None
    data: bytes | None


class Ignored(NamedTuple):
    """The ignore rule that keeps a path out of git."""

    file: str
    line: int
    pattern: str


class Source(NamedTuple):
    """The tree that would be pushed.

    `absent` are paths on disk that are not in it, with the ignore rule that keeps them out
    (None: merely untracked); a folder of which nothing is tracked ends in `/`.
    """

    root: Path
    kind: Literal["commit", "worktree", "folder"]
    commit: str | None
    branch: str | None
    prefix: str
    remote: str | None
    entries: Mapping[str, Entry]
    uncommitted: tuple[str, ...]
    absent: Mapping[str, Ignored | None]
    unread: Mapping[str, str]

    def text(self, path: str) -> str | None:
        """The file's text as UTF-8, other bytes as escapes; None if it is not there or not kept."""
        entry = self.entries.get(path)
        if entry is None or entry.data is None:
            return None
        return entry.data.decode("utf-8-sig", "backslashreplace")


class ConfigProblem(NamedTuple):
    """A config var that Heroku would not take or heed; `seen` holds names, never values."""

    kind: Literal["line", "name", "size", "port"]
    seen: str
    file: str | None = None
    line: int | None = None


class Config(NamedTuple):
    """The app's config vars. `origin`: where each came from, `--config` or a file."""

    values: Mapping[str, str]
    origin: Mapping[str, str]
    problems: tuple[ConfigProblem, ...] = ()


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


class Refusal(NamedTuple):
    """Why Heroku rejects the push: its own `failure_reason`, its own lines, and where it lies."""

    reason: str
    lines: tuple[str, ...]
    file: str | None = None
    line: int | None = None
    subject: str = ""


class Python(NamedTuple):
    """What the Python buildpack decides before it installs anything.

    `warnings` are what it warns of, as refusals that refuse nothing. Not `certain`: the version is
    newer than those that parity knows, so only the download would tell whether it exists.
    """

    manager: Literal["pip", "pipenv", "poetry", "uv"]
    requested: str | None
    origin: Literal["runtime.txt", ".python-version", "Pipfile.lock", "cached", "default"]
    version: str
    warnings: tuple[Refusal, ...] = ()
    certain: bool = True


class Plan(NamedTuple):
    """What Heroku decides from the tree alone. `refusal`: the first decision that rejects it.

    `detected` are all buildpacks that would take the app, in Heroku's order.
    `unsupported` names what parity does not emulate here; then no verdict follows.
    """

    source: Source
    config: Config
    stack: str
    detected: tuple[str, ...]
    buildpack: str | None
    procfile: Procfile | None
    processes: Mapping[str, ProcessType]
    python: Python | None
    refusal: Refusal | None
    unsupported: str | None


class Interpreter(NamedTuple):
    """A Python of this machine; `exact` when Heroku would use the same `major.minor`."""

    path: Path
    version: str
    exact: bool


class Slug(NamedTuple):
    """The build's result: `root` is the folder every dyno gets a copy of.

    `output` is what the installer and the hooks printed; `unknown` says what this machine could not
    decide (None: nothing); `packages` are the installed distributions by normalised name.
    """

    plan: Plan
    root: Path
    interpreter: Interpreter | None
    environment: Path | None
    cached: bool
    output: tuple[str, ...]
    packages: Mapping[str, str]
    refusal: Refusal | None
    unknown: str | None
    seconds: float
    installed: bool = True


class Ended(NamedTuple):
    """A command that ran to its end; `exit` as Heroku counts (128 + signal)."""

    exit: int
    output: tuple[Line, ...]
    seconds: float
    timed_out: bool = False


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
    """The release phase. `skipped` is the reason why a declared command was not run."""

    slug: Slug
    command: ProcessType | None
    ended: Ended | None
    skipped: str | None

    @property
    def status(self) -> Literal["succeeded", "failed", "skipped", "none"]:
        if self.command is None:
            return "none"
        if self.ended is None:
            return "skipped"
        return "succeeded" if self.ended.exit == 0 and not self.ended.timed_out else "failed"


class Listener(NamedTuple):
    """A listening TCP socket. `own`: it is the dyno's. `http`: it answered HTTP."""

    host: str
    port: int
    pid: int
    command: str
    v6only: bool
    own: bool
    http: bool | None = None

    @property
    def loopback(self) -> bool:
        return self.host.startswith("127.") or self.host in ("::1", "::ffff:127.0.0.1")


class Frame(NamedTuple):
    """One place in Python code; `file` is relative to the app if it lies in it, else absolute."""

    file: str
    line: int
    column: int | None
    name: str


class Bind(NamedTuple):
    """A `socket.bind` seen in a second boot: address and the calling frames, innermost first."""

    host: str
    port: int
    frames: tuple[Frame, ...]


class Boot(NamedTuple):
    """A dyno from launch to its first answer.

    `state` up: it bound `$PORT` where the router can reach it, and lived until the first answer.
    `predicted`: the failure was certain before Heroku's limit had passed. `reachable`: whether a
    connection from another address got through (None: not tried). `why` explains `unknown`.
    `command` is the command as Heroku logs it, `$PORT` substituted. `trace` is a second boot's.
    """

    release: Release
    process: ProcessType
    name: str
    port: int
    state: Literal["up", "crashed", "timeout", "unknown"]
    predicted: bool
    exit: int | None
    seconds: float
    listeners: tuple[Listener, ...]
    reachable: bool | None
    foreign: tuple[Listener, ...]
    output: tuple[Line, ...]
    command: str
    home: str
    size: str
    bound_first: bool = False
    binds: tuple[Bind, ...] | None = None
    why: str | None = None


class Exchange(NamedTuple):
    """One request through the router. `code` is Heroku's (None: the app answered); times in ms."""

    method: str
    path: str
    host: str
    status: int
    code: str | None
    detail: str
    connect_ms: int
    service_ms: int
    bytes: int
    headers: Mapping[str, str]
    body: Content
    first: str

    @property
    def location(self) -> str | None:
        return self.headers.get("location")


class Traffic(NamedTuple):
    """The boot and all its requests.

    `exchanges` has one request per `--path`, each with the redirects it led to (`first` is the
    path it began with). `hosts` are retries of a 400 with other Host headers. `repeats` are the
    bodies of a few more requests, `single` the same with one worker (None: not tried).
    `traceback` are the lines of an exception that only a second boot showed.
    """

    boot: Boot
    exchanges: tuple[Exchange, ...]
    output: tuple[Line, ...]
    hosts: tuple[Exchange, ...] = ()
    repeats: tuple[bytes, ...] = ()
    single: tuple[bytes, ...] | None = None
    traceback: tuple[str, ...] | None = None


class Shutdown(NamedTuple):
    """The end of the dyno. `peak` and `quota` in bytes; `written` are files that would be lost."""

    boot: Boot
    traffic: Traffic | None
    seconds: float
    exit: int | None
    killed: bool
    peak: int | None
    quota: int
    written: tuple[str, ...]
    output: tuple[Line, ...]


class Stuck(NamedTuple):
    """This machine, not the app, ended the rehearsal in `stage`; `fix` mends it."""

    stage: str
    what: str
    fix: str


Record: TypeAlias = Source | Plan | Slug | Release | Boot | Traffic | Shutdown | Stuck
