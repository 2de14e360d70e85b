"""Advice to compile in the build what an app compiles when it starts."""

import re

from parity.records import ProcessType, Source, edits
from parity.rules.views.node_source import script, table


def chain(command: str) -> list[str]:
    """Return the commands that a shell runs one after the other."""
    return [part for part in re.split(r"\s*(?:&&|;)\s*", command.strip()) if part]


def built(source: Source, process: ProcessType, command: str) -> str:
    """Return advice to run a compiler's `command` in the build of a Node.js app."""
    called, rest = script(source, process), _rest(source, process, command)
    if called and rest:
        more = ': Heroku runs the "build" script at every push.'
        if "build" not in table(source, "scripts"):
            more = f', and add `"build": "{command}"`, which Heroku runs at every push.'
        return edits.script(called[0], " && ".join(rest), more)
    return (
        f'Compile in the build: `"build": "{command or "…"}"` in package.json, which Heroku runs at'
        ' every push, and let "start" and "prestart" only start the server.'
    )


def _rest(source: Source, process: ProcessType, command: str) -> list[str]:
    """Return what the start script does after the compiler, if it begins with it."""
    called, work = script(source, process), chain(command)
    parts = chain(called[1]) if called else []
    by_name = {f"npm run {k}": v for k, v in table(source, "scripts").items()}
    first = by_name.get(parts[0], "") if parts else ""
    if work and chain(first) == work:
        return parts[1:]
    return parts[len(work) :] if work and parts[: len(work)] == work else []
