"""What the tree suggests: the file that was meant, and the `web:` line to write."""

import re
from collections.abc import Iterator

from parity.facts.python import MISSPELT_REQUIREMENTS, PACKAGE_FILES
from parity.records import Source
from parity.records.verdict import Evidence

_NOT_OURS = {"node_modules", "venv", ".venv", "env", "site-packages", "vendor", "test", "tests"}
_OTHER_LANGUAGES = ("package.json", "Gemfile", "go.mod", "pom.xml", "composer.json")
_SHOWN = 3
_DEPTH = 3

_APP = (
    r"(?m)^(\w+)[^\S\n]*(?::[^=\n]+)?=[^\S\n]*(?:\w+\.)*"
    r"(Flask|FastAPI|Starlette|Quart|Sanic|Litestar|Dash|Bottle|Falcon)\("
)
_FACTORY = r"(?m)^def (create_app|make_app)\("
_ASGI = {"FastAPI", "Starlette", "Quart", "Litestar"}
_FIRST = ("app.py", "main.py", "wsgi.py", "server.py", "application.py", "run.py", "api.py")


def kept_out(source: Source, path: str) -> Iterator[Evidence]:
    """That `path` is on disk but not in the pushed tree, and the ignore rule that does it."""
    if path not in source.absent:
        return
    ignored = source.absent[path]
    names = {"file": path, "ignorer": ignored.file if ignored else ".gitignore"}
    if ignored is None:
        yield Evidence(f"{path} exists, but is untracked", path, names=names)
        return
    yield Evidence(f"{path} exists, but is ignored", path, names=names)
    seen = f"this line ignores {path}: {ignored.pattern}"
    yield Evidence(seen, ignored.file, ignored.line, names=names)


def wrong_package_files(source: Source) -> Iterator[tuple[str, str]]:
    """Files of the root that are almost called like a package manager's, with the right name."""
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
    """Package files in sub-folders: those of the topmost folders, with a Procfile first."""
    wanted = {*PACKAGE_FILES, "Pipfile", *(() if python else _OTHER_LANGUAGES)}
    found = []
    for path in source.entries:
        folder, _, name = path.rpartition("/")
        parts = folder.split("/")
        if folder and name in wanted and len(parts) <= _DEPTH and not _NOT_OURS & set(parts):
            found.append((len(parts), f"{folder}/Procfile" not in source.entries, path))
    return [path for depth, _, path in sorted(found) if depth == min(found)[0]][:_SHOWN]


def requires(source: Source, package: str) -> bool:
    """Whether one of the package files in the root names `package`."""
    named = re.compile(rf"""^[ \t"']*(?:name = ")?{re.escape(package)}\b""", re.I | re.M)
    texts = ((source.text(f) or "").replace("\0", "") for f in (*PACKAGE_FILES, "Pipfile"))
    return any(named.search(text) for text in texts)


def web_line(source: Source) -> str:
    """The Procfile line that would most likely start this app."""
    return f"web: {_command(source)}"


def missing_server(source: Source, line: str) -> str:
    """A sentence on the server that `line` starts and that no package file names, or nothing."""
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
    """The command for the app object, factory or Streamlit script that the module holds."""
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    found = re.search(_APP, text)
    if found and found[2] in _ASGI:
        return f"uvicorn {module}:{found[1]} --host 0.0.0.0 --port $PORT"
    if found:
        return f"gunicorn {module}:{'server' if found[2] == 'Dash' else found[1]}"
    factory = re.search(_FACTORY, text)
    if factory:
        return f'gunicorn "{module}:{factory[1]}()"'
    if re.search(r"^import streamlit", text, re.MULTILINE):
        return f"streamlit run {path} --server.port $PORT --server.address 0.0.0.0"
    return None
