"""Crashes in a Node.js app's own code: syntax, kinds of modules, config vars, ports."""

import re
from collections.abc import Iterator

from parity.facts.buildpacks import NODE
from parity.facts.nodejs import SUPPORT
from parity.records import Boot, Release, Traffic
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import ENDINGS
from parity.rules.engine import rule
from parity.rules.views.exception_advice import PLAIN, from_message
from parity.rules.views.facts import SyntaxProblem, Unhandled, UnsetVariable
from parity.rules.views.node_error import NodeCrash, NodeError
from parity.rules.views.node_listeners import concerns
from parity.rules.views.node_source import found, in_package
from parity.rules.views.python_source import line_of

CHECK = "https://nodejs.org/api/cli.html#-c---check"
_READ = r"process\.env(?:\.([A-Z][A-Z0-9_]*)|\[\s*['\"`]([A-Z][A-Z0-9_]*)['\"`]\s*\])"
_NAME = r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b"
_ALWAYS_SET = (
    *("PORT", "DYNO", "HOME", "PATH", "PWD", "NODE_ENV", "NODE_HOME", "NODE_MODULES_CACHE"),
    *("WEB_CONCURRENCY", "WEB_MEMORY", "MEMORY_AVAILABLE"),
)
"""Variables that every Node.js dyno has: https://devcenter.heroku.com/articles/nodejs-support."""

_NEWER = (
    r"ERR_UNKNOWN_BUILTIN_MODULE|No such built-in module|ERR_REQUIRE_ESM|ERR_UNKNOWN_FILE_EXTENSION"
    r"|SyntaxError|is not a function|bad option|NODE_MODULE_VERSION|Cannot find module 'node:"
)


@rule(
    "node-stands-in-here",
    effect="unknown",
    leads_to=ENDINGS,
    title="Node.js {used} ran here; Heroku would use {version}, which may not have this error",
    cause="The error may occur only in the other major version that ran here: {error}",
    fix="Install Node.js {version} (`nvm install {major}`, `fnm install {major}`), then run parity"
    " again.",
    docs=SUPPORT,
    records=(Boot, Release),
)
def node_stands_in_here(crash: NodeCrash) -> Iterator[Evidence]:
    here, node, match = (
        crash.slug.interpreters.get(NODE),
        crash.plan.runtime(NODE),
        crash.saying(_NEWER),
    )
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
    fix='Add `"type": "module"` to package.json, or rename the file to {mjs}.',
    docs="https://nodejs.org/api/esm.html#enabling",
    records=(Boot, Release),
)
def import_outside_module(error: NodeError) -> Iterator[Evidence]:
    if "Cannot use import statement outside a module" in error.thrown.message:
        place, source = error.thrown.place, error.crash.source
        mjs = f"{place.file.rpartition('.')[0]}.mjs" if place else "NAME.mjs"
        yield error.at(mjs=mjs) or in_package(source, error.thrown.told, "name", mjs=mjs)


@rule(
    "require-in-module",
    leads_to=ENDINGS,
    title="`require` in a file that Node.js reads as a module",
    cause='package.json says `"type": "module"`: .js files are ES modules then, which have no'
    " `require`, `module` or `__dirname`.",
    fix="Write `import x from 'x'` instead; or rename the file to NAME.cjs; or remove `\"type\":"
    ' "module"` from package.json.',
    docs="https://nodejs.org/api/esm.html#differences-between-es-modules-and-commonjs",
    records=(Boot, Release),
)
def require_in_module(error: NodeError) -> Iterator[Evidence]:
    pattern = r"(?:require|module|exports|__dirname) is not defined in ES module scope"
    if re.search(pattern, error.thrown.message):
        evidence = error.at()
        if evidence:
            yield evidence
        yield in_package(error.crash.source, "all .js files are modules", "type")


def syntax(error: NodeError) -> SyntaxProblem | None:
    """Return the syntax error in a file that Node.js cannot parse."""
    message = error.thrown.message
    evidence = error.at() if error.thrown.kind == "SyntaxError" else None
    if evidence is None or "outside a module" in message or not error.crash.starting:
        return None
    line, file = evidence.names["line"], evidence.names["file"]
    advice = f"Correct line {line} of {file}; `node --check {file}` checks it."
    return SyntaxProblem("Node.js", CHECK, advice, evidence)


