"""The app's Python code, read to explain what happened: where a name is, what a file defines."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from parity.records import ProcessType, Source
from parity.records.verdict import Evidence

SERVERS = ("gunicorn", "uvicorn", "hypercorn", "daphne", "waitress-serve", "granian")
_TARGET = r"""(?:^|\s)["']?([A-Za-z_][\w.]*):([A-Za-z_]\w*)"""
_MODULE = re.compile(r"^[A-Za-z_][\w.]*$")
_VALUED = (
    r"^(-[bwktcnspgumeRD]|--(?:bind|workers|worker-class|timeout|config|name|threads|port|host|"
    r"log-level|log-file|access-logfile|error-logfile|chdir|pythonpath|listen|env|keep-alive))$"
)
_FACTORY = r"(?:create|make|build|get)_(?:\w+_)?app(?:lication)?"
_FIRST = ("wsgi.py", "app.py", "main.py", "server.py", "application.py", "run.py", "api.py")
_LARGEST = 300_000
"""Characters of a file whose syntax tree is examined (ours): a tree takes 500 times as many bytes.
"""

_OWN_FOLDERS = ("venv/", ".venv/", "node_modules/", "tests/", "test/", "docs/")


class CodePlace(NamedTuple):
    """A place in a file of the tree; `line` from 1, `column` from 1."""

    file: str
    line: int
    column: int
    text: str


def modules(source: Source) -> list[str]:
    """Return the app's own Python files, those of the root first.

    A folder with a pyvenv.cfg is a virtual environment, whatever its name (PEP 405).
    """
    foreign = (*_OWN_FOLDERS, *environments(source))
    own = [p for p in source.entries if p.endswith(".py") and not p.startswith(foreign)]
    own = [p for p in own if "/site-packages/" not in p]
    return sorted(own, key=lambda path: (path.count("/"), path))


def environments(source: Source) -> Iterator[str]:
    """Yield the folders of the tree that are virtual environments: `env/`."""
    end = "/pyvenv.cfg"
    yield from (p.removesuffix(end[1:]) for p in source.entries if p.endswith(end))


def parsed(source: Source, path: str) -> ast.Module | None:
    """Return a file's syntax tree, or None if it has none or the tree would fill the memory."""
    text = source.whole(path) or ""
    if len(text) > _LARGEST:
        return None
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def calls(source: Source, path: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield every call in a file with the name that is called: `app.run`, `load_dotenv`."""
    tree = parsed(source, path)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Call):
            yield dotted(node.func), node


def dotted(node: ast.AST) -> str:
    """Return a chain of names as text, `a.b.c`; empty for any other expression."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def place(source: Source, path: str, node: ast.expr | ast.stmt) -> CodePlace:
    """Return the place of a node."""
    lines = (source.text(path) or "").splitlines()
    text = lines[node.lineno - 1].strip() if node.lineno <= len(lines) else ""
    return CodePlace(path, node.lineno, node.col_offset + 1, text)


def at(seen: str, place: CodePlace | None, **names: str) -> Evidence:
    """Return evidence at a place, or without one; `names` fill the rule's texts."""
    if place is None:
        return Evidence(seen, names=names)
    return Evidence(seen, place.file, place.line, place.column, names=names)


def line_of(source: Source, path: str, number: int) -> str:
    """Return one line of a file, stripped; empty if there is no such line."""
    lines = (source.text(path) or "").splitlines()
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def find(source: Source, pattern: str) -> CodePlace | None:
    """Return the first line of the app's Python that matches `pattern`."""
    return next(found(source, pattern), None)


def found(source: Source, pattern: str) -> Iterator[CodePlace]:
    """Yield each line of the app's Python that matches `pattern`, except comments."""
    regex = re.compile(pattern)
    for path in modules(source):
        for number, line in enumerate((source.text(path) or "").splitlines(), 1):
            match = regex.search(line)
            if match and not line.lstrip().startswith("#"):
                yield CodePlace(path, number, match.start() + 1, line.strip())


def server(process: ProcessType) -> str | None:
    """Return the server that a command starts, if it is a known one."""
    words = re.findall(r"[\w.-]+", process.command)
    return next((word for word in words if word in SERVERS), None)


def target(process: ProcessType) -> tuple[str, str | None] | None:
    """Return the module and attribute that a server command names: `main:app`, or just `main`."""
    match = re.search(_TARGET, process.command)
    if match:
        return match[1], match[2]
    if server(process) != "gunicorn":
        return None
    words = process.command.partition("gunicorn")[2].split()
    for before, word in zip(["", *words], words, strict=False):
        if _MODULE.match(word) and not re.match(_VALUED, before):
            return word, None
    return None


def file_of(source: Source, module: str) -> str | None:
    """Return the tree's file for a dotted module name."""
    base = module.replace(".", "/")
    return next((p for p in (f"{base}.py", f"{base}/__init__.py") if p in source.entries), None)


def applications(source: Source, path: str) -> list[str]:
    """Return the names that a file binds to an application object at its top level."""
    text = source.text(path) or ""
    assigned = re.findall(
        r"(?m)^(\w+)\s*(?::[^=\n]+)?=\s*(?:[\w.]+\.)?(?:Flask|FastAPI|Starlette|Quart|Sanic|Bottle|"
        r"Litestar|Falcon|get_wsgi_application|get_asgi_application|create_app|make_app|Dash|API|App)\(",
        text,
    )
    functions = re.findall(r"(?m)^async def (app|application)\(scope", text)
    return [*assigned, *functions]


def suggestion(
    source: Source, wanted: str | None = None, *, asgi: bool | None = None
) -> str | None:
    """Return the `module:name` that is most likely the app; a name equal to `wanted` comes first.

    `asgi` says which interface the server speaks: only one of Django's two is right.
    """
    other = "" if asgi is None else "wsgi.py" if asgi else "asgi.py"
    options = [
        (
            path.rpartition("/")[2] == other,
            name != wanted,
            path.count("/"),
            _FIRST.index(path) if path in _FIRST else len(_FIRST),
            f"{_module(path)}:{name}",
        )
        for path in modules(source)
        for name in applications(source, path)
    ]
    return min(options)[-1] if options else None


def speaks_asgi(process: ProcessType) -> bool | None:
    """Return whether the command's server speaks ASGI, or None if it is not known."""
    name = server(process)
    if name is None or name == "granian":
        return None
    return name in ("uvicorn", "hypercorn", "daphne") or "uvicorn" in process.command


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def factories(source: Source, path: str) -> list[str]:
    """Return the top-level functions of a file that make the app: `create_app` and the like."""
    tree = parsed(source, path)
    return [
        node.name
        for node in (tree.body if tree else ())
        if isinstance(node, ast.FunctionDef) and re.fullmatch(_FACTORY, node.name)
    ]


def names_in(source: Source, path: str) -> list[str]:
    """Return the functions, classes and variables that a file defines at its top level."""
    tree = parsed(source, path)
    names: list[str] = []
    for node in tree.body if tree else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
    return names
