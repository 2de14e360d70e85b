"""The start of the web process: its command as words, and the files that it always executes."""

import ast
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from parity.facts.buildpacks import PYTHON
from parity.records import LONGEST, Plan, ProcessType, Source
from parity.rules.predict.executed import body, statements
from parity.rules.views.python_source import SERVERS, dotted, parsed

_SHELL = re.compile(r"[;|&<>`(){}*?~]|\$\(|\bif\b|\bfor\b")
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_PYTHON = re.compile(r"python(?:3(?:\.\d+)?)?")
_TARGET = re.compile(r"([A-Za-z_][\w.]*)(?::([A-Za-z_]\w*)(\(.*\))?)?")
_VALUED = re.compile(r"-[a-zA-Z]|--[a-z-]+")
DEEPEST = 100
"""Maximum depth of nested packages that are examined (ours)."""

_BARE = frozenset(
    "--preload --reload --daemon --log-syslog --statsd --factory --proxy-headers --no-access-log"
    " --no-server-header --no-date-header --debug --spew --check-config --no-use-colors"
    " --use-colors --no-proxy-headers --access-log --server-header --date-header"
    " --enable-stdio-inheritance --capture-output --no-sendfile --reuse-port --proxy-protocol"
    " --initgroups --call".split()
)
"""Options of the servers that take no value, from their documentation."""


class Target(NamedTuple):
    """What a server's command names; `called`: it is a function that returns the app."""

    module: str
    attribute: str | None
    called: bool


class Executed(NamedTuple):
    """A file of the tree that every start executes, with the statements that it runs."""

    path: str
    statements: list[ast.stmt]


class Start(NamedTuple):
    """The start of one process type.

    `words` are the words of the command, without the `variables` set before it. `root` is the
    folder in which Python first looks for modules; it is empty or ends in `/`.
    """

    plan: Plan
    process: ProcessType
    words: tuple[str, ...]
    variables: Mapping[str, str]
    root: str
    target: Target | None
    files: tuple[Executed, ...]

    @property
    def source(self) -> Source:
        return self.plan.source

    def uses(self, name: str) -> bool:
        """Return whether the variable is set in the command or as a config var."""
        return name in self.variables or name in self.plan.config.values

    @property
    def program(self) -> str:
        return self.words[0].rpartition("/")[2]


def start(plan: Plan) -> Start | None:
    """Return the start of the web process, or None if its command does more than that."""
    web = plan.processes.get("web")
    short = web is not None and len(web.command) <= LONGEST  # shlex takes quadratic time
    words, variables = _words(web.command) if web and short else ([], {})
    if not web or not words or plan.runtime(PYTHON) is None:
        return None
    root = _root(words)
    target = None if _configured(plan.source, words) else _target(words)
    web_start = Start(plan, web, tuple(words), variables, root, target, ())
    return web_start._replace(files=tuple(_executed(web_start)))


def _words(command: str) -> tuple[list[str], dict[str, str]]:
    """Return the words of a command and the variables before them; none if it is not simple."""
    try:
        words = shlex.split(command)
    except ValueError:
        return [], {}
    variables: dict[str, str] = {}
    while words and (words[0] in ("exec", "env") or _ASSIGNED.fullmatch(words[0])):
        match = _ASSIGNED.fullmatch(words.pop(0))
        if match:
            variables[match[1]] = match[2]
    bare = re.sub(r"'[^']*'|\"[^\"]*\"|\$\{?PORT\b[^}\s]*\}?", "", command)
    if _SHELL.search(bare):
        return [], {}
    if words[1:2] and words[0] == "newrelic-admin":
        return words[2:], variables
    module = words[1:2] == ["-m"] and _PYTHON.fullmatch(words[0]) and words[2:3]
    return (words[2:] if module and words[2] in SERVERS else words), variables


def option(words: tuple[str, ...] | list[str], *names: str) -> list[str]:
    """Return the values of an option, in the forms `-b X`, `-bX`, `--bind X` and `--bind=X`."""
    values = []
    for word, following in zip(words, [*words[1:], ""], strict=True):
        for name in names:
            if word == name:
                values.append(following)
            elif name.startswith("--") and word.startswith(f"{name}="):
                values.append(word.partition("=")[2])
            elif not name.startswith("--") and word.startswith(name) and len(word) > len(name):
                values.append(word[len(name) :].removeprefix("="))
    return values


