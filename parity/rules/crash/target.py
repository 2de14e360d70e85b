"""Crashes because of the module and attribute that the server command names, as in `main:app`."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, PROCFILE, at_command, procfile
from parity.rules.engine import rule
from parity.rules.views.missing_python_module import MissingModule, elsewhere
from parity.rules.views.python_source import (
    applications,
    dotted,
    factories,
    file_of,
    parsed,
    server,
    speaks_asgi,
    suggestion,
    target,
)
from parity.rules.views.python_traceback import Crash
from parity.rules.views.suggestions import web_line


@rule(
    "space-in-target",
    leads_to=ENDINGS,
    title="A space at the colon: `{wrong}` is two words",
    cause="The server takes the first word as the module and the second as another argument.",
    fix="Write `{module}:{attribute}`, without the space: `{type}: {right}`.",
    docs=PROCFILE,
)
def space_in_target(crash: Crash) -> Iterator[Evidence]:
    match = re.search(
        r"(?<![\w./:-])([A-Za-z_][\w.]*)(?::\s+|\s+:\s*)([A-Za-z_]\w*)", crash.command
    )
    if match and server(crash.process):
        names = {"wrong": match[0], "module": match[1], "attribute": match[2]}
        right = crash.command.replace(match[0], f"{match[1]}:{match[2]}")
        yield at_command(crash, f"the command has `{match[0]}`", right=right, **names)


@rule(
    "file-as-target",
    leads_to=ENDINGS,
    title="`{wrong}` is a file, but the server needs a module: `{right}`",
    cause="Servers import the app: the name has no `.py`, and has dots between folders.",
    fix="{advice:Write `package.module:name` in the Procfile.}",
    docs=PROCFILE,
)
def file_as_target(crash: Crash) -> Iterator[Evidence]:
    match = re.search(
        r"(?<=\s)([\w./-]+\.py|[\w-]+(?:/[\w-]+)+)(?::([A-Za-z_]\w*))?(?=\s|$)", crash.command
    )
    errors = r"No module named|Failed to find application|Could not import module|not found\.$"
    if not match or not server(crash.process) or not crash.saying(errors):
        return
    path = match[1].removeprefix("./").removesuffix(".py")
    file = f"{path}.py"
    if file in crash.source.entries:
        attribute = match[2] or next(iter(applications(crash.source, file)), "app")
        right = f"{path.replace('/', '.')}:{attribute}"
        advice = procfile(crash, crash.command.replace(match[0], right))
        seen = f"the command has `{match[0]}`"
        yield at_command(crash, seen, wrong=match[0], right=right, advice=advice)


@rule(
    "wrong-module",
    leads_to=ENDINGS,
    title="The Procfile names a module '{module}' that the app does not have",
    cause="No module named '{module}': the server looks for {path}.py (or a package of that name)"
    " in the root of the pushed tree.{known:-}",
    fix="{advice:Correct the module's name in the Procfile.}",
    docs=PROCFILE,
    apart="`ModuleNotFoundError` or gunicorn's `Error: class uri` for the name in the Procfile",
    laptop="The laptop starts the app in another way: `python app.py`, `flask run`.",
)
def wrong_module(missing: MissingModule) -> Iterator[Evidence]:
    crash, spec = missing.crash, target(missing.crash.process)
    if not spec or missing.reason != "target":
        return
    known, advice = _right(crash, spec)
    names = {"module": spec[0], "path": spec[0].replace(".", "/")}
    seen = f"No module named '{missing.name}'"
    yield at_command(crash, seen, known=known, advice=advice, **names)


def _right(crash: Crash, spec: tuple[str, str | None]) -> tuple[str, str]:
    """Return a sentence about the right module, and advice to name it in the Procfile."""
    below = elsewhere(crash, spec[0])
    if below:
        folder = below[: -len(f"/{spec[0].replace('.', '/')}.py")]
        return f" It is in {folder}/.", procfile(crash, within_folder(crash, folder))
    right = suggestion(crash.source, spec[1], asgi=speaks_asgi(crash.process))
    if right is None:
        return "", "Correct the module's name in the Procfile."
    known = f" {right.partition(':')[0]} is the module that defines the app."
    return known, procfile(crash, _with(crash, spec, right))


def _with(crash: Crash, spec: tuple[str, str | None], right: str) -> str:
    """Return the command with another app.

    If the app is in a folder that is not a package, the command changes to that folder, because
    the modules there import each other by their bare names.
    """
    module, _, name = right.partition(":")
    folder, _, inner = module.rpartition(".")
    top = module.partition(".")[0]
    if folder and f"{top}/manage.py" in crash.source.entries:
        folder, inner = top, module.partition(".")[2]
    elif f"{folder.replace('.', '/')}/__init__.py" in crash.source.entries:
        folder = ""
    command = crash.command.replace(written(spec), f"{inner}:{name}" if folder else right, 1)
    return within_folder(crash._replace(process=crash.process._replace(command=command)), folder)


def within_folder(crash: Crash, folder: str) -> str:
    """Return the command, changed so that Python looks for modules in `folder`."""
    path = folder.replace(".", "/")
    if not path:
        return crash.command
    option = {"gunicorn": "--chdir", "uvicorn": "--app-dir"}.get(server(crash.process) or "")
    if option is None:
        return f"cd {path} && {crash.command}"
    name = server(crash.process) or ""
    return re.sub(rf"\b{name}\b", f"{name} {option} {path}", crash.command, count=1)


def written(spec: tuple[str, str | None]) -> str:
    return f"{spec[0]}:{spec[1]}" if spec[1] else spec[0]


class _MissingAttribute(NamedTuple):
    """The attribute that a server did not find in a module."""

    module: str
    attribute: str
    seen: str


_ATTRIBUTE = (
    r"""Failed to find attribute '(?P<a1>[^']+)' in '(?P<m1>[^']+)'"""
    r"""|Attribute "(?P<a2>[^"]+)" not found in module "(?P<m2>[^"]+)\""""
    r"""|Cannot load application from '(?P<m3>[^':]+):(?P<a3>[^']+)', application not found"""
    r"""|^\d+\. module '(?P<m4>[^']+)' has no attribute '(?P<a4>[^']+)'"""
    r"""|Failed to find application object '(?P<a5>[^']+)' in '(?P<m5>[^']+)'"""
)
"""Messages of gunicorn, uvicorn, hypercorn, waitress, and gunicorn before 20."""


def _missing_attribute(crash: Crash) -> _MissingAttribute | None:
    match = crash.saying(_ATTRIBUTE)
    if match:
        names = {key[0]: value for key, value in match.groupdict().items() if value}
        return _MissingAttribute(names["m"], names["a"], match[0])
    spec, raised = target(crash.process), crash.raised
    if not spec or not spec[1] or not raised or raised.kind != "AttributeError":
        return None
    direct = re.search(rf"module '{re.escape(spec[0])}' has no attribute '(\w+)'", raised.message)
    if direct and direct[1] == spec[1]:
        return _MissingAttribute(spec[0], spec[1], raised.told)
    return None


@rule(
    "wrong-attribute",
    leads_to=ENDINGS,
    title="The module {module} has no '{attribute}'",
    cause="The server imports {module} and looks in it for the app, an object called"
    " {attribute}.{known:-}",
    fix="{advice:Correct the name after the colon in the Procfile.}",
    docs=PROCFILE,
    apart="`Failed to find attribute 'app' in 'hello'`",
    laptop="`flask run` finds an app of any name; gunicorn needs its exact name.",
)
def wrong_attribute(crash: Crash) -> Iterator[Evidence]:
    missing = _missing_attribute(crash)
    if not missing or re.search(r"\w:\s|\s:\w", crash.command):
        return
    module, file = missing.module, file_of(crash.source, missing.module)
    asgi = speaks_asgi(crash.process)
    right = _app_in(crash, module, file) or suggestion(crash.source, asgi=asgi)
    spec = target(crash.process) or (module, None)
    advice = "Correct the name after the colon in the Procfile."
    known = f" The app is {right}." if right else ""
    inside = _inside(crash, file, missing.attribute) if file else None
    if right:
        advice = procfile(crash, _with(crash, spec, right))
    elif inside:
        known = f" {file} creates it only {inside[0]}, in line {inside[1]}."
        advice = f"Move line {inside[1]} of {file} to the file's top level."
    names = {"module": module, "attribute": missing.attribute, "known": known, "advice": advice}
    yield at_command(crash, missing.seen, **names)


def _inside(crash: Crash, file: str, name: str) -> tuple[str, int] | None:
    """Return what hides a variable of that name from importers of the file, and its line."""
    tree = parsed(crash.source, file)
    hidden: list[tuple[bool, str, int]] = []
    main = 'under `if __name__ == "__main__":`, which a server does not run'
    for holder in ast.walk(tree) if tree else ():
        if isinstance(holder, ast.If) and "__main__" in ast.unparse(holder.test):
            where = main
        elif isinstance(holder, ast.FunctionDef):
            where = f"inside {holder.name}()"
        else:
            continue
        assignments = (node for node in ast.walk(holder) if isinstance(node, ast.Assign))
        lines = [node.lineno for node in assignments if name in map(dotted, node.targets)]
        hidden += [(where != main, where, line) for line in lines]
    return min(hidden)[1:] if hidden else None


def _app_in(crash: Crash, module: str, file: str | None) -> str | None:
    """Return the app object that the module has under another name, or its factory."""
    options = applications(crash.source, file) if file else []
    if options:
        return f"{module}:{options[0]}"
    makers = factories(crash.source, file) if file and server(crash.process) == "gunicorn" else []
    return f'"{module}:{makers[0]}()"' if makers else None


@rule(
    "no-target",
    leads_to=ENDINGS,
    title="The command does not say which app to serve",
    cause="The server needs a module and the name of the app object in it: {error}",
    fix="{advice:Name it in the Procfile, as `module:name`.}",
    docs=PROCFILE,
)
def no_target(crash: Crash) -> Iterator[Evidence]:
    pattern = (
        r"No application module specified|must be in format \"<module>:<attribute>\""
        r"|Missing argument 'APP'|Specify one application only"
        r"|Could not locate a Flask application|Failed to find Flask application or factory"
        r"|Could not import '[\w.]+'\.$|Could not determine the default file to run"
    )
    match = crash.saying(pattern)
    if not match or re.search(r"\w:\s|\s:\w", crash.command):
        return
    right = suggestion(crash.source, asgi=speaks_asgi(crash.process))
    advice = "Name it in the Procfile, as `module:name`."
    if right:
        advice = procfile(crash, _with_target(crash, right))
    yield at_command(crash, match.string.strip(), error=match.string.strip(), advice=advice)


def _with_target(crash: Crash, right: str) -> str:
    if re.search(r"\bflask\b", crash.command):
        bare = re.sub(r"(?<!\s)\s+(?:--app|-A)[ =]\S+", "", crash.command)
        return re.sub(r"\bflask\b", f"flask --app {right}", bare, count=1)
    spec = target(crash.process)
    if spec:
        return crash.command.replace(written(spec), right, 1)
    alone = re.search(rf"\b{server(crash.process)}\s+([\w.]+)(?=\s|$)", crash.command)
    if alone:
        return f"{crash.command[: alone.start(1)]}{right}{crash.command[alone.end(1) :]}"
    return web_line(crash.source).removeprefix("web: ")
