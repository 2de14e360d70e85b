"""The app's JavaScript and its package.json, read to explain what happened."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from parity.facts import nodejs
from parity.facts.buildpacks import NODE
from parity.facts.node_packages import COMMANDS
from parity.records import Plan, ProcessType, Source
from parity.records.verdict import Evidence
from parity.rules.views.python_source import CodePlace

SUFFIXES = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx")
_NOT_OURS = (
    r"(?:^|/)(?:node_modules|dist|build|out|public|static|assets|vendor|coverage|\.next|\.yarn"
    r"|__tests__|tests?|spec|docs|examples)/|\.(?:test|spec|min|config|d)\.\w+$|\.pnp\."
)
_FIRST = ("server", "index", "app", "main", "bin/www")
_RUNNER = r"^(?:npm|yarn|pnpm|npx)\s+(?:run(?:-script)?\s+)?(start|[\w:.-]+)(?=\s|$)|^npm\s+start"
NOT_FOUND = (
    r"(?:^|\s)(?:sh|bash|/bin/sh): (?:line )?(?:\d+: )?([\w@./+-]+): (?:command )?not found"
    r"|command not found: ([\w@./+-]+)"
    r"|\bCommand \"([\w@./+-]+)\" not found"
    r"|npx canceled due to missing packages and no YES option: \[\"(@?[\w./-]+)"
)
"""The messages of dash, bash, yarn, pnpm and npx for a missing command."""

_ALWAYS = ("node", "npm", "npx", "bash", "sh", "python", "python3")
DEPENDENCIES = ("dependencies", "optionalDependencies", "peerDependencies")


def is_node(plan: Plan) -> bool:
    """Return whether Node.js is what Heroku's last buildpack provides."""
    return bool(plan.runs) and plan.runs[-1] == NODE


def scripts(source: Source) -> list[str]:
    """Return the app's own JavaScript and TypeScript files, the likely entry points first."""
    own = [p for p in source.entries if p.endswith(SUFFIXES) and not re.search(_NOT_OURS, p)]
    return sorted(own, key=_likely)


def _likely(path: str) -> tuple[object, ...]:
    stem = path.rpartition("/")[2].partition(".")[0]
    known = next((n for n, name in enumerate(_FIRST) if stem == name or name in path), len(_FIRST))
    client = bool(re.match(r"(?:client|frontend|web|www|ui)/", path))
    return client, path.count("/"), known, path


def find(source: Source, pattern: str) -> CodePlace | None:
    """Return the first line of the app's own scripts that matches `pattern`."""
    return next(found(source, pattern), None)


def found(source: Source, pattern: str) -> Iterator[CodePlace]:
    """Yield each line of the app's own scripts that matches `pattern`, except comments."""
    regex = re.compile(pattern)
    for path in scripts(source):
        for number, line in enumerate((source.text(path) or "").splitlines(), 1):
            match = regex.search(line)
            if match and not line.lstrip().startswith(("//", "*", "/*")):
                yield CodePlace(path, number, match.start() + 1, line.strip())


@lru_cache(maxsize=4)
def _decoded(text: str) -> Mapping[str, Any]:
    import json  # `parity check` of a Python app does not need it

    try:
        data = json.loads(text, parse_int=nodejs.number)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def package(source: Source) -> Mapping[str, Any]:
    """Return the package.json of the root, or an empty mapping if it cannot be read."""
    return _decoded(source.whole("package.json") or "")


def table(source: Source, name: str) -> Mapping[str, str]:
    """Return a table in package.json whose values are strings."""
    data = package(source).get(name)
    pairs = data.items() if isinstance(data, dict) else ()
    return {key: value for key, value in pairs if isinstance(value, str)}


def wanted(source: Source, name: str) -> str | None:
    """Return the name of the table in package.json that requires a package."""
    return next((t for t in (*DEPENDENCIES, "devDependencies") if name in table(source, t)), None)


def only_logged(source: Source) -> bool:
    """Return whether there is only a log, so that package.json is known at most in part."""
    return source.partial or "package.json" not in source.entries


