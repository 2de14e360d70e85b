"""Crashes because the object that the server command names exists but is not the app."""

from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, at_command, at_either, procfile
from parity.rules.crash.target import written
from parity.rules.engine import rule
from parity.rules.views.python_source import (
    factories,
    file_of,
    server,
    speaks_asgi,
    suggestion,
    target,
)
from parity.rules.views.python_source import found as places
from parity.rules.views.python_traceback import Crash, PythonError


@rule(
    "not-an-app-object",
    leads_to=ENDINGS,
    title="{target} is not the app itself",
    cause="{why:It is a function that creates the app, or something that cannot be called.}",
    fix='{advice:gunicorn: `"module:create_app()"` in quotes; uvicorn: `--factory'
    " module:create_app`.}",
    docs="https://docs.gunicorn.org/en/stable/run.html#gunicorn",
)
def not_an_app_object(crash: Crash) -> Iterator[Evidence]:
    spec = target(crash.process)
    if not spec or not spec[1]:
        return
    called = rf"(?:\b|\.){spec[1]}\(\) (?:takes \d+ positional arguments? but \d+ w|got an unexp)"
    wrong = crash.saying(r"Application object must be callable|ASGI app factory detected")
    match = wrong or (crash.saying(called) if _is_factory(crash, spec) else None)
    if match:
        why, right = _what_it_is(crash, spec)
        names = {"target": written(spec), "why": why}
        if right != names["target"]:
            names["advice"] = procfile(crash, crash.command.replace(names["target"], right, 1))
        dash = _dash(crash, spec)
        if dash:
            line = f"Add the line `server = {spec[1]}.server` below {dash}."
            names["advice"] = f"{line} {names['advice']}"
        yield at_command(crash, match[0], **names)


def _dash(crash: Crash, spec: tuple[str, str | None]) -> str | None:
    """Return where the target is created as a Dash object, such as `line 3 of app.py`."""
    file = file_of(crash.source, spec[0])
    pattern = rf"^{spec[1]}\s*=\s*(?:[\w.]+\.)?Dash\("
    place = next((p for p in places(crash.source, pattern) if p.file == file), None)
    return f"line {place.line} of {place.file}" if place else None


def _is_factory(crash: Crash, spec: tuple[str, str | None]) -> bool:
    file = file_of(crash.source, spec[0])
    return file is not None and spec[1] in factories(crash.source, file)


def _what_it_is(crash: Crash, spec: tuple[str, str | None]) -> tuple[str, str]:
    if _dash(crash, spec):
        return "A Dash object holds its Flask app as `.server`.", f"{spec[0]}:server"
    if not _is_factory(crash, spec):
        right = suggestion(crash.source, asgi=speaks_asgi(crash.process)) or written(spec)
        return "The server calls it for every request, but it cannot be called.", right
    why = (
        f"{spec[1]} is a function that creates the app; the server calls it as if it were the app."
    )
    if server(crash.process) == "uvicorn":
        return why, f"--factory {written(spec)}"
    return why, f'"{written(spec)}()"'


@rule(
    "development-server-refused",
    leads_to=ENDINGS,
    title="Flask-SocketIO refuses to start Werkzeug's development server",
    cause="Without a terminal, as in a dyno, `socketio.run` requires a production server: {error}",
    fix="{advice:Serve the app with gunicorn, one worker and many threads: `web: gunicorn -w 1"
    " --threads 100 app:app`.}",
    docs="https://flask-socketio.readthedocs.io/en/latest/deployment.html",
)
def development_server_refused(crash: PythonError) -> Iterator[Evidence]:
    raised = crash.raised
    if "Werkzeug web server is not designed" not in raised.message:
        return
    right = f"gunicorn -w 1 --threads 100 {suggestion(crash.source, asgi=False) or 'app:app'}"
    advice = f"{procfile(crash, right)} Also add gunicorn to the requirements."
    yield at_either(crash, raised.told, advice=advice)
