"""The output of a command: what, where, and when."""

import io
import json
from argparse import Namespace
from pathlib import Path

import pytest

from parity.records import Config, Line
from parity.report.show import Show, capable, coloured
from parity.system.errors import Trouble, Usage
from tests import verdicts
from tests.verdicts import before_stop

NO_CONFIG = Config({}, {})


def shown(format: str, report: tuple[str, ...] = (), config: Config = NO_CONFIG) -> tuple[str, str]:
    """Return stdout after the verdict, and after the stop."""
    out = io.StringIO()
    verdict = verdicts.slow_stop()
    arguments = Namespace(format=format, report=list(report), quiet=False)
    with Show(arguments, config, out, io.StringIO()) as show:
        show.stage("boot")
        show.line(Line(1.0, "app[web.1]", "hello"))
        show.verdict(before_stop(verdict))
        first = out.getvalue()
        show.final(verdict)
    return first, out.getvalue().removeprefix(first)


def test_people_need_not_wait_for_the_stop() -> None:
    """The full report comes before the stop, what the stop adds after it."""
    first, later = shown("full")
    assert first.startswith("works: ")
    assert "R12" not in first
    assert later.startswith("\nwarn[R12]")


@pytest.mark.parametrize("kind", ["concise", "json"])
def test_programs_get_one_document(kind: str) -> None:
    """A report for programs is printed once, at the end."""
    first, later = shown(kind)
    assert first == ""
    assert "R12" in later
    assert kind != "json" or json.loads(later)["schema"] == "parity.report/1"


def test_reports_go_to_files_too(tmp_path: Path) -> None:
    """`--report KIND=FILE` writes the whole report, besides what is printed."""
    made, text = tmp_path / "r.json", tmp_path / "r.txt"
    shown("full", (f"json={made}", f"full={text}"))
    assert json.loads(made.read_text())["verdict"] == "works"
    assert "warn[R12]" in text.read_text()
    assert "\x1b" not in text.read_text()


def test_all_of_it_is_masked(tmp_path: Path) -> None:
    """No value of a config var is printed or written."""
    made = tmp_path / "r.json"
    config = Config({"FLAVOUR": "lived on for 30 s"}, {})
    printed = "".join(shown("full", (f"json={made}",), config)) + made.read_text()
    assert "lived on" not in printed
    assert "[FLAVOUR]" in printed


@pytest.mark.parametrize(
    ("format", "report"),
    [
        ("pdf", ()),
        ("full", ("pdf=x",)),
        ("full", ("json",)),
        ("full", ("json=",)),
        ("full", ("json=/no/such/folder/x",)),
        ("full", ("json=/",)),
    ],
)
def test_what_cannot_be_reported_is_refused_at_once(format: str, report: tuple[str, ...]) -> None:
    """An unknown kind or an impossible file is wrong usage, reported before anything runs."""
    arguments = Namespace(format=format, report=report, quiet=True)
    with pytest.raises(Usage):
        Show(arguments, NO_CONFIG, io.StringIO(), None)


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A failed write is reported in one line, with a remedy."""
    target = tmp_path / "full"
    target.symlink_to("/dev/full")
    with pytest.raises(Trouble, match="No space left"):
        shown("concise", (f"json={target}",))


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        """Return True."""
        return True


def test_colour_needs_a_terminal_that_has_some(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe, NO_COLOR, TERM=dumb and a closed stream get no colour."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert coloured(Terminal())
    assert not coloured(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured(Terminal())
    assert capable(Terminal())
    monkeypatch.setenv("TERM", "dumb")
    assert not capable(Terminal())
    closed = Terminal()
    closed.close()
    assert not capable(closed)
    assert not capable(None)
