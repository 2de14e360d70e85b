"""Crashes of Node.js apps in their own code: syntax, module kinds, config vars, services, ports."""

import re
from collections.abc import Iterator

from parity.facts.addons import ADD_ONS
from parity.facts.buildpacks import NODE
from parity.facts.nodejs import SUPPORT
from parity.records import Boot, Release
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS, H10_DOCS
from parity.rules.engine import rule
from parity.rules.views.node_error import Thrown, node_crash, thrown
from parity.rules.views.node_source import found, in_package
from parity.rules.views.python_source import line_of
from parity.rules.views.python_traceback import APP, Crash, Failing

CONFIG_VARS = "https://devcenter.heroku.com/articles/config-vars"
_READ = r"process\.env(?:\.([A-Z][A-Z0-9_]*)|\[\s*['\"`]([A-Z][A-Z0-9_]*)['\"`]\s*\])"
_NAME = r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b"
_GIVEN = (
    *("PORT", "DYNO", "HOME", "PATH", "PWD", "NODE_ENV", "NODE_HOME", "NODE_MODULES_CACHE"),
    *("WEB_CONCURRENCY", "WEB_MEMORY", "MEMORY_AVAILABLE"),
)
"""What a Node.js dyno always has: https://devcenter.heroku.com/articles/nodejs-support."""

_NEWER = (
    r"ERR_UNKNOWN_BUILTIN_MODULE|No such built-in module|ERR_REQUIRE_ESM|ERR_UNKNOWN_FILE_EXTENSION"
    r"|SyntaxError|is not a function|bad option|NODE_MODULE_VERSION|Cannot find module 'node:"
)


def _error(record: Failing) -> tuple[Crash, Thrown] | None:
    crashed = node_crash(record)
    error = thrown(crashed.lines, APP) if crashed else None
    return (crashed, error) if crashed and error else None


def _at(crashed: Crash, error: Thrown, **names: str) -> Evidence | None:
    """Evidence at the app's innermost frame."""
    place = error.place
    if place is None:
        return None
    told = {
        "error": error.told,
        "file": place.file,
        "line": str(place.line),
        "code": line_of(crashed.source, place.file, place.line),
        **names,
    }
    return Evidence(error.told, place.file, place.line, place.column, names=told)


@rule(
    "node-stands-in-here",
    effect="unknown",
    leads_to=ENDINGS,
    title="Node.js {used} ran here; Heroku would use {version}, which may do what this one did not",
    cause="The error may come only from the other major version that stood in: {error}",
    fix="Get Node.js {version} (`nvm install {major}`, `fnm install {major}`), then run parity"
    " again.",
    docs=SUPPORT,
)
def node_stands_in_here(record: Boot | Release) -> Iterator[Evidence]:
    crashed = node_crash(record)
    here = crashed.slug.interpreters.get(NODE) if crashed else None
    node = crashed.plan.runtime(NODE) if crashed else None
    match = crashed.saying(_NEWER) if crashed else None
    if here and node and match and not here.exact:
        names = {"used": here.version, "version": node.version, "error": match.string.strip()}
        names["major"] = node.version.partition(".")[0]
        yield Evidence(match.string.strip(), names=names)


@rule(
    "import-outside-module",
    leads_to=ENDINGS,
    title="`import` in a file that Node.js reads as CommonJS",
    cause='package.json does not say `"type": "module"`, so Node.js reads .js files as CommonJS,'
    " where `import` is a syntax error.",
    fix='Add `"type": "module"` to package.json, or call the file {mjs}.',
    docs="https://nodejs.org/api/esm.html#enabling",
)
def import_outside_module(record: Boot | Release) -> Iterator[Evidence]:
    told = _error(record)
    if told and "Cannot use import statement outside a module" in told[1].message:
        place = told[1].place
        mjs = f"{place.file.rpartition('.')[0]}.mjs" if place else "NAME.mjs"
        evidence = _at(*told, mjs=mjs)
        yield evidence or in_package(told[0].source, told[1].told, "name", mjs=mjs)


@rule(
    "require-in-module",
    leads_to=ENDINGS,
    title="`require` in a file that Node.js reads as a module",
    cause='package.json says `"type": "module"`: .js files are ES modules then, which have no'
    " `require`, `module` or `__dirname`.",
    fix='Write `import x from \'x\'` instead; or call the file NAME.cjs; or take `"type": "module"`'
    " out of package.json.",
    docs="https://nodejs.org/api/esm.html#differences-between-es-modules-and-commonjs",
)
def require_in_module(record: Boot | Release) -> Iterator[Evidence]:
    told = _error(record)
    pattern = r"(?:require|module|exports|__dirname) is not defined in ES module scope"
    if told and re.search(pattern, told[1].message):
        evidence = _at(*told)
        if evidence:
            yield evidence
        yield in_package(told[0].source, "all .js files are modules", "type")


@rule(
    "js-syntax-error",
    leads_to=ENDINGS,
    title="{file} has a syntax error in line {line}",
    cause="Node.js cannot read the file: {error}. The line is `{code}`.",
    fix="Correct line {line} of {file}; `node --check {file}` says when it is right.",
    docs="https://nodejs.org/api/cli.html#-c---check",
)
def js_syntax_error(record: Boot | Release) -> Iterator[Evidence]:
    told = _error(record)
    if told and told[1].kind == "SyntaxError" and "outside a module" not in told[1].message:
        evidence = _at(*told)
        if evidence:
            yield evidence


