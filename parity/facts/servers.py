"""The command lines of web servers: which options set the address, and where they may appear.

Each server's own `--help` and documentation (documented), read with the releases of 2026-11.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Server(NamedTuple):
    """One server's command line.

    `commands` are the words after the program that serve (none: the program itself does). `both`
    are options for host and port in one, `host` and `port` for one of them; `right` is what sets
    the address where nothing does. `public`: without an option it listens on every address.
    `positional`: the address is a word without an option. `flags` take no value, `valued` take
    one. `first`: options after the app are not read as options. `app`: one argument names the
    module of the app.
    """

    right: str
    commands: tuple[str, ...] = ()
    both: tuple[str, ...] = ()
    host: tuple[str, ...] = ()
    port: tuple[str, ...] = ()
    public: bool = False
    positional: bool = False
    flags: frozenset[str] = frozenset()
    valued: frozenset[str] = frozenset()
    first: bool = False
    app: bool = False

    @property
    def address(self) -> tuple[str, ...]:
        return (*self.both, *self.host, *self.port)

    def value(self, option: str, old: str) -> str:
        """Return the right value of one of the options for the address, instead of `old`."""
        if option in self.host:
            return "0.0.0.0"
        if old.startswith("tcp://"):
            return "tcp://0.0.0.0:$PORT"
        return "$PORT" if option in self.port else _BOTH.get(option, "0.0.0.0:$PORT")


def _names(text: str) -> frozenset[str]:
    """Return options: `-x` for a letter, `--xyz` for a word."""
    return frozenset(f"-{name}" if len(name) == 1 else f"--{name}" for name in text.split())


_BOTH = {"--listen": "*:$PORT", "-l": "tcp://0.0.0.0:$PORT"}
"""Options for host and port whose value is not `HOST:PORT`, or has another word for any host."""

_HOST_PORT = "--host 0.0.0.0 --port $PORT"
_H, _P = ("--host",), ("--port",)
_H_P = (("-H", "--host"), ("-p", "--port"))

SERVERS: Mapping[str, Server] = {
    "gunicorn": Server(
        "--bind 0.0.0.0:$PORT",
        both=("-b", "--bind"),
        flags=_names(
            "reload spew check-config print-config preload no-sendfile reuse-port D daemon"
            " initgroups capture-output log-syslog R enable-stdio-inheritance"
            " suppress-ragged-eofs do-handshake-on-connect strip-header-spaces"
            " no-control-socket h help v version"
        ),
        valued=_names(
            "c config b bind backlog w workers k worker-class threads worker-connections"
            " max-requests max-requests-jitter t timeout graceful-timeout keep-alive"
            " limit-request-line limit-request-fields limit-request-field_size reload-engine"
            " reload-extra-file chdir e env p pid worker-tmp-dir u user g group m umask"
            " forwarded-allow-ips access-logfile access-logformat error-logfile log-file"
            " log-level logger-class log-config log-config-json statsd-host statsd-prefix n name"
            " pythonpath paste paster proxy-protocol proxy-allow-from keyfile certfile"
            " ssl-version cert-reqs ca-certs ciphers"
        ),
        app=True,
    ),
    "uvicorn": Server(
        _HOST_PORT,
        host=_H,
        port=_P,
        flags=_names(
            "reload access-log no-access-log use-colors no-use-colors proxy-headers"
            " no-proxy-headers server-header no-server-header date-header no-date-header"
            " version factory help"
        ),
        valued=_names(
            "host port uds fd reload-dir reload-include reload-exclude reload-delay workers loop"
            " http ws ws-max-size ws-max-queue ws-ping-interval ws-ping-timeout lifespan"
            " interface env-file log-config log-level forwarded-allow-ips root-path"
            " limit-concurrency backlog limit-max-requests timeout-keep-alive"
            " timeout-graceful-shutdown ssl-keyfile ssl-certfile header app-dir"
        ),
        app=True,
    ),
    "hypercorn": Server(
        "--bind 0.0.0.0:$PORT",
        both=("-b", "--bind"),
        flags=_names("D daemon debug reload h help"),
        valued=_names(
            "access-log access-logfile access-logformat backlog b bind ca-certs certfile"
            " cert-reqs ciphers c config error-log error-logfile log-file graceful-timeout"
            " read-timeout max-requests max-requests-jitter g group k worker-class keep-alive"
            " keyfile keyfile-password insecure-bind log-config log-level p pid quic-bind"
            " root-path server-name statsd-host statsd-prefix m umask u user verify-mode"
            " websocket-ping-interval w workers"
        ),
        app=True,
    ),
    "daphne": Server(
        "-b 0.0.0.0 -p $PORT",
        host=("-b", "--bind"),
        port=("-p", "--port"),
        flags=_names("proxy-headers no-server-name h help"),
        valued=_names(
            "p port b bind websocket_timeout websocket_connect_timeout u unix-socket fd e"
            " endpoint v verbosity t http-timeout access-log log-fmt ping-interval ping-timeout"
            " application-close-timeout root-path proxy-headers-host proxy-headers-port s"
            " server-name"
        ),
        app=True,
    ),
    "granian": Server(
        _HOST_PORT,
        host=_H,
        port=_P,
        flags=_names(
            "ws no-ws log no-log access-log no-access-log factory no-factory reload no-reload"
            " respawn-failed-workers no-respawn-failed-workers metrics no-metrics version help"
        ),
        valued=_names(
            "host port uds interface http workers blocking-threads runtime-threads runtime-mode"
            " loop task-impl backlog backpressure log-level log-config access-log-fmt"
            " ssl-certificate ssl-keyfile url-path-prefix respawn-interval workers-lifetime"
            " workers-kill-timeout working-dir env-files static-path-route static-path-mount"
            " static-path-expires process-name pid-file"
        ),
        app=True,
    ),
    "waitress-serve": Server(
        "--listen=*:$PORT",
        both=("--listen",),
        host=_H,
        port=_P,
        public=True,
        flags=_names(
            "call ipv4 no-ipv4 ipv6 no-ipv6 expose-tracebacks no-expose-tracebacks"
            " log-socket-errors no-log-socket-errors clear-untrusted-proxy-headers help"
            " no-clear-untrusted-proxy-headers"
        ),
        valued=_names(
            "host port listen threads trusted-proxy trusted-proxy-count trusted-proxy-headers"
            " url-scheme url-prefix backlog recv-bytes send-bytes connection-limit"
            " cleanup-interval channel-timeout max-request-header-size max-request-body-size"
            " ident asyncore-loop-timeout unix-socket unix-socket-perms server-name"
        ),
        first=True,
        app=True,
    ),
    "flask": Server(
        "--host=0.0.0.0 --port=$PORT",
        commands=("run",),
        host=("-h", "--host"),
        port=("-p", "--port"),
        flags=_names(
            "debug no-debug reload no-reload debugger no-debugger with-threads without-threads"
        ),
        valued=_names("host h port p cert key extra-files exclude-patterns A app e env-file"),
    ),
    "quart": Server(_HOST_PORT, commands=("run",), host=("-h", "--host"), port=("-p", "--port")),
    "fastapi": Server(
        _HOST_PORT,
        commands=("run", "dev"),
        host=_H,
        port=_P,
        flags=_names("reload no-reload proxy-headers no-proxy-headers"),
        valued=_names("host port reload-dir workers root-path app entrypoint e"),
    ),
    "streamlit": Server(
        "--server.address 0.0.0.0 --server.port $PORT",
        commands=("run",),
        host=("--server.address",),
        port=("--server.port",),
        public=True,
        valued=_names("server.address server.port server.headless server.enableCORS"),
    ),
    "sanic": Server(
        _HOST_PORT,
        host=("-H", "--host"),
        port=("-p", "--port"),
        valued=_names("H host p port w workers"),
    ),
    "litestar": Server(_HOST_PORT, commands=("run",), host=_H_P[0], port=_H_P[1]),
    "chainlit": Server(_HOST_PORT, commands=("run",), host=_H, port=_P),
    "panel": Server("--address 0.0.0.0 --port $PORT", ("serve",), host=("--address",), port=_P),
    "bokeh": Server("--address 0.0.0.0 --port $PORT", ("serve",), host=("--address",), port=_P),
    "uwsgi": Server("--http 0.0.0.0:$PORT", both=("--http", "--http-socket")),
    "manage.py": Server(
        "0.0.0.0:$PORT",
        commands=("runserver", "runserver_plus"),
        positional=True,
        valued=_names("settings pythonpath v verbosity"),
    ),
    "http.server": Server(
        "$PORT",
        host=("-b", "--bind"),
        public=True,
        positional=True,
        valued=_names("b bind d directory p protocol"),
    ),
    "next": Server(
        "-H 0.0.0.0 -p $PORT",
        commands=("start", "dev"),
        host=("-H", "--hostname"),
        port=("-p", "--port"),
    ),
    "vite": Server(_HOST_PORT, host=_H, port=_P),
    "ng": Server(_HOST_PORT, commands=("serve",), host=_H, port=_P),
    "vue-cli-service": Server(_HOST_PORT, commands=("serve",), host=_H, port=_P),
    "webpack-dev-server": Server(_HOST_PORT, host=_H, port=_P),
    "webpack": Server(_HOST_PORT, commands=("serve",), host=_H, port=_P),
    "json-server": Server(_HOST_PORT, host=("-H", "--host"), port=("-p", "--port")),
    "astro": Server(_HOST_PORT, commands=("preview", "dev"), host=_H, port=_P),
    "gatsby": Server(
        "-H 0.0.0.0 -p $PORT", ("serve", "develop"), host=("-H", "--host"), port=("-p", "--port")
    ),
    "http-server": Server("-a 0.0.0.0 -p $PORT", host=("-a",), port=("-p", "--port"), public=True),
    "live-server": Server("--host=0.0.0.0 --port=$PORT", host=_H, port=_P),
    "nuxt": Server(_HOST_PORT, ("start", "dev", "preview"), host=("-H", *_H), port=("-p", *_P)),
    "nuxi": Server(_HOST_PORT, ("dev", "preview"), host=("-H", *_H), port=("-p", *_P)),
    "parcel": Server(_HOST_PORT, host=_H, port=("-p", "--port")),
    "serve": Server("-l tcp://0.0.0.0:$PORT", both=("-l", "--listen"), port=("-p",), public=True),
    "php": Server("-S 0.0.0.0:$PORT", both=("-S",)),
    "puma": Server("-b tcp://0.0.0.0:$PORT", both=("-b", "--bind"), port=("-p", "--port")),
    "rails": Server(
        "-b 0.0.0.0 -p $PORT",
        commands=("server", "s"),
        host=("-b", "--binding"),
        port=("-p", "--port"),
    ),
    "rackup": Server("-o 0.0.0.0 -p $PORT", host=("-o", "--host"), port=("-p", "--port")),
}
"""Servers by the program's name; `python -m NAME` starts the same one."""
