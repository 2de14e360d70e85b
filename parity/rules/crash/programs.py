"""Crashes because the shell did not find a program (status 127)."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from parity.facts.buildpacks import PYTHON
from parity.records import edits
from parity.records.verdict import Evidence
from parity.rules.crash.node import start as node
from parity.rules.crash.python import programs as python
from parity.rules.crash.python.programs import FROM_PIP
from parity.rules.crash.symptoms import ENDINGS, PROCFILE, at_command, procfile
from parity.rules.engine import rule
from parity.rules.phrases import SHELL
from parity.rules.views.facts import UnaskedProgram, stated
from parity.rules.views.missing_program import MissingProgram, missing_program
from parity.rules.views.node_source import in_package, script
from parity.rules.views.python_source import CodePlace
from parity.rules.views.python_traceback import Crash

FROM_NODE = frozenset({"node", "npm", "npx", "yarn", "pnpm"})
BUILD_ONLY = frozenset({"uv", "uvx", "poetry", "pdm", "hatch"})
"""Package managers that the Python buildpack does not leave in the slug (observed)."""

_PYTHONS = re.compile(r"python(?:[23](?:\.\d+)*)|py|python\.exe|py\.exe")


def _not_found(missing: MissingProgram, **names: str) -> Evidence:
    """Return evidence at the command, or the script's line, whose program was not found."""
    place, name = missing.place, missing.name
    if place:
        seen = f"{place.file}, line {place.line}: {name}: not found"
        values = {"name": name, "command": place.text, **names}
        return Evidence(seen, place.file, place.line, place.column, names=values)
    return at_command(missing.crash, f"bash: {name}: command not found", name=name, **names)


def _written(missing: MissingProgram, right: str) -> edits.Advice:
    """Return advice to write another command where the missing program is started."""
    place = missing.place
    return edits.line(place.file, place.line, right) if place else procfile(missing.crash, right)


@rule(
    "command-not-found",
    aliases=("tool-not-installed",),
    leads_to=ENDINGS,
    title="{name} is not installed: it is not in {manifest}{aside:-}",
    cause="The command starts `{name}`, and Heroku installs only what {manifest} lists{aside:-}. On"
    " your machine it is installed for another reason.",
    fix="{advice:Add its package to requirements.txt.}",
    docs="{docs:https://devcenter.heroku.com/articles/python-pip}",
    views=(python.unasked, node.unasked),
    apart="`bash: NAME: command not found`, status 127",
    laptop=SHELL,
)
def command_not_found(program: UnaskedProgram) -> Iterator[Evidence]:
    yield from stated(program)


@rule(
    "build-tool-not-at-run-time",
    leads_to=ENDINGS,
    title="{name} is not available at run time",
    cause="Heroku uses {name} only in the build, if at all, and does not keep it. The packages are"
    " in the dyno's own Python, so `{name} run` is not needed.",
    fix="{advice:Remove it from the command in the Procfile.}",
    docs="https://devcenter.heroku.com/articles/python-support",
)
def build_tool_not_at_run_time(missing: MissingProgram) -> Iterator[Evidence]:
    name = missing.name
    if name in BUILD_ONLY or (name == "pipenv" and not _pipenv(missing.crash)):
        right = re.sub(rf"\b{name}\s+run\s+(?:--\s+|--[\w-]+\s+)*", "", missing.command)
        right = re.sub(rf"\b{name}\s+(?=\w+:\w+)", "", right)
        yield _not_found(missing, advice=_written(missing, right))


def _pipenv(crash: Crash) -> bool:
    python = crash.plan.runtime(PYTHON)
    return bool(python and python.manager == "pipenv")


@rule(
    "other-python",
    leads_to=ENDINGS,
    title="The dyno's Python is called python, not {name}",
    cause="Heroku installs one Python in the dyno, the version that .python-version asks for, as"
    " `python` and `python3`. There is no {name}.",
    fix="{advice:Write `python` in the Procfile.}",
    docs="https://devcenter.heroku.com/articles/python-runtimes",
)
def other_python(missing: MissingProgram) -> Iterator[Evidence]:
    name = missing.name
    if _PYTHONS.fullmatch(name):
        right = re.sub(rf"(?<![\w./-]){re.escape(name)}(?![\w-])", "python", missing.command)
        yield _not_found(missing, advice=_written(missing, right))


@rule(
    "needs-node",
    leads_to=ENDINGS,
    title="The command needs {name}, but the app is built as a Python app",
    cause="A dyno has only the languages of the app's buildpacks. This app has only heroku/python,"
    " and so no {name}.",
    fix="Type `heroku buildpacks:add --index 1 heroku/nodejs`, with a package.json in the root.",
    docs="https://devcenter.heroku.com/articles/using-multiple-buildpacks-for-an-app",
)
def needs_node(crash: Crash) -> Iterator[Evidence]:
    if crash.plan.buildpack != "heroku/python":
        return
    first = re.match(r"\s*(?:\w+=\S*\s+)*(\w+)", crash.command)
    missing = missing_program(crash)
    name = missing.name if missing else first[1] if first else ""
    if name in FROM_NODE and not crash.raised:
        yield at_command(crash, f"`{crash.command}`", name=name)


