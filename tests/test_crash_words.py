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
            "Check why the object before `.name` in `return rows.first.name` is None",
        ),
        (
            "app.py:8:load",
            "AttributeError: 'Row' object has no attribute 'first'",
            "Correct the attribute `first` in line 8 of app.py",
        ),
        (
            "app.py:8:load",
            "KeyError: 'colour'",
            "Add the key 'colour' before line 8 of app.py reads it",
        ),
        (
            "app.py:8:load",
            "acme.LicenceError: No licence found. Please activate it with `acme login`. Bye.",
            "“Please activate it with `acme login`.” It is about line 8 of app.py.",
        ),
        (
            "app.py:8:load",
            "TypeError: load() missing 1 required positional argument: 'mode'",
            "Pass `load`",
        ),
        (
            "app.py:8:load",
            "acme.Strange: 17",
            "Check what `return rows.first.name` (line 8 of app.py)",
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


DEEP = (
    "MonkeyPatchWarning: Monkey-patching ssl after ssl has already been imported may lead to",
    *trace(
        "app.py:8",
        "/app/.heroku/python/lib/python3.14/ssl.py:5:options",
        error="RecursionError: maximum recursion depth exceeded",
    ),
)
LATE = "import requests\nfrom gevent import monkey\nmonkey.patch_all()\n"


@pytest.mark.parametrize(
    ("command", "code", "fix"),
    [
        ("python app.py", LATE, "as the first line of app.py"),
        ("gunicorn -k gevent --preload app:app", APP, "`web: gunicorn -k gevent app:app`"),
        (
            "gunicorn -k eventlet app:app",
            LATE.replace("gevent import monkey", "x import y").replace("patch_all", "monkey_patch"),
            "import eventlet; eventlet.monkey_patch()",
        ),
    ],
)
def test_a_patch_that_comes_too_late(command: str, code: str, fix: str) -> None:
    """The patch belongs above every import; with --preload the server imports too early."""
    found = causes({"app.py": code}, DEEP, command=command)
    assert [*found] == ["patched-too-late"]
    assert fix in found["patched-too-late"].fix


def test_a_recursion_of_the_apps_own() -> None:
    """Without ssl, or without a patch, a RecursionError is the app's own."""
    log = trace(
        "app.py:8", "app.py:8:load", error="RecursionError: maximum recursion depth exceeded"
    )
    assert [*causes({"app.py": LATE}, log)] == ["unhandled-exception"]
    assert [*causes({"app.py": APP}, DEEP)] == ["unhandled-exception"]


def test_a_circle_of_imports_names_both_files() -> None:
    """The line of each of the two files that imports the other one is evidence."""
    files = {"shop/views.py": "from shop.models import Item\n"}
    files["shop/models.py"] = "import os\nfrom shop.views import show\nItem = 1\n"
    error = (
        "ImportError: cannot import name 'Item' from partially initialized module 'shop.models'"
        " (most likely due to a circular import) (/app/shop/models.py)"
    )
    log = trace("app.py:1", "shop/models.py:2", "shop/views.py:1", error=error)
    found = causes({"app.py": "import shop.models\n", **files}, log)["circular-import"]
    assert [(e.file, e.line) for e in found.evidence] == [
        ("shop/views.py", 1),
        ("shop/models.py", 2),
    ]


def test_a_virtual_environment_of_any_name_is_not_the_app() -> None:
    """What pip installed into a committed `env/` is never the place to blame."""
    files = {"env/pyvenv.cfg": "", "env/lib/python3.12/site-packages/acme.py": "x\n" * 9}
    files |= {"env/tools.py": 'os.environ["TOKEN"]\n', "app.py": APP}
    inside = "env/lib/python3.12/site-packages/acme.py:4:run"
    log = trace("app.py:8", inside, error="KeyError: 'TOKEN'")
    (found,) = causes(files, log).values()
    assert [e.file for e in found.evidence] == ["app.py"]
