"""Crashes that the shell tells of: commands that are not there, scripts, endings without a word."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from parity.records import Boot, Release
from parity.rules import rule
from parity.rules.crash import ENDINGS, PROCFILE, at_command
from parity.rules.log import Crash, crash
from parity.rules.suggest import kept_out, requires
from parity.verdict import Evidence

FROM_NODE = frozenset({"node", "npm", "npx", "yarn", "pnpm"})
BUILD_ONLY = frozenset({"uv", "poetry"})
"""Package managers that the Python buildpack does not leave in the slug (observed)."""

FROM_PIP = frozenset(
    "gunicorn uvicorn hypercorn daphne waitress-serve celery flask django-admin streamlit fastapi "
    "granian chalice dramatiq rq huey panel bokeh voila jupyter alembic honcho scrapy".split()
)
DISTRIBUTION = {"waitress-serve": "waitress", "django-admin": "Django", "rq": "rq"}


@rule(
    "space-before-colon",
    leads_to=ENDINGS,
    title="A space before the colon: the command of `web :` begins with the colon",
    cause="Heroku takes the name up to the first blank, and the rest, `{command}`, as the command."
    " In a shell `:` does nothing and succeeds, so the process ends at once.",
    fix="Remove the space: `{type}: {right}`.",
    docs=PROCFILE,
)
def space_before_colon(record: Boot | Release) -> Iterator[Evidence]:
    found = crash(record)
    if found and re.match(r":(\s|$)", found.process.command):
        right = found.process.command[1:].strip()
        yield at_command(found, f"{found.process.name} : {right}", right=right)


def _missing(found: Crash) -> str | None:
    """The command that the shell did not find."""
    if found.exit != 127:
        return None
    match = found.saying(r"(?:line \d+: |bash: |sh: \d+: )([^\s:]+): (?:command )?not found")
    return match[1] if match else None


@rule(
    "command-not-found",
    leads_to=ENDINGS,
    title="{name} is not installed: it is not in requirements.txt",
    cause="The command starts `{name}`, and Heroku installs only what requirements.txt names. On"
    " your machine it is installed for another reason.",
    fix="Add the line `{package}` to requirements.txt.",
    docs="https://devcenter.heroku.com/articles/python-pip",
)
def command_not_found(record: Boot | Release) -> Iterator[Evidence]:
    found = crash(record)
    name = _missing(found) if found else None
    if found and name in FROM_PIP:
        package = DISTRIBUTION.get(name, name)
        if not requires(found.source, package):
            names = {"name": name, "package": package}
            yield Evidence(f"bash: {name}: command not found", "requirements.txt", names=names)
            yield at_command(found, f"status 127 of `{found.process.command}`")


@rule(
    "build-tool-not-at-run-time",
    leads_to=ENDINGS,
    title="{name} is not there at run time",
    cause="Heroku uses {name} in the build and does not keep it: the packages are installed into"
    " the dyno's own Python, no `{name} run` is needed.",
    fix="In the Procfile write `{type}: {right}`.",
    docs="https://devcenter.heroku.com/articles/python-support",
)
def build_tool_not_at_run_time(record: Boot | Release) -> Iterator[Evidence]:
    found = crash(record)
    name = _missing(found) if found else None
    if found and name in BUILD_ONLY:
        right = re.sub(rf"\b{name}\s+run\s+", "", found.process.command)
        yield at_command(found, f"bash: {name}: command not found", name=name, right=right)


@rule(
    "needs-node",
    leads_to=ENDINGS,
    title="{name} is not in the dyno: the app is built as a Python app",
    cause="Only the buildpacks of an app put their language into its dynos.",
    fix="Type `heroku buildpacks:add --index 1 heroku/nodejs`, with a package.json in the root.",
    docs="https://devcenter.heroku.com/articles/using-multiple-buildpacks-for-an-app",
)
def needs_node(record: Boot | Release) -> Iterator[Evidence]:
    found = crash(record)
    name = _missing(found) if found else None
    if found and name in FROM_NODE:
        yield at_command(found, f"bash: {name}: command not found", name=name)


@rule(
    "script-without-path",
    leads_to=ENDINGS,
    title="{name} is in your app, but bash looks for it in PATH",
    cause="A bare name is looked up among the installed programs, not in the current folder.",
    fix="In the Procfile write `bash {name}` (or `./{name}`, if it is executable).",
    docs=PROCFILE,
)
def script_without_path(record: Boot | Release) -> Iterator[Evidence]:
    found = crash(record)
    name = _missing(found) if found else None
    if found and name and name in found.source.entries:
        yield at_command(found, f"bash: {name}: command not found", name=name)


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
def program_not_on_heroku(record: Boot | Release) -> Iterator[Evidence]:
    found = crash(record)
    name = _missing(found) if found else None
    if found and name:
        yield at_command(found, f"bash: {name}: command not found", name=name)


@rule(
    "script-not-there",
    leads_to=ENDINGS,
    title="{script} does not exist in the dyno",
    cause="The command starts {script}, and bash says `No such file or directory` (status 127). It"
    " is not in the pushed tree; some scripts of this kind are brought by a buildpack.",
    fix="Commit the script, or add the buildpack that brings it: `heroku buildpacks:add URL`.",
    docs=PROCFILE,
)
def script_not_there(record: Boot | Release) -> Iterator[Evidence]:
    found = crash(record)
    pattern = r"(?:line \d+: |bash: )([^\s:]*/[^\s:]+): No such file or directory"
    match = found.saying(pattern) if found and found.exit == 127 else None
    if not found or not match:
        return
    script = match[1].removeprefix("./")
    if script not in found.source.entries:
        yield at_command(found, f"bash: {match[1]}: No such file or directory", script=match[1])
        yield from kept_out(found.source, script)


@rule(
    "script-not-executable",
    leads_to=ENDINGS,
    title="{script} is not executable",
    cause="git remembers whether a file may be executed, and this one was committed without it"
    " (status 126).",
    fix="Type `git update-index --chmod=+x {script}` and commit, or write `bash {script}` in the"
    " Procfile.",
    docs="https://git-scm.com/docs/git-update-index",
)
def script_not_executable(record: Boot | Release) -> Iterator[Evidence]:
    found = crash(record)
    match = found.saying(r"(?:line \d+: |bash: )(\S+): Permission denied") if found else None
    if found and match and found.exit == 126:
        script = match[1].removeprefix("./")
        names = {"script": script}
        yield Evidence(f"{match[1]}: Permission denied", script, names=names)
        yield at_command(found, "status 126")


@rule(
    "windows-line-ends",
    leads_to=ENDINGS,
    title="{script} has Windows line ends",
    cause="Every line ends in a carriage return, which bash takes as part of the command or of the"
    " interpreter's name.",
    fix="Type `sed -i 's/\\r$//' {script}`, add `*.sh text eol=lf` to .gitattributes, commit.",
    docs="https://git-scm.com/docs/gitattributes#_eol",
)
def windows_line_ends(record: Boot | Release) -> Iterator[Evidence]:
    found = crash(record)
    if not found or not found.saying(r"\\r|\$'\\r'|\r|bad interpreter|python3?\^M"):
        return
    for path, entry in found.source.entries.items():
        data = entry.data or b""
        used = path in found.process.command or path.rpartition("/")[2] in found.process.command
        if used and b"\r\n" in data and (data.startswith(b"#!") or path.endswith(".sh")):
            yield Evidence("line ends are CRLF", path, 1, names={"script": path})


@rule(
    "no-such-script",
    leads_to=ENDINGS,
    title="Python finds no file {script}",
    cause="`{command}` starts a file that is not in the pushed tree.",
    fix="{advice}",
    docs=PROCFILE,
)
def no_such_script(record: Boot | Release) -> Iterator[Evidence]:
    found = crash(record)
    match = found.saying(r"can't open file '([^']+)'") if found else None
    if not found or not match:
        return
    named = next((w for w in found.process.command.split() if match[1].endswith(w)), match[1])
    near = get_close_matches(named, found.source.entries, 1, 0.6) or [
        p for p in found.source.entries if p.rpartition("/")[2] == named.rpartition("/")[2]
    ]
    right = found.process.command.replace(named, near[0]) if near else ""
    advice = (
        f"In the Procfile write `{found.process.name}: {right}`."
        if near
        else (f"Commit {named}, or correct the name in the Procfile.")
    )
    yield at_command(found, match[0], script=named, advice=advice)
    yield from kept_out(found.source, named)
