"""Crashes of Node.js apps because their start command needs a tool that is not in the dyno."""

import re
from collections.abc import Iterator

from parity.facts.node_packages import DEV_SERVERS, DEVELOPMENT, NOT_FROM_NPM
from parity.facts.nodejs import INSTALLED_FOR, SUPPORT
from parity.records import Boot, Release, edits
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, at_command
from parity.rules.engine import rule
from parity.rules.views.node_compiling import advice, compiling
from parity.rules.views.node_error import NodeCrash
from parity.rules.views.node_source import (
    absent_command,
    at_start,
    in_package,
    lock_file,
    moving,
    only_logged,
    script,
    steps,
    table,
    wanted,
)

PRUNING = f"{SUPPORT}#skip-pruning"


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
    names = {"tool": missing[0], "package": missing[1], "advice": _advice(crash, *missing)}
    seen = f"{missing[0]}: not found"
    yield at_start(crash.source, crash.process, seen, **names)
    yield in_package(crash.source, f"{missing[1]} is here", "devDependencies", missing[1])


def _advice(crash: NodeCrash, tool: str, package: str) -> str:
    """Return advice: a start command without the tool, or the tool as a dependency."""
    compiles = compiling(crash)
    if compiles and tool in compiles.part:
        return advice(crash, compiles)
    if tool in DEV_SERVERS:
        builds = DEV_SERVERS[tool] or "…"
        return (
            f'Build the pages in the build (`"build": "{builds}"`), and let the start command serve'
            f" the result; {tool} is a server for development."
        )
    if tool in DEVELOPMENT:
        return _without(crash, tool, package)
    return (
        f"Type `{moving(crash.source, package)}`, which moves the line to dependencies. Then commit"
        f" package.json and {lock_file(crash.source)}."
    )


def _without(crash: NodeCrash, tool: str, package: str) -> str:
    """Return the advice to start the app without a tool for development."""
    npm_script = script(crash.source, crash.process)
    text = npm_script[1] if npm_script else crash.process.command
    add = f"`{moving(crash.source, package)}`, which moves it to dependencies."
    target = re.search(
        rf"\b{re.escape(tool)}\b(?:|.*?(?<![\w./-]))([\w./-]+\.(?:js|mjs|cjs))\b", text
    )
    if target:
        right = f"node {target[1]}"
        where = f'"{npm_script[0]}": "{right}"' if npm_script else f"{crash.process.name}: {right}"
        return f"Start without it: `{where}`, and keep {tool} for a `dev` script. Or type {add}"
    return (
        'Compile in the build (`"build": "tsc"`) and start the result with `node`: `"start":'
        f' "node dist/…"`. Or type {add}'
    )


@rule(
    "tool-not-in-dyno",
    leads_to=ENDINGS,
    title="{tool} is not in the dyno: devDependencies are removed before the app starts",
    cause="The start command runs `{tool}`. Either {package} is in devDependencies, which Heroku"
    " removes after the build (`Pruning devDependencies`), or package.json does not list it.",
    fix="{advice:-}",
    docs=PRUNING,
    records=(Boot, Release),
)
def tool_not_in_dyno(crash: NodeCrash) -> Iterator[Evidence]:
    missing = absent_command(crash.lines)
    if missing and only_logged(crash.source) and missing[0] not in (*INSTALLED_FOR, *NOT_FROM_NPM):
        names = {"tool": missing[0], "package": missing[1], "advice": _advice(crash, *missing)}
        yield Evidence(f"{missing[0]}: not found", names=names)


@rule(
    "compiles-at-start",
    leads_to=ENDINGS,
    title="The start command compiles, but the devDependencies it needs are gone by then",
    cause="Heroku installs devDependencies for the build and removes them before the app starts"
    " (`Pruning devDependencies`). `{command}` needs {package}, which is one of them: {error}",
    fix="{advice:Compile in the `build` script, and start only the result.}",
    docs=PRUNING,
    records=(Boot, Release),
)
def compiles_at_start(crash: NodeCrash) -> Iterator[Evidence]:
    match, found = crash.saying(_NOT_TYPED), compiling(crash)
    if not match or not found:
        return
    pruned = _pruned(crash, match[2] or "")
    if pruned:
        names = {"command": found.part, "package": pruned, "error": match[1].strip()}
        names["advice"] = advice(crash, found)
        yield at_start(crash.source, crash.process, match[1].strip(), **names)
        yield in_package(crash.source, f"{pruned} is here", "devDependencies", pruned)


_NOT_TYPED = (
    r"(error TS(?:2307|2304|2503|2580|2582|2591|2688|2792|2875|6053|7016|7026)\b"
    r"[^'\n]*(?:'([^']+)')?.*)"
)
"""TypeScript's messages about a missing module, type library or name (diagnosticMessages.json)."""


def _pruned(crash: NodeCrash, name: str) -> str | None:
    """Return the package in devDependencies that a message asks for, or that has its types."""
    there = table(crash.source, "devDependencies")
    parts = name.split("/")
    package = "/".join(parts[:2]) if name.startswith("@") else parts[0]
    typed = f"@types/{package.removeprefix('@').replace('/', '__')}"
    types = [one for one in there if one.startswith("@types/")]
    return next((one for one in (package, typed, "@types/node", *types) if one in there), None)


@rule(
    "package-manager-not-installed",
    leads_to=ENDINGS,
    title="{name} is not in the dyno: nothing in the app makes Heroku install it",
    cause="Heroku's Node.js always includes npm. Heroku installs {name} only for an app with"
    " {asking:its lock file}; the dyno then has it, too.",
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
    names["advice"] = f"Use npm for it (`npm run NAME`, `npx NAME`){more}"
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
