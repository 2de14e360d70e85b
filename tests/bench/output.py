"""Floods of output, on request: `python -m tests.bench.output [--runs N]`.

The same command under parity (a dyno whose lines go into a rehearsal's log), under honcho, and
piped into `cat`, in turn: lines a second, and the largest memory of the front process.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

BIN = Path(sys.executable).parent
LINE = "line %.0f of a flood, with some more text so that it has eighty characters ....."
FLOODS = {"cat": 2_000_000, "parity": 2_000_000, "honcho": 100_000}
"""Lines for each: fewer for the slow ones."""

LONG = "head -c 300000000 /dev/zero | tr '\\0' x"


def main() -> None:
    """Measure, or be the measured parity."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--dyno", metavar="COMMAND", help="(the measured side)")
    options = parser.parse_args()
    if options.dyno:
        flooded(options.dyno)
        return
    speeds: dict[str, list[float]] = {name: [] for name in FLOODS}
    for _ in range(options.runs):
        for name, lines in FLOODS.items():
            seconds, _ = measured(name, f"seq -f '{LINE}' {lines}")
            speeds[name].append(lines / seconds)
    honcho = statistics.median(speeds["honcho"])
    for name, found in speeds.items():
        median = statistics.median(found)
        print(f"{name:8} {median:12,.0f} lines/s  {median / honcho:6.1f} x honcho")
    for name in ("parity", "honcho"):
        print(f"{name:8} {measured(name, LONG)[1]:8.0f} MB at one line of 300 MB")


def measured(name: str, command: str) -> tuple[float, float]:
    """Return seconds, and the largest memory in MB, of one run without its start."""
    idle = _run(name, "true")[0]
    seconds, memory = _run(name, command)
    return max(0.01, seconds - idle), memory


def _run(name: str, command: str) -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="flood-") as folder:
        Path(folder, "Procfile").write_text(f"web: {command}\n")
        argv = {
            "parity": [sys.executable, "-m", "tests.bench.output", "--dyno", command],
            "honcho": [str(BIN / "honcho"), "-f", f"{folder}/Procfile", "start"],
            "cat": ["bash", "-c", f"({command}) | cat"],
        }[name]
        began = time.perf_counter()
        sink = os.open(f"{folder}/sink", os.O_WRONLY | os.O_CREAT)
        pid = os.posix_spawnp(
            argv[0], argv, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, sink, 1)]
        )
        os.close(sink)
        _, _, used = os.wait4(pid, 0)
        return time.perf_counter() - began, used.ru_maxrss / 1024


def flooded(command: str) -> None:
    """Run a dyno of `command` until its end."""
    from parity.rehearsal.trial import Trial
    from tests.dynos import dyno

    trial = Trial("run", None, None, strict=False)
    with tempfile.TemporaryDirectory(prefix="flood-") as folder:
        with dyno(Path(folder), command, kind="worker", say=trial.say) as made:
            boot = made.boot()
            while boot.state != "crashed" and not made.ended(1.0):
                continue
        assert trial.verdict().log


if __name__ == "__main__":
    main()
