"""Shared memory and temporary files of a command: removed with it, and nobody else's are."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from parity.dyno import levels
from parity.dyno.containment import Containment
from parity.dyno.isolation import LEVELS, Place
from tests.dynos import dyno
from tests.test_endings import needs_namespaces

pytestmark = pytest.mark.real

HOLDS = """
import mmap, os, sys, time
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
os.write(file, b"x" * 4096)
if "map" in sys.argv:
    shared = mmap.mmap(file, 4096)
    os.close(file)
print("ready", flush=True)
time.sleep(100)
"""


@pytest.fixture
def name() -> Iterator[Path]:
    """A file in /dev/shm that nobody else has."""
    path = Path("/dev/shm", f"parity-test-{uuid.uuid4().hex}")
    if not path.parent.is_dir():
        pytest.skip("there is no /dev/shm here")
    yield path
    path.unlink(missing_ok=True)


@pytest.mark.parametrize("how", ["map", "open"])
@pytest.mark.parametrize("ending", ["stop", "kill"])
@pytest.mark.parametrize("level", LEVELS)
def test_shared_memory_goes_with_the_dyno(
    level: str, ending: str, how: str, name: Path, tmp_path: Path
) -> None:
    """Mapped or open when the dyno is stopped or killed; a file beside it stays."""
    if levels.why_not(level):
        pytest.skip(str(levels.why_not(level)))
    beside = name.with_name(f"{name.name}-beside")
    beside.write_text("")
    try:
        command = f"exec python3 app.py {name} {how}"
        options = {"kind": "worker", "isolated": level}
        with dyno(tmp_path, command, {"app.py": HOLDS}, **options) as made:  # type: ignore[arg-type]
            boot = made.boot()
            assert boot.state == "up", boot
            if ending == "stop":
                made.stop(boot, None)
        assert not name.exists()
        assert beside.exists()
    finally:
        beside.unlink()


def test_shared_memory_that_others_hold_stays(name: Path, tmp_path: Path) -> None:
    """A file that another process has open is not the dyno's alone."""
    options = {"kind": "worker", "isolated": "guard"}
    name.write_text("")
    with name.open():
        command = f"exec python3 app.py {name}"
        with dyno(tmp_path, command, {"app.py": HOLDS}, **options) as made:  # type: ignore[arg-type]
            made.boot()
        assert name.exists()


@needs_namespaces
def test_a_build_has_shared_memory_of_its_own(name: Path, tmp_path: Path) -> None:
    """Unless something that it was given is there."""
    said: list[str] = []
    command = ["bash", "-c", f"touch {name}; ls /dev/shm"]
    Containment().start(Place("pidns"), command, cwd=tmp_path, env={}, on_line=said.append, limit=9)
    assert name.exists(), "it was named on the command line"
    name.unlink()
    command = ["bash", "-c", f"touch /dev/*/{name.name} || touch /dev/s*m/{name.name}"]
    Containment().start(
        Place("pidns"), command, cwd=tmp_path, env=dict(os.environ), on_line=print, limit=9
    )
    assert not name.exists()


@pytest.mark.parametrize("level", LEVELS)
def test_temporary_files_go_with_the_dyno(level: str, tmp_path: Path) -> None:
    """A separate /tmp, or else a TMPDIR beside it, which a config var overrides."""
    if levels.why_not(level):
        pytest.skip(str(levels.why_not(level)))
    command = "echo ${TMPDIR-none}; mktemp"
    with dyno(tmp_path, command, isolated=level) as made:
        told, made_file = (line.text for line in made.boot().output)
    assert told == ("none" if level == "pidns" else str(tmp_path / "home.tmp"))
    assert level == "pidns" or Path(made_file).parent == tmp_path / "home.tmp"
    assert not Path(made_file).exists() or Path(made_file).is_relative_to(tmp_path)
