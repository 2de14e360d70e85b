"""R12: what kept a process from ending when the dyno stopped."""

import re
from collections.abc import Iterator, Mapping

from parity.records import Shutdown, Source, Survivor
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.views.python_source import server

SHUTDOWN = "https://devcenter.heroku.com/articles/dyno-shutdown-behavior"
R12_DOCS = "https://devcenter.heroku.com/articles/error-codes#r12-exit-timeout"


@rule(
    "R12",
    effect="warn",
    title="Exit timeout",
    cause="At least one process was still running 30 seconds after SIGTERM, so it was killed. That"
    " happens at every deploy and once a day; requests and jobs in flight are lost.",
    fix="End on SIGTERM: `exec` the server in shell scripts, so that the signal reaches it, and do"
    " not ignore the signal.",
    docs=R12_DOCS,
    heroku="R12",
    prints=(
        "heroku[web.1]: Error R12 (Exit timeout) -> At least one process failed to exit within"
        " 30 seconds of SIGTERM",
        "heroku[web.1]: Stopping remaining processes with SIGKILL",
    ),
    laptop="Ctrl-C sends SIGINT to the whole terminal; Heroku sends SIGTERM, which a shell script"
    " does not pass on, and at which Python ends without cleaning up.",
    by={
        "shell script": "exec gunicorn app:app",
        "Celery": "keep tasks short: its warm shutdown waits for them",
        "Python loop": "signal.signal(signal.SIGTERM, …) and leave the loop",
    },
)
def R12(shutdown: Shutdown) -> Iterator[Evidence]:
    busy = any(e.code == "H12" for e in shutdown.traffic.exchanges) if shutdown.traffic else False
    if shutdown.killed and not busy:
        yield Evidence(
            "Error R12 (Exit timeout) -> At least one process failed to exit within 30 seconds"
            " of SIGTERM"
        )


SHELLS = ("bash", "sh", "dash", "ash", "zsh", "/bin/sh", "/bin/bash", "/usr/bin/bash")
SERVERS = {
    "gunicorn": "gunicorn --graceful-timeout 20",
    "uvicorn": "uvicorn --timeout-graceful-shutdown 20",
    "hypercorn": "hypercorn --graceful-timeout 20",
    "granian": "granian --workers-kill-timeout 20",
}
"""Servers that wait for requests in flight, and commands that make them wait less than Heroku."""

_TRAP = (
    r"""\btrap\s+(?:--\s+)?(''|""|-|'[^']*'|"[^"]*"|[\w:]+)\s+[^#\n]{0,99}\b(?:SIG)?(?:TERM|15)\b"""
)
_IGNORING = r"signal\s*\(\s*(?:signal\.)?SIGTERM\s*,\s*(?:signal\.)?SIG_IGN"
_HANDLING = (
    r"signal\s*\(\s*(?:signal\.)?SIGTERM\s*,|add_signal_handler\s*\(\s*(?:signal\.)?SIGTERM"
    r"|process\.(?:on|once)\(\s*['\"]SIGTERM"
)


def _survivors(shutdown: Shutdown, sigterm: str) -> list[Survivor]:
    return [s for s in shutdown.survivors if s.sigterm == sigterm] if shutdown.killed else []


def _shell(survivor: Survivor) -> bool:
    return survivor.command.partition(" ")[0] in SHELLS


def _server(survivor: Survivor) -> str | None:
    """Return the known server that a process runs, by the words of its command line."""
    names = {word.rpartition("/")[2] for word in survivor.command.split()[:4]}
    return next((name for name in SERVERS if name in names), None)


def _evidence(survivor: Survivor, does: str) -> Evidence:
    return Evidence(f"pid {survivor.pid} ({survivor.command}) {does}", pid=survivor.pid)


def _matching_line(source: Source, pattern: str, seen: str | None = None) -> Evidence | None:
    """Return the first line of the app's code, scripts or Procfile that matches `pattern`."""
    regex = re.compile(pattern)
    for path in source.entries:
        if path.endswith((".py", ".sh", ".js", ".mjs", ".ts", ".bash")) or "." not in path:
            for number, line in enumerate((source.text(path) or "").splitlines(), 1):
                match = regex.search(line)
                if match and not line.lstrip().startswith(("#", "//")):
                    names = {"place": f"line {number} of {path}", "code": line.strip()}
                    message = seen or line.strip()
                    return Evidence(message, path, number, match.start() + 1, names=names)
    return None


