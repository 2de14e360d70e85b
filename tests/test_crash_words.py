"""Exceptions that no rule knows: the advice is built from their own text and the app's line."""

import pytest

from parity.rules.views.exception_advice import PLAIN
from tests.tracebacks import LIBRARY, causes, trace

APP = """\
def load(rows, mode):
    if mode not in ("fast", "slow"):
        raise ValueError(f"modo desconocido: {mode}")
    if len(rows) > 3:
        raise ValueError("zu viele Zeilen")
    else:
        raise OSError("brak danych")
    return rows.first.name
"""


@pytest.mark.parametrize(
    ("frame", "error", "fix"),
    [
        (
            "app.py:3:load",
            "ValueError: modo desconocido: x",
            "because `mode not in ('fast', 'slow')`",
        ),
        ("app.py:5:load", "ValueError: zu viele Zeilen", "because `len(rows) > 3`"),
        ("app.py:7:load", "OSError: brak danych", "`raise OSError("),
        (
            "app.py:8:load",
            "NameError: name 'rows' is not defined",
            "Define or import `rows` above line 8",
        ),
        (
            "app.py:8:load",
            "AttributeError: 'NoneType' object has no attribute 'name'",
            "What stands before `.name` in `return rows.first.name` is None",
        ),
        (
            "app.py:8:load",
            "AttributeError: 'Row' object has no attribute 'first'",
            "`first` is no attribute",
        ),
        ("app.py:8:load", "KeyError: 'colour'", "no key 'colour' where line 8 of app.py"),
        (
            "app.py:8:load",
            "acme.LicenceError: No licence found. Please activate it with `acme login`. Bye.",
            "“Please activate it with `acme login`.” It is about line 8 of app.py.",
        ),
        (
            "app.py:8:load",
            "TypeError: load() missing 1 required positional argument: 'mode'",
            "Give `load`",
        ),
        (
            "app.py:8:load",
            "acme.Strange: 17",
            "See what `return rows.first.name` (line 8 of app.py)",
        ),
    ],
)
def test_the_text_of_the_exception_and_the_line(frame: str, error: str, fix: str) -> None:
    """Neither the message nor the line is left to be looked up."""
    found = causes({"app.py": APP}, trace("app.py:8", frame, error=error))
    assert [*found] == ["unhandled-exception"]
    assert fix in found["unhandled-exception"].fix and PLAIN not in found["unhandled-exception"].fix


def test_an_exception_of_a_library_alone() -> None:
    """Without a line of the app's, the message itself is quoted."""
    log = trace(f"{LIBRARY}/acme/cli.py:4:main", error="acme.Strange: no quorum")
    found = causes({"app.py": APP}, log)
    assert "“no quorum”" in found["unhandled-exception"].fix