@rule(
    "script-without-path",
    leads_to=ENDINGS,
    title="{name} is in your app, but bash looks for it in PATH",
    cause="A bare name is looked up among the installed programs, not in the current folder.",
    fix="{advice:Write `bash`, `node` or `python` before it.}",
    docs=PROCFILE,
)
def script_without_path(missing: MissingProgram) -> Iterator[Evidence]:
    crash, name = missing.crash, missing.name
    if name in crash.source.entries:
        right = f"{_INTERPRETERS.get(name.rpartition('.')[2], 'bash')} {name}"
        called = script(crash.source, crash.process)
        if called and name in called[1]:
            write = called[1].replace(name, right, 1)
            advice = edits.script(called[0], write)
            seen = f"{name}: not found"
            names = {"name": name, "advice": advice}
            yield in_package(crash.source, seen, "scripts", called[0], **names)
        else:
            advice = _written(missing, missing.command.replace(name, right, 1))
            yield _not_found(missing, advice=advice)


_INTERPRETERS = {"py": "python", "js": "node", "mjs": "node", "cjs": "node"}


@rule(
    "not-for-a-dyno",
    leads_to=ENDINGS,
    title="There is no {name} in a dyno",
    cause="{why:A dyno runs its command as an ordinary user, and is public by itself.}",
    fix="{advice:Remove it from the command.}",
    docs=PROCFILE,
)
def not_for_a_dyno(missing: MissingProgram) -> Iterator[Evidence]:
    name = missing.name
    if name in _ELSEWHERE:
        right = re.sub(rf"\b{name}\s+(?:-\w+\s+)*", "", missing.command)
        advice = _written(missing, right) if name == "sudo" else "Remove it from the command."
        yield _not_found(missing, why=_ELSEWHERE[name], advice=advice)


_ELSEWHERE = {
    "sudo": "A dyno's processes run as an ordinary user, and there is no other.",
    "docker": "A dyno is a container itself, and starts no others.",
    "docker-compose": "A dyno is a container itself, and starts no others.",
    "systemctl": "A dyno has no service manager: it runs the one command of its process type.",
    "service": "A dyno has no service manager: it runs the one command of its process type.",
    "heroku": "The Heroku CLI is on your machine; in a dyno there is only the app.",
    "ngrok": "A dyno is public by itself, at the app's herokuapp.com address.",
}


@rule(
    "program-misspelt",
    leads_to=ENDINGS,
    title="There is no program {name}: did you mean {meant}?",
    cause="bash finds nothing called {name}.",
    fix="{advice:Correct the name in the Procfile.}",
    docs=PROCFILE,
)
def program_misspelt(missing: MissingProgram) -> Iterator[Evidence]:
    name = missing.name
    meant = _meant(missing.crash, name)
    if meant:
        right = re.sub(rf"\b{re.escape(name)}\b", meant, missing.command, count=1)
        yield _not_found(missing, meant=meant, advice=_written(missing, right))


def _meant(crash: Crash, name: str) -> str | None:
    known = {*FROM_PIP, "python", "python3", "bash", "pip"}
    if name in known | BUILD_ONLY | FROM_NODE | {*_ELSEWHERE} or name in crash.source.entries:
        return None
    near = get_close_matches(name.lower(), sorted(known), 1, 0.85)
    return near[0] if near and not _PYTHONS.fullmatch(name) else None


@rule(
    "procfile-line-in-script",
    leads_to=ENDINGS,
    title="Line {line} of {file} belongs in a Procfile: `{text}`",
    cause="A shell runs {file} and looks for a program called `{name}`, which does not exist."
    " Only in a Procfile is that word a process type.",
    fix="{advice:Delete the line from the script; it belongs in the Procfile.}",
    docs=PROCFILE,
    apart="`setup.sh: 3: web:: not found`, status 127",
    laptop="On the laptop the script is not run, or nobody reads its output.",
)
def procfile_line_in_script(missing: MissingProgram) -> Iterator[Evidence]:
    place = missing.place
    if place and missing.name.endswith(":") and re.match(r"[\w-]+:\s+\S", place.text):
        names = {"line": str(place.line), "file": place.file, "text": place.text}
        yield _not_found(missing, advice=_unpasted(missing.crash.command, place), **names)


def _unpasted(command: str, place: CodePlace) -> edits.Advice:
    """Return advice about a Procfile's line in a script: if the script starts web, it stays."""
    text = place.text.partition(":")[2].strip()
    if re.search(r"&&|;|\|", command) or place.file in text:
        return edits.without_line(place.file, place.line)
    return edits.line(place.file, place.line, text)


@rule(
    "program-not-on-heroku",
    leads_to=ENDINGS,
    title="There is no program {name} in the dyno",
    cause="Neither the app's packages nor Heroku's stack image has `{name}`.",
    fix="If a package installs it, add that package to requirements.txt; a system program comes"
    " with a buildpack (heroku-community/apt and an Aptfile).",
    docs="https://devcenter.heroku.com/articles/stack-packages",
    fallback=True,
    apart="`bash: NAME: command not found` for a program that is not a Python package",
    laptop=SHELL,
)
def program_not_on_heroku(missing: MissingProgram) -> Iterator[Evidence]:
    yield _not_found(missing)
