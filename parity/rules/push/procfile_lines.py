"""H14 because of a Procfile line that was meant for web, and other oddities of a Procfile."""

import re
from collections.abc import Iterator
from itertools import islice

from parity.facts.procfile import ARTICLE, ROUTED, background, for_terminal
from parity.records import Boot, Plan, ProcessType
from parity.records.verdict import Evidence
from parity.rules.engine import rule
from parity.rules.push.procfile import H14, listens, no_web
from parity.rules.views.procfile_lines import (
    Dropped,
    dropped,
    is_server,
    is_worker,
    near_web,
    no_type,
    read_differently,
    repeated,
    serves,
    shown,
)
from parity.rules.views.suggestions import web_line

SHOWN = 5
"""Maximum number of lines in one finding."""


def _dropped(plan: Plan, kind: str) -> Iterator[Evidence]:
    """Yield evidence for the dropped lines of `kind` that were meant to start web."""
    if no_web(plan) and plan.procfile and plan.procfile.encoding in ("utf-8", "utf-8-sig"):
        lines = (line for line in dropped(plan.procfile) if line.kind == kind)
        for line in islice(lines, SHOWN):
            yield _line(plan, line)


def _line(plan: Plan, line: Dropped) -> Evidence:
    write = f"web: {line.command}" if line.command else web_line(plan.source)
    names = {"write": shown(write), "line": str(line.number), "why": line.why}
    return Evidence(f"`{shown(line.text)}` {line.why}", "Procfile", line.number, names=names)


@rule(
    "procfile-no-space",
    leads_to=H14,
    title="The space after `web:` is missing",
    cause="Heroku recognises a line of the Procfile by the space after the colon. Without it the"
    " line is silently dropped (`heroku local` and honcho accept it).",
    fix="Line {line} of the Procfile must read `{write:web: COMMAND}`.",
    docs=ARTICLE,
)
def procfile_no_space(plan: Plan) -> Iterator[Evidence]:
    yield from _dropped(plan, "no-space")


@rule(
    "procfile-bom",
    leads_to=H14,
    title="An invisible byte order mark hides the first line of the Procfile",
    cause="The file begins with a byte order mark (BOM), which Windows editors add. Heroku takes it"
    " for part of the line, recognises no `web:` there, and drops it.",
    fix="Save the Procfile as UTF-8 without BOM, its first line `{write:web: COMMAND}`.",
    docs=ARTICLE,
)
def procfile_bom(plan: Plan) -> Iterator[Evidence]:
    yield from _dropped(plan, "bom")


@rule(
    "procfile-line-not-read",
    leads_to=H14,
    title="Heroku does not recognise the web line of the Procfile",
    cause="A line is a name, a colon, a space and a command. This one {why:is not}.",
    fix="Line {line} of the Procfile must read `{write:web: COMMAND}`.",
    docs=ARTICLE,
)
def procfile_line_not_read(plan: Plan) -> Iterator[Evidence]:
    yield from _dropped(plan, "not-read")


def _type(plan: Plan, process: ProcessType, command: str) -> Evidence:
    text = plan.procfile.lines[process.line - 1].strip() if plan.procfile else process.name
    write = shown(f"web: {command}")
    names = {"name": shown(process.name), "line": str(process.line), "write": write}
    return Evidence(f"`{shown(text)}`", "Procfile", process.line, names=names)


def _untyped(plan: Plan, process: ProcessType) -> bool:
    return no_type(process, plan.line_of(process))


@rule(
    "procfile-terminal-command",
    effect="warn",
    title="Line {line} of the Procfile is a command for your terminal",
    cause="A push runs no line of the Procfile: Heroku takes the first word, `{name}`, for the"
    " name of a process type, which nobody starts.",
    fix="Delete line {line}, and type `{text:COMMAND}` in a terminal, after the push.",
    docs=ARTICLE,
)
def procfile_terminal_command(plan: Plan) -> Iterator[Evidence]:
    for process in plan.processes.values():
        if for_terminal(process.name, plan.line_of(process)):
            text = f"{process.name} {process.command}"
            names = {"line": str(process.line), "name": process.name, "text": shown(text)}
            yield Evidence(f"`{shown(text)}`", "Procfile", process.line, names=names)


