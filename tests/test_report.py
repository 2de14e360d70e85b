"""Reports: the texts for people and programs, compared as a whole."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parity import __version__
from parity.records import Line
from parity.records.verdict import Evidence, StageResult, Verdict
from parity.report import KINDS, render
from parity.report.next_step import what_next
from parity.report.terminal import at_verdict, concise, full, headline, later
from parity.system.text import cells
from tests import verdicts
from tests.verdicts import VERDICTS, before_stop, finding, source

GOLDEN = Path(__file__).parent / "golden"
WRITE = os.environ.get("PARITY_GOLDEN") == "write"
"""`PARITY_GOLDEN=write pytest tests/test_report.py` rewrites the files; read the diff."""

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
each = pytest.mark.parametrize("make", VERDICTS.values(), ids=VERDICTS)


def compare(name: str, text: str) -> None:
    """Assert that `text` is the content of the golden file."""
    path = GOLDEN / name
    if WRITE:
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("name", VERDICTS)
def test_text_is_as_written(name: str) -> None:
    """`full` at 80 columns and `concise` match the golden files."""
    verdict = VERDICTS[name]()
    compare(
        f"{name}.txt", f"{full(verdict, width=80, colour=False)}\n~~~ concise\n{concise(verdict)}"
    )


@pytest.mark.parametrize("name", ["works", "slow-stop"])
def test_the_stop_is_told_after_the_verdict(name: str) -> None:
    """The findings of the stop are printed below the report."""
    verdict = VERDICTS[name]()
    first = at_verdict(before_stop(verdict), width=80, colour=False)
    rest = later(verdict, width=80, colour=False)
    compare(f"{name}-in-two.txt", f"{first}\n{rest}")


@pytest.mark.parametrize("name", ["loopback", "rejected", "interrupted"])
def test_json_is_as_written(name: str) -> None:
    """The whole document matches, key by key."""
    document = render("json", VERDICTS[name]()).replace(f'"{__version__}"', '"0"')
    compare(f"{name}.json", document)


@each
def test_the_verdict_comes_first(make: Callable[[], Verdict]) -> None:
    """The first sentence of a report is its verdict."""
    verdict = make()
    told = " ".join(full(verdict, width=80, colour=False).split())
    assert told.startswith(headline(verdict))


@each
@pytest.mark.parametrize("width", [60, 80, 120])
def test_prose_keeps_to_the_width(make: Callable[[], Verdict], width: int) -> None:
    """No line is wider than the page, except addresses and code, which are for copying."""
    rows = full(make(), width=width, colour=False).splitlines()
    wide = [row for row in rows if cells(row) > width]
    copied = ("https://", "app.run(", "next: ")
    assert [row for row in wide if not any(part in row for part in copied)] == []


@each
def test_colour_changes_no_word(make: Callable[[], Verdict]) -> None:
    """Without colours the text is the same."""
    coloured = full(make(), width=80, colour=True)
    assert "\x1b[1" in coloured
    assert COLOURS.sub("", coloured) == full(make(), width=80, colour=False)


def test_a_pass_is_short() -> None:
    """A pass with nothing to say takes at most 15 lines."""
    assert len(full(verdicts.works(), width=80, colour=False).splitlines()) <= 15


def test_commands_stay_in_one_piece() -> None:
    """A command between backticks and an indented line of code are never wrapped."""
    command = "`heroku config:set DATABASE_URL=postgres://one:two@db.example.com/three`"
    fix = f"First of all, long before anything else, type {command}.\n  x = {'1 + ' * 30}1"
    verdict = verdicts.unknown()
    verdict = verdict._replace(findings=(verdict.findings[0]._replace(fix=fix),))
    told = full(verdict, width=60, colour=False)
    assert command in told
    assert f"x = {'1 + ' * 30}1\n" in told


HOSTILE = "\x1b]0;owned\x07\x1b[2J\r\x9b31m\u202etxt\x00\x7f\u2066" + "ordinary"


def hostile(text: str) -> Verdict:
    """Return a verdict in which every text from an app or its tree is `text`."""
    verdict = verdicts.loopback()
    bad = finding(
        "bad",
        title=text,
        cause=text,
        fix=text,
        diff=f"+{text}",
        evidence=(Evidence(text, "hello.py", 2, 2), Evidence(text, text, 1)),
    )
    note = finding("bad-note", effect="note", title=text)
    tested = source(
        {"hello.py": f"x\n{text}\n".encode("utf-8", "surrogatepass")},
        uncommitted=(text,),
        branch=text,
    )
    log = (Line(1.0, "app[web.1]", text), Line(2.0, "heroku[web.1]", f"Error R10 {text}"))
    assert verdict.boot
    return verdict._replace(
        findings=(bad, note), log=log, source=tested, boot=verdict.boot._replace(command=text)
    )


def everything(verdict: Verdict, width: int = 80) -> str:
    """Return all reports of a verdict, as a pass and as a failure."""
    made = [full(verdict, width=width, colour=False)]
    made += [COLOURS.sub("", full(verdict, width=width, colour=True))]
    made += [render(kind, verdict) for kind in KINDS if kind != "github"]
    passed = verdict._replace(verdict="works")
    made += [full(passed, width=width, colour=False), concise(passed)]
    return "".join(made)


@pytest.mark.parametrize("character", [c for c in HOSTILE if not c.isascii() or ord(c) < 32])
def test_no_control_character_gets_through(character: str) -> None:
    """Each class of control character is escaped, wherever an app may put it."""
    told = everything(hostile(f"a{character}b"))
    assert not CONTROLS.search(told)
    code = ord(character)
    assert (f"a\\x{code:02x}b" if code < 256 else f"a\\u{code:04x}b") in told


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=120), st.integers(20, 130))
def test_no_text_steers_the_terminal(text: str, width: int) -> None:
    """Whatever an app writes, a report has no control character and can be encoded."""
    told = everything(hostile(text), width)
    assert not CONTROLS.search(told)
    told.encode()


@pytest.mark.parametrize(
    "text", ["::error::x", "x\n::set-output name=a::b", "##[error]x", "##vso[task"]
)
def test_no_text_commands_the_ci_service(text: str) -> None:
    """A log line that GitHub, Azure or TeamCity would obey is made inert in their logs."""
    told = everything(hostile(text))
    assert "##[" not in told
    assert "##vso[" not in told
    assert [row for row in told.splitlines() if row.lstrip().startswith("::")] == []


def test_one_finding_is_one_line_of_concise() -> None:
    """A line break in a title does not make another line."""
    verdict = hostile("a\nhello.py:1:1: fail[R10] forged")
    assert len(concise(verdict).splitlines()) == len(verdict.findings) + 1


@each
def test_keys_never_vanish(make: Callable[[], Verdict]) -> None:
    """Every document has the same keys, at every depth, whatever was reached."""

    def keys(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: keys(inner) for key, inner in value.items() if key != "process_types"}
        return None

    document = json.loads(render("json", make()))
    assert keys(document) == keys(json.loads(render("json", verdicts.works())))
    assert document["exit_code"] == make().exit_code


def test_json_is_ascii_and_keeps_the_log() -> None:
    """The document is plain ASCII, and a reader gets back what the app wrote."""
    text = "naïve ## \x1b[31m ☃ \udcff"
    document = render("json", hostile(text))
    assert document.isascii()
    assert json.loads(document)["log"][0] == (
        "1970-01-01T00:00:01.000000+00:00 app[web.1]: naïve ## \\x1b[31m ☃ \\xff"
    )


def test_every_kind_can_be_rendered() -> None:
    """Each kind of `--format` makes a text that ends its line; another kind is an error."""
    assert all(render(kind, verdicts.works()).endswith("\n") for kind in KINDS)
    with pytest.raises(KeyError):
        render("pdf", verdicts.works())


LONG = "x = [" + "'aaaa', " * 40 + "boom, " + "'zzzz', " * 40 + "]"


@pytest.mark.parametrize(
    ("text", "column", "shown"),
    [
        ("\tapp.run()", 2, "  1 |     app.run()\n    |     ^\n"),
        ("日本 = boom", 6, "  1 | 日本 = boom\n    |        ^\n"),
        ("a\x1bb = boom", 7, "  1 | a\\x1bb = boom\n    |          ^\n"),
        ("app.run()\r", None, "  1 | app.run()\n"),
        ("\nsecond line", 1, "--> a.py:1:1\n    |\n  1 |\n    | ^\n"),
    ],
)
def test_the_mark_stands_under_the_column(text: str, column: int | None, shown: str) -> None:
    """Tabs, wide and invisible characters do not move the mark away from its place."""
    told = blamed(text, column)
    assert shown in told


def test_a_long_line_is_cut_around_the_column() -> None:
    """Of a line that does not fit, the part around the mark is shown."""
    rows = blamed(LONG, LONG.index("boom") + 1).splitlines()
    mark = next(n for n, row in enumerate(rows) if row.endswith("^"))
    assert rows[mark - 1][rows[mark].index("^") :].startswith("boom")
    assert "…" in rows[mark - 1]
    assert cells(rows[mark - 1]) <= 80


@pytest.mark.parametrize(
    ("content", "line"),
    [("a\n", 9), (b"w\0e\0b\0:\0", 1), (b"", 1)],
    ids=["line not there", "UTF-16", "empty"],
)
def test_a_line_that_is_not_there_is_not_shown(content: str | bytes, line: int) -> None:
    """If the tree has no such line of text, only the place is shown."""
    told = blamed(content, None, line)
    assert f"--> a.py:{line}\n  seen:" in told


def blamed(content: str | bytes, column: int | None, line: int = 1) -> str:
    """Return a report that blames one place in a file with that content."""
    found = finding("a", evidence=(Evidence("e", "a.py", line, column),))
    verdict = verdicts.works(
        source=source({"a.py": content}), verdict="fails", symptom="a", findings=(found,)
    )
    return full(verdict, width=80, colour=False)


@pytest.mark.parametrize(
    ("changed", "command"),
    [
        ({}, "git push heroku main"),
        ({"branch": "a b"}, "git push heroku 'a b':main"),
        ({"branch": None}, "git push heroku HEAD:refs/heads/main"),
        ({"prefix": "web"}, "git -C .. subtree push --prefix web heroku main"),
        (
            {"root": Path("apps/web"), "prefix": "apps/web/"},
            "git subtree push --prefix apps/web heroku main",
        ),
        (
            {"root": Path("/my shop"), "uncommitted": ("a",)},
            "git -C '/my shop' commit -am \"Deploy to Heroku\" &&"
            " git -C '/my shop' push heroku main",
        ),
        (
            {"uncommitted": ("a",)},
            'git commit -am "Deploy to Heroku" && git push heroku main',
        ),
        ({"pushes": False}, "heroku create && git push heroku main"),
        (
            {"pushes": False, "root": Path("my shop"), "uncommitted": ("a",)},
            "cd 'my shop' && git commit -am \"Deploy to Heroku\" && heroku create &&"
            " git push heroku main",
        ),
        (
            {"pushes": False, "root": Path("web"), "prefix": "web/"},
            "(cd web && heroku create) && git subtree push --prefix web heroku main",
        ),
        (
            {"kind": "folder", "pushes": False, "commit": None},
            'git init -b main && git add . && git commit -m "First version" && heroku create &&'
            " git push heroku main",
        ),
    ],
)
def test_a_pass_ends_with_the_push(changed: dict[str, Any], command: str) -> None:
    """The last line is what to type now, for this branch, folder and state."""
    assert what_next(verdicts.works(source=source(**changed))) == command


def test_what_to_type_has_the_path_that_was_typed() -> None:
    """`parity run` alone would test another folder."""
    tested = source(root=Path("my shop"))
    assert what_next(verdicts.loopback()._replace(source=tested)).endswith("parity run 'my shop'")
    checked = verdicts.works(source=tested, command="check")
    assert what_next(checked) == "parity run 'my shop'"


def test_no_words_in_a_strip() -> None:
    """A long label leaves room for the text below it, even in a narrow terminal."""
    told = full(verdicts.worker(), width=40, colour=False).splitlines()
    at = told.index("note[python-patch-outdated]: Python")
    assert told[at + 1] == "  3.14.0 has a newer patch: 3.14.1"


@pytest.mark.parametrize("width", [40, 80])
def test_a_line_of_the_router_is_shown_with_its_status(width: int) -> None:
    """The report shows what the visitor got."""
    told = full(verdicts.error_500(), width=width, colour=False)
    assert "status=500" in told


def test_what_decides_comes_first() -> None:
    """Reports that list the findings one by one end with the notes, too."""
    note = finding("n", effect="note", stage="source")
    made = verdicts.loopback()
    rows = render("md", made._replace(findings=(note, *made.findings))).splitlines()
    assert [row[:8] for row in rows if "binds-loopback`:" in row or "`n`:" in row] == [
        "### fail",
        "- note `",
    ]


def test_the_stop_can_change_the_verdict() -> None:
    """With --strict, a warning at the stop fails the run: the new verdict is printed."""
    verdict = verdicts.slow_stop()._replace(verdict="fails", symptom="R12")
    assert later(verdict, width=80, colour=False).startswith("fails: R12 Exit timeout")


def test_a_verdict_is_not_told_twice() -> None:
    """A stop that changes nothing does not repeat the headline."""
    late = verdicts.slow_stop().findings
    verdict = verdicts.loopback()
    verdict = verdict._replace(findings=(*verdict.findings, *late))
    told = later(verdict, width=80, colour=False)
    assert told.startswith("warn[R12]")


def test_the_stop_of_what_never_ran_is_not_told() -> None:
    """After a failed boot there is nothing to stop gracefully, and nothing to say."""
    verdict = verdicts.loopback()
    rows = (*verdict.stages[:-1], StageResult("stop", "ok", 0.0))
    stopped = verdict._replace(stages=rows, shutdown=verdicts.works().shutdown)
    told = later(stopped, width=80, colour=False)
    assert told == "next: make the fix above, then: parity run\n"


def test_a_signal_during_the_stop_is_told() -> None:
    """With Ctrl-C during the stop, the report says that the run was not finished."""
    verdict = before_stop(verdicts.works(interrupted=2, verdict="unknown"))
    rows = (*verdict.stages[:-1], StageResult("stop", "not-reached", 0.3))
    told = later(verdict._replace(stages=rows), width=80, colour=False)
    assert told == "could not tell: ended by SIGINT in the stage stop\n\nnext: parity run\n"


def test_check_promises_nothing() -> None:
    """A check without findings does not claim that it works: nothing was run."""
    verdict = verdicts.works(command="check", traffic=None, boot=None, shutdown=None)
    assert headline(verdict) == "check: no problems found (the app was not run)"


def test_the_log_is_the_lead_where_no_cause_is_known() -> None:
    """Without a cause, the last 15 lines of the log are shown, and not the others."""
    verdict = verdicts.error_500()
    log = tuple(Line(1.0 + n, "app[web.1]", f"line {n:02}") for n in range(30))
    told = full(verdict._replace(log=log), width=80, colour=False)
    assert "line 14" not in told
    assert re.findall(r"line \d\d", told) == [f"line {n}" for n in range(15, 30)]