def _variable(failed: NodeError) -> tuple[str, Evidence] | None:
    """Return the unset config var that the error names, or that the line that threw reads."""
    crashed, error = failed
    config = crashed.plan.config.values
    for name in re.findall(_NAME, error.message):
        read = rf"process\.env(?:\.{name}\b|\[['\"`]{name}|\b.*\b{name}\b)"
        place = next(found(crashed.source, read), None)
        if place and name not in config and name not in _ALWAYS_SET:
            return name, Evidence(error.told, place.file, place.line, place.column)
    for frame in error.frames[:6]:
        code = line_of(crashed.source, frame.file, frame.line)
        match = re.search(_READ, code)
        name = (match[1] or match[2]) if match else ""
        default = match and re.match(r"\s*(?:\|\||\?\?)\s*[^\s)]", code[match.end() :])
        if name and name not in config and name not in _ALWAYS_SET and not default:
            return name, Evidence(error.told, frame.file, frame.line, frame.column)
    return _assigned_variable(failed)


def _assigned_variable(failed: NodeError) -> tuple[str, Evidence] | None:
    """Return the config var that was assigned to a name in the line that threw.

    An example is `const uri = process.env.MONGODB_URI`.
    """
    crashed, error = failed
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


def unset(error: NodeError) -> UnsetVariable | None:
    """Return the config var that caused the error because it is not set."""
    variable = _variable(error)
    if variable is None:
        return None
    name, evidence = variable
    return UnsetVariable(name, error.thrown.told, error.crash, (evidence,))


@rule(
    "port-not-a-port",
    leads_to=ENDINGS,
    title="The app tries to listen on an invalid port: {value}",
    cause="{error:Node.js takes a number from 0 to 65535.}",
    fix="Listen on `process.env.PORT` as it is: Heroku sets it to a number.",
    docs="https://devcenter.heroku.com/articles/dyno-startup-behavior",
    records=(Boot, Release),
)
def port_not_a_port(error: NodeError) -> Iterator[Evidence]:
    if "ERR_SOCKET_BAD_PORT" in error.thrown.code:
        value = re.search(r"Received (.+?)\.?$", error.thrown.message)
        evidence = error.at(value=value[1] if value else "?")
        if evidence:
            yield evidence


@rule(
    "node-modules-from-elsewhere",
    leads_to=ENDINGS,
    title="node_modules holds a program that was built for another machine",
    cause="{error:The program is not an ELF file for Linux}. It was compiled on your machine, and"
    " committed with node_modules.",
    fix="Type `git rm -r --cached node_modules`, add `node_modules/` to .gitignore, commit, push:"
    " Heroku then builds its own.",
    docs=f"{SUPPORT}#build-behavior",
    records=(Boot, Release),
)
def node_modules_from_elsewhere(crash: NodeCrash) -> Iterator[Evidence]:
    pattern = r"invalid ELF header|NODE_MODULE_VERSION|wrong ELF class|Exec format error"
    match = crash.saying(pattern)
    committed = any(p.startswith("node_modules/") for p in crash.source.entries)
    if match and committed:
        message = match.string.strip()
        yield Evidence(message, "node_modules", names={"error": message})


def unhandled(error: NodeError) -> Unhandled | None:
    """Return an error that the app throws at startup, or when it answers with its own 5xx."""
    record = error.crash.record
    if isinstance(record, Traffic) and not _answered(record):
        return None
    later = isinstance(record, Boot) and record.bound_first
    when = "once it has opened its port" if later else error.crash.when
    evidence = error.at(when=when)
    if evidence is None:
        return None
    names = evidence.names
    where = f", in line {names['line']} of {names['file']}: `{names['code']}`"
    return Unhandled(where, from_message(names["error"]) or PLAIN, evidence)


def _answered(traffic: Traffic) -> bool:
    """Return whether a Node.js app itself answered with a 5xx."""
    failed = any(e.code is None and e.status >= 500 for e in traffic.exchanges)
    return failed and concerns(traffic.boot)