@rule(
    "procfile-no-type",
    leads_to=H14,
    title="The line of the Procfile has a command, but no `web:` before it",
    cause="Heroku takes the first word of the line, `{name}`, for the name of a process type.",
    fix="Line {line} of the Procfile must read `{write:web: COMMAND}`.",
    docs=ARTICLE,
)
def procfile_no_type(plan: Plan) -> Iterator[Evidence]:
    if no_web(plan):
        meant = (p for p in plan.processes.values() if _untyped(plan, p))
        for process in islice(meant, SHOWN):
            yield _type(plan, process, f"{process.name} {process.command}")


@rule(
    "procfile-type-name",
    leads_to=H14,
    title="The process type is called `{name}`, not `web`",
    cause="Only a type called exactly `web`, in lower case, gets requests. To Heroku, `{name}` is"
    " another type, which it does not even start.",
    fix="Line {line} of the Procfile must read `{write:web: COMMAND}`.",
    docs=ARTICLE,
)
def procfile_type_name(record: Plan | Boot) -> Iterator[Evidence]:
    if isinstance(record, Boot):
        plan, process = record.release.slug.plan, record.process
        if listens(record) and process.line:
            yield _type(plan, process, process.command)
    elif no_web(record):
        meant = (p for p in record.processes.values() if near_web(p) or serves(p))
        for process in islice((p for p in meant if not _untyped(record, p)), SHOWN):
            command = process.command.removeprefix("b: ").removeprefix("web:").lstrip()
            yield _type(record, process, command)


def _worker_only(plan: Plan) -> bool:
    """Return whether the app has no web on purpose, say for a bot: no line was meant for web."""
    if not plan.procfile or any(True for _ in dropped(plan.procfile)):
        return False
    running = background(plan)
    return bool(running) and not any(near_web(p) or serves(p) or _untyped(plan, p) for p in running)


@rule(
    "worker-only",
    leads_to=H14,
    effect="warn",
    title="The app has only background processes: {types:there is no web process}",
    cause="That is fine for a bot or a worker, whose address then answers every request with a 503"
    " (H14). Heroku starts none of them by itself after the first push.",
    fix="Type `heroku ps:scale {first}=1` after the push. If it should answer requests, call its"
    " process type web.",
    docs="https://devcenter.heroku.com/articles/background-jobs-queueing",
)
def worker_only(plan: Plan) -> Iterator[Evidence]:
    if no_web(plan) and _worker_only(plan):
        types = background(plan)
        first = types[0]
        names = {"types": shown(", ".join(p.name for p in types)), "first": shown(first.name)}
        seen = f"`{shown(f'{first.name}: {first.command}')}`"
        yield Evidence(seen, "Procfile", first.line, names=names)


@rule(
    "procfile-no-web",
    leads_to=H14,
    title="The Procfile has no web line",
    cause="It declares other process types, but none called web.",
    fix="Add the line `{write:web: COMMAND}`.",
    docs=ARTICLE,
    fallback=True,
)
def procfile_no_web(plan: Plan) -> Iterator[Evidence]:
    if no_web(plan) and plan.procfile and (plan.processes or plan.procfile.ignored):
        write = web_line(plan.source)
        yield Evidence("no line begins with `web: `", "Procfile", names={"write": write})


