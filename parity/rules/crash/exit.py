"""Crashes told by nothing but the exit: it ended at once, was killed, or raised something."""

import re
from collections.abc import Iterator

from parity.records import Boot, Release, Traffic
from parity.records.verdict import Evidence
from parity.rules.crash.python.versions import breaks_on_import
from parity.rules.crash.symptoms import ENDINGS, H10_DOCS, PROCFILE, at_command, at_place
from parity.rules.engine import rule
from parity.rules.views import exception_advice
from parity.rules.views.python_source import at, find, server, suggestion
from parity.rules.views.python_traceback import Crash, crash


@rule(
    "backgrounded",
    leads_to=ENDINGS,
    title="The server runs in the background, and the command ends",
    cause="A dyno lives as long as its command. With `&`, or a server that daemonises, the command"
    " ends at once, and Heroku ends the dyno.",
    fix="In the Procfile write `{type}: {right}`: one command, in the foreground.",
    docs=PROCFILE,
    records=(
        Boot,
        Release,
    ),
)
def backgrounded(crash: Crash) -> Iterator[Evidence]:
    pattern = r"(?:(?<!\s)\s+)?&\s*$|\s(--daemon|-D|--daemonize|nohup)\b"
    if crash.exit == 0 and re.search(pattern, crash.process.command):
        right = re.sub(
            r"(?:(?<!\s)\s+)?&\s*$|\s(?:--daemon|-D|--daemonize)\b|\bnohup\s",
            "",
            crash.process.command,
        )
        yield at_command(crash, "Process exited with status 0", right=right.strip())


@rule(
    "no-keyboard",
    leads_to=ENDINGS,
    title="The app asks for input, and a dyno has no keyboard",
    cause="Line {line} of {file} waits for someone to type: `{code}`. Nobody can: the input has"
    " ended before it began.",
    fix='Read the value from a config var instead: `os.environ["NAME"]`, and `heroku config:set'
    " NAME=VALUE`. What a person must start belongs into a one-off dyno: `heroku run`.",
    docs="https://devcenter.heroku.com/articles/one-off-dynos",
)
def no_keyboard(crash: Crash) -> Iterator[Evidence]:
    raised = crash.raised
    told = at_place(crash) if raised and raised.kind == "EOFError" else None
    if told and re.search(r"\binput\(|getpass\(|stdin", told.names["code"]):
        yield told


@rule(
    "exits-at-once",
    leads_to=ENDINGS,
    title="The command does its work and ends; a web process must run on",
    cause="`{command}` ended with status 0. Nothing failed, but nothing serves requests either.",
    fix="{advice:Start a server in it: `web: gunicorn module:app`, or call `app.run(…)` in the"
    " file.}",
    docs=PROCFILE,
    fallback=True,
)
def exits_at_once(record: Boot | Release) -> Iterator[Evidence]:
    found = crash(record)
    daemon = found and re.search(r"&\s*$|^:|--daemon|-D\b", found.command)
    if not found or found.exit != 0 or daemon or found.raised or not isinstance(record, Boot):
        return
    told = at_command(found, "Process exited with status 0", advice=_goes_on(found))
    slip = _slip(found) if found.process.name == "web" else None
    if slip:
        yield slip[0]._replace(names={**told.names, "advice": slip[1]})
    yield told


def _goes_on(crash: Crash) -> str:
    if crash.process.name != "web" or server(crash.process):
        return "Make the command wait for work instead of ending."
    target = suggestion(crash.source) or "module:app"
    return f"Start a server in it: `web: gunicorn {target}`, or call `app.run(…)` in the file."


def _slip(crash: Crash) -> tuple[Evidence, str] | None:
    """The line in the script that keeps its server from running, and what to write there."""
    never = crash.saying(
        r"(?<!\S)(\S+\.py):(\d+): RuntimeWarning: coroutine '([\w.]+)' was never awaited"
    )
    if never:
        file, call = never[1].removeprefix("/app/"), f"{never[3]}()"
        advice = f"An async function only runs in a loop: write `asyncio.run({call})`."
        return Evidence(never[0], file, int(never[2])), advice
    guard = find(crash.source, _GUARD)
    if guard and guard.file in crash.command:
        right = re.sub(_GUARD, '__name__ == "__main__"', guard.text)
        return at(guard.text, guard), f"In line {guard.line} of {guard.file} write `{right}`."
    loop = find(crash.source, r"asyncio\.run\(")
    if loop and loop.file in crash.command:
        advice = "The loop ends with that function: at its end write `await asyncio.Event().wait()`"
        return at(loop.text, loop), f"{advice}, or the server's own `serve_forever()`."
    return None


_GUARD = r"""__name__\s*(?:==|is)\s*["'](?!__main__["'])\w*["']"""
"""A comparison that is never true: `"main"`, `"__main___"`."""


@rule(
    "out-of-memory",
    leads_to=ENDINGS,
    title="The process was killed (status 137)",
    cause="Something ended it with SIGKILL: on Heroku that is what R15 does at twice the memory of"
    " the dyno; here, this machine may have run out of memory.",
    fix="Use less memory at the start, or a larger dyno (`--dyno standard-2x` tests one).",
    docs="https://devcenter.heroku.com/articles/error-codes#r15-memory-quota-vastly-exceeded",
    fallback=True,
    records=(
        Boot,
        Release,
    ),
)
def out_of_memory(crash: Crash) -> Iterator[Evidence]:
    if crash.exit == 137:
        yield at_command(crash, "Process exited with status 137")


@rule(
    "unhandled-exception",
    leads_to=ENDINGS,
    title="{error}",
    cause="The app raises this {when}{where:-}.",
    fix="{advice:Correct that line. What it needs and does not find here, it will not find on"
    " Heroku.}",
    docs=H10_DOCS,
    fallback=True,
    records=(
        Boot,
        Release,
        Traffic,
    ),
)
def unhandled_exception(crash: Crash) -> Iterator[Evidence]:
    raised = crash.raised
    if raised and not breaks_on_import(crash):
        evidence = at_place(crash)
        names = evidence.names if evidence else {}
        where = f", in line {names['line']} of {names['file']}: `{names['code']}`" if names else ""
        told = {"where": where, "advice": exception_advice.advice(raised.told)}
        if evidence:
            yield evidence._replace(names={**names, **told})
        elif raised.kind not in _SERVERS_OWN:
            yield at_command(crash, raised.told, error=raised.told, when=crash.when, **told)


_SERVERS_OWN = ("ModuleNotFoundError", "AppImportError")
"""Exceptions of a server that say nothing without the line above them."""
