"""Crashes that bash reports: the syntax of the command, and the files and folders it names."""

import re
from collections.abc import Iterator

from parity.records.verdict import Evidence
from parity.rules.crash.node import files as node
from parity.rules.crash.python import scripts as python
from parity.rules.crash.symptoms import ENDINGS, PROCFILE, at_command, procfile
from parity.rules.engine import rule
from parity.rules.phrases import FILES, SHELL
from parity.rules.views.facts import AbsentScript, stated
from parity.rules.views.misread_word import misread_word
from parity.rules.views.misread_words import misread
from parity.rules.views.python_traceback import Crash
from parity.rules.views.server_command import server_command
from parity.rules.views.suggestions import kept_out
from parity.rules.views.typographic import named, plain, strange

_PREFIX = r"(?:^|\s)(?:-?bash|sh|[\w./-]+\.sh): (?:-c: )?(?:line )?(?:\d+: )?"
"""The beginning of a shell's messages: `bash: line 1: `, `start.sh: line 3: `, `sh: 1: `."""

VIRTUAL = re.compile(r"(?:\S*/)?\.?v?env[\w.-]*/(?:bin|Scripts)/")
"""Programs of a virtual environment under any of its usual names."""


@rule(
    "space-before-colon",
    leads_to=ENDINGS,
    title="A space before the colon: the command of `web :` begins with the colon",
    cause="Heroku reads the name up to the first space, and the rest, `{command}`, as the command."
    " In a shell `:` does nothing and succeeds, so the process ends at once.",
    fix="Remove the space: `{type}: {right}`.",
    docs=PROCFILE,
)
def space_before_colon(crash: Crash) -> Iterator[Evidence]:
    if re.match(r":(\s|$)", crash.command):
        right = crash.command[1:].strip()
        yield at_command(crash, f"{crash.process.name} : {right}", right=right)


@rule(
    "equals-for-colon",
    leads_to=ENDINGS,
    title="The Procfile has `=` instead of a colon",
    cause="Heroku reads the name up to the first space, and the rest, `{command}`, as the command;"
    " bash finds no program called `=`.",
    fix="In the Procfile write `{type}: {right}`.",
    docs=PROCFILE,
    apart="`=: command not found`",
    laptop=SHELL,
)
def equals_for_colon(crash: Crash) -> Iterator[Evidence]:
    if re.match(r"=\s", crash.command):
        right = crash.command[1:].strip()
        yield at_command(crash, f"{crash.process.name} = {right}", right=right)


@rule(
    "typographic-characters",
    instead_of=("shell-syntax", "wrong-option", "no-target", "program-not-on-heroku"),
    leads_to=ENDINGS,
    title="The command has {what:a quote, space or dash from a word processor}, which bash does"
    " not recognize",
    cause="Copied from a web page or a word processor, it looks right. But bash and the server"
    " read it as an ordinary letter, not as an option, quote or space.",
    fix="{advice:Type the line again, with plain quotes, spaces and dashes.}",
    docs=PROCFILE,
    apart="`command not found` or a syntax error, at curly quotes, long dashes, odd spaces",
    laptop="On the laptop the command was typed, not copied.",
)
def typographic_characters(crash: Crash) -> Iterator[Evidence]:
    characters = [*strange(crash.command)]
    if not characters or (crash.raised and not misread_word(crash)):
        return
    found = server_command(crash.command)
    right = plain(crash.command, found.server if found else None)
    words = misread(right, crash.source)
    right = words.right if words and words.right else right
    advice = procfile(crash, right)
    what = f"the character {named(characters[0])}"
    yield at_command(crash, f"`{crash.command}`", what=what, advice=advice)


@rule(
    "shell-syntax",
    leads_to=ENDINGS,
    title="bash cannot read the command: {error}",
    cause="bash runs the command, and there parentheses, quotes, `&`, `|`, `;` and `<` have a"
    " special meaning.",
    fix="{advice:Quote what is one word for the app, and close every quote.}",
    docs=PROCFILE,
)
def shell_syntax(crash: Crash) -> Iterator[Evidence]:
    match = (
        crash.saying(rf"{_PREFIX}(syntax error.*|unexpected EOF while looking for.*)")
        if crash.exit in (1, 2)
        else None
    )
    if match:
        factory = re.search(r"(?<!['\"\w.])([\w.]+:\w+\([^)]*\))", crash.command)
        advice = "Quote what is one word for the app, and close every quote."
        if factory:
            advice = procfile(crash, crash.command.replace(factory[1], f'"{factory[1]}"'))
        yield at_command(crash, match[0].strip(), error=match[1], advice=advice)


@rule(
    "quoted-command",
    leads_to=ENDINGS,
    title="The quotes make the whole command one word",
    cause="bash looks for a program whose name is the whole text: `{name}`.",
    fix="{advice:Remove the quotes around the whole command.}",
    docs=PROCFILE,
)
def quoted_command(crash: Crash) -> Iterator[Evidence]:
    match = (
        crash.saying(rf"{_PREFIX}(\S+ .+): (?:command not found|No such file or directory)$")
        if crash.exit == 127
        else None
    )
    if match and re.match(rf"""\s*["']{re.escape(match[1])}["']""", crash.command):
        right = crash.command.strip()[1:].replace(crash.command.strip()[0], "", 1)
        yield at_command(crash, match[0].strip(), name=match[1], advice=procfile(crash, right))


def unfound_path(crash: Crash) -> str | None:
    """Return the path that the shell did not find, as written in the command."""
    match = crash.saying(rf"{_PREFIX}([^\s:/]*/[^\s:]+): No such file or directory$")
    return match[1] if match else None