@rule(
    "procfile-read-differently",
    effect="note",
    title="Heroku and `heroku local` read line {line} of the Procfile differently",
    cause="{how:Heroku and other readers of Procfiles see different commands in the line}.",
    fix="Write it as a name, a colon, a space and a command, starting in the first column.",
    docs=ARTICLE,
)
def procfile_read_differently(plan: Plan) -> Iterator[Evidence]:
    if plan.procfile and plan.procfile.encoding == "utf-8" and ROUTED in plan.processes:
        typed = {p.line for p in plan.processes.values() if for_terminal(p.name, plan.line_of(p))}
        lines = (each for each in read_differently(plan.procfile) if each[0] not in typed)
        for number, text, how in islice(lines, SHOWN):
            names = {"line": str(number), "how": how}
            yield Evidence(f"`{shown(text)}`: {how}", "Procfile", number, names=names)


@rule(
    "procfile-repeats-type",
    effect="note",
    title="The Procfile declares {name} twice",
    cause="The last one counts; line {lost:N} has no effect.",
    fix="Delete line {lost:N}, or give it another name.",
    docs=ARTICLE,
)
def procfile_repeats_type(plan: Plan) -> Iterator[Evidence]:
    for name, number, lost in islice(repeated(plan.procfile), SHOWN) if plan.procfile else ():
        names = {"name": shown(name), "lost": str(lost)}
        seen = f"{name} is declared in line {lost} and again"
        yield Evidence(seen, "Procfile", number, names=names)


@rule(
    "procfile-crlf",
    effect="note",
    title="The Procfile has Windows line ends (CRLF)",
    cause="Whether Heroku keeps the carriage return as part of each command is not documented."
    " parity drops it.",
    fix="Save it with Unix line ends (LF), or put `Procfile eol=lf` into .gitattributes.",
    docs=ARTICLE,
)
def procfile_crlf(plan: Plan) -> Iterator[Evidence]:
    if plan.procfile and "\r\n" in (plan.source.text("Procfile") or ""):
        yield Evidence("the lines end in CRLF", "Procfile", 1)


@rule(
    "worker-beside-web",
    effect="note",
    title="A worker runs in the web dyno: `{worker}`",
    cause="The dyno lives as long as its server. When the worker beside it ends, nothing starts it"
    " again; both share the dyno's memory, and every further web dyno has another worker (with"
    " celery beat, every job runs several times).",
    fix="Give it its own line in the Procfile: `web: {server}` and `worker: {worker}`, then"
    " `heroku ps:scale worker=1`.",
    docs="https://devcenter.heroku.com/articles/background-jobs-queueing",
    basis="static",
)
def worker_beside_web(plan: Plan) -> Iterator[Evidence]:
    web = plan.processes.get(ROUTED)
    parts = re.split(r"(?<!&)&(?!&)", web.command) if web else []
    worker = next((p.strip() for p in parts if is_worker(p)), None)
    server = next((p.strip() for p in parts if is_server(p)), None)
    if web and worker and server and worker != server:
        names = {"worker": shown(worker), "server": shown(server)}
        file = "Procfile" if web.line else None
        yield Evidence(f"`web: {shown(web.command)}`", file, web.line or None, names=names)


@rule(
    "set-of-windows",
    effect="warn",
    title="`{set:set NAME=VALUE}` sets no variable here: it is a Windows command",
    cause="Heroku runs the command with bash, where `set` has another meaning: the app of {type}"
    " does not see the variable.",
    fix="In the Procfile write `{type}: {right}`.",
    docs=ARTICLE,
    basis="static",
)
def set_of_windows(plan: Plan) -> Iterator[Evidence]:
    for process in plan.processes.values():
        match = re.match(r"\s*set\s+(\w+=\S+?)\s*(?:&&?|;)\s*", process.command)
        if match:
            right = f"{match[1]} {process.command[match.end() :]}"
            names = {"set": match[0].strip(" &;"), "type": process.name, "right": shown(right)}
            file = "Procfile" if process.line else None
            seen = f"`{process.name}: {shown(process.command)}`"
            yield Evidence(seen, file, process.line or None, names=names)
            return
