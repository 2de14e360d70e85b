"""Predictions about config vars that every start reads without a default, and nothing sets."""

import ast
import re
from collections.abc import Iterator

from parity.facts.addons import add_on
from parity.rules.predict.executed import expressions
from parity.rules.predict.prediction import Prediction
from parity.rules.predict.start import Executed, Start
from parity.rules.views.addon_variables import texts
from parity.rules.views.python_source import at, dotted, modules, place
from parity.rules.views.python_variables import PLATFORM

_SUPPLIERS = ("app.json", ".profile", "settings.ini", "config/settings.ini")


def predict(start: Start) -> Iterator[Prediction]:
    """Yield a prediction for the first read of each variable that is not set."""
    reported: set[str] = set()
    for file in start.files:
        for node in file.statements:
            for name, read, error in _reads(node):
                if name not in reported and not _supplied(start, name):
                    reported.add(name)
                    yield _prediction(start, file, read, name, error)


def _reads(node: ast.stmt) -> Iterator[tuple[str, ast.expr, str]]:
    """Yield variable, expression and error of each read whose variable must be set."""
    for part in expressions(node):
        if isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Load):
            name = _constant(part.slice)
            if name and dotted(part.value) in ("os.environ", "environ"):
                yield name, part, f"KeyError: '{name}'"
        elif isinstance(part, ast.Call) and dotted(part.func) == "int" and len(part.args) == 1:
            inner = part.args[0]
            if isinstance(inner, ast.Call) and _optional(inner):
                name = _constant(inner.args[0])
                error = "TypeError: int() argument must be a string, not 'NoneType'"
                if name:
                    yield name, part, error


def _optional(call: ast.Call) -> bool:
    getters = ("os.environ.get", "environ.get", "os.getenv", "getenv")
    return dotted(call.func) in getters and len(call.args) == 1 and not call.keywords


def _constant(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _supplied(start: Start, name: str) -> bool:
    """Return whether something sets the variable, or may do so."""
    if name in PLATFORM or name in start.plan.config.values or name in start.variables:
        return True
    word = re.compile(rf"\b{re.escape(name)}\b")
    if any(word.search(start.source.text(path) or "") for path in _files(start)):
        return True
    sets = re.compile(
        rf"""environ\[['"]{re.escape(name)}['"]\]\s*=[^=]|setdefault\(\s*['"]{re.escape(name)}['"]"""
        rf"""|putenv\(\s*['"]{re.escape(name)}['"]|environ\.update|environ\s*\|="""
    )
    return any(sets.search(start.source.text(path) or "") for path in modules(start.source))


def _files(start: Start) -> Iterator[str]:
    """Yield the files of the tree that may set variables."""
    for path in start.source.entries:
        name = path.rpartition("/")[2]
        if path in _SUPPLIERS or ".env" in name or path.startswith(".profile.d/"):
            yield path


def _prediction(start: Start, file: Executed, read: ast.expr, name: str, error: str) -> Prediction:
    addon = add_on(name)
    names = {"name": name, "error": error, "when": "while it starts", "local": ""}
    if addon:
        names |= texts(addon)
    where = place(start.source, file.path, read)
    rule = "add-on-variable-missing" if addon else "missing-config-var"
    return Prediction("H10", rule, (at(where.text, where, **names),))
