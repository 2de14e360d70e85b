"""The step of a start command that changes a database's schema before the process serves."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress

from parity.facts.migrations import NAMED, TOOLS
from parity.records import ProcessType, Source
from parity.records.tree import LONGEST

DEEPEST = 4
"""The most scripts that are followed from a command (ours)."""

_STEP = re.compile(r"&&|\|\||[;\n|]")
_RUNNER = re.compile(
    r"(?:npm|yarn|pnpm)(?:\s+-\S+)*\s+(?:run(?:-script)?\s+)?(?:-\S+\s+)*([\w:.-]+)"
)
_SHELL = re.compile(r"(?:(?:ba|da)?sh\s+(?:-\w+\s+)*)?(?:\./)?([\w./-]+)(?:\s|$)")
_BEFORE = re.compile(r"exec|env|time|if|then|do|!|[A-Za-z_]\w*=\S*")
_PROGRAM = re.compile(
    r"(?:(?:python[\d.]*|node|tsx|ts-node|bun|ruby|php|(?:ba|da)?sh)\s+(?:-\w+\s+)*|(?:npm|yarn|pnpm|npx)"
    r"\s+(?:run\s+)?|\./)[\w./:-]*"
)


def step(source: Source, process: ProcessType) -> str | None:
    """Return the first step of a start command that changes a schema, or None.

    A script that is only named so (`python migrate.py`) counts where another step follows.
    """
    return next(_changing(source, process.command, DEEPEST, last=True), None)


def _changing(source: Source, text: str, deepest: int, *, last: bool) -> Iterator[str]:
    if not deepest or len(text) > LONGEST:
        return
    steps = [_bare(part) for part in _STEP.split(text) if part.strip()]
    for number, command in enumerate(steps, 1):
        ends = last and number == len(steps)
        known = any(re.search(tool, command) for tool in TOOLS)
        if known or (not ends and _PROGRAM.match(command) and _named(command)):
            yield command
        for inner in _scripts(source, command):
            yield from _changing(source, inner, deepest - 1, last=ends)


def _bare(command: str) -> str:
    """Return a command without the variables and shell words before its program."""
    words = command.split()
    while words and _BEFORE.fullmatch(words[0]):
        words.pop(0)
    return " ".join(words)


def _named(command: str) -> bool:
    """Return whether the script or npm script that a command runs is named like a migration."""
    match = _PROGRAM.match(command)
    return bool(match and re.search(NAMED, match[0]))


def _scripts(source: Source, command: str) -> Iterator[str]:
    """Yield the texts of the scripts that a command runs: of package.json, or a shell script."""
    runner = _RUNNER.match(command)
    if runner:
        table = _table(source)
        for name in (f"pre{runner[1]}", runner[1]):
            yield from [table[name]] if name in table else []
        return
    shell = _SHELL.match(command)
    text = source.text(shell[1]) if shell and shell[1].endswith(".sh") else None
    if text is not None:
        lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
        yield "\n".join(lines)


def _table(source: Source) -> dict[str, str]:
    """Return the scripts of package.json; empty if there are none that can be read."""
    with suppress(ValueError, RecursionError):
        data = json.loads(source.whole("package.json") or "{}")
        table = data.get("scripts") if isinstance(data, dict) else None
        if isinstance(table, dict):
            return {name: text for name, text in table.items() if isinstance(text, str)}
    return {}
