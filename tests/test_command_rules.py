"""What the rules say about a command that crashed, on logs as the servers write them."""

import pytest

from parity.records import Boot, Line, ProcessType, Pushed, Record, Release, Traffic
from parity.records.options import DEFAULTS
from parity.records.push import Ended
from parity.records.verdict import Finding, Verdict
from parity.rehearsal.edits.fixes import FIXES
from parity.rehearsal.repairing import after_that
from parity.rehearsal.trial import Trial
from parity.rules.engine import diagnose
from parity.rules.loading import load
from tests import verdicts

load()

APP = {"shop.py": "from flask import Flask\n\napp = Flask(__name__)\n", "requirements.txt": "x\n"}
UNFOUND = "ModuleNotFoundError: No module named '{}'"
USAGE = "Error: Got unexpected extra argument ({})"


def crashed(command: str, *log: str, status: int = 1, **files: str) -> Boot:
    """Return a web process that crashed with these lines."""
    procfile = {"Procfile": f"web: {command}\n"}
    web = ProcessType("web", command, 1)
    tree = verdicts.source({**APP, **procfile, **files})
    slug = verdicts.slug(verdicts.plan(tree, processes={"web": web}))
    output = tuple(Line(verdicts.AT, "app[web.1]", text) for text in log)
    return verdicts.boot(
        slug, process=web, state="crashed", exit=status, output=output, listeners=()
    )


def raised(message: str) -> tuple[str, ...]:
    """Return a traceback through gunicorn's own code."""
    frame = '  File "/app/.heroku/python/lib/python3.14/site-packages/gunicorn/util.py", line 370'
    return ("Traceback (most recent call last):", f"{frame}, in import_app", "    x", message)


def causes(boot: Boot | Release) -> dict[str, Finding]:
    """Return the causes by id."""
    return {f.id: f for f in diagnose(boot) if f.kind == "cause"}


@pytest.mark.parametrize(
    ("command", "log", "cause", "wanted"),
    [
        (
            "gunicorn 0.0.0.0:$PORT shop:app",
            raised(UNFOUND.format("0")),
            "server-argument",
            "In the Procfile write `web: gunicorn shop:app --bind 0.0.0.0:$PORT`.",
        ),
        (
            "gunicorn workers=2 shop:app",
            raised(UNFOUND.format("workers=2")),
            "server-argument",
            "In the Procfile write `web: gunicorn --workers=2 shop:app`.",
        ),
        (
            "gunicorn :$PORT shop:app",
            raised("ValueError: Empty module name"),
            "server-argument",
            "In the Procfile write `web: gunicorn shop:app --bind 0.0.0.0:$PORT`.",
        ),
        (
            "gunicorn \u2013w 2 shop:app",
            raised(UNFOUND.format("\u2013w")),
            "typographic-characters",
            "In the Procfile write `web: gunicorn -w 2 shop:app`.",
        ),
        (
            "uvicorn shop:app \u2014host 0.0.0.0 \u2014port $PORT",
            ("Error: Got unexpected extra arguments (\u2014host 0.0.0.0 \u2014port 5123)",),
            "typographic-characters",
            "In the Procfile write `web: uvicorn shop:app --host 0.0.0.0 --port $PORT`.",
        ),
        (
            "uvicorn run shop:app",
            (USAGE.format("shop:app"),),
            "server-argument",
            "In the Procfile write `web: uvicorn shop:app`.",
        ),
        (
            "waitress-serve shop:app --port=$PORT",
            ("Error: Specify one application only",),
            "server-argument",
            "In the Procfile write `web: waitress-serve --port=$PORT shop:app`.",
        ),
        (
            "celery worker -A shop -l info",
            ("Error: No such option '-A'.",),
            "celery-argument",
            "In the Procfile write `web: celery -A shop worker -l info`.",
        ),
        ("gunicorn ship:app", raised(UNFOUND.format("ship")), "own-module-misspelt", None),
        ("gunicorn shop:app", raised(UNFOUND.format("yaml")), "missing-dependency", None),
        ("gunicorn shop:app --nope", ("gunicorn: error: x",), "wrong-option", None),
        (
            "node s.js --title 'a \u2013 b'",
            ("Error: Cannot find module",),
            None,
            None,
        ),
    ],
)
def test_a_command(
    command: str, log: tuple[str, ...], cause: str | None, wanted: str | None
) -> None:
    """One cause is named, with the whole command to write; others are left to their own rules."""
    found = causes(crashed(command, *log, status=3))
    if wanted:
        assert [*found] == [cause], found
        assert found[cause or ""].fix == wanted
    else:
        assert not {"server-argument", "typographic-characters", "celery-argument"} & {*found}
        assert cause is None or cause in found or "wrong-module" in found


