"""Every regular expression in the package: where it is, and which methods use it.

Found by following the arguments of calls to `re`, or to functions that pass their argument on to
`re`, back to literals and module-level names.
"""

import ast
import importlib
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

PACKAGE = Path(__file__).parent.parent / "parity"
ASKED = {"search", "match", "fullmatch", "findall", "finditer", "sub", "subn", "split"}
ANCHORED = {"match", "fullmatch"}
UNKNOWN = "unknown"
"""Stands for the part of a pattern that is inserted at run time: a name, escaped."""


MATCHED = ("parity.logs.grammar:",)
"""Modules whose functions only match at the beginning, through objects that hold the pattern."""


class Pattern(NamedTuple):
    """One expression; `asked` are the methods used on it (empty: unknown)."""

    where: str
    text: str
    flags: int
    asked: frozenset[str]

    @property
    def anchored(self) -> bool:
        """Return whether it is only ever matched at the beginning of a text."""
        held = self.where.startswith(MATCHED)
        return held or (bool(self.asked) and self.asked <= ANCHORED)


class Module(NamedTuple):
    """One file of the package."""

    name: str
    tree: ast.Module
    names: Mapping[str, Any]
    parents: Mapping[ast.AST, ast.AST]


class Collection:
    """All patterns, and the expressions that could not be followed."""

    def __init__(self) -> None:
        self.modules = [_module(path) for path in sorted(PACKAGE.rglob("*.py")) if _ours(path)]
        self.unknown: list[str] = []
        self._found: dict[tuple[str, str, int], set[str]] = {}
        self._carriers: dict[str, set[int]] = {}
        self._open: set[tuple[ast.FunctionDef, str]] = set()
        self._methods = _methods(self.modules)

    def patterns(self) -> list[Pattern]:
        """Return each pattern once per place."""
        before = -1
        while before != len(self._carriers):
            before = len(self._carriers)
            self._found.clear()
            self.unknown.clear()
            for module in self.modules:
                self._calls(module)
        for module in self.modules:
            self._objects(module)
        return [
            Pattern(where, text, flags, frozenset(asked - {""}))
            for (where, text, flags), asked in self._found.items()
        ]

    def _calls(self, module: Module) -> None:
        for call in (node for node in ast.walk(module.tree) if isinstance(node, ast.Call)):
            name = _called(call, module)
            if name.startswith("re:") and name[3:] in ASKED | {"compile"}:
                self._take(module, call, call.args[0], name[3:])
            for place in tuple(self._carriers.get(name, ())):
                argument = _argument(call, place)
                if argument is not None:
                    self._take(module, call, argument, "")

    def _take(self, module: Module, call: ast.Call, node: ast.expr, method: str) -> None:
        where = f"{module.name}:{node.lineno}"
        if method == "compile" and _around(module, call) is None:
            return  # the object itself is examined
        parent = module.parents[call]
        if method == "compile" and isinstance(parent, ast.Attribute):
            method = parent.attr
        asked = {method} if method in ASKED else set()
        flags = _flags(call) if method else 0
        texts = list(self._texts(module, node, where))
        for text in texts:
            self._found.setdefault((where, text, flags), set()).update(asked or {"search"})

    def _objects(self, module: Module) -> None:
        """Collect a module's named compiled patterns, including those in tuples and mappings."""
        for name in _assigned(module.tree):
            value = module.names.get(name)
            private = f"{module.name}:{name}" if name.startswith("_") else name
            asked = self._methods.get(private, set()) if isinstance(value, re.Pattern) else set()
            for pattern in _compiled(value):
                key = (f"{module.name}:{name}", _text(pattern.pattern), pattern.flags & ~re.UNICODE)
                self._found.setdefault(key, set()).update(asked or {"search"})

    def _texts(self, module: Module, node: ast.expr | None, where: str) -> Iterator[str]:
        """Yield the possible values of an expression."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            yield _text(node.value)
        elif isinstance(node, ast.JoinedStr):
            parts = [list(self._part(module, part, where)) for part in node.values]
            yield from ("".join(parts) for parts in itertools.product(*parts))
        elif isinstance(node, ast.BinOp):
            for left in self._texts(module, node.left, where):
                yield from (left + right for right in self._texts(module, node.right, where))
        elif isinstance(node, ast.IfExp):
            yield from self._texts(module, node.body, where)
            yield from self._texts(module, node.orelse, where)
        elif isinstance(node, ast.Name):
            yield from self._named(module, node, where)
        elif isinstance(node, ast.Attribute):
            yield from self._fields(node.attr)
        elif isinstance(node, ast.Starred):
            yield from self._texts(module, node.value, where)
        elif isinstance(node, ast.GeneratorExp):
            yield from self._texts(module, node.elt, where)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from self._joined(module, node, where)
        else:
            self.unknown.append(f"{where}: {ast.unparse(node) if node else node}")

    def _fields(self, name: str) -> Iterator[str]:
        """Yield the values of fields with this name in the package's constants."""
        for module in self.modules:
            for value in module.names.values():
                for record in _records(value):
                    if name in record._fields:
                        yield from _strings(getattr(record, name))

    def _part(self, module: Module, part: ast.expr, where: str) -> Iterator[str]:
        if not isinstance(part, ast.FormattedValue):
            yield from self._texts(module, part, where)
            return
        before, carriers = len(self.unknown), {n: set(c) for n, c in self._carriers.items()}
        found = list(self._texts(module, part.value, where))
        del self.unknown[before:]
        self._carriers = carriers
        yield from found or [UNKNOWN]

    def _joined(self, module: Module, node: ast.Call, where: str) -> Iterator[str]:
        """Yield the values of `"|".join(NAMES)` and `re.escape(name)`."""
        assert isinstance(node.func, ast.Attribute)
        if node.func.attr == "escape":
            yield UNKNOWN
        elif node.func.attr == "join" and isinstance(node.func.value, ast.Constant):
            before = len(self.unknown)
            parts = list(self._texts(module, node.args[0], where))
            del self.unknown[before:]
            yield str(node.func.value.value).join(parts or [UNKNOWN])
        elif node.func.attr == "format":
            yield from (
                re.sub(r"\{\w*\}", UNKNOWN, t).replace("{{", "{").replace("}}", "}")
                for t in self._texts(module, node.func.value, where)
            )
        else:
            self.unknown.append(f"{where}: {ast.unparse(node)}")

    def _named(self, module: Module, node: ast.Name, where: str) -> Iterator[str]:
        function = _around(module, node)
        while function is not None:
            bound = [] if (function, node.id) in self._open else list(_bound(function, node.id))
            self._open.add((function, node.id))
            for value in bound:
                yield from self._iterated(module, value, where)
            self._open.discard((function, node.id))
            if bound:
                return
            if node.id in (names := [a.arg for a in _parameters(function)]):
                method = isinstance(module.parents[function], ast.ClassDef)
                name = f"{'' if method else module.name}:{function.name}"
                self._carriers.setdefault(name, set()).add(names.index(node.id) - method)
                return
            function = _around(module, function)
        if node.id in module.names:
            yield from _strings(module.names[node.id])
        else:
            self.unknown.append(f"{where}: {node.id}")

    def _iterated(self, module: Module, value: ast.expr, where: str) -> Iterator[str]:
        if (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Attribute)
            and value.func.attr in ("items", "keys", "values")
        ):
            value = value.func.value
        if isinstance(value, ast.Tuple | ast.List):
            for element in value.elts:
                yield from self._iterated(module, element, where)
        else:
            yield from self._texts(module, value, where)


