"""R10 of a process that opens no port, and what it does instead."""

import ast
import re
from collections.abc import Iterator

from parity.records import Boot
from parity.records.verdict import Evidence
from parity.rules.boot.boot import R10, R10_DOCS
from parity.rules.engine import rule
from parity.rules.views.node_listeners import concerns
from parity.rules.views.node_source import at_start, find
from parity.rules.views.procfile_lines import is_worker
from parity.rules.views.python_source import applications, found, line_of, modules, parsed, server
from parity.rules.views.python_traceback import crash

_SCRIPT = r"\bpython[\d.]*\s+(?:-u\s+)?(?:-m\s+)?([\w./-]+)"
_QUOTED = r"""\.listen\(\s*(["'`])(?!\$\{)([^"'`]*\bPORT\b[^"'`]*)\1"""


@rule(
    "port-in-quotes",
    leads_to=R10,
    title="The app listens on a file called {value}, not on the port",
    cause="In quotes it is a string, not the variable. Node.js takes a string that is not a number"
    " as the path of a Unix socket, and opens no port.",
    fix="In line {line} of {file} write `process.env.PORT` without quotes.",
    docs="https://nodejs.org/api/net.html#serverlisten",
)
def port_in_quotes(boot: Boot) -> Iterator[Evidence]:
    if not _silent(boot) or not concerns(boot):
        return
    place = find(boot.release.slug.plan.source, _QUOTED)
    match = re.search(_QUOTED, place.text) if place else None
    if place and match:
        names = {"value": match[2], "file": place.file, "line": str(place.line)}
        yield Evidence(place.text, place.file, place.line, place.column, names=names)


@rule(
    "command-before-server",
    leads_to=R10,
    title="`{first:COMMAND}` runs before the server, and has not ended",
    cause="bash starts what comes after `&&` or `;` when the command before it has ended. That did"
    " not happen within the limit, so `{then:SERVER}` was never started.",
    fix="Give it its own process type in the Procfile: `{type}: {then:SERVER}` and `worker:"
    " {first:COMMAND}` (then `heroku ps:scale worker=1`); a job that ends: `release:"
    " {first:COMMAND}`.",
    docs="https://devcenter.heroku.com/articles/procfile",
    apart="the log has lines of a bot or of celery, and none of the server",
    laptop="The laptop runs each in its own terminal.",
)
def command_before_server(boot: Boot) -> Iterator[Evidence]:
    commands = re.split(r"(?:(?<!\s)\s+)?(?:&&|;)\s*", boot.process.command.strip())
    for number, first in enumerate(commands[:-1] if _silent(boot) else ()):
        if _runs(boot, first):
            names = {"first": first, "then": " && ".join(commands[number + 1 :])}
            evidence = _unopened(boot)
            yield evidence._replace(names={**names, "type": boot.process.name})
            yield from _waiting(boot)
            return


def _runs(boot: Boot, command: str) -> bool:
    """Return whether a second boot was busy in a command, or it is a worker, which never ends."""
    if is_worker(command):
        return True
    script = re.search(_SCRIPT, command)
    name = script[1].removeprefix("./").removesuffix(".py").replace(".", "/") if script else ""
    options = (f"{name}.py", f"{name}/__main__.py")
    return any(frame.file in options for frame in boot.stack or ())


@rule(
    "boots-too-slowly",
    leads_to=R10,
    title="The server does not open its port in time",
    cause="Within the limit the process opened no port at all. It is a server's command, so what"
    " runs before the server listens takes too long, or waits for something.",
    fix="{advice:Move slow work (downloads, models, migrations) out of the start: into the build,"
    " the release command, or a worker. A longer limit does not help.}",
    docs=R10_DOCS,
    fallback=True,
    apart="the log shows the app starting, but no address, and then only the SIGKILL",
    laptop="On the laptop files are cached already, and nobody stops the clock at 60 seconds.",
)
def boots_too_slowly(boot: Boot) -> Iterator[Evidence]:
    waiting = [*_waiting(boot)]
    if _silent(boot) and _serves(boot) and (waiting or crash(boot) is None):
        last = boot.output[-1].text if boot.output else "nothing was logged"
        evidence = _unopened(boot)
        advice = {"advice": _WORKER} if waiting and _endless(boot, waiting[0]) else {}
        yield from waiting
        yield evidence._replace(names={**evidence.names, **advice})
        yield Evidence(f"the last line of the log: {last}")


@rule(
    "never-listens",
    leads_to=R10,
    title="The web process opens no port: it is not a web server",
    cause="`{command}` keeps running, but never listens for requests. `web` is the type that Heroku"
    " sends requests to, so it waits for a port. A bot or a job belongs in a worker.",
    fix="In the Procfile write `worker: {command}`, then `heroku ps:scale web=0 worker=1`.",
    docs="https://devcenter.heroku.com/articles/background-jobs-queueing",
    apart="the log names no address at all, and the app keeps working: a bot, a job, a scheduler",
    laptop="Nothing on the laptop waits for a port; on Heroku, `web` must open one.",
)
def never_listens(boot: Boot) -> Iterator[Evidence]:
    if _silent(boot) and not _serves(boot):
        yield _unopened(boot)
        yield from _waiting(boot)


_WORKER = (
    "That loop never ends, and the server comes after it: give it its own process type in the"
    " Procfile, `worker: python …`, or its own thread (`threading.Thread(target=…,"
    " daemon=True).start()`)."
)


def _endless(boot: Boot, evidence: Evidence) -> bool:
    """Return whether the line is in a `while True` without a way out."""
    tree = parsed(boot.release.slug.plan.source, evidence.file or "")
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.While)] if tree else []
    return any(
        isinstance(loop.test, ast.Constant)
        and bool(loop.test.value)
        and loop.lineno <= (evidence.line or 0) <= (loop.end_lineno or 0)
        and not any(isinstance(node, ast.Break | ast.Return) for node in ast.walk(loop))
        for loop in loops
    )


def _waiting(boot: Boot) -> Iterator[Evidence]:
    """Yield the app's line in which a second boot spent most of its time."""
    source = boot.release.slug.plan.source
    frame = next((f for f in boot.stack or () if f.file in source.entries), None)
    if frame:
        code = line_of(source, frame.file, frame.line)
        yield Evidence(f"a second boot spends its time here: {code}", frame.file, frame.line)


def _unopened(boot: Boot) -> Evidence:
    """Return evidence at the command that opens no port."""
    if concerns(boot):
        return at_start(boot.release.slug.plan.source, boot.process, "no port was opened")
    names = {"command": boot.process.command}
    return Evidence("no port was opened", "Procfile", boot.process.line or None, names=names)


def _silent(boot: Boot) -> bool:
    return boot.state == "timeout" and not boot.listeners and not boot.foreign


def _serves(boot: Boot) -> bool:
    """Return whether the command or the code starts a web server."""
    source = boot.release.slug.plan.source
    server_command = server(boot.process) or re.search(
        r"runserver|flask run|streamlit", boot.process.command
    )
    return (
        bool(server_command)
        or any(applications(source, path) for path in modules(source))
        or bool(next(found(source, r"HTTPServer\(|\.listen\(|serve\(|\.bind\("), None))
        or (concerns(boot) and find(source, r"\.listen\(|serve\(|createServer\(") is not None)
    )