def _root(words: list[str]) -> str:
    folder = next(iter(option(words, "--chdir", "--app-dir")), "")
    if _PYTHON.fullmatch(words[0]):
        folder = posixpath.dirname(_script(words) or "")
    folder = posixpath.normpath(folder) if folder else ""
    return "" if folder in ("", ".") else f"{folder.removeprefix('/app/')}/"


def _script(words: list[str]) -> str | None:
    """Return the file that `python FILE` starts."""
    rest = [w for w in words[1:] if w not in ("-u", "-O", "-B", "-E", "-s")]
    script = rest[0] if rest else ""
    return posixpath.normpath(script) if script.endswith(".py") else None


def _configured(source: Source, words: list[str]) -> bool:
    """Return whether a gunicorn configuration file may set the folder or the app."""
    return "gunicorn.conf.py" in source.entries or bool(option(words, "-c", "--config"))


def _target(words: list[str]) -> Target | None:
    """Return the module and attribute that a server's command names."""
    if words[0].rpartition("/")[2] not in SERVERS:
        return None
    before = ""
    if any(re.fullmatch(r"[A-Za-z_][\w.]*:|:[A-Za-z_]\w*|:", word) for word in words[1:]):
        return None
    for word in words[1:]:
        free = not _VALUED.fullmatch(before) or before in _BARE
        match = _TARGET.fullmatch(word) if free and not word.startswith("-") else None
        if match:
            called = bool(match[3]) or "--factory" in words or "--call" in words
            return Target(match[1], match[2], called)
        before = word
    return None


def file_of(start: Start, module: str) -> str | None:
    """Return the tree's file for a module, relative to this start's root."""
    base = start.root + module.replace(".", "/")
    options = (f"{base}.py", f"{base}/__init__.py")
    return next((path for path in options if path in start.source.entries), None)


def _executed(start: Start) -> Iterator[Executed]:
    """Yield the files that the start executes, each once, roughly in the order of execution."""
    visited: set[str] = set()
    todo = list(_first(start))
    while todo:
        path, main, factory = todo.pop(0)
        tree = None if path in visited else parsed(start.source, path)
        if tree is None:
            continue
        visited.add(path)
        executed = statements(tree, main=main) + (body(tree, factory) if factory else [])
        yield Executed(path, executed)
        todo += [(p, False, "") for p in _imported(start, path, executed)]


def _first(start: Start) -> Iterator[tuple[str, bool, str]]:
    """Yield the first files: path, whether it is a script, and the function that is called."""
    script = _script(list(start.words)) if _PYTHON.fullmatch(start.words[0]) else None
    if script in start.source.entries and script and not script.endswith("manage.py"):
        yield script, True, ""
    if start.target:
        called = start.target.attribute or "" if start.target.called else ""
        yield from ((p, False, called) for p in _packages(start, start.target.module))


def _packages(start: Start, module: str) -> list[str]:
    """Return the files that importing `module` runs: those of its packages, then its own."""
    parts = module.split(".", DEEPEST)[:DEEPEST]
    names = (".".join(parts[:n]) for n in range(1, len(parts) + 1))
    return [path for name in names if (path := file_of(start, name))]


def _imported(start: Start, path: str, executed: list[ast.stmt]) -> Iterator[str]:
    """Yield the tree's files that the statements import, and Django's settings."""
    for node in executed:
        for module in _modules(node, path, start.root):
            yield from _packages(start, module)
        settings = _settings(node)
        if settings and "DJANGO_SETTINGS_MODULE" not in start.plan.config.values:
            yield from _packages(start, settings)


def _modules(node: ast.stmt, path: str, root: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = node.module or ""
    if node.level:
        folder = path.removeprefix(root).split("/")[: -node.level]
        base = ".".join([*folder, *([base] if base else [])])
    return [base, *(f"{base}.{a.name}" if base else a.name for a in node.names)]


def _settings(node: ast.stmt) -> str | None:
    """Return the module that `os.environ.setdefault("DJANGO_SETTINGS_MODULE", "x")` names."""
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not dotted(call.func).endswith("environ.setdefault"):
        return None
    literals = [a.value for a in call.args if isinstance(a, ast.Constant)]
    return (
        str(literals[1]) if len(literals) == 2 and literals[0] == "DJANGO_SETTINGS_MODULE" else None
    )
