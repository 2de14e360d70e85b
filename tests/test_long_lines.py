"""Lines of a megabyte, and runaway patterns, in every file that `check` reads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from parity.records import LONGEST, Ended, Entry, Line, Source
from parity.rules.bounds import bounded

pytestmark = pytest.mark.real

MANY = 490_000
PLAIN = {"Procfile": "web: python app.py\n", "requirements.txt": "flask\n", "app.py": "import os\n"}
TREES = {
    "a requirement": {"requirements.txt": "flask" + " " * MANY + "x\n"},
    "a command": {"Procfile": "web: python app.py " + "a/" * MANY + "\n"},
    "a list": {"app.py": "x = [" + "1," * MANY + "]\n"},
    "names": {"app.py": "x = a" + ".a" * MANY + "\n"},
    "a script": {"package.json": '{"scripts": {"start": "node ' + "a " * MANY + '"}}'},
    "a version": {"runtime.txt": "python-" + "3." * MANY + "\n"},
    "a variable": {".env": "A=" + "a " * MANY + "\n"},
    "globs": {".slugignore": "*a" * 20 + "b\n" + "**/" * 60 + "x\n", "a" * 80: ""},
    "odd globs": {".slugignore": "[z-a]\n[a&&b]\n[!]x\n"},
}
MEMORY = 200
"""Megabytes that are enough for each."""

MEASURED = """\
import re, sys
from pathlib import Path
from parity.cli import main as cli
code = cli.main(sys.argv[1:])
status = Path("/proc/self/status").read_text()  # ru_maxrss would have that of the test's process
print(code, int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) // 1024)
"""


@pytest.mark.parametrize("name", TREES)
def test_check_comes_to_an_end_in_little_memory(name: str, tmp_path: Path) -> None:
    """There is an answer, and no warning on stderr."""
    app, home = tmp_path / "app", tmp_path / "home"
    app.mkdir(), home.mkdir()
    for path, text in {**PLAIN, **TREES[name]}.items():
        (app / path).write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "check", str(app), "--format", "concise", "--quiet"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home)},
    )
    *_, last = done.stdout.splitlines()
    code, memory = map(int, last.split())
    assert code in (0, 1)
    assert memory < MEMORY
    assert "Warning" not in done.stderr


def test_rules_see_the_beginning_of_a_line() -> None:
    """Long lines of a log or a file are shortened; short ones are returned as they are."""
    short, long = Line(0.0, "app[web.1]", "short"), Line(0.0, "app[web.1]", "x" * 9000)
    seen = bounded(Ended(1, (short, long), 0.0)).output
    assert seen == (short, long._replace(text="x" * LONGEST + "…"))
    ended = Ended(1, (short,), 0.0)
    assert bounded(ended) is ended
    data = f"a\r\n{'x' * 9000}\r\nb\n".encode()
    entries = {"f": Entry(0o100644, len(data), None, data)}
    source = Source(Path(), "folder", None, None, "", None, entries, (), {}, {})
    assert source.text("f") == f"a\r\n{'x' * LONGEST}…\r\nb\n"
    assert source.whole("f") == data.decode()