def _ours(path: Path) -> bool:
    return "trace_hook" not in path.parts and path.name != "__main__.py"


def _module(path: Path) -> Module:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    name = ".".join(part for part in parts if part != "__init__")
    tree = ast.parse(path.read_text())
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    return Module(name, tree, vars(importlib.import_module(name)), parents)


def _methods(modules: Iterable[Module]) -> dict[str, set[str]]:
    """Return the methods used on each name; private names belong to their module.

    Nothing is known about a name that is passed on.
    """
    hits: dict[str, set[str]] = {}
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                parent = module.parents[node]
                method = parent.attr if isinstance(parent, ast.Attribute) else ""
                name = f"{module.name}:{node.id}" if node.id.startswith("_") else node.id
                hits.setdefault(name, set()).add(method if method in ASKED else "")
            elif isinstance(node, ast.Attribute) and node.attr.isupper():
                parent = module.parents[node]
                method = parent.attr if isinstance(parent, ast.Attribute) else ""
                hits.setdefault(node.attr, set()).add(method)
    return {name: set() if "" in methods else methods for name, methods in hits.items()}


def _text(pattern: str | bytes) -> str:
    return pattern if isinstance(pattern, str) else pattern.decode("latin-1")


def _assigned(tree: ast.Module) -> set[str]:
    """Return the names that a module assigns itself."""
    targets = (
        n.targets if isinstance(n, ast.Assign) else [n.target]
        for n in tree.body
        if isinstance(n, ast.Assign | ast.AnnAssign)
    )
    return set().union(*map(_names, targets))