@rule(
    "ignores-sigterm",
    leads_to=R12,
    title="{process} ignores SIGTERM",
    cause="SIGTERM is how Heroku tells every process of a dyno to end. This one ignores it, so only"
    " SIGKILL ends it, after 30 seconds.",
    fix="Remove what switches it off: `signal.signal(SIGTERM, SIG_IGN)`, or `trap '' TERM` in a"
    " shell script that starts it. Look at {place:the code that handles SIGTERM}.",
    docs=SHUTDOWN,
)
def ignores_sigterm(shutdown: Shutdown) -> Iterator[Evidence]:
    ignoring = _survivors(shutdown, "ignored")
    if not ignoring:
        return
    place = _matching_line(shutdown.boot.release.slug.plan.source, f"{_IGNORING}|{_TRAP}")
    names = {"process": _name(ignoring[0]), "place": "what starts it", **_names(place)}
    if place:
        yield place._replace(names=names)
    for survivor in ignoring:
        yield _evidence(survivor, "ignores SIGTERM")._replace(names=names)


def _names(place: Evidence | None) -> Mapping[str, str]:
    return place.names if place else {}


def _name(survivor: Survivor) -> str:
    """Return the name of a process for a title."""
    words = survivor.command.split()[:3]
    return f"`{' '.join(words)}`" if words else f"The process {survivor.pid}"


@rule(
    "shell-keeps-sigterm",
    leads_to=R12,
    title="The shell script catches SIGTERM and does not end",
    cause="`trap` makes the shell run its own command at SIGTERM instead of ending, and it does so"
    " only between two commands: while it waits for one, nothing happens.",
    fix="Start the server with `exec` as the script's last line, and leave out `trap` ({place:the"
    " code that handles SIGTERM}).",
    docs=SHUTDOWN,
)
def shell_keeps_sigterm(shutdown: Shutdown) -> Iterator[Evidence]:
    shells = [s for s in _survivors(shutdown, "caught") if _shell(s)]
    if not shells:
        return
    place = _matching_line(shutdown.boot.release.slug.plan.source, _TRAP)
    names = {"place": "in the script", **_names(place)}
    if place:
        yield place._replace(names=names)
    for survivor in shells:
        yield _evidence(survivor, "is a shell that catches SIGTERM")._replace(names=names)


@rule(
    "server-waits-too-long",
    leads_to=R12,
    title="{server} waits for requests longer than Heroku waits for it",
    cause="At SIGTERM {server} takes no new requests and lets those in flight finish, for 30"
    " seconds or without a limit. Heroku's 30 seconds are over by then.",
    fix="Let it wait less: `{shorter:gunicorn --graceful-timeout 25}`, and keep requests short.",
    docs=SHUTDOWN,
)
def server_waits_too_long(shutdown: Shutdown) -> Iterator[Evidence]:
    line = shutdown.boot.process.line or None
    place = ("Procfile" if line else None, line)
    for survivor in _survivors(shutdown, "caught"):
        name = _server(survivor)
        if name:
            names = {"server": name, "shorter": SERVERS[name]}
            message = f"pid {survivor.pid} ({survivor.command}) was still there"
            yield Evidence(message, *place, pid=survivor.pid, names=names)
    name = server(shutdown.boot.process)
    if shutdown.killed and not shutdown.survivors and name in SERVERS:
        names = {"server": name, "shorter": SERVERS[name]}
        yield Evidence(f"{name} was still there", *place, names=names)


@rule(
    "sigterm-handler-stays",
    leads_to=R12,
    title="{process} handles SIGTERM and does not end",
    cause="The app has its own handler for SIGTERM. It has run, or waits for something, and the"
    " process keeps running.",
    fix="End in the handler ({place:the code that handles SIGTERM}): `raise SystemExit`, once open"
    " work is put back or finished; work that takes longer than 30 seconds must be able to start"
    " over.",
    docs=SHUTDOWN,
)
def sigterm_handler_stays(shutdown: Shutdown) -> Iterator[Evidence]:
    staying = [s for s in _survivors(shutdown, "caught") if not _shell(s) and not _server(s)]
    if not staying:
        return
    place = _matching_line(shutdown.boot.release.slug.plan.source, _HANDLING)
    names = {"process": _name(staying[0]), "place": "where SIGTERM is handled", **_names(place)}
    if place:
        yield place._replace(names=names)
    for survivor in staying:
        yield _evidence(survivor, "catches SIGTERM")._replace(names=names)
