"""Failed build scripts of package.json, and failed buildpacks in a folder."""

import re
from collections.abc import Iterator, Mapping

from parity.facts.buildpacks import NODE
from parity.facts.node_packages import NOT_FROM_NPM
from parity.facts.nodejs import SUPPORT, TROUBLE
from parity.records import Slug
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.push.plan import PUSH_REJECTED
from parity.rules.views.node_source import (
    absent_command,
    in_package,
    installer,
    lock_file,
    reinstall,
    table,
    wanted,
)

_BROKEN = (
    r"(?<![\w./-])([\w./-]+\.(?:[cm]?[jt]sx?))[(:](\d+)[,:](\d+)"
    r"\)?:?\s++(?:-\s++)?(error .+|.*Error.*)"
)

# https://docs.npmjs.com/cli/v11/using-npm/scripts#life-cycle-operation-order (documented)
INSTALLING = ("preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare")


@rule(
    "build-tool-not-installed",
    instead_of=("build-script-error",),
    leads_to=PUSH_REJECTED,
    title="{tool} is not installed: package.json does not list {package}",
    cause="The script `{script}` runs `{tool}`. Heroku has only what package.json lists; what is"
    " installed globally on your machine (`npm install -g`) is not there.",
    fix="Type `{install:npm install} {package}`, commit package.json and {lock}, push again.",
    docs=SUPPORT,
)
def build_tool_not_installed(slug: Slug) -> Iterator[Evidence]:
    absent = _absent_tool(slug)
    if absent:
        tool, package = absent
        source = slug.plan.source
        name = failing_script(slug) or ""
        names = {"tool": tool, "package": package, "script": name, "lock": lock_file(source)}
        names["install"] = installer(source)
        yield in_package(source, f"{tool}: not found", "scripts", name, **names)


def _absent_tool(slug: Slug) -> tuple[str, str] | None:
    absent = absent_command(slug.output) if failing_script(slug) else None
    return absent if absent and absent[1] not in NOT_FROM_NPM else None


def failing_script(slug: Slug) -> str | None:
    """Return the name of the script in package.json that failed."""
    refusal = slug.refusal
    scripts = table(slug.plan.source, "scripts")
    if refusal is None or NODE not in slug.interpreters:
        return None
    if refusal.reason.endswith("-install-failed"):
        return _install_script(slug, scripts)
    return refusal.subject if refusal.subject in scripts else None


def _install_script(slug: Slug, scripts: Mapping[str, object]) -> str | None:
    """Return the app's own script, not a package's, that failed while npm installed."""
    if any(re.match(r"npm (?:error|ERR!) path .*/node_modules/", x) for x in slug.output):
        return None
    ran = (re.match(r"npm (?:error|ERR!) command sh -c (.+)", x) for x in slug.output)
    texts = {match[1].strip() for match in ran if match}
    return next((name for name in INSTALLING if scripts.get(name) in texts), None)


@rule(
    "build-script-error",
    leads_to=PUSH_REJECTED,
    title="The build finds an error in {file}, line {line}",
    cause="The script `{script}` (`{text:COMMAND}`) ends with: {error}",
    fix="{types:-}Correct line {line} of {file}; `npm run {script}` fails in the same way.",
    docs=TROUBLE,
)
def build_script_error(slug: Slug) -> Iterator[Evidence]:
    name = failing_script(slug)
    if not name:
        return
    for output in slug.output:
        match = re.search(_BROKEN, output)
        file = match[1].removeprefix("./") if match else ""
        if match and file in slug.plan.source.entries:
            text = table(slug.plan.source, "scripts")[name]
            names = {"file": file, "line": match[2], "script": name, "text": text}
            names |= {"error": match[4], "types": _types(match[4])}
            yield Evidence(match[4], file, int(match[2]), int(match[3]), names=names)
            return


