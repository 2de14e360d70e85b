"""`parity explain -`: codes and causes from Heroku's own log, nothing from what an app fakes."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parity.facts.codes import CODES
from parity.logs import causes, read
from parity.logs.refused import refusal
from parity.logs.story import Story
from parity.report.log_report import page
from parity.rules.loading import load
from tests.test_apps import APPS, materialise
from tests.trees import planned, tree

AT = "2022-09-05T09:47:38.909746+00:00"
START = f"{AT} heroku[web.1]: Starting process with command `python3 hello.py`"
R10 = f"{AT} heroku[web.1]: Error R10 (Boot timeout) -> Web process failed to bind to $PORT"
CRASHED = (
    f"{AT} heroku[web.1]: Process exited with status 1",
    f"{AT} heroku[web.1]: State changed from starting to crashed",
)


def told(*rows: str) -> Story:
    """Return the story of these lines."""
    return read(["\n".join(rows).encode("utf-8", "surrogatepass")])


def app(text: str) -> str:
    """Return a line of the app's own."""
    return f"{AT} app[web.1]: {text}"


def routed(code: str, words: str = "x", **fields: str) -> str:
    """Return a line of the router's."""
    more = " ".join(f'{key}="{value}"' for key, value in fields.items())
    return f'{AT} heroku[router]: at=error code={code} desc="{words}" method=GET {more} status=503'


def blamed(story: Story) -> dict[str, list[str]]:
    """Return each symptom with its causes."""
    return {c.id: [f.id for f in c.causes] for c in causes(story, None)}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (routed("H12"), "H12"),
        (
            f'{AT} heroku[router]: sock=client at=warning code=H27 desc="x" status=499',
            "H27",
        ),
        (f"{AT} heroku[router]: Error H10 (App crashed) -> POST a.herokuapp.com/make", "H10"),
        (f'\x1b[33m{AT} heroku[router]:\x1b[0m at=error code=H14 desc="x" status=503', "H14"),
        (f"{AT} heroku[web.1]: Error R14 (Memory quota exceeded)", "R14"),
        (f"{AT} heroku[logplex]: Error L10 (output buffer overflow): drain 'd' dropped 1", "L10"),
        (f"{AT} heroku[logplex]: L11 (Tail buffer overflow) -> This tail session", "L11"),
        (f"{AT} app[log-shuttle]: Error L12: 222 messages dropped since", "L12"),
        (f'331 <134>1 {AT} host heroku router - at=error code=H13 desc="x" status=503', "H13"),
        (f"188 <45>1 {AT} heroku web.1 - - Error R12 (Exit timeout) -> At least one", "R12"),
        ('Aug 31 18:11:18 my-app heroku/router: at=error code=H21 desc="x" status=503', "H21"),
        ("Jul 12 17:30:13 my-app heroku/web.1 Error R10 (Boot timeout) -> Web", "R10"),
        ('…heroku[router]: at=error code=H15 desc="x" status=503', "H15"),
        ('[router]: at=error code=H10 desc="App crashed" method=GET path=/', "H10"),
        ('at=error code=H99 desc="Platform error"', "H99"),
        ('error code=H31 desc="Misdirected Request" method=GET path="/" status=421', "H31"),
        ("Error R11 (Bad bind) -> Process bound to port 5768, should be 41113", "R11"),
    ],
)
def test_codes_are_found_in_every_form(row: str, code: str) -> None:
    """In the forms of `heroku logs`, in colour, of a drain, of a service, and of an excerpt."""
    assert list(told(row).tallies) == [code]
    assert code in CODES


@pytest.mark.parametrize(
    "fake",
    [
        app(routed("H12")),
        app("heroku[web.1]: Error R15 (Memory quota vastly exceeded)"),
        app(f"harmless\r{routed('H12')}"),
        app(f"harmless\u2028{routed('H12')}\x85{R10}\x0b{R10}"),
        app(f"\x1b[2K\x1b[1A{R10}"),
        "heroku[web.1]: Error R14 (Memory quota exceeded)",
        'at=error code=H13 desc="x"',
        f"<134>1 {AT} host heroku router - at=error code=H13 desc=x",
        f" {R10}",
        f"{AT} app[heroku.1]: {R10}",
    ],
)
def test_fake_lines_are_not_believed(fake: str) -> None:
    """What an app prints is the app's, whatever it looks like and wherever it seems to begin."""
    story = told(app("Listening"), fake, app("more"))
    assert story.tallies == {}
    assert causes(story, None) == []


