"""Where a file sets Django up, and the same file with that above an import that needs it."""

import ast
import re
from typing import NamedTuple

from parity.records import Source
from parity.rules.views.python_source import dotted, parsed

_SETS_UP = ("get_asgi_application", "get_wsgi_application", "django.setup")
_NAMES = r"environ(?:\.setdefault\(|\[)\s*[\"']DJANGO_SETTINGS_MODULE[\"']"
_NEW = "django_app"
"""The name for the application that a nested call returns (ours)."""


class Setup(NamedTuple):
    """What must run before the statement in `line`, as source text; `new` is the whole file."""

    line: int
    before: tuple[str, ...]
    new: str


def late_setup(source: Source, path: str, line: int) -> Setup | None:
    """Return how to set Django up before a line of a file that does so only after it."""
    tree, text = parsed(source, path), source.whole(path) or ""
    if tree is None:
        return None
    at = next((s for s in tree.body if s.lineno <= line <= (s.end_lineno or 0)), None)
    later = [s for s in tree.body if at and s.lineno > at.lineno]
    moved = [s for s in later if _names_settings(s) or _call(s) is not None]
    if at is None or not moved:
        return None
    needed = {name for s in moved for name in _used(s)}
    imports = [
        s for s in later if isinstance(s, ast.Import | ast.ImportFrom) and _bound(s) & needed
    ]
    return _moved(text, at, [*imports, *moved])


def _names_settings(statement: ast.stmt) -> bool:
    """Return whether a statement of the top level names the settings module."""
    return isinstance(statement, ast.Expr | ast.Assign) and (
        re.search(_NAMES, ast.unparse(statement)) is not None
    )


def _call(statement: ast.stmt) -> ast.Call | None:
    """Return the call in a statement of the top level that sets Django up."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return None
    calls = (n for n in ast.walk(statement) if isinstance(n, ast.Call))
    return next((call for call in calls if dotted(call.func) in _SETS_UP), None)


def _used(statement: ast.stmt) -> set[str]:
    call = _call(statement)
    nodes = ast.walk(statement if call is None else call)
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def _bound(statement: ast.Import | ast.ImportFrom) -> set[str]:
    return {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}


def _moved(text: str, at: ast.stmt, moved: list[ast.stmt]) -> Setup | None:
    """Return the file with the statements `moved` above the statement `at`."""
    lines = text.splitlines(keepends=True)
    rest: dict[int, str] = dict(enumerate(lines, 1))
    before: list[str] = []
    for statement in moved:
        call = _call(statement)
        if call and not _alone(statement):
            source = ast.get_source_segment(text, call) or ""
            before.append(f"{_NEW} = {source}\n")
            if call.lineno != call.end_lineno or source not in rest[call.lineno]:
                return None
            rest[call.lineno] = rest[call.lineno].replace(source, _NEW, 1)
        else:
            numbers = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
            before.append("".join(rest.pop(number) for number in numbers))
    new = "".join("".join(before) * (n == at.lineno) + part for n, part in sorted(rest.items()))
    return Setup(at.lineno, tuple(part.strip() for part in before), new)


def _alone(statement: ast.stmt) -> bool:
    """Return whether a statement does nothing but set Django up: it can move as it is."""
    value = getattr(statement, "value", None)
    return isinstance(value, ast.Call) and dotted(value.func) in _SETS_UP