def _types(error: str) -> str:
    """Return what to type if TypeScript has no declarations for a package (TS7016)."""
    match = re.search(r"TS7016: .*declaration file for module '(@?[\w.-]+(?:/[\w.-]+)?)'", error)
    if match is None:
        return ""
    name = match[1].removeprefix("@").replace("/", "__")
    return f"Type `npm install --save-dev @types/{name}`, commit. Or: "


_TOO_NEW = (
    r"node_modules/((?:@[\w.-]+/)?[\w.-]+)/\S{1,120}\.d\.[cm]?ts"
    r"[(:]\d+[,:]\d++\)?.{0,40}error TS1\d{3}:"
)
"""Syntax errors (TS1xxx, TypeScript's diagnosticMessages.json) in a package's declarations."""


@rule(
    "typescript-too-old",
    leads_to=PUSH_REJECTED,
    title="The TypeScript in package.json is too old for {package}",
    cause="`{text:COMMAND}` cannot read the declarations that {package} comes with: they use"
    " syntax that TypeScript {wanted} does not know. Without a lock file the newest {package} is"
    " installed.",
    fix="Type `{install:npm install} --save-dev typescript@latest`, commit package.json and"
    " {lock}.",
    docs=TROUBLE,
)
def typescript_too_old(slug: Slug) -> Iterator[Evidence]:
    name, source = failing_script(slug), slug.plan.source
    match = next((m for line in slug.output if (m := re.search(_TOO_NEW, line))), None)
    place = wanted(source, "typescript")
    if name and match and place:
        names = {"package": match[1], "wanted": table(source, place)["typescript"]}
        names |= {"text": table(source, "scripts")[name], "install": installer(source)}
        seen = match.string.strip()
        yield in_package(source, seen, place, "typescript", lock=lock_file(source), **names)


@rule(
    "build-script-failed",
    instead_of=("node-install-failed",),
    leads_to=PUSH_REJECTED,
    title="The script `{script}` of package.json fails",
    cause="Heroku runs `{text:COMMAND}` in the build, and it ends with: {error}",
    fix="Make `{install:npm install} && npm run {script}` succeed in a fresh clone, with the config"
    " vars that the app has on Heroku.",
    docs=TROUBLE,
    fallback=True,
)
def build_script_failed(slug: Slug) -> Iterator[Evidence]:
    name = failing_script(slug)
    if name:
        text = table(slug.plan.source, "scripts")[name]
        names = {"script": name, "text": text, "error": _last(slug)}
        names["install"] = reinstall(slug.plan.source)
        yield in_package(slug.plan.source, _last(slug), "scripts", name, **names)


def _last(slug: Slug) -> str:
    """Return the last line about an error, except the package manager's own lines."""
    noise = r"^(?:npm (?:error|ERR!)|error Command failed|info Visit|\s*at |Node\.js v|ELIFECYCLE)"
    telling = r"(?i)error|cannot|failed|not found|invalid"
    lines = [x.strip() for x in slug.output if x.strip() and not x.startswith("> ")]
    others = [x for x in lines if not re.search(noise, x)]
    errors = [x for x in others if re.search(telling, x)]
    own = [x for x in lines if re.match(r"npm (?:error|ERR!) (?!code|path|command|errno)\S", x)]
    return (errors[-1:] or own[:1] or others[-1:] or ["no output"])[0]


@rule(
    "buildpack-compile-failed",
    leads_to=PUSH_REJECTED,
    title="The buildpack's bin/compile fails",
    cause="`{program}` ended with an error. Its last lines: {error}",
    fix="Correct the error. The program gets BUILD_DIR, CACHE_DIR and ENV_DIR as arguments, and"
    " must end with status 0.",
    docs="https://devcenter.heroku.com/articles/buildpack-api#bin-compile",
)
def buildpack_compile_failed(slug: Slug) -> Iterator[Evidence]:
    if slug.refusal and slug.refusal.reason == "buildpack-compile-failed":
        lines = [line.strip() for line in slug.output if line.strip()][-3:]
        names = {"program": slug.refusal.subject, "error": " / ".join(lines) or "no output"}
        for line in lines or ["no output"]:
            yield Evidence(line, names=names)