TRACEBACK = (
    "Traceback (most recent call last):",
    '  File "/app/.heroku/python/lib/python3.13/site-packages/gunicorn/util.py", line 1, in x',
    "    mod = importlib.import_module(module)",
    '  File "/app/shop/views.py", line 7, in <module>',
)


@pytest.mark.parametrize(
    ("rows", "symptom", "cause"),
    [
        (["Running on http://127.0.0.1:5000", R10], "R10", ["binds-loopback"]),
        (["INFO:waitress:Serving on http://127.0.0.1:51902", R10], "R10", ["binds-loopback"]),
        (["Now Visit: http://localhost:20094", R10], "R10", ["binds-loopback"]),
        (["[INFO] Listening at: http://0.0.0.0:8000 (4)", R10], "R10", ["wrong-port"]),
        (["2021/01/06 03:39:00 Listening on port 8080", R10], "R10", ["wrong-port"]),
        (["Scheduler started", R10], "R10", []),
        (["redis is running at localhost:6379", R10], "R10", []),
        (["bash: gunicorn: command not found", "127"], "H10", ["command-not-found"]),
        (
            [*TRACEBACK, "    import pandas", "ModuleNotFoundError: No module named 'pandas'", "3"],
            "H10",
            ["missing-dependency"],
        ),
        (
            [*TRACEBACK, '    x = os.environ["TOKEN"]', "KeyError: 'TOKEN'", "1"],
            "H10",
            ["missing-config-var"],
        ),
        (["HaltServer: <HaltServer 'Worker failed to boot.' 3>", "1"], "H10", []),
    ],
)
def test_a_cause_is_named_from_the_logs_own_lines(
    rows: list[str], symptom: str, cause: list[str]
) -> None:
    """Without the app: from addresses, tracebacks and the shell's words; nothing is made up."""
    *output, end = rows
    ending = end if end == R10 else f"{AT} heroku[web.1]: Process exited with status {end}"
    assert blamed(told(START, *map(app, output), ending)) == {symptom: cause}


def test_workers_that_never_come_up_listen_nowhere() -> None:
    """uvicorn's parent says that it runs on $PORT before any worker has loaded the app."""
    start = START.replace("python3 hello.py", "uvicorn hello:app --host 0.0.0.0 --port 34567")
    rows = [
        "INFO:     Uvicorn running on http://0.0.0.0:34567 (Press CTRL+C to quit)",
        *TRACEBACK,
        '    x = os.environ["TOKEN"]',
        "KeyError: 'TOKEN'",
        "INFO:     Child process [9] died",
    ]
    assert blamed(told(start, *map(app, rows), R10)) == {"R10": ["missing-config-var"]}


def test_the_traceback_tells_the_line() -> None:
    """The innermost frame of the app is named, not the server's."""
    rows = [*TRACEBACK, "    import pandas", "ModuleNotFoundError: No module named 'pandas'"]
    (cause,) = causes(told(START, *map(app, rows), *CRASHED), None)
    places = [(e.file, e.line) for e in cause.causes[0].evidence]
    assert ("shop/views.py", 7) in places


def test_the_release_command_is_no_web_process() -> None:
    """A release dyno that fails is a failed release."""
    rows = (
        f"{AT} heroku[release.4242]: Starting process with command `python manage.py migrate`",
        f"{AT} app[release.4242]: CommandError: no such app",
        f"{AT} heroku[release.4242]: Process exited with status 1",
    )
    assert list(blamed(told(*rows))) == ["release-failed"]


