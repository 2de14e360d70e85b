"""Workers that time out, are killed or end while they answer."""

import re
from collections.abc import Iterator

from parity.records import Frame, Traffic
from parity.records.verdict import Evidence
from parity.rules.crash.symptoms import at_command
from parity.rules.engine import rule
from parity.rules.traffic.traffic import H12, H13, H18, HTTP_500
from parity.rules.views.python_source import find, line_of
from parity.rules.views.python_traceback import Crash, interrupted

GUNICORN = "https://docs.gunicorn.org/en/stable/settings.html#timeout"
_TIMEOUT = r"WORKER TIMEOUT"
_DIED = r"Worker \(pid:\s?\d+\) (?:was sent SIG\w+|exited with code \d+)|Child process \[\d+\] died"


@rule(
    "worker-timeout",
    leads_to=(H12, H13, H18, HTTP_500),
    title="gunicorn ends the worker in the middle of a request: {code}",
    cause="A sync worker that is busy for longer than gunicorn's timeout ({seconds:30} s) is"
    " killed, and its request with it. The worker was at line {line} of {file}: `{code}`.",
    fix="Make that line fast, or do the work in a background job (RQ, Celery). A longer --timeout"
    " does not help: Heroku's router gives up after 30 s (H12), whatever gunicorn says.",
    docs=GUNICORN,
    records=(Traffic,),
)
def worker_timeout(crash: Crash) -> Iterator[Evidence]:
    match = crash.saying(_TIMEOUT)
    if not match:
        return
    option = re.search(r"(?:--timeout|-t)[ =](\d+)", crash.command)
    raised = interrupted(crash.lines)
    frame = raised.place if raised else None
    names = {"seconds": option[1] if option else "30"}
    if frame is None:
        yield at_command(crash, match.string.strip(), **names)
        return
    code = line_of(crash.source, frame.file, frame.line)
    names |= {"file": frame.file, "line": str(frame.line), "code": code}
    yield Evidence(match.string.strip(), frame.file, frame.line, names=names)


@rule(
    "worker-died",
    leads_to=(H13, H18),
    title="The worker process died while it answered",
    cause="{worker}. Nothing in Python was raised: the process was ended from outside (memory), by"
    " a crash in a native library, or by an exit in the code{exit:-}.",
    fix="{advice:Look at what the page does last: memory, native libraries, `sys.exit`.}",
    docs="https://devcenter.heroku.com/articles/error-codes#h13-connection-closed-without-response",
    records=(Traffic,),
)
def worker_died(crash: Crash) -> Iterator[Evidence]:
    match = crash.saying(_DIED)
    if not match or crash.raised or crash.saying(_TIMEOUT):
        return
    names = {"worker": match[0], "exit": ""}
    exits = find(crash.source, r"\b(?:os\._exit|sys\.exit|os\.abort|os\.kill)\(")
    killed = "SIGKILL" in match[0]
    if killed:
        names["advice"] = "Use less memory for this page, or a larger dyno (`--dyno ...`)."
    elif exits:
        names["exit"] = f", such as `{exits.text}` in line {exits.line} of {exits.file}"
        names["advice"] = f"Remove `{exits.text}` from {exits.file}: raise an exception instead."
    yield at_command(crash, match.string.strip(), **names)
    if exits and not killed:
        yield Evidence(exits.text, exits.file, exits.line, exits.column)


@rule(
    "slow-request",
    leads_to=H12,
    title="{path} waits at line {line} of {file}: `{code}`",
    cause="While the request waits, the code is at that line. A request has 30 seconds for the"
    " first byte of its answer, and that limit cannot be raised.",
    fix="Give calls to other services a timeout (`requests.get(url, timeout=5)`), make the line"
    " fast, or do the work in a background job (RQ, Celery) and answer at once. gunicorn's"
    " --timeout changes nothing here.",
    docs="https://devcenter.heroku.com/articles/request-timeout",
    fallback=True,
)
def slow_request(traffic: Traffic) -> Iterator[Evidence]:
    frame = _waiting(traffic)
    if frame and frame.name != "<module>":
        yield _at_frame(traffic, frame)


@rule(
    "asks-itself",
    leads_to=H12,
    title="{path} asks the app itself over HTTP, and nobody is free to answer",
    cause="Line {line} of {file} sends a request to this same dyno. The worker that waits for the"
    " answer is the one that would give it; with several workers, as many such visitors have the"
    " same effect.",
    fix="Call the function that makes that answer, instead of asking over HTTP: `{code}`.",
    docs="https://devcenter.heroku.com/articles/request-timeout",
)
def asks_itself(traffic: Traffic) -> Iterator[Evidence]:
    frame = _waiting(traffic)
    evidence = _at_frame(traffic, frame) if frame else None
    code = evidence.names["code"] if evidence else ""
    itself = re.search(r"localhost|127\.0\.0\.1|0\.0\.0\.0", code)
    if evidence and itself and re.search(_OVER_HTTP, code):
        yield evidence


_OVER_HTTP = r"requests\.\w+\(|httpx\.|urlopen\(|\bsession\.\w+\(|\bclient\.\w+\("


@rule(
    "slow-start-behind-port",
    leads_to=H12,
    title="The port is open, but the app is still starting in line {line} of {file}",
    cause="gunicorn opens the port at once and imports the app only then, so Heroku counts the dyno"
    " as up, and the first visitors wait for `{code}`. Whoever waits 30 seconds gets H12.",
    fix="Move that work out of the start: into the build, the release command, or a worker; or load"
    " it at first use, in the background.",
    docs="https://devcenter.heroku.com/articles/request-timeout",
)
def slow_start_behind_port(traffic: Traffic) -> Iterator[Evidence]:
    frame = _waiting(traffic)
    if frame and frame.name == "<module>":
        evidence = _at_frame(traffic, frame)
        if not re.search(r"\b(?:run|serve\w*|main|listen|start)\(", evidence.names["code"]):
            yield evidence


def _waiting(traffic: Traffic) -> Frame | None:
    """Return the app's innermost frame while a request waited."""
    source = traffic.boot.release.slug.plan.source
    return next((f for f in traffic.stack or () if f.file in source.entries), None)


def _at_frame(traffic: Traffic, frame: Frame) -> Evidence:
    code = line_of(traffic.boot.release.slug.plan.source, frame.file, frame.line)
    path = next((e.path for e in traffic.exchanges if e.code == "H12"), "/")
    names = {"path": path, "file": frame.file, "line": str(frame.line), "code": code}
    seen = f"a second boot, asked for {path}, spends its time here: {code}"
    return Evidence(seen, frame.file, frame.line, names=names)
