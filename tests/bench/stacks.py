"""Good apps after the documentation of popular stacks: `python -m tests.bench.stacks [NAME ...]`.

Each is pushed, built and asked for real; the command ends with 1 if one of them does not get
"works", or gets a warning. stacks.txt holds them: `=== name`, then `--- path` and the file's text.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.test_apps import GIT

TEXT = Path(__file__).with_name("stacks.txt")
LONGEST = 600
"""Seconds that one app may take, with a cold build."""


def stacks() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the name and the files of each app."""
    for app in re.split(r"(?m)^=== ", TEXT.read_text())[1:]:
        name, _, rest = app.partition("\n")
        files = re.split(r"(?m)^--- ", rest)[1:]
        yield name, {path: text for path, _, text in (file.partition("\n") for file in files)}


def committed(folder: Path, files: dict[str, str]) -> None:
    """Write the files into `folder` and commit them."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "app"]):
        subprocess.run([*GIT, *arguments], cwd=folder, check=True, capture_output=True)


def judged(files: dict[str, str]) -> tuple[str, list[str]]:
    """Return the verdict on an app, and the ids of all findings that are more than notes."""
    with tempfile.TemporaryDirectory() as folder:
        committed(Path(folder), files)
        command = [sys.executable, "-m", "parity", "run", folder, "--format", "json"]
        done = subprocess.run(command, capture_output=True, timeout=LONGEST, check=False)
    report = json.loads(done.stdout)
    return report["verdict"], [f["id"] for f in report["findings"] if f["effect"] != "note"]


def main(names: list[str]) -> int:
    """Judge the named apps, or all, and print a line for each."""
    wrong = 0
    for name, files in stacks():
        if names and name not in names:
            continue
        began = time.monotonic()
        verdict, findings = judged(files)
        wrong += verdict != "works" or bool(findings)
        seconds = time.monotonic() - began
        print(f"{name:28} {verdict:8} {seconds:6.1f} s  {' '.join(findings)}", flush=True)
    print(f"{wrong} not right")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