@pytest.mark.parametrize(
    "rows",
    [
        ("Stopping all processes with SIGTERM", "Process exited with status 143"),
        ("Error R12 (Exit timeout) -> x", "Process exited with status 137"),
        ("Idling", "Stopping all processes with SIGTERM", "Process exited with status 1"),
    ],
)
def test_an_end_that_heroku_wanted_is_no_crash(rows: tuple[str, ...]) -> None:
    """SIGTERM at a deploy, a restart or idling is no crash; R12 is a separate warning."""
    story = told(START, *(f"{AT} heroku[web.1]: {row}" for row in rows))
    assert set(blamed(story)) <= {"R12"}


ANSWERED = f'{AT} heroku[router]: at=info method=GET path="/pay" dyno=web.1 status=500 bytes=265'
RAISED = (
    "Traceback (most recent call last):",
    '  File "/app/shop.py", line 4, in pay',
    '    key = os.environ["PAY_KEY"]',
    "KeyError: 'PAY_KEY'",
)


def test_an_answer_of_500_is_explained_by_what_the_request_raised() -> None:
    """The router gives it no code; the exception is the app's own."""
    found = causes(told(*map(app, RAISED), ANSWERED), None)
    assert [(c.id, [f.id for f in c.causes]) for c in found] == [
        ("http-500", ["missing-config-var"])
    ]
    assert found[0].symptom.title == "The app answers 500 to /pay"


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ((app("a warning"), ANSWERED), {"http-500": []}),
        ((*map(app, RAISED), ANSWERED.replace("500", "404")), {"": ["missing-config-var"]}),
        (
            (*(app(row.replace("in pay", "in <module>")) for row in RAISED), ANSWERED),
            {"http-500": [], "": ["missing-config-var"]},
        ),
    ],
)
def test_an_answer_that_nothing_explains(
    rows: tuple[str, ...], named: dict[str, list[str]]
) -> None:
    """Without an exception in a request no cause is named; a logged exception is one of its own."""
    assert blamed(told(*rows)) == named


def test_what_a_package_has_lost_is_known_without_the_build() -> None:
    """A log does not list installed packages, but names that moved are known."""
    rows = (
        START,
        app("Traceback (most recent call last):"),
        app('  File "/app/hello.py", line 1, in <module>'),
        app("    from flask import Markup"),
        app("ImportError: cannot import name 'Markup' from 'flask' (/app/x/flask/__init__.py)"),
        *CRASHED,
    )
    assert blamed(told(*rows)) == {"H10": ["incompatible-versions"]}


def test_a_refused_form_is_told() -> None:
    """To Heroku a 403 is an ordinary answer; the app's own message about it is in the log."""
    refused = (
        "Origin checking failed - https://shop.example.com does not match any trusted origins."
    )
    found = causes(told(START, app(f"Forbidden ({refused}): /login/")), None)
    assert [(c.id, c.causes) for c in found] == [("http-403", ())]
    assert "POST /login/ → 403" in found[0].symptom.evidence[0].seen
    assert 'CSRF_TRUSTED_ORIGINS = ["https://shop.example.com"]' in found[0].symptom.fix


@pytest.mark.parametrize(("method", "told_of"), [("OPTIONS", True), ("GET", False)])
def test_what_a_browser_calls_cors(method: str, told_of: bool) -> None:
    """A preflight that got Heroku's error page looks like a CORS error in the browser only."""
    story = told(routed("H12").replace("method=GET", f"method={method}"))
    assert ("CORS" in page(story, causes(story, None), None, 80, False)) is told_of


PUSH = """\
Enumerating objects: 5, done.
remote: Compressing source files... done.
remote: -----> Installing dependencies using 'pip install -r requirements.txt'
remote:        ERROR: Could not find a version that satisfies the requirement pywin32==306
remote:        ERROR: No matching distribution found for pywin32==306
remote:
remote:  !     Error: Unable to install dependencies using pip.
remote:  !
remote:  !     See the log output above for more information.
remote:
remote:  !     Push rejected, failed to compile Python app.
remote:
remote:  !     Push failed
To https://git.heroku.com/shop.git
 ! [remote rejected] main -> main (pre-receive hook declined)
"""