@rule(
    "virtual-environment-in-command",
    instead_of=("script-not-there",),
    leads_to=ENDINGS,
    title="There is no virtual environment in the dyno: {path}",
    cause="Heroku installs requirements.txt into the dyno's own Python, which comes first in PATH."
    " The environment on your machine is not pushed, and not needed.",
    fix="{advice:Write the program's bare name in the Procfile.}",
    docs="https://devcenter.heroku.com/articles/python-support",
)
def virtual_environment_in_command(crash: Crash) -> Iterator[Evidence]:
    path = unfound_path(crash) if crash.exit in (1, 127) else None
    if path and VIRTUAL.match(path):
        sourced = rf"(?:source|\.)\s+{re.escape(path)}\s*(?:&&|;)\s*"
        right = re.sub(sourced, "", crash.command).replace(path, path.rpartition("/")[2])
        advice = procfile(crash, right)
        yield at_command(crash, f"{path}: No such file or directory", path=path, advice=advice)


@rule(
    "script-not-there",
    leads_to=ENDINGS,
    title="{script} does not exist in the dyno",
    cause="The command starts {script}, and bash says `No such file or directory` (status 127). It"
    " is not in the pushed tree; some scripts of this kind come from a buildpack.",
    fix="Commit the script, or add the buildpack that provides it: `heroku buildpacks:add URL`.",
    docs=PROCFILE,
    apart="`No such file or directory`, status 127",
    laptop=FILES,
)
def script_not_there(crash: Crash) -> Iterator[Evidence]:
    path = unfound_path(crash) if crash.exit == 127 else None
    if not path:
        return
    script = path.removeprefix("./").removeprefix("/app/")
    if script not in crash.source.entries:
        yield at_command(crash, f"bash: {path}: No such file or directory", script=path)
        yield from kept_out(crash.source, script)


@rule(
    "script-not-executable",
    leads_to=ENDINGS,
    title="{script} is not executable",
    cause="git records whether a file may be executed, and this one was committed without it"
    " (status 126).",
    fix="Type `git update-index --chmod=+x {script}` and commit, or write `{run:bash} {script}` in"
    " the Procfile.",
    docs="https://git-scm.com/docs/git-update-index",
    apart="`Permission denied`, status 126",
    laptop="On Windows files have no executable bit, so git commits the script without one.",
)
def script_not_executable(crash: Crash) -> Iterator[Evidence]:
    match = crash.saying(rf"{_PREFIX}(\S+): Permission denied")
    script = match[1].removeprefix("./").removeprefix("/app/") if match else ""
    if match and crash.exit == 126 and script in crash.source.entries:
        names = {"script": script, "run": "python" if script.endswith(".py") else "bash"}
        yield Evidence(f"{match[1]}: Permission denied", script, names=names)
        yield at_command(crash, "status 126")


@rule(
    "windows-line-ends",
    leads_to=ENDINGS,
    title="{script} has Windows line endings",
    cause="Every line ends in a carriage return, which bash takes as part of the command or of the"
    " interpreter's name.",
    fix="Type `sed -i 's/\\r$//' {script}`, add `*.sh text eol=lf` to .gitattributes, commit.",
    docs="https://git-scm.com/docs/gitattributes#_eol",
    apart="`\\r` or `^M` in the message: `/usr/bin/env: 'bash\\r': No such file`",
    laptop="Windows accepts both line endings; Linux reads the \\r as part of the name.",
)
def windows_line_ends(crash: Crash) -> Iterator[Evidence]:
    pattern = (
        r"\\r|\r|\^M|bad interpreter|cannot execute: required file not found|Illegal option -\W*$"
        r"|: not found$|syntax error"
    )
    match = crash.saying(pattern) if crash.exit else None
    if not match or crash.raised:
        return
    for path, entry in crash.source.entries.items():
        data = entry.data or b""
        used = re.search(rf"(?:^|[\s/]){re.escape(path)}(?:\s|$)", crash.command)
        if used and b"\r\n" in data and (data.startswith(b"#!") or path.endswith(".sh")):
            yield Evidence(match.string.strip(), path, 1, names={"script": path})


@rule(
    "folder-not-there",
    leads_to=ENDINGS,
    title="The command changes to {folder}, which is not in the pushed tree",
    cause="`{command}` starts in the root of what is pushed. There is no folder {folder} in it; git"
    " keeps no empty folders.",
    fix="Correct the folder's name in the Procfile, or commit what is in it.",
    docs=PROCFILE,
)
def folder_not_there(crash: Crash) -> Iterator[Evidence]:
    pattern = rf"{_PREFIX}cd: (\S+): No such file|can't chdir to '([^']+)'"
    match = crash.saying(pattern) if not crash.raised else None
    if match:
        folder = (match[1] or match[2]).rstrip("/")
        yield at_command(crash, match[0].strip(), folder=folder)
        yield from kept_out(crash.source, f"{folder}/")


@rule(
    "no-such-script",
    aliases=("start-file-missing",),
    leads_to=ENDINGS,
    title="{reader:Python} finds no file {script}",
    cause="`{command}` starts a file that is not in the pushed tree.{why:-}",
    fix="{advice:Commit the file, or correct its name in the Procfile.}",
    docs=PROCFILE,
    views=(python.unstartable, node.unstartable),
    apart="`can't open file '/app/NAME'`, status 2",
    laptop="On the laptop the command ran in another folder, or the file is there but not in git.",
)
def no_such_script(script: AbsentScript) -> Iterator[Evidence]:
    yield from stated(script)