def _variable(crashed: Crash, error: Thrown) -> tuple[str, Evidence] | None:
    """The config var that is not set: named by the error, or read in the line that threw."""
    config = crashed.plan.config.values
    for name in re.findall(_NAME, error.message):
        read = rf"process\.env(?:\.{name}\b|\[['\"`]{name}|\b.*\b{name}\b)"
        place = next(found(crashed.source, read), None)
        if place and name not in config and name not in _GIVEN:
            return name, Evidence(error.told, place.file, place.line, place.column)
    for frame in error.frames[:6]:
        code = line_of(crashed.source, frame.file, frame.line)
        match = re.search(_READ, code)
        name = (match[1] or match[2]) if match else ""
        default = match and re.match(r"\s*(?:\|\||\?\?)\s*[^\s)]", code[match.end() :])
        if name and name not in config and name not in _GIVEN and not default:
            return name, Evidence(error.told, frame.file, frame.line, frame.column)
    return _behind(crashed, error)


def _behind(crashed: Crash, error: Thrown) -> tuple[str, Evidence] | None:
    """The variable behind a name in the line that threw: `const uri = process.env.MONGODB_URI`."""
    place = error.place
    undefined = re.search(
        r"undefined|must be|required|missing|empty|not provided", error.told, re.I
    )
    if place is None or not undefined:
        return None
    code = line_of(crashed.source, place.file, place.line)
    for word in re.findall(r"\b[a-zA-Z_]\w+\b", code):
        defined = rf"\b{word}\b\s*[=:]\s*{_READ}\s*(?:[,;)]\s*)?$"
        for line in found(crashed.source, defined):
            match = re.search(_READ, line.text)
            name = (match[1] or match[2]) if match else ""
            if name and name not in crashed.plan.config.values:
                return name, Evidence(error.told, line.file, line.line, line.column)
    return None


def unset(record: Failing) -> tuple[str, Evidence, str] | None:
    """The config var whose absence is the error: its name, where it is read, what was said."""
    told = _error(record)
    variable = _variable(*told) if told else None
    return (*variable, told[1].told) if told and variable else None


@rule(
    "add-on-variable-unset",
    effect="unknown",
    leads_to=ENDINGS,
    title="{name} is not set here; on Heroku {addon} sets it",
    cause="The app reads {name} {when:while it starts}. parity has no add-ons, so it cannot tell"
    " whether the app works where the variable is set.",
    fix="Type `parity run --config {name}=…` with a service on this machine. On Heroku:"
    " `heroku addons:create {plan}`, if the app has none yet.",
    docs="https://devcenter.heroku.com/articles/managing-add-ons",
)
def add_on_variable_unset(record: Failing) -> Iterator[Evidence]:
    told = unset(record)
    crashed = node_crash(record)
    addon = ADD_ONS.get(told[0]) if told else None
    if told and crashed and addon:
        names = {"name": told[0], "addon": addon.name, "plan": addon.plan, "when": crashed.when}
        yield told[1]._replace(names=names)


@rule(
    "config-var-unset",
    leads_to=ENDINGS,
    title="The config var {name} is not set",
    cause="The app reads `process.env.{name}` {when:while it starts}, and Heroku has no such config"
    " var: {error}.{local}",
    fix="Type `heroku config:set {name}=VALUE`; here: `parity run --config {name}=VALUE`.",
    docs=CONFIG_VARS,
)
def config_var_unset(record: Failing) -> Iterator[Evidence]:
    told = unset(record)
    crashed = node_crash(record)
    if told and crashed and told[0] not in ADD_ONS:
        dotenv = any(path.endswith(".env") for path in crashed.source.absent)
        local = " A .env on your disk does not reach Heroku." if dotenv else ""
        names = {"name": told[0], "error": told[2], "local": local, "when": crashed.when}
        yield told[1]._replace(names=names)


@rule(
    "port-not-a-port",
    leads_to=ENDINGS,
    title="The port that the app listens on is no port: {value}",
    cause="{error}",
    fix="Listen on `process.env.PORT` as it stands: Heroku sets it to a number.",
    docs="https://devcenter.heroku.com/articles/dyno-startup-behavior",
)
def port_not_a_port(record: Boot | Release) -> Iterator[Evidence]:
    told = _error(record)
    if told and "ERR_SOCKET_BAD_PORT" in told[1].code:
        value = re.search(r"Received (.+?)\.?$", told[1].message)
        evidence = _at(*told, value=value[1] if value else "?")
        if evidence:
            yield evidence


@rule(
    "node-modules-from-elsewhere",
    leads_to=ENDINGS,
    title="node_modules holds a program that was built for another machine",
    cause="{error}. It was compiled on your machine, and committed with node_modules.",
    fix="Type `git rm -r --cached node_modules`, add `node_modules/` to .gitignore, commit, push:"
    " Heroku then builds its own.",
    docs=f"{SUPPORT}#build-behavior",
)
def node_modules_from_elsewhere(record: Boot | Release) -> Iterator[Evidence]:
    crashed = node_crash(record)
    pattern = r"invalid ELF header|NODE_MODULE_VERSION|wrong ELF class|Exec format error"
    match = crashed.saying(pattern) if crashed else None
    committed = crashed and any(p.startswith("node_modules/") for p in crashed.source.entries)
    if match and committed:
        said = match.string.strip()
        yield Evidence(said, "node_modules", names={"error": said})


@rule(
    "js-unhandled-error",
    leads_to=ENDINGS,
    title="{error}",
    cause="The app throws this {when:while it starts}, in line {line} of {file}: `{code}`.",
    fix="Correct that line; with the same config vars it fails here as well.",
    docs=H10_DOCS,
    fallback=True,
)
def js_unhandled_error(record: Boot | Release) -> Iterator[Evidence]:
    told = _error(record)
    later = isinstance(record, Boot) and record.bound_first
    when = "once it has opened its port" if later else "while it starts"
    evidence = _at(*told, when=when) if told else None
    if evidence:
        yield evidence
