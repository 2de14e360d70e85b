"""Predictions about files that every start opens, but that are only on this disk, not pushed."""

import ast
import posixpath
from collections.abc import Iterator

from parity.records.edits import add_to_git
from parity.rules.predict.executed import expressions
from parity.rules.predict.prediction import Prediction
from parity.rules.predict.start import Executed, Start
from parity.rules.shell import word
from parity.rules.views.python_source import at, dotted, place
from parity.rules.views.suggestions import kept_out

_READERS = ("open", "pd.read_csv", "pandas.read_csv", "pd.read_json", "pd.read_excel")


def predict(start: Start) -> Iterator[Prediction]:
    """Yield a prediction for the first opening of each file that is not pushed."""
    reported: set[str] = set()
    for file in start.files:
        for node in file.statements:
            for path, call in _opened(node):
                if path in start.source.absent and path not in reported:
                    reported.add(path)
                    yield _prediction(start, file, path, call)


def _opened(node: ast.stmt) -> Iterator[tuple[str, ast.Call]]:
    """Yield the literal relative paths that a statement reads, each with its call."""
    for part in expressions(node):
        if isinstance(part, ast.Call) and dotted(part.func) in _READERS and part.args:
            name, mode = part.args[0], part.args[1:2]
            reads = not mode or (isinstance(mode[0], ast.Constant) and "r" in str(mode[0].value))
            literal = isinstance(name, ast.Constant) and isinstance(name.value, str)
            if literal and reads and isinstance(name, ast.Constant):
                yield posixpath.normpath(str(name.value)), part


def _prediction(start: Start, file: Executed, path: str, call: ast.Call) -> Prediction:
    kept = list(kept_out(start.source, path))
    where = place(start.source, file.path, call)
    ignored = start.source.absent[path]
    forced, why = (
        ("-f ", f"; line {ignored.line} of {ignored.file} ignores it") if ignored else ("", "")
    )
    names = {
        "path": path,
        "why": f"It is on your disk, but not in git{why}.",
        "typed": add_to_git(word(path), ignored=bool(ignored)),
        "advice": f"Type `git add {forced}{word(path)}`, commit, push.",
    }
    bare = (evidence._replace(names={}) for evidence in kept)
    return Prediction("H10", "file-not-there", (at(where.text, where, **names), *bare))
