"""The records of a running dyno: boot, traffic, shutdown."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from parity.records.push import ProcessType, Release
from parity.records.tree import Line

Content: TypeAlias = bytes


class Listener(NamedTuple):
    """A listening TCP socket. `own`: it belongs to the dyno. `http`: it answered HTTP."""

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
    """One place in Python code; `file` is relative to the app if inside it, else absolute."""

    file: str
    line: int
    column: int | None
    name: str


class Bind(NamedTuple):
    """A `socket.bind` seen in a second boot: address and the calling frames, innermost first."""

    host: str
    port: int
    frames: tuple[Frame, ...]


class Share(NamedTuple):
    """One process's part of the peak; `grown` since the dyno's first answer; both in bytes."""

    pid: int
    command: str
    bytes: int
    grown: int


class Memory(NamedTuple):
    """The dyno's memory so far: the peak in bytes, `seconds` after the launch, and who held it.

    `over` is the error that Heroku has logged because of it. `tasks` is the largest number of
    processes and threads seen at one time.
    """

    peak: int
    seconds: float
    shares: tuple[Share, ...]
    tasks: int
    over: Literal["R14", "R15"] | None = None


class Survivor(NamedTuple):
    """A process still alive when the time after SIGTERM was over, and how it treats SIGTERM.

    `default`: it would have ended, had nothing held it up.
    """

    pid: int
    command: str
    sigterm: Literal["ignored", "caught", "default"]


class Boot(NamedTuple):
    """A dyno from launch to its first answer.

    `state` up: it bound `$PORT` where the router can reach it, and lived until the first answer.
    `predicted`: the failure was certain before Heroku's limit had passed. `reachable`: whether a
    connection from another address succeeded (None: not tried). `why` explains `unknown`. `command`
    is the command as Heroku logs it, `$PORT` substituted. `binds` and `stack`, where the code spent
    most of the time (innermost first), come from a second boot. `isolation` is the level that
    contained it (parity/dyno/isolation.py); `front` is the port of this machine that leads to the
    dyno's own. `cores` is the number of CPU cores that its processes saw (None: not known).
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
    stack: tuple[Frame, ...] | None = None
    why: str | None = None
    isolation: str | None = None
    memory: Memory | None = None
    front: int | None = None
    cores: int | None = None

    @property
    def goes_on(self) -> bool:
        """True if requests reach the dyno."""
        return self.state == "up"


class Exchange(NamedTuple):
    """One request through the router. `code` is Heroku's (None: the app answered); times in ms.

    `scenario`: it is one of the user's own; `expected` is the status that it should get.
    """

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
    scenario: bool = False
    expected: int | None = None

    @property
    def as_expected(self) -> bool:
        """True if it got the status that the user expects, even if that is an error."""
        return self.expected == self.status

    @property
    def location(self) -> str | None:
        return self.headers.get("location")


class Traffic(NamedTuple):
    """The boot and all its requests.

    `exchanges` has one request per `--path`, each with the redirects it led to (`first` is the path
    it began with). `hosts` are retries of a 400 with other Host headers. `repeats` are the bodies
    of a few more requests, `single` the same with one worker (None: not tried). `parts` are style
    sheets and scripts that the page refers to. `sessions` are requests of visitors with a Socket.IO
    session, `beside` the answers to others while such a visitor waited for news. `traceback` are
    the lines of an exception, or of a refusal, that only a second boot showed; `stack` is where the
    code was while it kept a request waiting, innermost frame first. `bare` is a second boot without
    the values of the app's `.env` (None: not tried).
    """

    boot: Boot
    exchanges: tuple[Exchange, ...]
    output: tuple[Line, ...]
    hosts: tuple[Exchange, ...] = ()
    repeats: tuple[bytes, ...] = ()
    single: tuple[bytes, ...] | None = None
    traceback: tuple[str, ...] | None = None
    stack: tuple[Frame, ...] | None = None
    parts: tuple[Exchange, ...] = ()
    sessions: tuple[Exchange, ...] = ()
    beside: tuple[Exchange, ...] = ()
    bare: "Traffic | None" = None

    @property
    def needs_dotenv(self) -> bool:
        """True if the app works with the values of its `.env` only.

        A second boot that is merely slow shows nothing.
        """
        bare = self.bare
        if bare is None or bare.boot.state not in ("up", "crashed"):
            return False
        return bare.boot.state == "crashed" or any(
            e.code or e.status >= 400 for e in bare.exchanges
        )

    @property
    def since_boot(self) -> tuple[Line, ...]:
        """The lines that came after the dyno had bound its port."""
        return self.output[len(self.boot.output) :]


class Shutdown(NamedTuple):
    """The end of the dyno. `peak` and `quota` in bytes; `written` are files that would be lost.

    `samples` are the tree's memory over time: seconds since the launch, bytes. `survivors` are the
    processes that SIGKILL had to end. `outside` are files that the app had open for writing where a
    dyno's disk is read-only.
    """

    boot: Boot
    traffic: Traffic | None
    seconds: float
    exit: int | None
    killed: bool
    peak: int | None
    quota: int
    written: tuple[str, ...]
    output: tuple[Line, ...]
    samples: tuple[tuple[float, int], ...] = ()
    memory: Memory | None = None
    survivors: tuple[Survivor, ...] = ()
    outside: tuple[str, ...] = ()
