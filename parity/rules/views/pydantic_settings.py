"""Settings classes of pydantic: which variables their fields read, and where a field is defined."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

from parity.records import Source
from parity.rules.views.python_source import dotted, find, modules, parsed, place
from parity.rules.views.python_traceback import Raised
from parity.rules.views.python_variables import Read

_HEAD = r"\d+ validation errors? for (\w+)"
_ALIASES = ("alias", "validation_alias")


def lacking(source: Source, raised: Raised) -> Iterator[Read]:
    """Yield the variables that a pydantic settings class requires and did not get, in its order."""
    head = re.match(_HEAD, raised.message)
    if head is None or find(source, r"BaseSettings") is None:
        return
    for field, message in pairwise(raised.more):
        if "Field required" in message and re.fullmatch(r"\s*\w+", field):
            yield from _wanted(source, head[1], field.strip())


def _wanted(source: Source, name: str, field: str) -> Iterator[Read]:
    """Yield the variable of one field: its alias as written, else the class's prefix and name."""
    for path in modules(source):
        tree = parsed(source, path)
        classes = [x for x in ast.walk(tree) if isinstance(x, ast.ClassDef)] if tree else []
        for settings in classes:
            node = _field(settings, field)
            if settings.name == name and node and not _plain(settings):
                own = _key(node) == field
                variable = f"{_prefix(settings, classes)}{field}".upper() if own else field
                at = place(source, path, node)
                yield Read(variable, at, node.end_lineno or node.lineno, "", False)
                return


def _plain(settings: ast.ClassDef) -> bool:
    """Return whether the class is a model that takes nothing from the environment."""
    return any(dotted(base).rpartition(".")[2] == "BaseModel" for base in settings.bases)


def _field(settings: ast.ClassDef, field: str) -> ast.AnnAssign | None:
    """Return the field with this name or alias."""
    fields = [node for node in settings.body if isinstance(node, ast.AnnAssign)]
    named = (node for node in fields if _key(node) == field)
    return next(named, None) or next((n for n in fields if field in _aliases(n)), None)


def _key(node: ast.AnnAssign) -> str:
    return dotted(node.target)


def _aliases(node: ast.AnnAssign) -> Iterator[str]:
    for call in ast.walk(node):
        if isinstance(call, ast.keyword) and call.arg in _ALIASES:
            yield from (str(x.value) for x in ast.walk(call.value) if isinstance(x, ast.Constant))


def _prefix(settings: ast.ClassDef, classes: list[ast.ClassDef]) -> str:
    """Return the prefix for its fields' names that the class, or a base class, sets."""
    for node in ast.walk(settings):
        pair = _setting(node)
        if pair and pair[0] == "env_prefix" and isinstance(pair[1], ast.Constant):
            return str(pair[1].value)
    bases = [dotted(base).rpartition(".")[2] for base in settings.bases]
    above = (c for c in classes if c.name in bases and c is not settings)
    return next((_prefix(c, classes) for c in above), "")


def _setting(node: ast.AST) -> tuple[str, ast.expr] | None:
    """Return a setting of the class, from SettingsConfigDict or an inner class Config."""
    if isinstance(node, ast.keyword) and node.arg:
        return node.arg, node.value
    if isinstance(node, ast.Assign):
        return dotted(node.targets[0]), node.value
    if isinstance(node, ast.Dict) and node.keys:
        pairs = zip(node.keys, node.values, strict=True)
        values = (v for k, v in pairs if isinstance(k, ast.Constant) and k.value == "env_prefix")
        value = next(values, None)
        return ("env_prefix", value) if value else None
    return None
