"""The statements and expressions of a file that every start executes.

Code under a condition, in a `try` with handlers, or after a possible exit is left out.
"""

import ast
from collections.abc import Iterator

_ENDS = ("sys.exit", "exit", "quit", "os._exit")
_OUT = (ast.Return, ast.Raise, ast.Break, ast.Continue)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def statements(tree: ast.Module, *, main: bool) -> list[ast.stmt]:
    """Return the simple statements that run when the file is imported, or as a script (`main`).

    Functions of the file that are called by name are followed.
    """
    functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
    collected: list[ast.stmt] = []
    _walk(tree.body, main, functions, collected)
    return collected


def body(tree: ast.Module, function: str) -> list[ast.stmt]:
    """Return the statements that run when `function` of the file is called."""
    functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
    collected: list[ast.stmt] = []
    if function in functions:
        _walk(functions.pop(function).body, False, functions, collected)
    return collected


def _walk(
    block: list[ast.stmt],
    main: bool,
    functions: dict[str, ast.FunctionDef],
    collected: list[ast.stmt],
) -> bool:
    """Collect the statements of `block`; return False if the code after it may not run."""
    for node in block:
        inner = _certain(node, main)
        if inner is not None:
            if not _walk(inner, main, functions, collected):
                return False
        elif _conditional(node):
            if _leaves(node):
                return False
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if _ends(node):
                return False
            _follow(node, functions, collected)
            collected.append(node)
    return True


def _follow(
    node: ast.stmt, functions: dict[str, ast.FunctionDef], collected: list[ast.stmt]
) -> None:
    """Collect the bodies of the file's functions that a statement calls, each once."""
    for part in expressions(node):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
            called = functions.pop(part.func.id, None)
            if called and not _generates(called):
                _walk(called.body, False, functions, collected)


def _generates(node: ast.FunctionDef) -> bool:
    return any(isinstance(part, ast.Yield | ast.YieldFrom) for part in ast.walk(node))


def _certain(node: ast.stmt, main: bool) -> list[ast.stmt] | None:
    """Return the block within a statement that runs whenever the statement does."""
    if isinstance(node, ast.ClassDef):
        return node.body
    if isinstance(node, ast.With) and not _suppresses(node):
        return node.body
    if isinstance(node, ast.Try) and not node.handlers:
        return [*node.body, *node.finalbody]
    if isinstance(node, ast.If) and _is_main(node.test):
        return node.body if main else node.orelse
    return None


def _suppresses(node: ast.With) -> bool:
    return any("suppress" in ast.unparse(item.context_expr) for item in node.items)


def _is_main(test: ast.expr) -> bool:
    condition = ast.unparse(test)
    return condition in ("__name__ == '__main__'", "'__main__' == __name__")


def _conditional(node: ast.stmt) -> bool:
    compound = (ast.If, ast.For, ast.While, ast.Try, ast.With, ast.Match)
    return isinstance(node, (*compound, ast.TryStar, ast.AsyncFor, ast.AsyncWith))


def _leaves(node: ast.stmt) -> bool:
    """Return whether a statement may leave its block."""
    return any(isinstance(part, _OUT) or _ends(part) for part in ast.walk(node))


def _ends(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr):
        node = node.value
    called = isinstance(node, ast.Call) and ast.unparse(node.func) in _ENDS
    return called or isinstance(node, _OUT)


def expressions(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the node and the parts that are always evaluated with it, inner parts first."""
    for part in _parts(node):
        yield from expressions(part)
    yield node


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    if isinstance(node, ast.BoolOp):
        yield node.values[0]
    elif isinstance(node, ast.IfExp | ast.Assert):
        yield node.test
    elif isinstance(node, _COMPREHENSIONS):
        yield node.generators[0].iter
    elif isinstance(node, ast.AnnAssign):
        yield from [node.value] if node.value else []
    else:
        yield from ast.iter_child_nodes(node)
