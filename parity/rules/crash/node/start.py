"""Crashes of Node.js start commands: a missing script, tool or file, or the wrong language."""

import re
from collections.abc import Iterator

from parity.facts.buildpacks import ARTICLE, NODE, PYTHON
from parity.facts.node_packages import DEVELOPMENT, NOT_FROM_NPM
from parity.facts.nodejs import INSTALLED_FOR, SUPPORT
from parity.records import Boot, Release, Source, edits
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, at_command
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
    moving,
    script,
    steps,
    table,
    wanted,
)
from parity.rules.views.suggestions import web_line

DEFAULT = f"{SUPPORT}#default-web-process-type"
PRUNING = f"{SUPPORT}#skip-pruning"
_NO_SCRIPT = (
    r"npm (?:error|ERR!) Missing script: \"?([\w:.-]+)|missing script: ([\w:.-]+)"
    r"|error Command \"([\w:.-]+)\" not found|Missing script start or file server\.js"
    r"|Couldn't find a script named \"([\w:.-]+)\""
    r"|ERR_PNPM_NO_SCRIPT\S*\s+Missing script:? ([\w:.-]+)"
)


def _missing_script(crash: NodeCrash) -> str | None:
    match = crash.saying(_NO_SCRIPT)
    if match is None:
        return None
    return next((group for group in match.groups() if group), "start")


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
    if not name:
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


@rule(
    "dev-tool-at-start",
    leads_to=ENDINGS,
    title="{package} is in devDependencies, which are removed before the app starts",
    cause="Heroku installs devDependencies for the build and removes them before the app starts"
    " (`Pruning devDependencies`). The start command runs `{tool}`, which is one of them.",
    fix="{advice:-}",
    docs=PRUNING,
    records=(Boot, Release),
)
def dev_tool_at_start(crash: NodeCrash) -> Iterator[Evidence]:
    missing = absent_command(crash.lines)
    if not missing or wanted(crash.source, missing[1]) != "devDependencies":
        return
    names = {"tool": missing[0], "package": missing[1], "advice": _tool_advice(crash, *missing)}
    seen = f"{missing[0]}: not found"
    yield at_start(crash.source, crash.process, seen, **names)
    yield in_package(crash.source, f"{missing[1]} is here", "devDependencies", missing[1])


def _tool_advice(crash: NodeCrash, tool: str, package: str) -> str:
    """Return advice: a start command without the tool, or the tool as a dependency."""
    npm_script = script(crash.source, crash.process)
    text = npm_script[1] if npm_script else crash.process.command
    move = moving(crash.source, package)
    add = f"`{move}`, which moves it to dependencies."
    target = re.search(
        rf"\b{re.escape(tool)}\b(?:|.*?(?<![\w./-]))([\w./-]+\.(?:js|mjs|cjs))\b", text
    )
    if tool in DEVELOPMENT and target:
        right = f"node {target[1]}"
        where = f'"{npm_script[0]}": "{right}"' if npm_script else f"{crash.process.name}: {right}"
        return f"Start without it: `{where}`, and keep {tool} for a `dev` script. Or type {add}"
    if tool in DEVELOPMENT:
        return (
            'Compile in the build (`"build": "tsc"`) and start the result with `node`: `"start":'
            f' "node dist/…"`. Or type {add}'
        )
    return (
        f"Type `{move}`, which moves the line to dependencies. Then commit package.json and"
        f" {lock_file(crash.source)}."
    )


def unasked(crash: NodeCrash) -> UnaskedProgram | None:
    """Return the missing program of the start command if package.json does not list it."""
    missing, source = absent_command(crash.lines), crash.source
    if not missing or wanted(source, missing[1]) or _python_app(crash) or not crash.starting:
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


@rule(
    "package-manager-not-installed",
    leads_to=ENDINGS,
    title="{name} is not in the dyno: nothing in the app makes Heroku install it",
    cause="Heroku's Node.js always comes with npm. It installs {name} only for an app with"
    " {asking:its lock file}, and leaves it in the dyno then.",
    fix="{advice:Write `npm start` instead, or commit the lock file.}",
    docs=f"{SUPPORT}#package-manager-support",
    records=(Boot, Release),
)
def package_manager_not_installed(crash: NodeCrash) -> Iterator[Evidence]:
    missing = absent_command(crash.lines)
    if not missing or missing[0] not in INSTALLED_FOR:
        return
    name = missing[0]
    called = rf"(?<![\w./-]){name}(?:\s+(?:run\s+)?([\w:.-]+)|\s*$|\s*[;&|])"
    stages = reversed([*steps(crash.source, crash.process)])
    calling = ((step, match) for step in stages if (match := re.search(called, step[1])))
    step, match = next(calling, ((None, crash.command), None))
    names = {"name": name, "asking": INSTALLED_FOR[name]}
    more = f"; or commit the lock file that `{name} install` writes, and no other."
    names["advice"] = f"Run its part with npm (`npm run NAME`, `npx NAME`){more}"
    if match and match[1] in table(crash.source, "scripts"):
        names["advice"] = _with_npm(crash, step, match, more)
    seen = f"{name}: not found"
    if step[0]:
        yield in_package(crash.source, seen, "scripts", step[0], **names)
    else:
        yield at_command(crash, seen, **names)


def _with_npm(
    crash: NodeCrash, step: tuple[str | None, str], match: re.Match[str], more: str
) -> edits.Advice:
    """Return the advice to run the script that was called with npm."""
    name, text = step
    run = "npm start" if match[1] == "start" else f"npm run {match[1]}"
    right = f"{text[: match.start()]}{run}{text[match.end() :]}"
    if name:
        return edits.script(name, right, more)
    return edits.command(crash.process.name, right, more)
