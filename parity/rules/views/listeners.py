"""Where a server listens, which line is to blame, and the line to write instead."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from parity.records import Bind, Boot, Frame, Listener, ProcessType, edits
from parity.records.verdict import Evidence
from parity.rules.views import node_listeners
from parity.rules.views.node_source import SUFFIXES
from parity.rules.views.python_source import find, line_of
from parity.rules.views.server_command import addressed

_APP = r"""(?:\w*app|application|["'][\w.]+:\w+["'])"""
"""The app as the first argument of a server's `run`: `socketio.run(app, …)`."""


class Blame(NamedTuple):
    """The place to change; `code` is its text, or empty for a Procfile line."""

    file: str
    line: int | None
    column: int | None
    code: str


def main_listener(boot: Boot) -> Listener | None:
    """Return the socket that is most likely the server's: one that answers HTTP, else the first."""
    return next((x for x in boot.listeners if x.http), None) or next(iter(boot.listeners), None)


def blame(boot: Boot, listener: Listener | None) -> Blame:
    """Return the line that binds: the app's innermost frame in a second boot, else the Procfile."""
    assigned = node_listeners.assigned(boot, listener.port) if listener else None
    if assigned:
        return Blame(*assigned)
    frame = _frame(boot, listener) if listener else None
    if frame is None:
        return _unseen(boot)
    source = boot.release.slug.plan.source
    return Blame(frame.file, frame.line, frame.column, line_of(source, frame.file, frame.line))


def _unseen(boot: Boot) -> Blame:
    """Return the place to change if no second boot showed one: code, a script, or the Procfile."""
    if node_listeners.concerns(boot):
        return Blame(*node_listeners.place(boot))
    source = boot.release.slug.plan.source
    place = find(source, _STARTS)
    if place and place.file in boot.process.command:
        return Blame(place.file, place.line, place.column, place.text)
    return Blame("Procfile", boot.process.line or None, None, "")


_STARTS = (
    r"cherrypy\.(?:quickstart|engine\.start)\(|^(?!\s*(?:browser|playwright)\b)\s*\w+\.launch\("
)
"""Calls that start a server of a library (CherryPy, Gradio), which no frame at the bind shows."""


def configured(boot: Boot, listener: Listener) -> Evidence | None:
    """Return the line of a server's own configuration file that names the address."""
    source = boot.release.slug.plan.source
    files = [path for path in _CONFIGS if path in source.entries or path in boot.process.command]
    named = re.search(r"(?:-c|--config)[ =](?:file:)?([\w./-]+)", boot.process.command)
    for path in [*(named.groups() if named else ()), *files]:
        for number, line in enumerate((source.text(path) or "").splitlines(), 1):
            if re.match(r"\s*bind\b", line) and f":{listener.port}" in line:
                return Evidence(line.strip(), path, number)
    return None


_CONFIGS = ("gunicorn.conf.py",)
"""Files that are read even if the command does not name them (documented:
https://docs.gunicorn.org/en/stable/configure.html).
"""


def _frame(boot: Boot, listener: Listener) -> Frame | None:
    bind = _bind(boot, listener)
    frames = bind.frames if bind else ()
    own = [f for f in frames if f.file in _entries(boot) and "node_modules/" not in f.file]
    return own[0] if own else None


def _entries(boot: Boot) -> Mapping[str, object]:
    return boot.release.slug.plan.source.entries


def _bind(boot: Boot, listener: Listener) -> Bind | None:
    binds = boot.binds or ()
    fixed = listener.port != boot.port
    same = [b for b in binds if b.port == listener.port] if fixed else []
    alike = [b for b in binds if b.host in (listener.host, "localhost", "")]
    return next(iter([*same, *alike, *binds]), None)


def shown(listener: Listener) -> str:
    """Return the address as text: `127.0.0.1:5000`, `[::1]:8000`."""
    return (
        f"[{listener.host}]:{listener.port}"
        if ":" in listener.host
        else (f"{listener.host}:{listener.port}")
    )


def seen(listener: Listener) -> str:
    """Return evidence of who listens where; without a pid, the log says so."""
    if not listener.pid:
        return f"the log says that it listens on {shown(listener)}"
    return f"listens on {shown(listener)} (pid {listener.pid}, {listener.command[:80]})"


def repair(boot: Boot, place: Blame) -> str:
    """Return what to write instead of the line that binds."""
    if place.file == "package.json" or place.file.endswith(SUFFIXES):
        return node_listeners.repair(boot, place.file, place.line, place.code)
    if place.code:
        return code_repair(place)
    right = procfile_line(boot)
    if right != f"{boot.process.name}: {boot.process.command}":
        return edits.Advice(edits.Edit("Procfile", right))
    port = 'int(os.environ["PORT"])'
    return f'Where the app starts its server, give it host "0.0.0.0" and port `{port}`.'


def code_repair(place: Blame) -> str:
    """Return what to write instead of a line of code that binds."""
    if "cherrypy." in place.code:
        right = '{"server.socket_host": "0.0.0.0", "server.socket_port": int(os.environ["PORT"])}'
        return f"Before line {place.line} of {place.file} write `cherrypy.config.update({right})`."
    call = re.search(rf"(?<![\w.])([\w.]+)\.run\(\s*({_APP}\s*,\s*)?", place.code)
    if call:
        right = f'{call[1]}.run({call[2] or ""}host="0.0.0.0", port=int(os.environ["PORT"]))'
        return f"In {place.file} write `{right}` (and `import os` at the top)."
    launch = re.search(r"(?<![\w.])([\w.]+)\.launch\(", place.code)
    if launch:
        right = 'server_name="0.0.0.0", server_port=int(os.environ["PORT"])'
        return f"In {place.file} write `{launch[1]}.launch({right})` (and `import os` at the top)."
    serve = re.search(r"((?:(?<![\w.])[\w.]+\.)?serve)\((\w+)", place.code)
    if serve:
        right = f'{serve[1]}({serve[2]}, host="0.0.0.0", port=int(os.environ["PORT"]))'
        return f"In {place.file} write `{right}` (and `import os` at the top)."
    return (
        f'In line {place.line} of {place.file} bind to host "0.0.0.0" and port'
        ' `int(os.environ["PORT"])`.'
    )


def procfile_line(boot: Boot) -> str:
    """Return the Procfile's line with the address that Heroku needs."""
    return procfile_command(boot.process)


def procfile_command(process: ProcessType) -> str:
    """Return the Procfile's line of a process type with the address that Heroku needs."""
    right = addressed(process.command)
    return f"{process.name}: {_plain(process.command) if right is None else right}"


def _plain(command: str) -> str:
    """Return the command of an unknown server with `$PORT` for whatever looks like a port."""
    changed = re.sub(r"(?<=[\s:=])\d{4,5}\b", "$PORT", command)
    return re.sub(r"\b(127\.0\.0\.1|localhost)\b", "0.0.0.0", changed)
