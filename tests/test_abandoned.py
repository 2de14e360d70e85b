"""Leftovers of a run that was killed with all its guards: the next run ends and removes them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from parity.dyno import abandoned, levels, signals
from parity.dyno.environment import COOKIE
from parity.dyno.isolation import LEVELS
from parity.system import workspace
from tests.bench import hostile
from tests.builds import pushed
from tests.dynos import eventually
from tests.misbehaving import Run

pytestmark = pytest.mark.net

RUN, OTHER = "0123456789abcdef", "fedcba9876543210"


@contextmanager
def left(run: str, number: int, *, clear: bool) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a process of some run; `clear`: with an empty environment."""
    cookie = f"{COOKIE}={run}.{number}"
    name, _, value = cookie.partition("=")
    limit = f"ulimit -R {signals.limit(cookie)}; " if clear else ""
    command = ["bash", "-c", f"trap '' TERM HUP INT; {limit}echo ready; exec sleep 100"]
    environment = {"PATH": os.environ["PATH"], **({} if clear else {name: value})}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"ready\n"
        yield process
        process.kill()


@pytest.mark.parametrize("clear", [False, True])
def test_processes_of_a_killed_run(
    clear: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes are recognised by the marks of their run; those of another run go on."""
    monkeypatch.setattr(workspace, "FOLDERS", (str(tmp_path),))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    folder = tmp_path / "parity-00000000"
    folder.mkdir(mode=0o700)
    (folder / workspace.MARK).write_bytes(workspace.SIGNATURE + RUN.encode())
    with left(RUN, 3, clear=clear) as ours, left(OTHER, 3, clear=clear) as others:
        with abandoned.workspace() as work:
            assert ours.wait(10) == -9
        assert others.poll() is None
    assert not folder.exists() and not work.root.exists()


def test_a_mark_names_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next run reads what this one has written; anything else is not a mark."""
    monkeypatch.setattr(workspace, "FOLDERS", (str(tmp_path),))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    asked: list[str] = []
    with workspace.workspace(RUN) as work:
        mark = (work.root / workspace.MARK).read_bytes()
    for number, text in enumerate((mark, mark + b"\n", mark[:-17], b"", mark + b" " * 10**6)):
        folder = tmp_path / f"parity-{number:08}"
        folder.mkdir(mode=0o700)
        (folder / workspace.MARK).write_bytes(text)
    with workspace.workspace(OTHER, asked.append):
        assert asked == [RUN]
        kept = {path.name for path in tmp_path.iterdir()}
    assert kept >= {"parity-00000001", "parity-00000002", "parity-00000003", "parity-00000004"}
    assert "parity-00000000" not in kept


def test_temporary_files_of_a_build(tmp_path: Path) -> None:
    """Temporary files lie beside the slug and are removed with it; the log has Heroku's path."""
    hook = "mktemp; mktemp | tr -d / >&2; exit 1\n"
    _, said = pushed({"bin/pre_compile": hook}, tmp_path / "app")
    first, second = (line.strip() for line in said if "tmp." in line)
    assert first.startswith("/tmp/tmp.")
    assert str(tmp_path / "app").replace("/", "") in second
    (folder,) = tmp_path.glob("app/build-*/tmp")
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("ending", ["KILL parity", "KILL inner guard", "KILL all"])
def test_daemons_of_a_build(level: str, ending: str, tmp_path: Path) -> None:
    """Daemons in their own sessions, deaf to every signal, do not outlive a kill of all."""
    if levels.why_not(level):
        pytest.skip(str(levels.why_not(level)))
    app, scratch, ready = tmp_path / "app", tmp_path / "tmp", tmp_path / "ready"
    (app / "bin").mkdir(parents=True), scratch.mkdir()
    for path, text in hostile.PLAIN.items():
        (app / path).write_text(text)
    number = f"9{os.getpid()}{abs(hash((level, ending))) % 10**6}"
    daemons = hostile.DAEMONS.replace("{n}", number)
    hook = f"python3 - <<'END'\n{daemons}\nEND\ntouch {ready}; sleep 100\n"
    (app / "bin" / "pre_compile").write_text(hook)
    command = [sys.executable, "-m", "parity", "run", str(app), "--isolation", level, "--no-env"]
    variables = {"TMPDIR": str(scratch), "PARITY_CACHE_DIR": str(tmp_path / "cache")}
    run = Run(command, tmp_path, number, variables)
    found = eventually(ready.exists, 60)
    run.end(ending if found else "KILL all")
    outcome = run.outcome((lambda: hostile.swept(scratch)) if "all" in ending else (lambda: None))
    hostile.swept(scratch)
    assert found and outcome.code is not None, outcome.told
    assert (outcome.left, list(scratch.iterdir())) == ((), []), outcome.told
