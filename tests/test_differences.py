"""A success with an older Python than Heroku's, of code that fails with Heroku's."""

from pathlib import Path

import pytest

from parity.facts.buildpacks import PYTHON
from parity.records import Interpreter, ProcessType
from parity.records.verdict import Finding
from parity.rules.engine import diagnose
from parity.rules.loading import load
from tests.verdicts import boot, plan, slug, source

LOOP = "asyncio.get_event_loop"
SCRIPT, GUNICORN = "python app.py", "gunicorn app:app"

DIFFERENT = [
    (SCRIPT, "import asyncio\nloop = asyncio.get_event_loop()\n", LOOP, 2),
    (SCRIPT, "import asyncio as aio\naio.get_event_loop().run_forever()\n", LOOP, 2),
    (SCRIPT, "from asyncio import get_event_loop\n\nget_event_loop()\n", LOOP, 3),
    (GUNICORN, "import asyncio\n\nloop = asyncio.get_event_loop()\n", LOOP, 3),
    (
        SCRIPT,
        "import asyncio\n\ndef main():\n    asyncio.get_event_loop()\n\n"
        'if __name__ == "__main__":\n    main()\n',
        LOOP,
        4,
    ),
    (GUNICORN, "import pkgutil\n\nfound = pkgutil.find_loader('x')\n", "pkgutil.find_loader", 3),
    (GUNICORN, "from ast import Str\n", "ast.Str", 1),
    (GUNICORN, "import cgi\n", "cgi", 1),
    (GUNICORN, "from distutils.util import strtobool\n", "distutils.util.strtobool", 1),
]
"""A command, app.py, the name and its line; all worked with Python 3.11."""

SAME = [
    ("uvicorn app:app", "import asyncio\nloop = asyncio.get_event_loop()\n"),
    ("gunicorn -k uvicorn.workers.UvicornWorker app:app", DIFFERENT[0][1]),
    (
        SCRIPT,
        "import asyncio\nasync def main():\n    asyncio.get_event_loop()\nasyncio.run(main())\n",
    ),
    (
        SCRIPT,
        "import asyncio\nasyncio.set_event_loop(asyncio.new_event_loop())\n" + DIFFERENT[0][1],
    ),
    (GUNICORN, "try:\n    import cgi\nexcept ImportError:\n    cgi = None\n"),
    (GUNICORN, "import sys\nif sys.version_info < (3, 13):\n    import cgi\n"),
    (GUNICORN, "def unused():\n    import cgi\n"),
    (GUNICORN, "import asyncio\nwait = asyncio.get_event_loop\n"),
    (GUNICORN, "import ast\nx = ast.Constant\n"),
    (GUNICORN, "class pkgutil:\n    find_loader = 1\nx = pkgutil.find_loader\n"),
]
"""Guarded, dead, with a loop, or simply other code."""


def findings(
    command: str,
    code: str,
    *packages: str,
    here: str = "3.11.7",
    asked: str = "3.14.7",
    **files: str,
) -> list[Finding]:
    """Return what is found of an app that came up with Python `here`."""
    load()
    tree = {"app.py": code, "Procfile": f"web: {command}\n", **files}
    made = plan(source(tree), processes={"web": ProcessType("web", command, 1)})
    python = made.runtimes[0]._replace(version=asked)
    exact = here.split(".")[1] == asked.split(".")[1]
    ours = Interpreter(Path("/usr/bin/python3"), here, exact)
    built = slug(
        made._replace(runtimes=(python,)),
        interpreters={PYTHON: ours},
        packages=dict.fromkeys(packages, "1"),
    )
    return [f for f in diagnose(boot(built)) if f.id == "differs-in-heroku-python"]


@pytest.mark.parametrize(("command", "code", "name", "line"), DIFFERENT)
def test_code_that_fails_with_herokus_python(command: str, code: str, name: str, line: int) -> None:
    """parity cannot tell, and names the line, what to write, and the Python that has it."""
    (finding,) = findings(command, code)
    assert finding.effect == "unknown" and name in finding.title
    assert (finding.evidence[0].file, finding.evidence[0].line) == ("app.py", line)
    assert ".python-version" in finding.fix


@pytest.mark.parametrize(("command", "code"), SAME)
def test_code_that_is_guarded_or_never_runs(command: str, code: str) -> None:
    """No word, for code that runs as well with either Python."""
    assert findings(command, code) == []


def test_only_what_lies_between_the_two_versions() -> None:
    """Not where both have the name, nor where both lack it."""
    code = DIFFERENT[0][1]
    assert findings(SCRIPT, code, here="3.14.0") == []
    assert findings(SCRIPT, code, asked="3.13.15") == []
    assert findings(GUNICORN, "import cgi\n", here="3.13.0") == []
    (finding,) = findings(GUNICORN, "import cgi\n", here="3.12.1")
    assert "`3.12`" in finding.fix


def test_a_removed_module_that_something_brings_back() -> None:
    """A distribution that has it, setuptools for distutils, or a file of the app's own."""
    assert findings(GUNICORN, "import cgi\n", "legacy-cgi") == []
    assert findings(GUNICORN, "import audioop\n", "audioop-lts") == []
    assert findings(GUNICORN, "import distutils\n", "setuptools") == []
    assert findings(GUNICORN, "import imp\n", **{"imp.py": ""}) == []
