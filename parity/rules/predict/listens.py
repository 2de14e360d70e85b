"""Predictions about addresses that the start command, or the server's call, fixes."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from parity.records import edits
from parity.records.verdict import Evidence
from parity.rules.predict.command import at_procfile
from parity.rules.predict.executed import expressions
from parity.rules.predict.prediction import Prediction
from parity.rules.predict.start import Executed, Start, option
from parity.rules.views.listeners import Blame, code_repair, procfile_command
from parity.rules.views.python_source import at, dotted, place

ANYWHERE = ("0.0.0.0", "", "*", "::", "[::]")
LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")


class Address(NamedTuple):
    """Where a server will listen; None if the source alone does not show it."""

    host: str | None
    port: str | None


def predict(start: Start) -> Iterator[Prediction]:
    """Yield a prediction for a server that will certainly not listen where the router connects."""
    address = _of_command(start)
    if address:
        yield from _judged(start, address, None)
        return
    for file in start.files:
        for node in file.statements:
            for call in _calls(node):
                address = _of_call(start, file, call)
                if address:
                    yield from _judged(start, address, (file, call))
                    return


def _judged(
    start: Start, address: Address, where: tuple[Executed, ast.Call] | None
) -> Iterator[Prediction]:
    """Yield the prediction for an address, if the router cannot reach it."""
    host, port = address
    fixed = port is not None and bool(re.fullmatch(r"\d+", port))
    if host in LOOPBACK:
        also = " The port is not $PORT, either." if fixed else ""
        yield Prediction("R10", "binds-loopback", (_evidence(start, address, where, also),))
    elif fixed and host in (*ANYWHERE, None):
        yield Prediction("R10", "wrong-port", (_evidence(start, address, where, ""),))


def _evidence(
    start: Start, address: Address, where: tuple[Executed, ast.Call] | None, also: str
) -> Evidence:
    host, port = address.host or "0.0.0.0", address.port or "$PORT"
    names = {"address": f"{host}:{port}", "host": host, "taken": port, "also": also, "port": "N"}
    seen = f"it will listen on {host}:{port}"
    if where is None:
        line = procfile_command(start.process)
        return at_procfile(start, seen, repair=edits.Advice(edits.Edit("Procfile", line)), **names)
    here = place(start.source, where[0].path, where[1])
    blame = Blame(here.file, here.line, here.column, here.text)
    return at(seen, here, repair=code_repair(blame), **names)


def _of_command(start: Start) -> Address | None:
    """Return the address that a server's command line sets, or the server's default."""
    words = start.words
    files = ("gunicorn.conf.py", ".flaskenv", ".streamlit/config.toml", "hypercorn.toml")
    if any(path in start.source.entries for path in files):
        return None
    if option(words, "-c", "--config", "--fd", "--uds", "-u", "--unix-socket", "-e"):
        return None
    reader = _COMMANDS.get(start.program)
    if reader:
        return reader(start)
    if len(words) > 2 and words[1].endswith("manage.py") and words[2] == "runserver":
        addresses = [word for word in words[3:] if not word.startswith("-")]
        return _pair(addresses[0], "127.0.0.1") if addresses else Address("127.0.0.1", "8000")
    return None


def _gunicorn(start: Start) -> Address | None:
    if start.uses("GUNICORN_CMD_ARGS"):
        return None
    bound = option(start.words, "-b", "--bind")
    return _pair(bound[0], None) if len(bound) == 1 and "unix:" not in bound[0] else None


def _uvicorn(start: Start) -> Address | None:
    if any(start.uses(name) for name in ("UVICORN_HOST", "UVICORN_PORT", "UVICORN_FD")):
        return None
    host = option(start.words, "--host") or ["127.0.0.1"]
    port = option(start.words, "--port") or ["8000"]
    return Address(host[-1], port[-1])


def _hypercorn(start: Start) -> Address | None:
    bound = option(start.words, "-b", "--bind")
    if len(bound) > 1 or any("unix:" in each or "fd:" in each for each in bound):
        return None
    return _pair(bound[0], None) if bound else Address("127.0.0.1", "8000")


def _daphne(start: Start) -> Address | None:
    host = option(start.words, "-b", "--bind") or ["127.0.0.1"]
    port = option(start.words, "-p", "--port") or ["8000"]
    return Address(host[-1], port[-1])


def _waitress(start: Start) -> Address | None:
    listen = option(start.words, "--listen")
    if listen:
        return _pair(listen[0], None) if len(listen) == 1 else None
    host = option(start.words, "--host") or ["0.0.0.0"]
    port = option(start.words, "--port") or ["8080"]
    return Address(host[-1], port[-1])


def _flask(start: Start) -> Address | None:
    if "run" not in start.words or any(start.uses(f"FLASK_RUN_{x}") for x in ("HOST", "PORT")):
        return None
    host = option(start.words, "--host", "-h") or ["127.0.0.1"]
    port = option(start.words, "--port", "-p") or ["5000"]
    return Address(host[-1], port[-1])


def _streamlit(start: Start) -> Address | None:
    if start.uses("STREAMLIT_SERVER_PORT"):
        return None
    host = option(start.words, "--server.address") or ["0.0.0.0"]
    port = option(start.words, "--server.port") or ["8501"]
    return Address(host[-1], port[-1])


_COMMANDS = {
    "gunicorn": _gunicorn,
    "uvicorn": _uvicorn,
    "hypercorn": _hypercorn,
    "daphne": _daphne,
    "waitress-serve": _waitress,
    "flask": _flask,
    "streamlit": _streamlit,
}
"""The function that reads each server's command, with defaults from its documentation."""


def _pair(text: str, host: str | None) -> Address:
    """Return the address in `HOST:PORT`, or in a port alone."""
    before, _, port = text.rpartition(":")
    if not before and port.isdigit() and not text.startswith(":"):
        return Address(host, port)
    return Address(before, port or None)


def _calls(node: ast.stmt) -> Iterator[ast.Call]:
    yield from (part for part in expressions(node) if isinstance(part, ast.Call))


def _of_call(start: Start, file: Executed, call: ast.Call) -> Address | None:
    """Return the literal address in a call of `app.run`, `uvicorn.run` or waitress's `serve`."""
    kind = _kind(start, file, dotted(call.func))
    if kind is None or any(k.arg is None for k in call.keywords):
        return None
    host, port, first = kind
    arguments = dict(zip(("host", "port"), call.args[first:], strict=False)) if first >= 0 else {}
    arguments |= {k.arg: k.value for k in call.keywords if k.arg in ("host", "port", "listen")}
    if "listen" in arguments:
        return None
    return Address(_literal(arguments.get("host"), host), _literal(arguments.get("port"), port))


def _literal(node: ast.expr | None, default: str) -> str | None:
    if node is None:
        return default
    return str(node.value) if isinstance(node, ast.Constant) and node.value is not None else None


def _kind(start: Start, file: Executed, name: str) -> tuple[str, str, int] | None:
    """Return default host and port of a serving call, and the index of the host argument or -1."""
    text = start.source.text(file.path) or ""
    if name == "uvicorn.run":
        return "127.0.0.1", "8000", -1
    if name in ("serve", "waitress.serve") and re.search(r"(?m)^(from|import) waitress", text):
        return "0.0.0.0", "8080", -1
    variable, _, method = name.rpartition(".")
    if method != "run" or not variable or "SERVER_NAME" in text:
        return None
    assigned = re.search(
        rf"(?m)^{re.escape(variable)}\s*(?::[^=\n]+)?=\s*(?:flask\.)?Flask\(", text
    )
    return ("127.0.0.1", "5000", 0) if assigned else None
