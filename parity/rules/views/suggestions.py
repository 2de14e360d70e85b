"""Suggestions from the tree: the file that was meant, and the `web:` line to write."""

import re
from collections.abc import Iterator

from parity.facts.python import MISSPELT_REQUIREMENTS, PACKAGE_FILES
from parity.records import Source
from parity.records.edits import add_to_git
from parity.records.verdict import Evidence
from parity.rules.shell import word
from parity.rules.views.environments import environments

_NOT_OURS = {"node_modules", "venv", ".venv", "env", "site-packages", "vendor", "test", "tests"}
_OTHER_LANGUAGES = ("package.json", "Gemfile", "go.mod", "pom.xml", "composer.json")
_SHOWN = 3
_SERVERS = ("backend", "server", "api", "app", "src")
"""The usual names of the folder with the server, if there are several."""

_DEPTH = 3

_APP = (
    r"(?m)^(\w+)[^\S\n]*(?::[^=\n]+)?=[^\S\n]*(?:\w+\.)*"
    r"(Flask|FastAPI|Starlette|Quart|Sanic|Litestar|Dash|Bottle|Falcon)\("
)
_FACTORY = r"(?m)^def (create_app|make_app)\("
_ASGI = {"FastAPI", "Starlette", "Quart", "Litestar"}
_FIRST = ("app.py", "main.py", "wsgi.py", "server.py", "application.py", "run.py", "api.py")


def kept_out(source: Source, path: str) -> Iterator[Evidence]:
    """Yield evidence that `path` is on disk but not pushed, and the line that ignores it."""
    if path not in source.absent:
        return
    ignored = source.absent[path]
    ignorer = ignored.file if ignored else ".gitignore"
    typed = add_to_git(word(path), ignored=bool(ignored))
    names = {"file": path, "ignorer": ignorer, "typed": typed}
    if ignored is None:
        yield Evidence(f"{path} exists, but is untracked", path, names=names)
        return
    yield Evidence(f"{path} exists, but is ignored", path, names=names)
    seen = f"this line ignores {path}: {ignored.pattern}"
    yield Evidence(seen, ignored.file, ignored.line, names=names)


def wrong_package_files(source: Source) -> Iterator[tuple[str, str]]:
    """Yield files of the root with nearly the name of a package file, and the right name."""
    from difflib import get_close_matches

    lower = {name.lower(): name for name in PACKAGE_FILES}
    for name in source.entries:
        if name in MISSPELT_REQUIREMENTS:
            yield name, "requirements.txt"
        elif "/" not in name and name not in PACKAGE_FILES and not re.search("[-_]", name):
            near = get_close_matches(name.lower().strip(), lower, 1, 0.88)
            if near:
                yield name, lower[near[0]]


def package_files_below(source: Source, *, python: bool) -> list[str]:
    """Return the package files in the topmost sub-folders, those beside a Procfile first."""
    wanted = {*PACKAGE_FILES, "Pipfile", *(() if python else _OTHER_LANGUAGES)}
    candidates, others = [], environments(source)
    for path in source.entries:
        if path.startswith(others):
            continue
        folder, _, name = path.rpartition("/")
        parts = folder.split("/")
        if folder and name in wanted and len(parts) <= _DEPTH and not _NOT_OURS & set(parts):
            candidates.append((len(parts), f"{folder}/Procfile" not in source.entries, path))
    return [path for depth, _, path in sorted(candidates) if depth == min(candidates)[0]][:_SHOWN]


def likely_folder(source: Source) -> str | None:
    """Return the folder with the app by the root alone, as Heroku lists it in a log.

    None if the root has code of its own, or if the whole tree is known.
    """
    if not source.partial:
        return None
    root = [path for path in source.entries if "/" not in path]
    folders = [path.partition("/")[0] for path in source.entries if "/" in path]
    folders = [name for name in folders if not name.startswith(".") and name not in _NOT_OURS]
    if not folders or any(name.endswith((".py", ".ipynb")) for name in root):
        return None
    return next((name for name in _SERVERS if name in folders), folders[0])


def requires(source: Source, package: str) -> bool:
    """Return whether one of the package files in the root names `package`."""
    named = re.compile(rf"""^[ \t"']*(?:name = ")?{re.escape(package)}\b""", re.I | re.M)
    texts = ((source.text(f) or "").replace("\0", "") for f in (*PACKAGE_FILES, "Pipfile"))
    return any(named.search(text) for text in texts)


def web_line(source: Source) -> str:
    """Return the Procfile line that would most likely start this app."""
    return f"web: {_command(source)}"


def missing_server(source: Source, line: str) -> str:
    """Return a sentence about the server in `line` if no package file names it, else nothing."""
    server = line.removeprefix("web: ").split()[0]
    if server == "python" or requires(source, server):
        return ""
    return f" {server} must be in requirements.txt too."


def _command(source: Source) -> str:
    django = _django(source)
    if django:
        return django
    modules = sorted(
        (p for p in source.entries if p.endswith(".py") and p.count("/") <= 1),
        key=lambda p: (p.count("/"), _FIRST.index(p) if p in _FIRST else len(_FIRST), p),
    )
    for path in modules:
        command = _served(path, source.text(path) or "")
        if command:
            return command
    root = [p for p in modules if "/" not in p]
    return f"python {root[0]}" if root else "gunicorn app:app"


def _django(source: Source) -> str | None:
    manage = min(
        (p for p in source.entries if p.split("/")[-1] == "manage.py"), key=len, default=""
    )
    if not manage:
        return None
    base = manage.removesuffix("manage.py")
    for path in sorted(source.entries, key=lambda p: p.count("/")):
        inner = path.removeprefix(base)
        if path.startswith(base) and inner.endswith("/wsgi.py"):
            chdir = f"--chdir {base.rstrip('/')} " if base else ""
            return f"gunicorn {chdir}{inner.removesuffix('.py').replace('/', '.')}"
    return None


def _served(path: str, text: str) -> str | None:
    """Return the command for the app object, factory or Streamlit script in the module."""
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    match = re.search(_APP, text)
    if match and match[2] in _ASGI:
        return f"uvicorn {module}:{match[1]} --host 0.0.0.0 --port $PORT"
    if match:
        return f"gunicorn {module}:{'server' if match[2] == 'Dash' else match[1]}"
    factory = re.search(_FACTORY, text)
    if factory:
        return f'gunicorn "{module}:{factory[1]}()"'
    if re.search(r"^import streamlit", text, re.MULTILINE):
        return f"streamlit run {path} --server.port $PORT --server.address 0.0.0.0"
    return None