def line_in_package(source: Source, *keys: str) -> int | None:
    """Return the line of package.json with the last of `keys`, each within the one before."""
    lines = (source.text("package.json") or "").splitlines()
    at = 0
    for key in keys:
        pattern = re.compile(rf'"{re.escape(key)}"\s*:')
        at = next((n for n in range(at, len(lines)) if pattern.search(lines[n])), -1)
        if at < 0:
            return None
    return at + 1


def in_package(source: Source, seen: str, *keys: str, **names: str) -> Evidence:
    """Return evidence at a line of package.json."""
    line = line_in_package(source, *keys) or line_in_package(source, *keys[:-1]) if keys else None
    return Evidence(seen, "package.json", line, names=names)


def script(source: Source, process: ProcessType) -> tuple[str, str] | None:
    """Return the name and text of the script in package.json that a command runs: `npm start`."""
    match = re.match(_RUNNER, process.command.strip())
    if match is None:
        return None
    name = match[1] or "start"
    text = table(source, "scripts").get(name)
    if text is None and name == "start" and "server.js" in source.entries:
        text = "node server.js"
    return (name, text) if text is not None else None


def command(source: Source, process: ProcessType) -> str:
    """Return the command that a process finally runs, following scripts of package.json."""
    return list(steps(source, process))[-1][1]


def steps(source: Source, process: ProcessType) -> Iterator[tuple[str | None, str]]:
    """Yield a process's command, then each script that it leads to, with the script's name."""
    yield None, process.command
    named_script = script(source, process)
    visited: set[str] = set()
    while named_script and named_script[0] not in visited:
        yield named_script
        visited.add(named_script[0])
        process = process._replace(command=named_script[1])
        named_script = script(source, process)


def at_start(source: Source, process: ProcessType, seen: str, **names: str) -> Evidence:
    """Return evidence at the start command: the line of the Procfile or of package.json."""
    named_script = script(source, process)
    names = {"command": process.command, "type": process.name, **names}
    if named_script:
        return in_package(source, seen, "scripts", named_script[0], **names)
    line = process.line or None
    return Evidence(seen, "Procfile" if line else "package.json", line, names=names)


def entry(source: Source) -> str | None:
    """Return the file that most likely starts the app."""
    main = package(source).get("main")
    if isinstance(main, str):
        for path in (main.removeprefix("./"), f"{main.removeprefix('./')}.js"):
            if path in source.entries:
                return path
    listening = next((p.file for p in found(source, r"\.listen\(|createServer\(")), None)
    return listening or next(iter(scripts(source)), None)


def installer(source: Source) -> str:
    """Return the command that adds a dependency with the app's package manager."""
    if "yarn.lock" in source.entries:
        return "yarn add"
    return "pnpm add" if "pnpm-lock.yaml" in source.entries else "npm install"


def reinstall(source: Source) -> str:
    """Return the command that installs from the lock file, or from package.json without one."""
    known = {
        "yarn.lock": "yarn install",
        "pnpm-lock.yaml": "pnpm install",
        "package-lock.json": "npm ci",
    }
    return next((known[name] for name in known if name in source.entries), "npm install")


def moving(source: Source, name: str) -> str:
    """Return the command that turns a development dependency into a permanent one."""
    if "yarn.lock" in source.entries:
        return f"yarn remove {name} && yarn add {name}"
    return f"{installer(source)} --save-prod {name}"


def lock_file(source: Source) -> str:
    """Return the lock file of the app's package manager."""
    locks = ("yarn.lock", "pnpm-lock.yaml")
    return next((name for name in locks if name in source.entries), "package-lock.json")


def absent_command(lines: Sequence[str]) -> tuple[str, str] | None:
    """Return the last command that a shell did not find, and the package that provides it.

    Yarn and pnpm print the same for a missing script: their word counts only for a known command.
    """
    for line in reversed(lines):
        match = re.search(NOT_FOUND, line)
        if match:
            name = next(group for group in match.groups() if group)
            tool = not match[3] or name in COMMANDS or name in COMMANDS.values()
            return (name, COMMANDS.get(name, name)) if tool and name not in _ALWAYS else None
    return None
