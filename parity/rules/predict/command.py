"""Predictions about the start command: its module, attribute or program does not exist."""

import ast
import re
from collections.abc import Iterator

from parity.records import edits
from parity.records.verdict import Evidence
from parity.rules.predict.prediction import Prediction
from parity.rules.predict.required import Required, required
from parity.rules.predict.start import Start, Target, file_of
from parity.rules.views.python_source import SERVERS, applications, at, parsed, place, suggestion

_PROGRAMS = {"waitress-serve": "waitress"}


def predict(start: Start) -> Iterator[Prediction]:
    """Yield a prediction for each thing that the command names and the pushed tree lacks."""
    needed = required(start.source)
    yield from _program(start, needed)
    yield from _space(start)
    if start.target:
        file = file_of(start, start.target.module)
        if file is None:
            yield from _module(start, start.target, needed)
        elif start.target.attribute:
            yield from _attribute(start, start.target, file)


def at_procfile(start: Start, seen: str, **names: str) -> Evidence:
    """Return evidence at the Procfile's line; `names` fill the rule's texts."""
    values = {"command": start.process.command, "type": start.process.name, **names}
    return Evidence(seen, "Procfile", start.process.line or None, names=values)


def write(start: Start, wrong: str, right: str) -> edits.Advice:
    """Return advice to write the Procfile's line with `right` instead of `wrong`."""
    command = start.process.command.replace(wrong, right, 1)
    return edits.command(start.process.name, command)


def _program(start: Start, needed: Required) -> Iterator[Prediction]:
    """Yield a prediction for a server that no requirement installs."""
    package = _PROGRAMS.get(start.program, start.program)
    if start.program not in SERVERS or not needed.lacks(package):
        return
    if "/" in start.words[0] or f"-m {start.program}" in start.process.command:
        return
    advice = f"Add the line `{package}` to requirements.txt."
    names = {"name": start.program, "manifest": "requirements.txt", "advice": advice}
    seen = f"`{start.program}` is started, but requirements.txt does not install it"
    evidence = (Evidence(seen, "requirements.txt", names=names), at_procfile(start, seen))
    yield Prediction("H10", "command-not-found", evidence)


def _space(start: Start) -> Iterator[Prediction]:
    """Yield a prediction for `main: app`, which the shell splits into two words."""
    pattern = r"(?<![\w./:-])([A-Za-z_][\w.]*)(?::\s+|\s+:\s*)([A-Za-z_]\w*)"
    match = re.search(pattern, start.process.command) if start.program in SERVERS else None
    if match:
        names = {"wrong": match[0], "module": match[1], "attribute": match[2]}
        names["right"] = start.process.command.replace(match[0], f"{match[1]}:{match[2]}")
        evidence = at_procfile(start, f"the command has `{match[0]}`", **names)
        yield Prediction("H10", "space-in-target", (evidence,))


def _module(start: Start, target: Target, needed: Required) -> Iterator[Prediction]:
    """Yield a prediction for a module that is neither in the tree nor in a package."""
    top = target.module.partition(".")[0]
    folder = f"{start.root}{top}/"
    inside = any(path.startswith(folder) for path in start.source.entries)
    kept_out = any(p == f"{start.root}{top}.py" or p == folder for p in start.source.absent)
    if kept_out or not (inside or needed.nothing_called(top)) or start.uses("PYTHONPATH"):
        return
    wrong = f"{target.module}:{target.attribute}" if target.attribute else target.module
    right = suggestion(start.source, target.attribute)
    names = {"module": target.module, "path": target.module.replace(".", "/"), "known": ""}
    names["advice"] = "Correct the module's name in the Procfile."
    if right and not start.root:
        names["known"] = f"{right.partition(':')[0]} is the module that defines the app."
        names["advice"] = write(start, wrong, right)
    seen = f"the pushed tree has no {start.root}{names['path']}.py"
    yield Prediction("H10", "wrong-module", (at_procfile(start, seen, **names),))


def _attribute(start: Start, target: Target, file: str) -> Iterator[Prediction]:
    """Yield a prediction for a name that the module does not bind in any way."""
    tree = parsed(start.source, file)
    name = target.attribute or ""
    if tree is None or _may_have(tree, name) or file.endswith("/__init__.py"):
        return
    options = applications(start.source, file)
    right = f"{target.module}:{options[0]}" if options else None
    known = f" The app is {right}." if right else ""
    advice = "Correct the name after the colon in the Procfile."
    if right:
        advice = write(start, f"{target.module}:{name}", right)
    names = {"module": target.module, "attribute": name, "known": known, "advice": advice}
    seen = f"{file} does not define {name}"
    where = at(seen, place(start.source, file, tree.body[0]) if tree.body else None)
    yield Prediction("H10", "wrong-attribute", (at_procfile(start, seen, **names), where))


def _may_have(tree: ast.Module, name: str) -> bool:
    """Return whether the file binds `name`, or does something that may bind it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names):
            return True
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound = [node.name]
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound = [(a.asname or a.name).partition(".")[0] for a in node.names]
        elif isinstance(node, ast.Name):
            bound = [node.id]
        else:
            continue
        if name in bound or {"globals", "setattr", "vars", "exec", "__getattr__"} & {*bound}:
            return True
    return False
