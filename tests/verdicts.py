"""Verdicts written by hand, one per way a rehearsal can end."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parity.facts.buildpacks import PYTHON
from parity.records import (
    Boot,
    Config,
    Exchange,
    Interpreter,
    Line,
    Listener,
    Plan,
    ProcessType,
    Refusal,
    Release,
    Runtime,
    Shutdown,
    Slug,
    Source,
    Traffic,
)
from parity.records.verdict import UNEXPLAINED, Evidence, Finding, Stage, StageResult, Verdict
from tests.trees import NO_CONFIG, tree

AT = 1795346401.123456
"""2026-11-22T11:20:01.123456 UTC."""

COMMIT = "7039fffa0c1b2d3e4f5061728394a5b6c7d8e9f0"
MB = 1024 * 1024
STAGES: tuple[Stage, ...] = ("source", "detect", "build", "release", "boot", "route", "stop")
HELLO = """\
from flask import Flask

app = Flask(__name__)


@app.route("/")
def hello():
    return "hello"


if __name__ == "__main__":
    app.run()
"""
FILES = {"hello.py": HELLO, "Procfile": "web: python3 hello.py\n", "requirements.txt": "flask\n"}
DEVCENTER = "https://devcenter.heroku.com/articles"
NOT_EMULATED = ("add-ons", "PYTHONHOME", "the stack image's system packages")


def source(files: Mapping[str, str | bytes] = FILES, **changed: Any) -> Source:
    """Return a repository on main with one commit."""
    return tree(files)._replace(**{"commit": COMMIT, "pushes": True, **changed})


def plan(source: Source, config: Config = NO_CONFIG, **changed: Any) -> Plan:
    """Return a plan with Python, pip and one web process."""
    web = ProcessType("web", "python3 hello.py", 1)
    python = Runtime(PYTHON, "pip", "3.14", ".python-version", "3.14.0")
    made = Plan(
        source,
        config,
        "heroku-26",
        ("heroku/python",),
        "heroku/python",
        None,
        {"web": web},
        (python,),
        None,
        None,
    )
    return made._replace(**changed)


def slug(plan: Plan, **changed: Any) -> Slug:
    """Return a build that went well."""
    here = Interpreter(Path("/usr/bin/python3.14"), "3.14.0", True)
    packages = {"flask": "3.1.2", "werkzeug": "3.1.3"}
    made = Slug(plan, Path("/tmp/slug"), {PYTHON: here}, None, True, (), packages, None, None, 4.2)
    return made._replace(**changed)


def boot(slug: Slug, **changed: Any) -> Boot:
    """Return a web dyno that listens where it should."""
    web = slug.plan.processes.get("web", ProcessType("web", "python3 hello.py", 1))
    made = Boot(
        release=Release(slug, None, None, None),
        process=web,
        name="web.1",
        port=23817,
        state="up",
        predicted=False,
        exit=None,
        seconds=1.2,
        listeners=(Listener("0.0.0.0", 23817, 3320, "python3", False, True, True),),
        reachable=True,
        foreign=(),
        output=(),
        command=web.command,
        home="/tmp/p-1",
        size="basic",
    )
    return made._replace(**changed)


def exchange(**changed: Any) -> Exchange:
    """Return GET / → 200."""
    made = Exchange("GET", "/", "shop-1.herokuapp.com", 200, None, "", 1, 12, 5, {}, b"hello", "/")
    return made._replace(**changed)


def finding(id: str, **given: Any) -> Finding:
    """Return a finding of the boot, with the usual fields by default."""
    fields: dict[str, Any] = {
        "kind": "cause",
        "symptom": None,
        "effect": "fail",
        "stage": "boot",
        "heroku": None,
        "title": id,
        "basis": "observed",
        "after": None,
        "evidence": (Evidence(f"{id} was seen"),),
        "cause": f"The cause of {id}.",
        "fix": f"The fix of {id}.",
        "diff": None,
        "docs": f"{DEVCENTER}/error-codes",
    }
    return Finding(id=id, **(fields | given))


def stages(**reached: tuple[Any, float]) -> tuple[StageResult, ...]:
    """Return all stages; those not given were not reached."""
    return tuple(
        StageResult(name, *reached.get(name, ("not-reached", 0.0)))  # type: ignore[arg-type]
        for name in STAGES
    )


def log(*lines: tuple[str, str]) -> tuple[Line, ...]:
    """Return lines of (source, text), a second apart."""
    return tuple(Line(AT + n, source, text) for n, (source, text) in enumerate(lines))


def works(**changed: Any) -> Verdict:
    """Return a pass, all the way to the stop."""
    started = boot(slug(plan(source())))
    traffic = Traffic(started, (exchange(),), ())
    made = Verdict(
        command="run",
        verdict="works",
        symptom=None,
        findings=(),
        stages=stages(
            source=("ok", 0.1),
            detect=("ok", 0.0),
            build=("ok", 4.2),
            release=("ok", 0.0),
            boot=("ok", 1.2),
            route=("ok", 0.0),
            stop=("ok", 0.4),
        ),
        log=log(
            ("heroku[web.1]", "Starting process with command `python3 hello.py`"),
            ("heroku[web.1]", "State changed from starting to up"),
            ("heroku[router]", 'at=info method=GET path="/" status=200'),
        ),
        not_emulated=NOT_EMULATED,
        source=started.release.slug.plan.source,
        plan=started.release.slug.plan,
        slug=started.release.slug,
        release=started.release,
        boot=started,
        traffic=traffic,
        shutdown=Shutdown(started, traffic, 0.4, 0, False, 61 * MB, 512 * MB, (), ()),
    )
    return made._replace(**changed)


def before_stop(verdict: Verdict) -> Verdict:
    """Return the verdict as it was before the dyno was stopped."""
    rows = (*verdict.stages[:-1], StageResult("stop", "not-reached", 0.0))
    found = tuple(f for f in verdict.findings if f.stage != "stop")
    return verdict._replace(shutdown=None, stages=rows, findings=found)


def loopback() -> Verdict:
    """Return the classic: the app listens on 127.0.0.1:5000."""
    listener = Listener("127.0.0.1", 5000, 3320, "python3", False, True, True)
    started = boot(
        slug(plan(source())),
        state="timeout",
        predicted=True,
        seconds=3.9,
        reachable=False,
        listeners=(listener,),
    )
    seen = "listens on 127.0.0.1:5000"
    symptom = finding(
        "R10",
        kind="symptom",
        symptom="R10",
        heroku="R10",
        basis="predicted",
        title="Boot timeout",
        cause="Heroku gives a web process 60 seconds to listen on $PORT, then kills it.",
        evidence=(Evidence(seen, pid=3320), Evidence("nothing listens on $PORT (23817)")),
    )
    cause = finding(
        "binds-loopback",
        symptom="R10",
        basis="predicted",
        title="The app listens on 127.0.0.1:5000, where Heroku's router cannot reach it",
        cause="127.0.0.1 is reachable only from inside the dyno. The router connects from outside,"
        " and only to the port that is in the environment variable PORT.",
        fix="Listen on all interfaces and on $PORT:\n"
        '  app.run(host="0.0.0.0", port=int(os.environ["PORT"]))\n'
        "or let a server do it, in the Procfile: `web: gunicorn hello:app`.",
        docs=f"{DEVCENTER}/error-codes#r10-boot-timeout",
        evidence=(
            Evidence(seen, "hello.py", 12, 5, 3320),
            Evidence("app[web.1]:  * Running on http://127.0.0.1:5000"),
        ),
    )
    return works(
        verdict="fails",
        symptom="R10",
        findings=(symptom, cause),
        stages=stages(
            source=("ok", 0.1),
            detect=("ok", 0.0),
            build=("ok", 4.2),
            release=("ok", 0.0),
            boot=("fail", 3.9),
        ),
        log=log(
            ("heroku[web.1]", "Starting process with command `python3 hello.py`"),
            ("app[web.1]", " * Running on http://127.0.0.1:5000"),
        ),
        boot=started,
        traffic=None,
        shutdown=None,
    )


def rejected() -> Verdict:
    """Return a rejection: runtime.txt asks for a Python past its end of life."""
    tested = source(FILES | {"runtime.txt": "python-3.6.1\n"})
    message = (
        " !     Error: The requested Python version has reached end-of-life.",
        " !     ",
        " !     Python 3.6 has reached its upstream end-of-life, and is",
        " !     therefore no longer receiving security updates.",
    )
    refusal = Refusal("python-version::eol", message, "runtime.txt", 1, "3.6.1")
    python = Runtime(PYTHON, "pip", "3.6.1", "runtime.txt", "3.6.1")
    made = plan(tested, refusal=refusal, runtimes=(python,))
    told = "Error: The requested Python version has reached end-of-life."
    symptom = finding(
        "push-rejected",
        kind="symptom",
        symptom="push-rejected",
        effect="reject",
        stage="detect",
        title="Heroku rejects the push",
        cause=f"The build stops with: {told}",
        evidence=(Evidence(told, "runtime.txt", 1),),
    )
    cause = finding(
        "python-version-eol",
        symptom="push-rejected",
        effect="reject",
        stage="detect",
        heroku="python-version::eol",
        title="Python 3.6 has ended, and Heroku no longer installs it",
        evidence=(Evidence("python-3.6.1", "runtime.txt", 1),),
        fix="Delete runtime.txt, put `3.14` into a file called .python-version, commit, push.",
    )
    rows = [("remote", line) for line in message]
    end = [("remote", " !     Push failed"), ("remote", "!\tPush rejected to shop.")]
    return works(
        command="check",
        verdict="fails",
        symptom="push-rejected",
        findings=(symptom, cause),
        stages=stages(source=("ok", 0.1), detect=("fail", 0.0)),
        log=log(("remote", "Building source:"), *rows, *end),
        source=tested,
        plan=made,
        **NOTHING_RUN,
    )


NOTHING_RUN: dict[str, None] = dict.fromkeys(
    ("slug", "release", "boot", "traffic", "shutdown"), None
)


def unknown() -> Verdict:
    """Return "could not tell": pip is missing here, which says nothing about the app."""
    stuck = finding(
        "this-machine",
        effect="unknown",
        stage="build",
        title="parity cannot continue on this machine: no space left on /tmp",
        cause="The rehearsal could not continue here. That says nothing about the app on Heroku.",
        fix="Free 200 MB in /tmp, or set TMPDIR to a folder that has them.",
        evidence=(Evidence("no space left on /tmp"),),
    )
    return works(
        verdict="unknown",
        findings=(stuck,),
        stages=stages(source=("ok", 0.1), detect=("ok", 0.0), build=("unknown", 2.0)),
        log=(),
        **NOTHING_RUN,
    )


def worker() -> Verdict:
    """Return a bot: no web process, which Heroku does not mind."""
    types = {"worker": ProcessType("worker", "python3 bot.py", 1)}
    started = boot(
        slug(plan(source(), processes=types)),
        process=types["worker"],
        name="worker.1",
        listeners=(),
    )
    symptom = finding(
        "H14",
        kind="symptom",
        symptom="H14",
        heroku="H14",
        effect="warn",
        stage="detect",
        title="No web process: Heroku routes requests to a process type called web",
        evidence=(Evidence("process types: worker", "Procfile", 1),),
    )
    cause = finding(
        "worker-only",
        symptom="H14",
        effect="warn",
        stage="detect",
        title="The app has only workers",
        fix="Nothing, if it is meant to answer no requests.",
        evidence=(Evidence("process types: worker", "Procfile", 1),),
    )
    note = finding(
        "python-patch-outdated",
        effect="note",
        stage="detect",
        title="Python 3.14.0 has a newer patch: 3.14.1",
    )
    return works(
        findings=(symptom, cause, note),
        plan=started.release.slug.plan,
        boot=started._replace(command="python3 bot.py"),
        traffic=None,
    )


def error_500() -> Verdict:
    """Return a failing page with a traceback in the log, and no known cause."""
    made = works()
    assert made.boot
    lines = (
        ("app[web.1]", "Traceback (most recent call last):"),
        ("app[web.1]", '  File "/app/hello.py", line 8, in hello'),
        ("app[web.1]", '    return "hello" + 1'),
        ("app[web.1]", 'TypeError: can only concatenate str (not "int") to str'),
        (
            "heroku[router]",
            'at=info method=GET path="/" host=shop-1.herokuapp.com request_id=5c1b fwd="127.0.0.1"'
            " dyno=web.1 connect=1ms service=12ms status=500 bytes=290 protocol=http1.1 tls=true",
        ),
    )
    answers = (exchange(status=500),)
    symptom = finding(
        "http-500",
        kind="symptom",
        symptom="http-500",
        stage="route",
        title="The first request gets a 500",
        cause=f"The app answered, but with an error of its own.{UNEXPLAINED}",
        evidence=(Evidence("GET / → 500", "hello.py", 8, 12),),
    )
    return made._replace(
        verdict="fails",
        symptom="http-500",
        findings=(symptom,),
        stages=stages(
            source=("ok", 0.1),
            detect=("ok", 0.0),
            build=("ok", 4.2),
            release=("ok", 0.0),
            boot=("ok", 1.2),
            route=("fail", 0.0),
        ),
        traffic=Traffic(made.boot, answers, ()),
        shutdown=None,
        log=log(*lines),
    )


def interrupted() -> Verdict:
    """Return Ctrl-C while the app boots."""
    return works(
        verdict="unknown",
        interrupted=2,
        stages=stages(
            source=("ok", 0.1),
            detect=("ok", 0.0),
            build=("ok", 4.2),
            release=("ok", 0.0),
            boot=("not-reached", 2.0),
        ),
        boot=None,
        traffic=None,
        shutdown=None,
    )


def uncommitted() -> Verdict:
    """Return an app that works, but is not committed."""
    files = ("hello.py", "Procfile", "a.py", "b.py")
    return works(source=source(uncommitted=files, branch="feature/x"))


def slow_stop() -> Verdict:
    """Return an app that works, but does not stop in time."""
    made = works()
    assert made.shutdown
    late = finding(
        "R12",
        kind="symptom",
        symptom="R12",
        heroku="R12",
        effect="warn",
        stage="stop",
        title="Exit timeout",
        fix="Start the server with `exec` in a shell script, so that SIGTERM reaches it.",
        evidence=(Evidence("python3 (pid 3320) lived on for 30 s after SIGTERM"),),
    )
    rows = (*made.stages[:-1], StageResult("stop", "warn", 30.1))
    ended = made.shutdown._replace(seconds=30.1, exit=137, killed=True)
    return made._replace(findings=(late,), stages=rows, shutdown=ended)


VERDICTS = {
    "works": works,
    "uncommitted": uncommitted,
    "loopback": loopback,
    "rejected": rejected,
    "unknown": unknown,
    "worker": worker,
    "error-500": error_500,
    "interrupted": interrupted,
    "slow-stop": slow_stop,
}