@pytest.mark.real
def test_a_rejected_push_is_explained(tmp_path: Path) -> None:
    """`git push heroku main 2>&1 | parity explain -`, in the app's folder and elsewhere."""
    alone = explain(PUSH.encode(), tmp_path).stdout
    assert "reject[push-rejected]" in alone
    assert "likely[windows-only-package]" in alone
    (tmp_path / "requirements.txt").write_text("flask\npywin32==306\n")
    (tmp_path / ".python-version").write_text("3.13\n")
    there = explain(PUSH.encode(), tmp_path).stdout
    assert "cause[windows-only-package]" in there
    assert "--> requirements.txt:2" in there
    (tmp_path / ".python-version").write_text("3.6\n")
    assert "cause[python-version-eol]" in explain(PUSH.encode(), tmp_path).stdout


EOL = """-----> Using Python 3.8 specified in runtime.txt
 !     Error: The requested Python version has reached end-of-life.
 !     Push rejected, failed to compile Python app."""
STATIC = """       Traceback (most recent call last):
       django.core.exceptions.ImproperlyConfigured: You're using the staticfiles app without having\
 set the STATIC_ROOT setting to a filesystem path.
 !     Error: Unable to generate Django static files.
 !     Push rejected, failed to compile Python app."""
PEER = """-----> Installing dependencies
       npm error code ERESOLVE
       npm error ERESOLVE could not resolve
 !     Push rejected, failed to compile Node.js app."""
WINDOWS = """       ERROR: No matching distribution found for pywin32==306
 !     Error: Unable to install dependencies using pip.
 !     Push rejected, failed to compile Python app."""


@pytest.mark.parametrize("prefix", ["remote: ", ""], ids=["git", "dashboard"])
@pytest.mark.parametrize(
    ("pushed", "cause"),
    [
        (EOL, "python-version-eol"),
        (STATIC, "static-root-not-set"),
        (PEER, "npm-peer-dependency-conflict"),
        (WINDOWS, "windows-only-package"),
        (" !     Error: Existing 'venv/' directory found.\n !     Push failed", "venv-dir"),
        (" !     No default language could be detected.\n !     Push failed", "no-default"),
    ],
)
def test_a_rejected_push_is_named_without_the_app(pushed: str, cause: str, prefix: str) -> None:
    """Heroku's own words are enough, as git shows them and as the dashboard does."""
    named = blamed(told(*(prefix + line for line in pushed.splitlines())))
    assert list(named) == ["push-rejected"]
    assert [name for name in named["push-rejected"] if cause in name], named


def test_headlines_are_those_of_the_refusals() -> None:
    """parity also recognises the refusals that it prints as Heroku would."""
    for files, stack in (
        ({"requirements.txt": "", ".python-version": "3.6"}, "heroku-26"),
        ({"requirements.txt": "", ".python-version": "3.99"}, "heroku-26"),
        ({"requirements.txt": "", "runtime.txt": "python-3.13.99"}, "heroku-26"),
        ({"requirements.txt": "", ".venv/pyvenv.cfg": ""}, "heroku-26"),
        ({"requirements.txt": "", ".heroku/python/x": ""}, "heroku-26"),
        ({"requirements.txt": ""}, "heroku-18"),
        ({"requirements.txt": ""}, "heroku-99"),
        ({"requirements.txt": "", ".python-version": "# x"}, "heroku-26"),
        ({"Pipfile": ""}, "heroku-26"),
        ({"setup.py": ""}, "heroku-26"),
        ({"app.py": ""}, "heroku-26"),
        ({"uv.lock": "", "runtime.txt": "python-3.13"}, "heroku-26"),
        ({"Pipfile": "", "Pipfile.lock": "x"}, "heroku-26"),
        ({}, "heroku-26"),
    ):
        plan, said = planned(tree(files), stack=stack)
        assert plan.refusal
        read_back = refusal(said)
        assert read_back.reason == plan.refusal.reason, files
        assert read_back.subject in ("", plan.refusal.subject)


