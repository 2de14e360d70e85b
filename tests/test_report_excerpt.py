"""The app's own last lines in a report, and paths that a terminal can open."""

from pathlib import Path

import pytest

from parity.records import Line
from parity.records.verdict import Evidence, Verdict
from parity.report.frame import place_here
from parity.report.log_excerpt import apps, heroku
from parity.report.terminal import full
from tests import verdicts
from tests.verdicts import finding, source

TRACE = """\
Traceback (most recent call last):
  File "/app/.heroku/python/lib/python3.14/site-packages/flask/app.py", line 9, in start
    self.load()
    ~~~~~~~~~^^
  File "/app/shop/views.py", line 3, in <module>
    \x1b[1mlimit = int(None)\x1b[0m
            ~~~^^^^^^
TypeError: int() argument must be a string
[INFO] Worker exiting (pid: 7)
"""


def crashed(output: str, seen: str = "status 1") -> Verdict:
    """Return the verdict on a boot that crashed with this output."""
    found = finding("H10", kind="symptom", symptom="H10", evidence=(Evidence(seen),))
    log = tuple(Line(1.0, "app[web.1]", text) for text in output.splitlines())
    printed = Line(
        2.0, "heroku[router]", 'at=error code=H10 path="/" host=a fwd="" status=503 bytes='
    )
    return verdicts.works(
        verdict="fails", symptom="H10", findings=(found,), log=(*log, printed), traffic=None
    )


def test_a_traceback_is_cut_to_the_apps_own_frames() -> None:
    """Without colours, marks and libraries; the exception is the last line."""
    assert apps(crashed(TRACE)) == [
        "…",
        '  File "/app/shop/views.py", line 3, in <module>',
        "    limit = int(None)",
        "TypeError: int() argument must be a string",
    ]


def test_the_traceback_of_the_app_comes_before_the_servers() -> None:
    """A server's own traceback may come last, and says nothing about the app."""
    server = (
        "Traceback (most recent call last):\n"
        '  File "/app/.heroku/python/bin/gunicorn", line 6, in <module>\n'
        "    sys.exit(run())\n"
        "gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>\n"
    )
    assert apps(crashed(TRACE + server)) == apps(crashed(TRACE))
    assert apps(crashed(server))[-1].startswith("gunicorn.errors.HaltServer")


def test_what_the_evidence_shows_is_not_repeated() -> None:
    """The exception is quoted already, with its type or only its message."""
    said = "int() argument must be a string"
    assert apps(crashed(TRACE, f"TypeError: {said} (views.py:3)")) == []
    assert apps(crashed(TRACE, f"it says: {said}")) == []
    assert apps(crashed(TRACE, "int()")) != []


def test_the_last_lines_of_other_output() -> None:
    """A few, without those of the buildpack's scripts, each in one row of the page."""
    lines = ["Python buildpack: Detected 512 MB", "one", "two" * 60, "", "three"]
    verdict = crashed("\n".join(lines))
    assert apps(verdict) == ["one", "two" * 60, "three"]
    told = full(verdict, width=80, colour=False)
    assert "  app:    one\n          twotwo" in told and max(map(len, told.splitlines())) <= 80


def test_a_line_of_the_router_is_cut() -> None:
    """It keeps what people search for."""
    assert heroku(crashed("")) == ['at=error code=H10 path="/" … status=503']


@pytest.mark.parametrize(
    ("root", "shown"),
    [(".", "a.py:3"), ("my shop", "my shop/a.py:3"), ("../b", "../b/a.py:3"), ("/x", "/x/a.py:3")],
)
def test_a_path_is_one_from_the_current_folder(root: str, shown: str) -> None:
    """So a terminal can open it; what is elsewhere has its whole path."""
    assert place_here(source(root=Path(root)), Evidence("x", "a.py", 3)) == shown
    below = source(root=Path.cwd() / "web")
    assert place_here(below, Evidence("x", "a.py")) == "web/a.py"