@pytest.mark.parametrize(
    ("message", "cause", "fix"),
    [
        (
            "setup.sh: 3: web:: not found",
            "procfile-line-in-script",
            "Delete line 3 of setup.sh.",
        ),
        (
            "setup.sh: line 3: web:: command not found",
            "procfile-line-in-script",
            "Delete line 3 of setup.sh.",
        ),
        (
            "./setup.sh: line 2: python3.8: command not found",
            "other-python",
            "In line 2 of setup.sh write `python shop.py`.",
        ),
        (
            "/app/setup.sh: 4: gunicron: not found",
            "program-misspelt",
            "In line 4 of setup.sh write `gunicorn shop:app`.",
        ),
        ("setup.sh: 1: frobnicate: not found", "program-not-on-heroku", "If a package"),
    ],
)
def test_a_line_of_a_script(message: str, cause: str, fix: str) -> None:
    """The script's file and line are named, and it is the script that is to change."""
    script = "frobnicate\n  python3.8 shop.py\nweb: gunicorn shop:app\ngunicron shop:app\n"
    command = "sh setup.sh && python shop.py"
    found = causes(crashed(command, message, status=127, **{"setup.sh": script}))
    assert [*found] == [cause]
    assert found[cause].fix.startswith(fix)
    number = int("".join(c for c in message.partition("setup.sh")[2][:9] if c.isdigit()))
    assert (found[cause].evidence[0].file, found[cause].evidence[0].line) == ("setup.sh", number)


def test_a_script_that_starts_web() -> None:
    """Without its last line the script would do nothing: only the type's name goes."""
    log = "./setup.sh: line 1: web:: command not found"
    found = causes(crashed("./setup.sh", log, status=127, **{"setup.sh": "web: gunicorn a:b\n"}))
    assert found["procfile-line-in-script"].fix == "In line 1 of setup.sh write `gunicorn a:b`."


def test_a_program_of_the_command_itself() -> None:
    """bash's own message names no file of the tree: the Procfile is to change."""
    log = "bash: line 1: python3.8: command not found"
    found = causes(crashed("python3.8 shop.py", log, status=127))
    assert found["other-python"].fix == "In the Procfile write `web: python shop.py`."
    assert found["other-python"].evidence[0].file == "Procfile"


BOUND = "gunicorn 0.0.0.0:$PORT shop:app"
RIGHT = "web: gunicorn shop:app --bind 0.0.0.0:$PORT"


def rehearsed(first: Boot, *later: Record) -> tuple[Verdict, list[Finding]]:
    """Return the verdict on a boot whose copies leave these records, and what is reported first."""
    trial = Trial("run", None, None, strict=False)
    trial.observe(first)
    records = iter(later)
    reported: list[Finding] = []

    def report() -> None:
        reported[:] = reported or trial.verdict().findings

    source = first.release.slug.plan.source
    pushed = Pushed(source, first.release.slug.plan.config, "heroku-26", ())
    after_that(trial, pushed, DEFAULTS, lambda _: trial.observe(next(records)), report)
    return trial.verdict(), reported


def test_a_fix_that_helps() -> None:
    """It is reported with what came of it, and with its diff."""
    up = crashed("gunicorn shop:app")._replace(state="up", exit=None)
    works = Traffic(up, (verdicts.exchange(),), ())
    verdict, reported = rehearsed(crashed(BOUND, *raised(UNFOUND.format("0"))), works)
    (cause,) = (f for f in verdict.findings if f.kind == "cause")
    assert f"+{RIGHT}" in (cause.diff or "") and RIGHT in cause.fix
    assert cause.id in [f.id for f in reported]
    assert [r.outcome for r in verdict.repaired] == ["works"]


