"""Crashes that only the exit explains: it ended at once, was killed, or raised an exception."""

import re
from collections.abc import Iterator

from parity.records import Boot, Release, Traffic
from parity.records.verdict import Evidence
from parity.rules.crash.node import endings as node_endings
from parity.rules.crash.node import errors as node_errors
from parity.rules.crash.python import endings as python
from parity.rules.crash.symptoms import ENDINGS, H10_DOCS, PROCFILE, at_command, at_place
from parity.rules.engine import rule
from parity.rules.views import other_languages
from parity.rules.views.facts import EndedAtOnce, Unhandled, stated
from parity.rules.views.python_traceback import Crash, PythonError


@rule(
    "backgrounded",
    leads_to=ENDINGS,
    title="The server runs in the background, and the command ends",
    cause="A dyno runs as long as its command. With `&`, or a server that daemonises, the command"
    " ends at once, and Heroku ends the dyno.",
    fix="In the Procfile write `{type}: {right}`: one command, in the foreground.",
    docs=PROCFILE,
    records=(Boot, Release),
    apart="status 0, and an `&` in the command",
    laptop="In a terminal the shell keeps running; a dyno ends with its command.",
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
    title="The app asks for input, but a dyno has no keyboard",
    cause="Line {line} of {file} waits for someone to type: `{code}`. Nobody can: there is no"
    " input.",
    fix='Read the value from a config var instead: `os.environ["NAME"]`, and `heroku config:set'
    " NAME=VALUE`. What a person must start belongs in a one-off dyno: `heroku run`.",
    docs="https://devcenter.heroku.com/articles/one-off-dynos",
)
def no_keyboard(crash: PythonError) -> Iterator[Evidence]:
    evidence = at_place(crash) if crash.raised.kind == "EOFError" else None
    if evidence and re.search(r"\binput\(|getpass\(|stdin", evidence.names["code"]):
        yield evidence


@rule(
    "exits-at-once",
    aliases=("node-ends-at-once",),
    leads_to=ENDINGS,
    title="The command does its work and ends; a web process must keep running",
    cause="`{command}` ended with status 0. Nothing failed, but nothing serves requests either.",
    fix="{advice:Start a server in it: `web: gunicorn module:app`, or call `app.run(…)` in the"
    " file.}",
    docs=PROCFILE,
    fallback=True,
    views=(python.ended, node_endings.ended),
    apart="status 0, and nothing went wrong",
    laptop="A script that ends is fine on the laptop; a web process must keep running.",
)
def exits_at_once(ended: EndedAtOnce) -> Iterator[Evidence]:
    yield from stated(ended)


@rule(
    "out-of-memory",
    leads_to=ENDINGS,
    title="The process was killed (status 137)",
    cause="Something ended it with SIGKILL: on Heroku that is what R15 does at twice the memory of"
    " the dyno; here, this machine may have run out of memory.",
    fix="Use less memory at startup, or a larger dyno (`--dyno standard-2x` tests one).",
    docs="https://devcenter.heroku.com/articles/error-codes#r15-memory-quota-vastly-exceeded",
    fallback=True,
    records=(Boot, Release),
    apart="status 137 without R10 or R12 before it, or after R15",
)
def out_of_memory(crash: Crash) -> Iterator[Evidence]:
    if crash.exit == 137:
        yield at_command(crash, "Process exited with status 137")


@rule(
    "unhandled-exception",
    aliases=("js-unhandled-error", "js-error-at-request"),
    leads_to=ENDINGS,
    title="{error:The app raises an exception that nothing handles}",
    cause="The app raises this {when:while it starts}{where:-}.",
    fix="{advice:Read the message and the app's line above it: a dyno has only the files in"
    " git, the packages in the requirements and the config vars.}",
    docs=H10_DOCS,
    fallback=True,
    records=(Boot, Release, Traffic),
    views=(python.unhandled, node_errors.unhandled, other_languages.unhandled),
    apart="another exception; its last line is in the log",
)
def unhandled_exception(error: Unhandled) -> Iterator[Evidence]:
    yield from stated(error)