@pytest.mark.real
def test_a_push_that_works_has_no_error(tmp_path: Path) -> None:
    """Warnings of a build are no rejection."""
    text = "remote:  !     Release command declared: this new release\nremote: Verifying deploy..."
    assert "no error from Heroku" in explain(text.encode(), tmp_path).stdout


def test_a_one_off_dyno_is_no_part_of_the_app() -> None:
    """A command that somebody typed into `heroku run` may fail."""
    story = told(f"{AT} heroku[run.1234]: Process exited with status 127")
    assert causes(story, None) == []


def test_codes_are_counted_and_ordered() -> None:
    """What explains the others comes first, regardless of the order in the log."""
    rows = [routed("H10", path="/")] * 3 + [START, R10, routed("H12", path="/slow")]
    shown = page(read(["\n".join(rows).encode()]), [], None, 100, False)
    order = [row.split()[2] for row in shown.splitlines() if " × " in row]
    assert order == ["R10", "H10", "H12"]
    assert "3 × H10" in shown


def test_a_later_start_is_told() -> None:
    """A log that ends well says that the trouble may be over."""
    rows = (START, R10, START, f"{AT} heroku[web.1]: State changed from starting to up")
    story = told(*rows)
    assert "came up: this may be solved" in page(story, causes(story, None), None, 200, False)
    story = told(*rows, R10)
    assert "came up" not in page(story, causes(story, None), None, 200, False)


