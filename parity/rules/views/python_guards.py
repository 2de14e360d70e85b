"""The tests that lead the app's code to a line: `if not TOKEN: raise …`, `assert TOKEN`."""

import ast
from collections.abc import Iterator

from parity.records import Source
from parity.rules.views.python_source import CodePlace, dotted, modules, parsed, place

_ENDS = ("exit", "_exit", "quit", "abort", "SystemExit")
_SHORTEST = 8
"""Letters of a literal that identifies the line which printed it (ours)."""


def missing_at(source: Source, path: str, line: int) -> Iterator[ast.expr]:
    """Yield what was None or empty when the code reached a line, innermost test first."""
    tree = parsed(source, path)
    kinds = ast.If | ast.Assert | ast.BoolOp
    holders = (
        [n for n in ast.walk(tree) if isinstance(n, kinds) and _spans(n, line)] if tree else []
    )
    for node in sorted(holders, key=lambda node: node.lineno, reverse=True):
        if isinstance(node, ast.Assert):
            yield from _empty_if(node.test, result=False)
        elif isinstance(node, ast.BoolOp):
            if isinstance(node.op, ast.Or) and _ends(node.values[-1]):
                yield from (e for v in node.values[:-1] for e in _empty_if(v, result=False))
        elif _holds(node.body, line):
            yield from _empty_if(node.test, result=True)
        elif _holds(node.orelse, line):
            yield from _empty_if(node.test, result=False)


def condition(source: Source, path: str, line: int) -> str:
    """Return the innermost condition of the `if` around a line, or an empty string."""
    tree = parsed(source, path)
    tests = [
        (node.lineno, node.test if _holds(node.body, line) else ast.Not())
        for node in (ast.walk(tree) if tree else ())
        if isinstance(node, ast.If) and _spans(node, line)
    ]
    test = max(tests, key=lambda pair: pair[0], default=(0, ast.Not()))[1]
    return ast.unparse(test) if isinstance(test, ast.expr) else ""


def _holds(statements: list[ast.stmt], line: int) -> bool:
    return any(_spans(statement, line) for statement in statements)


def _spans(node: ast.stmt | ast.expr, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _empty_if(test: ast.expr, *, result: bool) -> Iterator[ast.expr]:
    """Yield the parts of a test that are None, empty or absent if it has this `result`."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _empty_if(test.operand, result=not result)
    elif isinstance(test, ast.BoolOp):
        for value in test.values:
            yield from _empty_if(value, result=result)
    elif isinstance(test, ast.Call) and dotted(test.func) in ("all", "any") and test.args:
        for value in getattr(test.args[0], "elts", ()):
            yield from _empty_if(value, result=result)
    elif isinstance(test, ast.Compare):
        yield from _compared(test, result=result)
    elif not result:
        yield test


def _compared(test: ast.Compare, *, result: bool) -> Iterator[ast.expr]:
    """Yield the same for one comparison, such as `x is None`, `"X" not in os.environ`."""
    operator, left, right = test.ops[0], test.left, test.comparators[0]
    equal = isinstance(operator, ast.Is | ast.Eq)
    if (equal and result) or (isinstance(operator, ast.IsNot | ast.NotEq) and not result):
        if _nothing(right):
            yield left
    elif isinstance(operator, ast.In if result else ast.NotIn):
        if _nothing(left):
            yield from getattr(right, "elts", ())
        elif any(map(_nothing, getattr(right, "elts", ()))):
            yield left
    elif dotted(right) in ("os.environ", "environ"):
        yield from (left,) if isinstance(operator, ast.NotIn if result else ast.In) else ()


def _nothing(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value in (None, "")


def _ends(node: ast.AST) -> bool:
    """Return whether code raises an exception or ends the process."""
    return any(
        isinstance(part, ast.Raise | ast.Assert)
        or (isinstance(part, ast.Call) and dotted(part.func).rpartition(".")[2] in _ENDS)
        for part in ast.walk(node)
    )


def ends_after(source: Source, path: str, line: int) -> bool:
    """Return whether the block around a line ends the process in that line or after it."""
    tree = parsed(source, path)
    blocks = [
        block
        for node in (ast.walk(tree) if tree else ())
        for block in (getattr(node, "body", None), getattr(node, "orelse", None))
        if isinstance(block, list) and any(_spans(s, line) for s in block)
    ]
    inner = min(blocks, key=lambda block: block[-1].end_lineno - block[0].lineno, default=[])
    later = (s for s in inner if (s.end_lineno or s.lineno) >= line)
    defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return any(_ends(s) for s in later if not isinstance(s, defined))


def printing(source: Source, text: str) -> CodePlace | None:
    """Return the line of the app with the longest literal that is in a line of its output."""
    literals = (pair for path in modules(source) for pair in _literals(source, path))
    printed = [(words, at) for words, at in literals if words in text]
    return max(printed, key=lambda pair: len(pair[0]))[1] if printed else None


def _literals(source: Source, path: str) -> Iterator[tuple[str, CodePlace]]:
    tree = parsed(source, path)
    strings = (n for n in ast.walk(tree) if isinstance(n, ast.Constant)) if tree else ()
    for node in strings:
        text = node.value.strip() if isinstance(node.value, str) else ""
        if len(text) >= _SHORTEST and not text.isidentifier():
            yield text, place(source, path, node)
