"""What a running dyno leaves behind: boot, traffic, shutdown."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from parity.records.push import ProcessType, Release
from parity.records.tree import Line

Content: TypeAlias = bytes


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
        """Whether it got the status that the user wants, be it an error."""
        return self.expected == self.status

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
