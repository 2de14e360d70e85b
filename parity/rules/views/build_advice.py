"""Advice to compile in the build what an app compiles when it starts."""

import re

from parity.facts.node_packages import DEV_SERVERS
from parity.records import ProcessType, Source, edits
from parity.rules.views.node_source import script, table

_RESULT = "npx serve -s dist -l tcp://0.0.0.0:$PORT"


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


def compiler(source: Source, process: ProcessType, tool: str) -> str:
    """Return advice about a compiler or a development server that the start calls."""
    called = script(source, process)
    parts = chain(called[1] if called else process.command)
    last = next((n for n, part in enumerate(parts) if re.match(rf"{re.escape(tool)}\b", part)), -1)
    if tool in DEV_SERVERS:
        return (
            f"{tool} is a development server. Build the app in the build"
            f' (`"build": "{DEV_SERVERS[tool]}"`), and let the start serve the result, as in'
            f' `"start": "{_RESULT}"`.'
        )
    return built(source, process, " && ".join(parts[: last + 1]) or tool)
