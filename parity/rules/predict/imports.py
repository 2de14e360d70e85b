"""Predictions about imports, at every start, of packages that no requirement installs."""

import ast
import sys
from collections.abc import Iterator

from parity.facts.packages import DISTRIBUTIONS, STANDARD_LIBRARY_GONE
from parity.records.verdict import Evidence
from parity.rules.predict.prediction import Prediction
from parity.rules.predict.required import required
from parity.rules.predict.start import Executed, Start, file_of
from parity.rules.views.python_source import at, place


def predict(start: Start) -> Iterator[Prediction]:
    """Yield a prediction for the first import of each package that is certainly not installed."""
    needed, reported = required(start.source), set[str]()
    for file in start.files if needed.known else ():
        for node, module in _imports(file):
            top = module.partition(".")[0]
            if top in reported or not _foreign(start, top):
                continue
            package = DISTRIBUTIONS.get(module, DISTRIBUTIONS.get(top, top))
            if needed.nothing_called(top) and needed.exists(package):
                reported.add(top)
                yield _prediction(start, file, node, module, package)


def _imports(file: Executed) -> Iterator[tuple[ast.stmt, str]]:
    for node in file.statements:
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node, node.module


def _foreign(start: Start, top: str) -> bool:
    """Return whether a top-level name is neither Python's own nor anything in the tree."""
    if top in sys.stdlib_module_names or top in STANDARD_LIBRARY_GONE:
        return False
    if file_of(start, top) or start.uses("PYTHONPATH"):
        return False
    beside = (f"{top}.py", f"{top}/")
    paths = (*start.source.entries, *start.source.absent)
    return not any(f"/{path}".find(f"/{name}") >= 0 for path in paths for name in beside)


def _prediction(
    start: Start, file: Executed, node: ast.stmt, module: str, package: str
) -> Prediction:
    advice = f"Add the line `{package}` to requirements.txt."
    names = {"module": module, "package": package, "advice": advice, "who": "the app"}
    names["manifest"] = "requirements.txt"
    seen = f"requirements.txt does not install {package}"
    where = place(start.source, file.path, node)
    evidence = (Evidence(seen, "requirements.txt", names=names), at(where.text, where))
    return Prediction("H10", "missing-dependency", evidence)
