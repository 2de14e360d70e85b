"""How the web process starts: its command as words, and the files that every start executes."""

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
"""Packages within each other that are looked at (ours)."""

_BARE = frozenset(
    "--preload --reload --daemon --log-syslog --statsd --factory --proxy-headers --no-access-log"
    " --no-server-header --no-date-header --debug --spew --check-config --no-use-colors"
    " --use-colors --no-proxy-headers --access-log --server-header --date-header"
    " --enable-stdio-inheritance --capture-output --no-sendfile --reuse-port --proxy-protocol"
    " --initgroups --call".split()
)
"""Options of the servers that take no value: their documentation."""


class Target(NamedTuple):
    """What a server is told to serve; `called`: it is a function that makes the app."""

    module: str
    attribute: str | None
    called: bool


class Executed(NamedTuple):
    """A file of the tree that every start executes, with the statements that it runs."""

    path: str
    statements: list[ast.stmt]


class Start(NamedTuple):
    """The start of one process type.

    `words` are the command's, without `variables` set in front of it. `root` is the folder in which
    Python looks for modules first, empty or ending in `/`.
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
        """Whether the variable is set in the command or as a config var."""
        return name in self.variables or name in self.plan.config.values

    @property
    def program(self) -> str:
        return self.words[0].rpartition("/")[2]


def start(plan: Plan) -> Start | None:
    """The start of the web process; None if its command does more than start one program."""
    web = plan.processes.get("web")
    short = web is not None and len(web.command) <= LONGEST  # shlex takes the square of the length
    words, variables = _words(web.command) if web and short else ([], {})
    if not web or not words or plan.runtime(PYTHON) is None:
        return None
    root = _root(words)
    target = None if _configured(plan.source, words) else _target(words)
    begun = Start(plan, web, tuple(words), variables, root, target, ())
    return begun._replace(files=tuple(_executed(begun)))


def _words(command: str) -> tuple[list[str], dict[str, str]]:
    """The words of a simple command and the variables before them; none if it is not simple."""
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
    """The values of an option, in the forms `-b X`, `-bX`, `--bind X` and `--bind=X`."""
    found = []
    for word, following in zip(words, [*words[1:], ""], strict=True):
        for name in names:
            if word == name:
                found.append(following)
            elif name.startswith("--") and word.startswith(f"{name}="):
                found.append(word.partition("=")[2])
            elif not name.startswith("--") and word.startswith(name) and len(word) > len(name):
                found.append(word[len(name) :].removeprefix("="))
    return found


def _root(words: list[str]) -> str:
    folder = next(iter(option(words, "--chdir", "--app-dir")), "")
    if _PYTHON.fullmatch(words[0]):
        folder = posixpath.dirname(_script(words) or "")
    folder = posixpath.normpath(folder) if folder else ""
    return "" if folder in ("", ".") else f"{folder.removeprefix('/app/')}/"


def _script(words: list[str]) -> str | None:
    """The file that `python FILE` starts."""
    rest = [w for w in words[1:] if w not in ("-u", "-O", "-B", "-E", "-s")]
    script = rest[0] if rest else ""
    return posixpath.normpath(script) if script.endswith(".py") else None


def _configured(source: Source, words: list[str]) -> bool:
    """Whether a gunicorn configuration file may choose the folder or the app."""
    return "gunicorn.conf.py" in source.entries or bool(option(words, "-c", "--config"))


def _target(words: list[str]) -> Target | None:
    """The module and attribute that a server's command names."""
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
    """The tree's file for a module, as this start finds it."""
    base = start.root + module.replace(".", "/")
    options = (f"{base}.py", f"{base}/__init__.py")
    return next((path for path in options if path in start.source.entries), None)


def _executed(start: Start) -> Iterator[Executed]:
    """The files that the start executes, each once, in about the order in which it does."""
    seen: set[str] = set()
    todo = list(_first(start))
    while todo:
        path, main, factory = todo.pop(0)
        tree = None if path in seen else parsed(start.source, path)
        if tree is None:
            continue
        seen.add(path)
        made = statements(tree, main=main) + (body(tree, factory) if factory else [])
        yield Executed(path, made)
        todo += [(p, False, "") for p in _imported(start, path, made)]


def _first(start: Start) -> Iterator[tuple[str, bool, str]]:
    """Where it begins: path, whether it is started as a script, and the function called in it."""
    script = _script(list(start.words)) if _PYTHON.fullmatch(start.words[0]) else None
    if script in start.source.entries and script and not script.endswith("manage.py"):
        yield script, True, ""
    if start.target:
        called = start.target.attribute or "" if start.target.called else ""
        yield from ((p, False, called) for p in _packages(start, start.target.module))


def _packages(start: Start, module: str) -> list[str]:
    """The files that importing `module` runs: its packages', then its own."""
    parts = module.split(".", DEEPEST)[:DEEPEST]
    names = (".".join(parts[:n]) for n in range(1, len(parts) + 1))
    return [path for name in names if (path := file_of(start, name))]


def _imported(start: Start, path: str, made: list[ast.stmt]) -> Iterator[str]:
    """The tree's files that the statements import, and Django's settings."""
    for node in made:
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
    """The module that `os.environ.setdefault("DJANGO_SETTINGS_MODULE", "x")` names."""
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not dotted(call.func).endswith("environ.setdefault"):
        return None
    given = [a.value for a in call.args if isinstance(a, ast.Constant)]
    return str(given[1]) if len(given) == 2 and given[0] == "DJANGO_SETTINGS_MODULE" else None
