"""Servers that start one worker per CPU core: where the app says so, and how many a dyno gets.

A dyno shows the cores of the machine that it shares (8, up to standard-2x), whatever its memory.
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from parity.facts.dynos import DEFAULT, SIZES
from parity.records import Boot, Plan, ProcessType, Source
from parity.records.edits import command
from parity.rules.views import node_source
from parity.rules.views.python_source import CodePlace, found, server

COUNTS = r"(?:multiprocessing\.|os\.|psutil\.|mp\.)?(?:process_)?cpu_count\([^()]*\)"
"""Calls that return the number of cores: the standard library's, joblib's and psutil's."""

_AFFINITY = r"len\(os\.sched_getaffinity\(0\)\)"
_WORKERS = rf"^(?:workers|\w*\.workers)\s*=.*(?:{COUNTS}|{_AFFINITY})"
_ARGUMENT = rf"\bworkers\s*=[^,#]{{0,120}}?(?:{COUNTS}|{_AFFINITY})"
_NODE = r"\bcpus\(\)\.length|\bavailableParallelism\(\)"
_NPROC = r"\$\(\(.{0,80}?nproc.{0,80}?\)\)|\$\(nproc[^)]{0,80}\)|`nproc[^`]*`"
_CELERY = r"\bcelery\b.*\bworker\b"
_CELERY_SIZED = r"\s(?:-c|--concurrency|--autoscale)\b|(?:-P|--pool)[ =](?!prefork|processes)"
_CELERY_SET = r"worker_concurrency\b|CELERYD_CONCURRENCY|CELERY_WORKER_CONCURRENCY"
_CONFIG = r"(?:-c|--config)[ =]([\w./-]+\.py)"
_LARGEST = 10_000
"""The largest number of workers that a line is believed to ask for (ours)."""


class CoreWorkers(NamedTuple):
    """The place that makes the number of workers depend on the cores.

    On a dyno with `cores` of them there are `workers` (None: it cannot be computed). `advice` says
    what to write instead.
    """

    place: CodePlace
    workers: int | None
    cores: int
    advice: str


def core_workers(boot: Boot) -> CoreWorkers | None:
    """Return where a dyno's workers depend on its cores, if the command or the code shows it."""
    size = SIZES.get(boot.size, DEFAULT)
    plan, process = boot.release.slug.plan, boot.process
    if not size.cores or "WEB_CONCURRENCY" in plan.config.values:
        return None
    return (
        _in_command(process, size.cores)
        or _celery(plan, process, size.cores)
        or _in_code(plan, process, size.cores)
        or _node(plan.source, process, size.cores)
    )


def _in_command(process: ProcessType, cores: int) -> CoreWorkers | None:
    match = re.search(_NPROC, process.command)
    if not match or not process.line:
        return None
    expression = match[0].strip("$()`")
    right = process.command.replace(match[0], "$WEB_CONCURRENCY")
    place = CodePlace("Procfile", process.line, 1, process.command)
    return CoreWorkers(place, _shell(expression, cores), cores, command(process.name, right))


def _shell(expression: str, cores: int) -> int | None:
    """Return the value of shell arithmetic in which `nproc` is the number of cores."""
    plain = re.sub(r"(?<![$`(])[$`(]*+\bnproc\b(?:\s+--all)?[)`]*", "n", expression)
    return value(plain, cores) if plain.count("(") == plain.count(")") else None


def _celery(plan: Plan, process: ProcessType, cores: int) -> CoreWorkers | None:
    text = process.command
    if not re.search(_CELERY, text) or re.search(_CELERY_SIZED, text) or not process.line:
        return None
    if next(found(plan.source, _CELERY_SET), None):
        return None
    right = re.sub(r"(\bworker\b)", r"\1 --concurrency 2", text, count=1)
    place = CodePlace("Procfile", process.line, 1, text)
    return CoreWorkers(place, cores, cores, command(process.name, right))


def _in_code(plan: Plan, process: ProcessType, cores: int) -> CoreWorkers | None:
    """Return gunicorn's configuration file or a call that sizes the server by the cores."""
    if re.search(r"\s(?:-w|--workers)\b", process.command):
        return None
    if server(process):
        place = _configured(plan.source, process)
        advice = (
            f"Delete that line of {place.file if place else ''}: gunicorn then takes the number"
            " from WEB_CONCURRENCY, which Heroku sets to suit the dyno's memory."
        )
    else:
        place = next(found(plan.source, _ARGUMENT), None)
        advice = 'Write `workers=int(os.environ.get("WEB_CONCURRENCY", "1"))` there.'
    return place and CoreWorkers(place, _written(place.text, cores), cores, advice)


def _written(line: str, cores: int) -> int | None:
    """Return the number of workers that a line of Python asks for; None if it does not show."""
    match = re.search(r"workers\s*=\s*([^#]*)", line)
    expression = re.sub(rf"{COUNTS}|{_AFFINITY}", "n", match[1] if match else "").strip()
    while expression.endswith(",") or expression.count(")") > expression.count("("):
        expression = expression[:-1].strip()
    return value(expression, cores)


def _file(process: ProcessType) -> str:
    match = re.search(_CONFIG, process.command)
    return match[1].removeprefix("./") if match else "gunicorn.conf.py"


def _configured(source: Source, process: ProcessType) -> CodePlace | None:
    """Return the line of gunicorn's configuration file, if it applies to the process."""
    if server(process) != "gunicorn":
        return None
    places = (p for p in found(source, _WORKERS) if p.file == _file(process))
    return next(places, None)


def _node(source: Source, process: ProcessType, cores: int) -> CoreWorkers | None:
    if not re.search(r"\b(?:node|npm|yarn|pnpm)\b", process.command):
        return None
    place = node_source.find(source, _NODE)
    forks = node_source.find(source, r"\bcluster\b.*\bfork\(|\bcluster\.fork\b|\bthrong\(")
    if not place or not forks:
        return None
    advice = "Write `Number(process.env.WEB_CONCURRENCY || 1)` in place of the number of cores."
    return CoreWorkers(place, cores, cores, advice)


def value(expression: str, cores: int) -> int | None:
    """Return the whole number that arithmetic with `n` cores yields; None if it is anything else.

    >>> value("n * 2 + 1", 8), value("min(n, 4)", 8), value("int(n / 2) or 1", 8)
    (17, 4, 4)
    >>> value("int(os.environ.get('W', n))", 8) is None
    True
    """
    try:
        result = _evaluated(ast.parse(expression, mode="eval").body, cores)
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError):
        return None
    return int(result) if 0 < result <= _LARGEST else None


def _evaluated(node: ast.expr, cores: int) -> float:
    """Return the value of an expression; raises `ValueError` if it is not plain arithmetic."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.Name) and node.id == "n":
        return cores
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        one, other = _evaluated(node.left, cores), _evaluated(node.right, cores)
        return _OPERATIONS[type(node.op)](one, other)
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        return next((v for part in node.values if (v := _evaluated(part, cores))), 0)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        arguments = [_evaluated(part, cores) for part in node.args]
        if node.func.id in _FUNCTIONS and arguments:
            return _FUNCTIONS[node.func.id](arguments)
    raise ValueError(ast.dump(node)[:80])


_OPERATIONS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}
_FUNCTIONS: Mapping[str, Callable[[list[float]], float]] = {
    "int": lambda values: int(values[0]),
    "round": lambda values: round(values[0]),
    "min": min,
    "max": max,
}
