"""Crashes of Node.js start commands: a missing script, tool or file, or the wrong language."""

from collections.abc import Iterator

from parity.facts.buildpacks import ARTICLE, NODE, PYTHON
from parity.facts.node_packages import NOT_FROM_NPM
from parity.facts.nodejs import INSTALLED_FOR, SUPPORT
from parity.records import Boot, Release, Source
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS
from parity.rules.engine import rule
from parity.rules.shell import word
from parity.rules.views.facts import UnaskedProgram
from parity.rules.views.node_error import NodeCrash
from parity.rules.views.node_source import (
    NOT_FOUND,
    absent_command,
    at_start,
    entry,
    in_package,
    installer,
    lock_file,
    only_logged,
    table,
    wanted,
)
from parity.rules.views.suggestions import web_line

DEFAULT = f"{SUPPORT}#default-web-process-type"
_NO_SCRIPT = (
    r"npm (?:error|ERR!) Missing script: \"?([\w:.-]+)|missing script: ([\w:.-]+)"
    r"|error Command \"([\w:.-]+)\" not found|Missing script start or file server\.js"
    r"|Couldn't find a script named \"([\w:.-]+)\""
    r"|ERR_PNPM_NO_SCRIPT\S*\s+Missing script:? ([\w:.-]+)"
)


def _missing_script(crash: NodeCrash) -> str | None:
    match = crash.saying(_NO_SCRIPT)
    missing = absent_command(crash.lines)
    if match is None or (missing and match[3] == missing[0] and not _scripted(crash, missing)):
        return None
    return next((group for group in match.groups() if group), "start")


def _scripted(crash: NodeCrash, missing: tuple[str, str]) -> bool:
    """Return whether yarn was asked for a script: no package of that name is wanted."""
    return not crash.source.partial and wanted(crash.source, missing[1]) is None


def _python_app(crash: NodeCrash) -> bool:
    """Return whether detection alone made Heroku build a Python app as a Node.js app."""
    plan = crash.plan
    return plan.runs == (NODE,) and PYTHON in plan.detected


@rule(
    "python-app-built-as-node",
    instead_of=("start-script-missing",),
    leads_to=ENDINGS,
    title="Heroku built this as a Node.js app because of package.json; the dyno has no Python",
    cause="Heroku tries the Node.js buildpack before the Python one, and runs only the first that"
    " matches. package.json is in the root, so no Python package was installed: {error}",
    fix="Type `heroku buildpacks:set heroku/python` (rehearse it: `parity run --buildpack"
    " heroku/python`). If the build also needs Node.js: `heroku buildpacks:add --index 1"
    " heroku/nodejs`.{procfile:-}",
    docs=f"{ARTICLE}#buildpack-detect-order",
    records=(Boot, Release),
)
def python_app_built_as_node(crash: NodeCrash) -> Iterator[Evidence]:
    if not _python_app(crash):
        return
    match = crash.saying(_NO_SCRIPT) or crash.saying(NOT_FOUND)
    no_python = crash.saying(r"No module named|ModuleNotFoundError|can't open file")
    if match or no_python:
        message = (match or no_python)[0].strip()  # type: ignore[index]
        web = crash.plan.procfile and "web" in crash.plan.procfile.types
        procfile = "" if web else f" The Procfile also needs `{web_line(crash.source)}`."
        names = {"error": message, "procfile": procfile}
        yield Evidence("package.json is in the root", "package.json", names=names)
        yield Evidence(message)


@rule(
    "start-script-missing",
    leads_to=ENDINGS,
    title="package.json has no `{name}` script",
    cause="{who:Heroku, or the Procfile,} runs `{command}`, but package.json has no script"
    " `{name}`.",
    fix="{advice:-}",
    docs=DEFAULT,
    records=(Boot, Release),
)
def start_script_missing(crash: NodeCrash) -> Iterator[Evidence]:
    name, source = _missing_script(crash), crash.source
    tool = absent_command(crash.lines)
    if not name or (tool and tool[0] == name):
        return
    default = "Without a `web` line in a Procfile, Heroku"
    who = default if not crash.process.line else "The Procfile"
    names = {"name": name, "who": who, "advice": _start_advice(source, name)}
    match = crash.saying(_NO_SCRIPT)
    seen = match[0].strip() if match else f"no script {name}"
    yield in_package(source, seen, "scripts", command=crash.process.command, **names)


def _start_advice(source: Source, name: str) -> str:
    """Return advice: a script to add, or an existing one to use."""
    scripts = table(source, "scripts")
    serving = next((s for s in ("serve", "server", "prod", "production") if s in scripts), None)
    if name == "start" and serving:
        return (
            f'Add `"start": "npm run {serving}"` to "scripts" in package.json, or `web: npm run'
            f" {serving}` to a Procfile."
        )
    file = entry(source)
    if file and file.endswith((".ts", ".mts", ".cts")):
        file = f"dist/{file.removeprefix('src/').rpartition('.')[0]}.js"
    if file is None:
        return (
            f'Add `"{name}": "node FILE.js"` to "scripts" in package.json. If this is not a Node.js'
            " app, set the right buildpack: `heroku buildpacks:set …`."
        )
    return (
        f'Add `"scripts": {{"{name}": "node {file}"}}` to package.json, or a Procfile with'
        f" `web: node {file}`."
    )


def unasked(crash: NodeCrash) -> UnaskedProgram | None:
    """Return the missing program of the start command if package.json does not list it."""
    missing, source = absent_command(crash.lines), crash.source
    listed = not missing or wanted(source, missing[1]) or only_logged(source)
    if not missing or listed or _python_app(crash) or not crash.starting:
        return None
    tool, package = missing
    if tool in source.entries or package in NOT_FROM_NPM or tool in INSTALLED_FOR:
        return None
    advice = (
        f"Type `{installer(source)} {word(package)}`, commit package.json and"
        f" {lock_file(source)}, push again."
    )
    evidence = at_start(source, crash.process, f"{tool}: not found")
    return UnaskedProgram(SUPPORT, tool, "package.json", "", advice, (evidence,))
