"""Crashes because the shell found no program of that name (status 127)."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from parity.facts.buildpacks import PYTHON
from parity.records import edits
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, PROCFILE, adding, at_command, procfile
from parity.rules.engine import rule
from parity.rules.views.node_source import in_package, script
from parity.rules.views.python_traceback import Crash, Failing, crash
from parity.rules.views.suggestions import requires

FROM_NODE = frozenset({"node", "npm", "npx", "yarn", "pnpm"})
BUILD_ONLY = frozenset({"uv", "uvx", "poetry", "pdm", "hatch"})
"""Package managers that the Python buildpack does not leave in the slug (observed)."""

FROM_PIP = {
    **{name: name for name in "gunicorn uvicorn hypercorn daphne celery flask streamlit".split()},
    **{name: name for name in "fastapi granian dramatiq rq huey panel bokeh voila".split()},
    **{name: name for name in "alembic honcho scrapy chalice sanic gradio prefect mlflow".split()},
    "waitress-serve": "waitress",
    "django-admin": "Django",
    "jupyter": "notebook",
    "newrelic-admin": "newrelic",
    "ddtrace-run": "ddtrace",
    "opentelemetry-instrument": "opentelemetry-distro",
    "twistd": "Twisted",
    "pserve": "pyramid",
    "aerich": "aerich",
    "dbt": "dbt-core",
    "rasa": "rasa",
    "uwsgi": "uWSGI",
}
"""Programs that a distribution of another or the same name brings."""

_PYTHONS = re.compile(r"python(?:[23](?:\.\d+)*)|py|python\.exe|py\.exe")


def missing_program(crash: Crash) -> str | None:
    """The command that the shell did not find."""
    if crash.exit != 127:
        return None
    match = crash.saying(r"(?:line \d+: |bash: |sh: \d+: )([^\s:]+): (?:command )?not found")
    return match[1] if match else None


def _missing(record: Failing) -> tuple[Crash, str] | tuple[None, str]:
    found = crash(record)
    name = missing_program(found) if found else None
    return (found, name) if found and name else (None, "")


def _unknown(crash: Crash, name: str, **names: str) -> Evidence:
    """Evidence at the command whose program bash did not find."""
    return at_command(crash, f"bash: {name}: command not found", name=name, **names)


@rule(
    "command-not-found",
    leads_to=ENDINGS,
    title="{name} is not installed: it is not in {manifest}{aside:-}",
    cause="The command starts `{name}`, and Heroku installs only what {manifest} names{aside:-}. On"
    " your machine it is installed for another reason.",
    fix="{advice:Add its package to requirements.txt.}",
    docs="https://devcenter.heroku.com/articles/python-pip",
)
def command_not_found(record: Failing) -> Iterator[Evidence]:
    found, name = _missing(record)
    package = FROM_PIP.get(name)
    line = _developed(found, package) if found and package else None
    if found and package and (line or not requires(found.source, package)):
        file, advice = adding(found, package)
        aside = ", but for development" if line else ""
        names = {"name": name, "manifest": file, "advice": advice, "aside": aside}
        yield Evidence(f"bash: {name}: command not found", file, line, names=names)
        yield at_command(found, f"status 127 of `{found.command}`")


def _developed(crash: Crash, package: str) -> int | None:
    """The line that names a package which the lock file's manager has not installed."""
    python = crash.plan.runtime(PYTHON)
    if python is None or python.manager == "pip" or package.lower() in crash.slug.packages:
        return None
    named = re.compile(rf"""^[\s"']*{re.escape(package)}\b""", re.IGNORECASE)
    lines = (crash.source.text(adding(crash, package)[0]) or "").splitlines()
    return next((n for n, line in enumerate(lines, 1) if named.search(line)), None)


@rule(
    "build-tool-not-at-run-time",
    leads_to=ENDINGS,
    title="{name} is not there at run time",
    cause="Heroku uses {name} in the build at most, and does not keep it: the packages are in the"
    " dyno's own Python, no `{name} run` is needed.",
    fix="{advice:Take it out of the Procfile's command.}",
    docs="https://devcenter.heroku.com/articles/python-support",
)
def build_tool_not_at_run_time(record: Failing) -> Iterator[Evidence]:
    found, name = _missing(record)
    if found and (name in BUILD_ONLY or (name == "pipenv" and not _pipenv(found))):
        right = re.sub(rf"\b{name}\s+run\s+(?:--\s+|--[\w-]+\s+)*", "", found.command)
        right = re.sub(rf"\b{name}\s+(?=\w+:\w+)", "", right)
        told = procfile(found, right)
        yield _unknown(found, name, advice=told)