@pytest.mark.parametrize(
    ("log", "id"),
    [
        (raised(UNFOUND.format("0")), "server-argument"),
        (("gunicorn: error: unrecognized arguments: --bind",), "wrong-option"),
    ],
)
def test_a_fix_that_does_not_help(log: tuple[str, ...], id: str) -> None:
    """If the cause comes back, or the new command is refused, the words remain without it."""
    command = BOUND if id == "server-argument" else RIGHT.removeprefix("web: ")
    again = crashed(command, *log)
    assert id in causes(again)
    verdict, reported = rehearsed(crashed(BOUND, *raised(UNFOUND.format("0"))), again)
    for findings in (verdict.findings, tuple(reported)):
        (cause,) = (f for f in findings if f.kind == "cause")
        assert cause.id == "server-argument" and RIGHT not in cause.fix
        assert cause.fix == "Write the option before the value, such as `--bind 0.0.0.0:$PORT`."
    assert (verdict.repaired, verdict.fixes) == ((), ())


def test_a_fix_that_shows_the_next_problem() -> None:
    """A new cause elsewhere is what comes after; the fix stays."""
    later = crashed("gunicorn shop:app", *raised(UNFOUND.format("nothing_like_it")))
    verdict, _ = rehearsed(crashed(BOUND, *raised(UNFOUND.format("0"))), later)
    first, then = (f for f in verdict.findings if f.kind == "cause")
    assert RIGHT in first.fix and then.after == "server-argument"


MANAGE = {"manage.py": "", "shop.py": "rows = [*Shelf.objects.all()]\n"}
TABLE = (
    "Traceback (most recent call last):",
    '  File "/app/shop.py", line 1, in <module>',
    "    rows = [*Shelf.objects.all()]",
)


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        ("OperationalError: no such table: catalog_shelf", "web does not see a SQLite file"),
        (
            'ProgrammingError: relation "catalog_shelf" does not exist',
            "Add the line `release: python manage.py migrate` to the Procfile.",
        ),
    ],
)
def test_a_table_that_a_release_command_can_create(error: str, wanted: str) -> None:
    """A release command is advised; with SQLite, which it does not share with web, not alone."""
    found = causes(crashed("gunicorn shop:app", *TABLE, error, **MANAGE))
    assert wanted in found["table-missing"].fix


def test_a_table_that_the_release_command_itself_needs() -> None:
    """The line that fails is not advised again, nor is one that stands there already."""
    boot = crashed("gunicorn shop:app", *TABLE, "ProgrammingError: x", **MANAGE)
    error = 'ProgrammingError: relation "catalog_shelf" does not exist'
    release = ProcessType("release", "python manage.py migrate", 2)
    types = {**boot.release.slug.plan.processes, "release": release}
    slug = boot.release.slug._replace(plan=boot.release.slug.plan._replace(processes=types))
    log = tuple(Line(verdicts.AT, "app[release.1]", text) for text in (*TABLE, error))
    failed = Release(slug, release, Ended(1, log, 0.1), None)
    assert "Add the line" not in causes(failed)["table-missing"].fix
    later = boot._replace(release=Release(slug, None, None, None), output=log)
    assert "commit the new files" in causes(later)["table-missing"].fix


def test_the_line_of_a_script_is_edited() -> None:
    """The indentation of a script's line stays; a line that goes leaves the numbers of others."""
    script = "x\n  python3.8 shop.py\nweb: sh setup.sh\n"
    for log, wanted in (
        ("setup.sh: 2: python3.8: not found", script.replace("python3.8", "python")),
        ("setup.sh: 3: web:: not found", script.replace("web: sh setup.sh", "")),
    ):
        boot = crashed("sh setup.sh && x", log, status=127, **{"setup.sh": script})
        (found,) = causes(boot).values()
        plan = boot.release.slug.plan
        pushed = Pushed(plan.source, plan.config, "heroku-26", ())
        change = FIXES[found.id](pushed, boot, found)
        assert change and change[1].source.text("setup.sh") == wanted