def _called(call: ast.Call, module: Module) -> str:
    """Return `module:function` for a called function, `:method` for a method."""
    if isinstance(call.func, ast.Name):
        own = module.names.get(call.func.id)
        return f"{getattr(own, '__module__', '')}:{getattr(own, '__name__', '')}"
    if not isinstance(call.func, ast.Attribute):
        return ""
    owner = call.func.value
    known = module.names.get(owner.id) if isinstance(owner, ast.Name) else None
    return f"{known.__name__ if isinstance(known, ModuleType) else ''}:{call.func.attr}"


def _argument(call: ast.Call, place: int) -> ast.expr | None:
    return call.args[place] if 0 <= place < len(call.args) else None


def _flags(call: ast.Call) -> int:
    flags = 0
    for node in [*call.args[1:], *(k.value for k in call.keywords if k.arg == "flags")]:
        names = ast.unparse(node).split(" | ")
        if all(re.fullmatch(r"re\.[A-Z]+", name) for name in names):
            flags |= sum(int(getattr(re, name[3:])) for name in names)
    return flags


def _around(module: Module, node: ast.AST) -> ast.FunctionDef | None:
    while node in module.parents:
        node = module.parents[node]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return node  # type: ignore[return-value]
    return None


def _parameters(function: ast.FunctionDef) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def _bound(function: ast.FunctionDef, name: str) -> Iterator[ast.expr]:
    """Yield the expressions that a local name is assigned or iterated from."""
    for node in ast.walk(function):
        if (isinstance(node, ast.Assign) and name in _names(node.targets)) or (
            isinstance(node, ast.NamedExpr) and node.target.id == name
        ):
            yield node.value
        elif isinstance(node, ast.For | ast.comprehension) and name in _names([node.target]):
            yield node.iter


def _names(targets: Iterable[ast.expr]) -> set[str]:
    return {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}


def _compiled(value: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, Mapping):
        for pair in value.items():
            yield from _compiled(pair)
    elif isinstance(value, tuple | list | set | frozenset):
        for item in value:
            yield from _compiled(item)


def _records(value: object) -> Iterator[Any]:
    """Yield the named tuples inside tuples and mappings."""
    if hasattr(value, "_fields") and isinstance(value, tuple):
        yield value
    elif isinstance(value, Mapping):
        for pair in value.items():
            yield from _records(pair)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _records(item)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, re.Pattern):
        yield value.pattern
    elif isinstance(value, Mapping):
        for pair in value.items():
            yield from _strings(pair)
    elif isinstance(value, tuple | list | set | frozenset):
        for item in value:
            yield from _strings(item)