def _pipenv(crash: Crash) -> bool:
    python = crash.plan.runtime(PYTHON)
    return bool(python and python.manager == "pipenv")


@rule(
    "other-python",
    leads_to=ENDINGS,
    title="The dyno's Python is called python, not {name}",
    cause="Heroku puts one Python into the dyno, the version that .python-version asks for, as"
    " `python` and `python3`. There is no {name}.",
    fix="{advice:Write `python` in the Procfile.}",
    docs="https://devcenter.heroku.com/articles/python-runtimes",
)
def other_python(record: Failing) -> Iterator[Evidence]:
    found, name = _missing(record)
    if found and _PYTHONS.fullmatch(name):
        right = re.sub(rf"(?<![\w./-]){re.escape(name)}(?![\w-])", "python", found.command)
        told = procfile(found, right)
        yield _unknown(found, name, advice=told)


@rule(
    "needs-node",
    leads_to=ENDINGS,
    title="The command needs {name}, and the app is built as a Python app",
    cause="Only the buildpacks of an app put their language into its dynos: this one has"
    " heroku/python alone, and no {name}.",
    fix="Type `heroku buildpacks:add --index 1 heroku/nodejs`, with a package.json in the root.",
    docs="https://devcenter.heroku.com/articles/using-multiple-buildpacks-for-an-app",
)
def needs_node(crash: Crash) -> Iterator[Evidence]:
    if not crash or crash.plan.buildpack != "heroku/python":
        return
    first = re.match(r"\s*(?:\w+=\S*\s+)*(\w+)", crash.command)
    name = missing_program(crash) or (first[1] if first else "")
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
def script_without_path(record: Failing) -> Iterator[Evidence]:
    found, name = _missing(record)
    if found and name in found.source.entries:
        right = f"{_INTERPRETERS.get(name.rpartition('.')[2], 'bash')} {name}"
        called = script(found.source, found.process)
        if called and name in called[1]:
            write = called[1].replace(name, right, 1)
            advice = edits.script(called[0], write)
            seen = f"{name}: not found"
            names = {"name": name, "advice": advice}
            yield in_package(found.source, seen, "scripts", called[0], **names)
        else:
            yield _unknown(
                found, name, advice=procfile(found, found.command.replace(name, right, 1))
            )


_INTERPRETERS = {"py": "python", "js": "node", "mjs": "node", "cjs": "node"}


@rule(
    "not-for-a-dyno",
    leads_to=ENDINGS,
    title="There is no {name} in a dyno",
    cause="{why:A dyno is one process of an ordinary user, and public by itself.}",
    fix="{advice:Take it out of the command.}",
    docs=PROCFILE,
)
def not_for_a_dyno(record: Failing) -> Iterator[Evidence]:
    found, name = _missing(record)
    if found and name in _ELSEWHERE:
        right = re.sub(rf"\b{name}\s+(?:-\w+\s+)*", "", found.command)
        advice = procfile(found, right) if name == "sudo" else "Take it out of the command."
        yield _unknown(found, name, why=_ELSEWHERE[name], advice=advice)


_ELSEWHERE = {
    "sudo": "A dyno's processes run as an ordinary user, and nobody else.",
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
def program_misspelt(record: Failing) -> Iterator[Evidence]:
    found, name = _missing(record)
    meant = _meant(found, name) if found else None
    if found and meant:
        advice = procfile(found, re.sub(rf"\b{re.escape(name)}\b", meant, found.command, count=1))
        yield _unknown(found, name, meant=meant, advice=advice)


def _meant(crash: Crash, name: str) -> str | None:
    known = {*FROM_PIP, "python", "python3", "bash", "pip"}
    if name in known | BUILD_ONLY | FROM_NODE | {*_ELSEWHERE} or name in crash.source.entries:
        return None
    near = get_close_matches(name.lower(), sorted(known), 1, 0.85)
    return near[0] if near and not _PYTHONS.fullmatch(name) else None


@rule(
    "program-not-on-heroku",
    leads_to=ENDINGS,
    title="There is no program {name} in the dyno",
    cause="Neither the app's packages nor Heroku's stack image has `{name}`.",
    fix="If a package brings it, add that package to requirements.txt; a system program comes with"
    " a buildpack (heroku-community/apt and an Aptfile).",
    docs="https://devcenter.heroku.com/articles/stack-packages",
    fallback=True,
)
def program_not_on_heroku(record: Failing) -> Iterator[Evidence]:
    found, name = _missing(record)
    if found:
        yield _unknown(found, name)