def explain(
    log: bytes, folder: Path, *arguments: str, code: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run `parity explain -` on `log`, in `folder`."""
    done = subprocess.run(
        [sys.executable, "-m", "parity", "explain", *(arguments or ["-"])],
        input=log,
        capture_output=True,
        cwd=folder,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return subprocess.CompletedProcess(done.args, code, done.stdout.decode(), done.stderr.decode())


@pytest.mark.real
def test_in_the_apps_folder_the_line_is_named(tmp_path: Path) -> None:
    """The log says that it listens on 127.0.0.1, the code says where."""
    materialise(APPS / "r10-flask-run", {}, tmp_path)
    log = "\n".join((START, app("Running on http://127.0.0.1:5000"), R10)).encode()
    shown = explain(log, tmp_path).stdout
    assert "cause[binds-loopback]" in shown
    assert "--> hello.py:11" in shown
    assert 'port=int(os.environ["PORT"])' in shown


@pytest.mark.real
@pytest.mark.parametrize(
    ("port", "cause"), [("8888", None), ('int(os.environ["PORT"])', "boots-too-slowly")]
)
def test_a_silent_server_that_never_asks_for_the_port(
    port: str, cause: str | None, tmp_path: Path
) -> None:
    """It may have opened another port: "never listens" is said only of an app that reads $PORT."""
    (tmp_path / "Procfile").write_text("web: python3 hello.py\n")
    (tmp_path / "requirements.txt").write_text("tornado\n")
    (tmp_path / "hello.py").write_text(f"import os\n\nApplication().listen({port})\n")
    shown = explain("\n".join((START, R10)).encode(), tmp_path).stdout
    assert "fail[R10]" in shown
    assert ("cause[boots-too-slowly]" in shown) is (cause is not None)
    assert cause or "Listen on 0.0.0.0 and on the port in $PORT" in shown


@pytest.mark.real
def test_the_folder_of_any_language_is_read(tmp_path: Path) -> None:
    """A Node.js app needs no Procfile; a router's line alone is explained by the folder's files."""
    (tmp_path / "package.json").write_text('{"scripts": {"start": "next start"}}\n')
    (tmp_path / "package-lock.json").write_text('{"lockfileVersion": 3, "packages": {}}\n')
    rows = (START.replace("python3 hello.py", "npm start"), app("ready on http://localhost:3000"))
    shown = explain("\n".join((*rows, R10)).encode(), tmp_path).stdout
    assert "cause[binds-loopback]" in shown
    assert '`"start": "next start -H 0.0.0.0 -p $PORT"`' in shown


@pytest.mark.real
def test_the_folder_explains_a_code_alone(tmp_path: Path) -> None:
    """A router's line says that no dyno is up; the app's files say why."""
    (tmp_path / "Procfile").write_text("web: gunicorn app:app\n")
    (tmp_path / "requirements.txt").write_text("flask\n")
    (tmp_path / "app.py").write_text("import flask\n\napp = flask.Flask(__name__)\n")
    shown = explain(routed("H10", path="/").encode(), tmp_path).stdout
    assert "cause[command-not-found]: gunicorn is not installed" in shown


@pytest.mark.real
def test_in_the_apps_folder_h14_is_explained(tmp_path: Path) -> None:
    """The cause of H14 is in the tree alone."""
    materialise(APPS / "r10-flask-run", {"repository": False}, tmp_path)
    (tmp_path / "Procfile").rename(tmp_path / "procfile")
    shown = explain(routed("H14").encode(), tmp_path).stdout
    assert "cause[procfile-name]" in shown


@pytest.mark.real
def test_elsewhere_a_cause_is_only_likely(tmp_path: Path) -> None:
    """Without the app, nothing is claimed about its code."""
    log = "\n".join((START, app("Running on http://127.0.0.1:5000"), R10)).encode()
    shown = explain(log, tmp_path).stdout
    assert "likely[binds-loopback]" in shown
    assert "only the log was read" in shown


@pytest.mark.real
def test_a_file_is_read_as_well(tmp_path: Path) -> None:
    """`parity explain FILE`."""
    (tmp_path / "heroku.log").write_text(routed("H12", path="/") + "\n")
    assert "fail[H12]" in explain(b"", tmp_path, "heroku.log").stdout


@pytest.mark.real
@pytest.mark.parametrize(
    "data",
    [b"", b"hello\nworld\n", bytes(300_000), os.urandom(300_000)],
    ids=["empty", "words", "zeros", "random"],
)
def test_what_is_no_log_is_told(data: bytes, tmp_path: Path) -> None:
    """One line with what to type, exit 3."""
    done = explain(data, tmp_path, code=3)
    assert "no line looks like Heroku's log" in done.stderr
    assert "heroku logs --num" in done.stderr
    assert done.stdout == ""


@pytest.mark.real
def test_words_of_an_app_alone(tmp_path: Path) -> None:
    """A pasted traceback is read as what it most likely is, with a note that it is a guess."""
    pasted = [*TRACEBACK, "    import pandas", "ModuleNotFoundError: No module named 'pandas'"]
    shown = explain("\n".join(pasted).encode(), tmp_path).stdout
    assert shown.startswith("note: no line comes from Heroku; this is read as the last output")
    assert "likely[missing-dependency]" in shown
    shown = explain(b"bash: gunicorn: command not found\n", tmp_path).stdout
    assert "likely[command-not-found]" in shown
    shown = explain(b"ERROR: No matching distribution found for pywin32==306\n", tmp_path).stdout
    assert shown.startswith(
        "note: no line comes from Heroku; this is read as the end of a failed build"
    )
    assert "likely[windows-only-package]: pywin32==306" in shown


@pytest.mark.parametrize(
    ("rows", "symptom", "cause"),
    [
        (["bash: gunicorn: command not found", "Process exited with status 127"], "H10", "command"),
        (["app[web.1]: listening on *:3000", f"{R10[R10.index('Error') :]} within"], "R10", "port"),
        (['code=H14 desc="No web processes running"'], "", ""),
    ],
)
def test_messages_without_their_heads(rows: list[str], symptom: str, cause: str) -> None:
    """In an excerpt without heads, Heroku's phrases count as Heroku's, the rest as the app's."""
    story = told(*rows)
    assert story.tallies or story.crashes
    named = blamed(story)
    assert list(named) == [symptom] * bool(symptom)
    assert not symptom or cause in named[symptom][0]


@pytest.mark.real
def test_what_looks_like_herokus_is_told(tmp_path: Path) -> None:
    """Among lines with heads it is not believed, but mentioned."""
    message = R10[R10.index("Error") :]
    shown = explain(f"{app('Listening')}\n{message}\n".encode(), tmp_path).stdout
    assert "another form: 1 line (1 look like Heroku's, cut off from their heads)" in flat(shown)
    assert "no error from Heroku" not in flat(shown)


def flat(text: str) -> str:
    """Return the words of a text, however it was wrapped."""
    return " ".join(text.split())


@pytest.mark.real
def test_a_folder_is_no_log(tmp_path: Path) -> None:
    """A folder is neither an id nor a file: wrong usage."""
    assert "cannot be read" in explain(b"", tmp_path, ".", code=2).stderr


@pytest.mark.real
def test_values_of_the_env_file_are_hidden(tmp_path: Path) -> None:
    """A secret that the app logged is hidden in the explanation, wherever its lines are cut."""
    secret = "tR5vQ9zW" + "kL2mN8bX" * 12
    (tmp_path / ".env").write_text(f"API_KEY={secret}\n")
    rows = (
        START,
        app(f"ValueError: bad key {secret}"),
        *CRASHED,
        routed("H12", path=f"/?{secret}"),
    )
    shown = explain("\n".join(rows).encode(), tmp_path).stdout
    assert "[API_KEY]" in shown
    assert not [n for n in range(len(secret) - 8) if secret[n : n + 8] in shown]


@pytest.mark.real
def test_a_tail_is_explained_at_its_end(tmp_path: Path) -> None:
    """`heroku logs --tail | parity explain -` and Ctrl-C: what has come is explained, exit 130."""
    child = subprocess.Popen(
        [sys.executable, "-m", "parity", "explain", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=tmp_path,
    )
    assert child.stdin
    child.stdin.write((routed("H12", path="/slow") + "\n").encode())
    child.stdin.flush()
    while select.select([], [child.stdin], [], 0)[1] and unread(child.stdin.fileno()):
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    shown = child.communicate(timeout=60)[0].decode()
    assert child.returncode == 130
    assert "fail[H12]" in shown


def unread(pipe: int) -> int:
    """Return the number of bytes in a pipe (FIONREAD, pipe(7))."""
    import fcntl
    import termios

    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


@pytest.mark.real
def test_a_flood_is_read_in_bounded_memory(tmp_path: Path) -> None:
    """100 MB of log with some codes and endless lines takes less than 100 MB of memory."""
    flood = (app("x" * 400) + "\n") * 200 + routed("H12", path="/") + "\n"
    code = (
        "import resource, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'parity', 'explain', '-'],"
        " stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "data, size = sys.stdin.buffer.read(), 0\n"
        "while size < 100_000_000:\n"
        "    child.stdin.write(data)\n"
        "    size += len(data)\n"
        "child.stdin.write(b'y' * 20_000_000)\n"
        "shown = child.communicate()[0].decode()\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
        "print(shown)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=flood.encode(),
        capture_output=True,
        cwd=tmp_path,
        check=True,
    )
    memory, _, shown = done.stdout.decode().partition("\n")
    assert int(memory) < 100_000
    assert "H12" in shown


def test_many_lines_take_a_moment() -> None:
    """100,000 lines take less than 10 s, on a busy machine."""
    rows = (app("x" * 100) + "\n").encode() * 100_000
    began = time.monotonic()
    assert read([rows]).count == 100_000
    assert time.monotonic() - began < 10


anything = st.lists(st.text(st.characters(exclude_categories=()), max_size=60), max_size=8)


@settings(max_examples=100, deadline=None)
@given(anything)
def test_no_log_breaks_the_explanation(texts: list[str]) -> None:
    """Whatever a log contains, there is an answer, without control characters."""
    rows = [START, *map(app, texts), *texts, *CRASHED, *(routed("H12", path=t) for t in texts)]
    story = told(*rows)
    shown = page(story, causes(story, None), None, 80, False)
    assert not [c for c in shown if ord(c) < 32 and c != "\n"]
    shown.encode()


def test_the_manual_has_a_page_for_every_code() -> None:
    """Every known code can be explained, even those that no rehearsal ends with."""
    from parity.report.explain import page as manual_page

    assert all(manual_page(code, 80, False) for code in CODES)
    assert [c for c in ("R10", "H10", "H12", "R14") if c not in load()] == []
