"""Interrupted at any moment, parity leaves nothing: no process, no socket, no file.

A dozen runs by default; `PARITY_INTERRUPTS=200 pytest tests/test_leftovers.py` for more.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from parity.system import workspace
from tests.test_apps import APPS, materialise
from tests.test_folders import deep

pytestmark = pytest.mark.net

BEFORE_PARITY = ("init_import_site", "Could not import runpy module")
"""What Python prints if a signal ends it before parity's first line."""

RUNS = int(os.environ.get("PARITY_INTERRUPTS", "12"))
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
LONGEST = 1.0
"""Seconds; a run takes about half of it, more on a busy machine."""


def strangers(mark: str) -> list[str]:
    """Return the command lines of processes whose environment or arguments name `mark`."""
    hits = []
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
            told = [*process.environ().values(), *command, process.cwd()]
        except psutil.Error:  # it ended meanwhile
            continue
        if any(mark in text for text in told) and process.pid != os.getpid():
            hits.append(" ".join(command))
    return hits


def gone(mark: str) -> list[str]:
    """Return what is left of `mark` a few seconds later (a dying process takes a moment)."""
    until = time.monotonic() + 5
    while (left := strangers(mark)) and time.monotonic() < until:
        time.sleep(0.02)
    return left


def run(app: Path, scratch: Path, rng: random.Random, interrupt: bool) -> tuple[int, str]:
    """Do one `parity run`, perhaps interrupted; return its exit code and what happened."""
    process = subprocess.Popen(
        [sys.executable, "-m", "parity", "run", str(app), "--format", "json", "--no-env"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "TMPDIR": str(scratch)},
    )
    told = "undisturbed"
    if interrupt:
        signum, group, twice = rng.choice(SIGNALS), rng.random() < 0.5, rng.random() < 0.3
        moment = rng.random() * LONGEST
        told = (
            f"{signum.name} {'to the group ' if group else ''}{'twice ' * twice}at {moment:.3f} s"
        )
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            for _ in range(1 + twice):
                (os.killpg if group else os.kill)(process.pid, signum)
    _, errors = process.communicate(timeout=60)
    return process.returncode, f"{told}: exit {process.returncode} {errors.decode()}"


@pytest.mark.parametrize("seed", range(RUNS))
def test_nothing_is_left(seed: int, tmp_path: Path) -> None:
    """After a run, interrupted or not, there is no process, no temporary file, no traceback."""
    rng = random.Random(seed)
    app, scratch = tmp_path / "app", tmp_path / "scratch"
    app.mkdir(), scratch.mkdir()
    materialise(APPS / "works-stdlib-server", {}, app)
    before = {p: p.read_bytes() for p in app.rglob("*") if p.is_file()}
    code, told = run(app, scratch, rng, interrupt=seed % 2 == 0)
    assert any(words in told for words in BEFORE_PARITY) or code in (
        0,
        129,
        130,
        131,
        143,
        *(-signum for signum in SIGNALS),
    ), told
    assert seed % 2 == 0 or code == 0, told
    assert "Traceback" not in told or "KeyboardInterrupt" in told, told
    assert gone(str(tmp_path)) == [], told
    assert list(scratch.iterdir()) == [], told
    assert {p: p.read_bytes() for p in app.rglob("*") if p.is_file()} == before


def test_nobody_reads(tmp_path: Path) -> None:
    """A reader that has gone neither stops parity nor changes its verdict."""
    app = tmp_path / "app"
    app.mkdir()
    materialise(APPS / "works-stdlib-server", {}, app)
    command = [
        sys.executable,
        "-m",
        "parity",
        "run",
        str(app),
        "--no-env",
        "--report",
        "json=/dev/null",
    ]
    gone_reader = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert gone_reader.stdout
    gone_reader.stdout.close()
    assert gone_reader.wait(60) == 0
    assert gone_reader.stderr and b"Traceback" not in gone_reader.stderr.read()
    gone_reader.stderr.close()
    assert gone(str(tmp_path)) == []


def marked(folder: Path, signature: bytes = workspace.SIGNATURE) -> Path:
    """Create a folder that looks like the workspace of a killed run."""
    (folder / "web.1").mkdir(parents=True)
    folder.chmod(0o700)
    (folder / workspace.MARK).write_bytes(signature)
    return folder


def test_what_a_killed_run_has_left_is_swept_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run removes folders with the mark and without a lock, and nothing else."""
    monkeypatch.setattr(workspace, "_parents", lambda: iter([tmp_path]))
    abandoned, in_use = (marked(tmp_path / f"parity-{n}") for n in ("00000000", "11111111"))
    forged = marked(tmp_path / "parity-33333333", b"parity")
    shared = marked(tmp_path / "parity-44444444")
    shared.chmod(0o755)
    other = marked(tmp_path / "parity-mine")
    thesis = tmp_path / "parity-20261129"
    unmarked, filled = (tmp_path / workspace._name() for _ in range(2))
    for folder in (thesis, unmarked, filled):
        folder.mkdir(mode=0o700)
    (filled / "mine").touch()
    link = tmp_path / "parity-55555555"
    link.symlink_to(other)
    for folder in (abandoned, in_use, forged, shared, other, thesis, unmarked, filled):
        os.utime(folder, (0, 0))
    code = "import sys; from parity.system.workspace import _lock; from pathlib import Path\n"
    code += "held = _lock(Path(sys.argv[1])); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(in_use)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout and holder.stdin
        holder.stdout.readline()
        with workspace.workspace() as work:
            left = set(tmp_path.iterdir()) - {work.root}
        holder.stdin.close()
    assert left == {in_use, forged, shared, other, thesis, filled, link}
    assert not work.root.exists()


def test_a_sweep_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be removed in time keeps its mark; the next run continues the sweep."""
    monkeypatch.setattr(workspace, "_parents", lambda: iter([tmp_path]))
    huge = deep(marked(tmp_path / "parity-00000000") / "deep").parent
    monkeypatch.setattr(workspace, "SWEEP", -1.0)
    with workspace.workspace():
        assert (huge / workspace.MARK).exists()
    monkeypatch.setattr(workspace, "SWEEP", 600.0)
    with workspace.workspace():
        assert not huge.exists()


def test_no_workspace_in_the_project(tmp_path: Path) -> None:
    """If no temporary folder is writable, parity says so: it never uses the project."""
    app, home = tmp_path / "app", tmp_path / "home"
    app.mkdir(), home.mkdir()
    materialise(APPS / "works-stdlib-server", {}, app)
    before = sorted(app.rglob("*"))
    code = "import sys; from parity.cli import main as cli; from parity.system import workspace\n"
    code += "workspace.FOLDERS = ('/proc/1',); sys.exit(cli.main(['run', '.', '--no-env']))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=app,
        env={**os.environ, "TMPDIR": "/proc/1", "TEMP": "/dev/null", "TMP": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done
    assert "Set TMPDIR" in done.stdout
    assert sorted(app.rglob("*")) == before
