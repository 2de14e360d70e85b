"""The environment variables that the app's Python reads, and where."""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from parity.records import Source
from parity.rules.views.python_source import CodePlace, dotted, modules, parsed, place

PLATFORM = frozenset(
    "PORT DYNO HOME PATH PWD PYTHONPATH PYTHONUNBUFFERED PYTHONHOME LANG LIBRARY_PATH"
    " LD_LIBRARY_PATH WEB_CONCURRENCY DYNO_RAM FORWARDED_ALLOW_IPS GUNICORN_CMD_ARGS".split()
)
"""Variables that every Python dyno has: https://devcenter.heroku.com/articles/python-support."""

_GETTERS = r"(?:os\.)?(?:environ\.(?:get|pop)|getenv)|env(?:\.\w+)?|(?:decouple\.)?config"
_MAPPINGS = re.compile(r"(?:os\.)?environ|env")


class Read(NamedTuple):
    """One read of a variable. `last` is the last line of its expression, `into` its Python name.

    `default` is false if a missing variable raises, or yields None or an empty string.
    """

    name: str
    place: CodePlace
    last: int
    into: str
    default: bool


def reads(source: Source, path: str) -> list[Read]:
    """Return every read in one file."""
    tree = parsed(source, path)
    if tree is None:
        return []
    into = _targets(tree)
    return [
        Read(name, place(source, path, node), node.end_lineno or node.lineno, into.get(node, ""), d)
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript | ast.Call)
        for name, d in _named(node)
    ]


def _targets(tree: ast.Module) -> Mapping[ast.AST, str]:
    """Return, for every node within an assigned value, the name that it is assigned to."""
    names: dict[ast.AST, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            for one, value in _pairs(target, node.value):
                names |= dict.fromkeys(ast.walk(value), _key(one))
    return names


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield each target with its value: `A, B = x, y` has two of them."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        yield from zip(target.elts, value.elts, strict=False)
    else:
        yield target, value


def _key(target: ast.AST) -> str:
    """Return `NAME`, or the key of `app.config["NAME"]`."""
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        return str(target.slice.value)
    return dotted(target)


def _named(node: ast.Subscript | ast.Call) -> Iterator[tuple[str, bool]]:
    """Yield the variable that a node reads, and whether there is a default."""
    if isinstance(node, ast.Subscript):
        key, reader, default = node.slice, _MAPPINGS.fullmatch(dotted(node.value)), False
    elif node.args:
        key, reader = node.args[0], re.fullmatch(_GETTERS, dotted(node.func))
        default = _has_default(node)
    else:
        return
    if reader and isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value:
        yield key.value, default


def _has_default(call: ast.Call) -> bool:
    defaults = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "default")]
    return any(not isinstance(x, ast.Constant) or x.value not in (None, "") for x in defaults)


def all_reads(source: Source) -> Iterator[Read]:
    """Yield every read in the app, file by file, those of the root first."""
    for path in modules(source):
        yield from reads(source, path)


def read_at(source: Source, path: str, line: int) -> Iterator[Read]:
    """Yield the reads in a line, then those whose result the line uses by its name."""
    in_file = reads(source, path)
    lines = (source.text(path) or "").splitlines()
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    yield from (read for read in in_file if read.place.line <= line <= read.last)
    yield from (
        read for read in in_file if read.into and re.search(rf"\b{re.escape(read.into)}\b", text)
    )


def used(source: Source, path: str, expression: ast.expr) -> Iterator[Read]:
    """Yield the reads in an expression of a file, then those whose results it uses by name.

    A string stands for a variable's name, as in `"TOKEN" not in os.environ`.
    """
    if isinstance(expression, ast.Constant):
        if isinstance(expression.value, str):
            at = place(source, path, expression)
            yield Read(expression.value, at, at.line, "", False)
        return
    here = reads(source, path)
    spans = {(n.lineno, n.col_offset + 1) for n in ast.walk(expression) if isinstance(n, ast.expr)}
    yield from (read for read in here if (read.place.line, read.place.column) in spans)
    names = {dotted(n) for n in ast.walk(expression) if isinstance(n, ast.Name | ast.Attribute)}
    names |= {name.rpartition(".")[2] for name in names if "." in name}
    own = [read for read in here if read.into in names]
    yield from own or (read for read in all_reads(source) if read.into in names)


def by_name(source: Source, text: str) -> Iterator[Read]:
    """Yield the reads of the variables that a text names, in its order.

    Code may read a variable by a name that it has in a list; the name's literal is its place.
    """
    words = dict.fromkeys(re.findall(r"(?<![\w$])[A-Z][A-Z0-9_]{2,}(?![\w])", text))
    for word in words:
        read = next((r for r in all_reads(source) if r.name == word), None)
        found = read or _listed(source, word)
        if found:
            yield found


def _listed(source: Source, name: str) -> Read | None:
    """Return the literal of a name in a file that reads the environment."""
    for path in modules(source):
        tree = parsed(source, path) if _reads_by_name(source, path) else None
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.Constant) and node.value == name:
                at = place(source, path, node)
                return Read(name, at, at.line, "", False)
    return None


_BY_NAME = re.compile(
    r"(?:environ\.get|getenv)\(\s*[a-z_]\w*\b|environ\[\s*[a-z_]\w*\b|in (?:os\.)?environ\b"
)


def _reads_by_name(source: Source, path: str) -> bool:
    """Return whether a file reads variables whose names are not literals there."""
    return _BY_NAME.search(source.text(path) or "") is not None
