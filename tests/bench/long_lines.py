"""Long lines, on request: `python -m tests.bench.long_lines [--python PATH]`.

`parity explain -` on 100 MB of log with one line of 50 MB, `parity run` of an app that prints as
much, and crashes whose exception is long: seconds and the largest memory of each. `--python` is
that of another installation of parity, to compare.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

MB = 1_000_000
HEAD = "2026-11-30T04:00:00.000000+00:00 app[web.1]: "
CODE = "2026-11-30T04:00:00.000000+00:00 heroku[router]: at=error code=H10 desc="
CODE += '"App crashed" method=GET path="/" host=a.herokuapp.com dyno= status=503\n'
FLOOD = f"""\
import sys
row = "a line of a flood, as long as lines are in most logs: eighty characters\\n" * 1000
for _ in range({25 * MB} // len(row)):
    sys.stdout.write(row)
sys.stdout.write("x" * {50 * MB} + "\\n")
for _ in range({25 * MB} // len(row)):
    sys.stdout.write(row)
sys.stdout.flush()
"""
RAISES = "import base64, os\nraise ValueError(base64.b64encode(os.urandom({})).decode())\n"
LIMIT = 300
"""Seconds after which a command is abandoned."""


class Measured(NamedTuple):
    """One command; `code` None: it was abandoned."""

    code: int | None
    seconds: float
    memory: int


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", default=sys.executable)
    python = parser.parse_args().python
    with tempfile.TemporaryDirectory(prefix="long-") as folder:
        shown("explain - of 100 MB", explained(python, Path(folder)))
        shown("run of an app that prints 100 MB", run(python, Path(folder), FLOOD))
        shown("run, exception of 100 kB", run(python, Path(folder), RAISES.format(75_000)))
        shown("run, exception of 1 MB", run(python, Path(folder), RAISES.format(750_000)))


def shown(what: str, found: Measured) -> None:
    """Print one line."""
    code = "given up" if found.code is None else f"exit {found.code}"
    print(f"{what:34} {found.seconds:7.1f} s {found.memory:6} MB  {code}", flush=True)


def explained(python: str, folder: Path) -> Measured:
    """Measure `explain -` with 100 MB of a log on stdin."""
    log = folder / "log"
    with log.open("w") as file:
        row = f"{HEAD}a line of a flood, as long as most are\n" * 1000
        for _ in range(25 * MB // len(row)):
            file.write(row)
        file.write(HEAD + "x" * 50 * MB + "\n")
        for _ in range(25 * MB // len(row)):
            file.write(row)
        file.write(CODE)
    with log.open() as file:
        return measured([python, "-m", "parity", "explain", "-"], folder, file.fileno())


def run(python: str, folder: Path, code: str) -> Measured:
    """Measure a rehearsal of an app of one file."""
    app = Path(tempfile.mkdtemp(dir=folder))
    (app / "flood.py").write_text(code)
    (app / "requirements.txt").write_text("")
    (app / "Procfile").write_text("web: python3 flood.py\n")
    return measured([python, "-m", "parity", "run", "--first-only", str(app)], folder, None)


def measured(argv: list[str], folder: Path, stdin: int | None) -> Measured:
    """Run `argv` with a separate home and temporary folder, discarding its output."""
    env = {**os.environ, "HOME": str(folder), "TMPDIR": str(folder), "XDG_CACHE_HOME": str(folder)}
    began = time.perf_counter()
    process = subprocess.Popen(
        ["timeout", "-s", "KILL", str(LIMIT), *argv],
        stdin=subprocess.DEVNULL if stdin is None else stdin,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=env,
    )
    _, status, used = os.wait4(process.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    ended = None if code in (-9, 137) else code
    return Measured(ended, time.perf_counter() - began, used.ru_maxrss // 1024)


if __name__ == "__main__":
    main()
