"""Start commands that compile the app, which Heroku does in the build."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from parity.facts.node_packages import COMPILES
from parity.records import edits
from parity.rules.views.node_error import NodeCrash
from parity.rules.views.node_source import only_logged, steps, table

_SCRIPT = re.compile(r"(?:npm run(?:-script)?|yarn(?: run)?|pnpm(?: run)?)\s+([\w:.-]+)\s*$")
_COMPILES = re.compile(COMPILES)
_RUNS = re.compile(r">\s(\S.*&&.*)$")
"""The line in which npm and Yarn show what a script runs."""


class Compiling(NamedTuple):
    """A command that compiles: the script with it (None: the Procfile), that part, and the rest."""

    script: str | None
    part: str
    rest: str


def compiling(crash: NodeCrash) -> Compiling | None:
    """Return the part of the start command that compiles, according to the source or the log."""
    source = crash.source
    known = _logged(crash) if only_logged(source) else steps(source, crash.process)
    return next(_parts(crash, known), None)


def _logged(crash: NodeCrash) -> Iterator[tuple[str | None, str]]:
    """Yield the commands that the log shows."""
    for line in crash.lines:
        match = _RUNS.match(line)
        if match:
            yield "start", match[1]


def _parts(crash: NodeCrash, candidates: Iterable[tuple[str | None, str]]) -> Iterator[Compiling]:
    known = table(crash.source, "scripts")
    for name, text in candidates:
        parts = [part.strip() for part in text.split("&&")]
        for number, part in enumerate(parts):
            called = _SCRIPT.match(part)
            inner = known.get(called[1], "") if called else part
            if any(_COMPILES.match(one.strip()) for one in inner.split("&&")):
                yield Compiling(name, part, " && ".join(parts[:number] + parts[number + 1 :]))


def advice(crash: NodeCrash, found: Compiling) -> str:
    """Return the advice to compile in the build, after which Heroku removes devDependencies."""
    known = table(crash.source, "scripts")
    builds = next((name for name in ("heroku-postbuild", "build") if name in known), None)
    called = _SCRIPT.match(found.part)
    more = "; Heroku runs `{}` in the build, before it removes devDependencies."
    if found.rest and builds and (builds == (called and called[1]) or known[builds] == found.part):
        return _edit(crash, found, more.format(builds))
    if found.rest and builds is None and called is None:
        start = f'`"{found.script}": "{found.rest}"`'
        if not found.script:
            start = f"in the Procfile `{crash.process.name}: {found.rest}`"
        return (
            "Compile in the build, which has the devDependencies: among the scripts of package.json"
            f' write `"build": "{found.part}"`, and {start}. Commit, push again.'
        )
    return (
        f'Compile in the build, which has the devDependencies: move `{found.part}` to the "build"'
        " script of package.json, and start only the result."
    )


def _edit(crash: NodeCrash, found: Compiling, more: str) -> edits.Advice:
    if found.script:
        return edits.script(found.script, found.rest, more)
    return edits.command(crash.process.name, found.rest, more)
