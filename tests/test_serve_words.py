"""What `parity serve` says beside the log: missing files, colours, each cause once."""

import io
import os
from collections.abc import Mapping

import pytest

from parity.records import Ignored, Line
from parity.report.show import coloured
from parity.report.stream import Stream
from parity.serving.unpushed_files import missed
from tests.verdicts import source

ABSENT: Mapping[str, Ignored | None] = {
    "data/": Ignored(".gitignore", 1, "data/"),
    "model.pkl": None,
    "notes.txt": None,
    ".env": None,
}


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("FileNotFoundError: [Errno 2] No such file or directory: 'data/a.json'", ["data/"]),
        ("Error: ENOENT: no such file or directory, open '/app/model.pkl'", ["model.pkl"]),
        ("jinja2.exceptions.TemplateNotFound: ./notes.txt", ["notes.txt"]),
        ("No such file or directory: 'old/model.pkl'", []),
        ("No such file or directory: 'model.pkl.bak'", []),
        ("No such file or directory: 'metadata/a'", []),
        ("No such file or directory: '.env'", []),
        ("loaded model.pkl and data/a.json", []),
    ],
)
def test_files_that_the_app_misses(text: str, paths: list[str]) -> None:
    """Those that an error names, and that git does not have."""
    output = [Line(1.0, "app[web.1]", "notes.txt is read"), Line(2.0, "app[web.1]", text)]
    assert list(missed(source(absent=ABSENT), output)) == paths
    assert list(missed(source(), output)) == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_an_apps_own_colours_reach_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours, and no other escape; in a pipe everything is visible."""
    for name in ("CI", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    line = Line(1.0, "app[web.1]", "\x1b[32mgreen\x1b[0m \x1b[2Jx \x1b]0;t\x07")
    screen, pipe = Terminal(), io.StringIO()
    for stream in (screen, pipe):
        Stream(stream).line(line)
    assert screen.getvalue().endswith("\x1b[32mgreen\x1b[0m \\x1b[2Jx \\x1b]0;t\\x07\x1b[0m\n")
    assert "\x1b" not in pipe.getvalue()


@pytest.mark.parametrize(
    ("variables", "terminal", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
    ],
)
def test_colours_on_request(
    variables: Mapping[str, str], terminal: bool, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FORCE_COLOR asks for them in a pipe; NO_COLOR is stronger."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert os.environ.get("TERM") is None
    assert coloured(Terminal() if terminal else io.StringIO()) == expected
