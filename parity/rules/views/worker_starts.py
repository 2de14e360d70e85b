"""What a web app's code starts or creates once in each worker process, when it is imported."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from parity.records import Plan, Source
from parity.rules.predict.executed import expressions
from parity.rules.predict.start import start
from parity.rules.views.python_source import CodePlace, dotted, modules, parsed, place

_SCHEDULER = re.compile(r"(?:^|\.)(?:\w*Scheduler)$")
_POLLING = re.compile(r"\.(?:infinity_polling|polling|start_polling|run_polling|run_pending)$")
_LOCKED = re.compile(r"(?i)flock\b|filelock|redlock|advisory_lock|\.lock\(|lockf\b|SETNX")
"""Signs that only one of several processes goes on: then nothing is started twice."""

_STARTUP = re.compile(r"\.(?:on_event|before_serving|before_first_request)$")
_TEMPORARY = re.compile(r"(?:^|\.)(?:mkdtemp|TemporaryDirectory)$")
_SESSIONS = re.compile(r"(?i)session_file_dir|session_cachelib|session_file")


class Started(NamedTuple):
    """A place that starts background work in every worker; `what` names it in a sentence."""

    place: CodePlace
    what: str


def background_work(plan: Plan) -> Started | None:
    """Return the first place that certainly starts a scheduler, or a loop, in every worker."""
    return next(
        (s for path, body in _blocks(plan) for s in _started(plan.source, path, body)), None
    )


def session_folders(plan: Plan) -> CodePlace | None:
    """Return the line that gives each process a separate folder for sessions."""
    web = start(plan)
    for file in web.files if web else ():
        for node in file.statements:
            text = ast.unparse(node)
            made = any(_called(part, _TEMPORARY) for part in expressions(node))
            if made and _SESSIONS.search(text):
                return place(plan.source, file.path, node)
    return None


def _blocks(plan: Plan) -> Iterator[tuple[str, list[ast.stmt]]]:
    """Yield the statements that each worker runs when it starts, with their file."""
    web = start(plan)
    for file in web.files if web else ():
        yield file.path, file.statements
        yield from ((file.path, body) for body in _hooks(plan.source, file.path))
    if web and "manage.py" in plan.source.entries:
        for path in modules(plan.source):
            if path.endswith("apps.py"):
                yield from ((path, body) for body in _ready(plan.source, path))


def _hooks(source: Source, path: str) -> Iterator[list[ast.stmt]]:
    """Yield the bodies of functions that a framework calls when a worker starts."""
    tree = parsed(source, path)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
            names = [dotted(decorator) for decorator in decorators]
            if node.name == "lifespan" or any(_STARTUP.search(name) for name in names):
                yield node.body


def _ready(source: Source, path: str) -> Iterator[list[ast.stmt]]:
    """Yield the bodies of `AppConfig.ready` (Django)."""
    tree = parsed(source, path)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.FunctionDef) and node.name == "ready":
            yield node.body


def _started(source: Source, path: str, body: list[ast.stmt]) -> Iterator[Started]:
    """Yield the statements of `body` that start work which goes on in the background."""
    if _LOCKED.search(source.text(path) or ""):
        return
    for node in body:
        call = node.value if isinstance(node, ast.Expr) else None
        if isinstance(call, ast.Await):
            call = call.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            what = _kind(source, path, call.func) if call.func.attr == "start" else None
            if what:
                yield Started(place(source, path, node), what)


def _kind(source: Source, path: str, function: ast.Attribute) -> str | None:
    """Return what `X.start()` starts: X is a constructor's call, or a name given one."""
    value = function.value
    made = value if isinstance(value, ast.Call) else _made(source, path, dotted(value))
    if made is None:
        return None
    if _SCHEDULER.search(dotted(made.func)):
        return "a scheduler"
    thread = re.search(r"(?:^|\.)(?:Thread|Process)$", dotted(made.func))
    target = next((k.value for k in made.keywords if k.arg == "target"), None)
    if thread and target is not None and _endless(source, path, dotted(target)):
        return "a background loop"
    return None


def _made(source: Source, path: str, name: str) -> ast.Call | None:
    """Return the call whose result the file gives to `name`."""
    tree = parsed(source, path) if name else None
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Assign) and name in map(dotted, node.targets):
            return node.value if isinstance(node.value, ast.Call) else None
    return None


def _endless(source: Source, path: str, name: str) -> bool:
    """Return whether a function of the file loops forever, or is a bot's polling."""
    if _POLLING.search(name):
        return True
    tree = parsed(source, path)
    functions = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)) if tree else ()
    function = next((n for n in functions if n.name == name.rpartition(".")[2]), None)
    loops = (n for n in ast.walk(function) if isinstance(n, ast.While)) if function else ()
    return any(isinstance(n.test, ast.Constant) and bool(n.test.value) for n in loops)


def _called(node: ast.AST, name: re.Pattern[str]) -> bool:
    return isinstance(node, ast.Call) and bool(name.search(dotted(node.func)))
