"""Who can reach a running app: the line that says so; and what the app itself can look into."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from parity.dyno import levels
from parity.dyno.containment import Containment
from parity.dyno.isolation import LEVELS, Place
from tests.test_endings import needs_namespaces
from tests.test_serve import SERVER, serving

pytestmark = pytest.mark.net

CANARY = "canary-e41b07"


def app(folder: Path, host: str = "0.0.0.0") -> Path:
    """Create a server without packages."""
    folder.mkdir()
    (folder / "requirements.txt").touch()
    (folder / "Procfile").write_text("web: python3 server.py\n")
    (folder / "server.py").write_text(SERVER.replace("0.0.0.0", host))
    return folder


def run(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """`parity run` of the app."""
    typed = [sys.executable, "-m", "parity", "run", str(folder), "--no-env", *options]
    return subprocess.run(typed, capture_output=True, text=True, check=False, timeout=100)


def told(text: str) -> list[str]:
    """Return the lines about the listener."""
    return [line for line in text.splitlines() if "open to your network" in line]


@pytest.mark.parametrize("level", [pytest.param("pidns", marks=needs_namespaces), "guard"])
def test_what_other_machines_can_reach_is_told(level: str, tmp_path: Path) -> None:
    """stderr says so once, with a remedy if there is one; the report on stdout is unchanged."""
    if levels.why_not(level):
        pytest.skip(str(levels.why_not(level)))
    done = run(app(tmp_path / "app"), "--isolation", level, "--format", "json")
    port = json.loads(done.stdout)["boot"]["port"]
    way = "; `--network own` closes it" if level == "pidns" else ""
    assert told(done.stderr) == [
        f"parity: a dyno listens on 0.0.0.0:{port}, open to your network{way}"
    ]


@pytest.mark.parametrize(
    ("host", "options"),
    [
        ("0.0.0.0", ("--quiet",)),
        ("127.0.0.1", ("--first-only",)),
        pytest.param("0.0.0.0", ("--network", "own"), marks=needs_namespaces),
    ],
)
def test_what_nobody_else_can_reach_is_not(
    host: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    """Nothing is said about loopback, nor with --quiet."""
    assert told(run(app(tmp_path / "app", host), *options).stderr) == []


def test_it_is_told_while_the_app_is_served(tmp_path: Path) -> None:
    """`parity serve` says so once, on stderr."""
    with serving(app(tmp_path / "app")) as served:
        assert served.says("a dyno listens on 0.0.0.0:", "open to your network")
        served.end()
        assert len(told("\n".join(served.told))) == 1


WALK = """
import os
for name in filter(str.isdigit, os.listdir("/proc")):
    try:
        with open(f"/proc/{name}/environ", "rb") as file:
            if b"CANARY=" in file.read():
                print("environment", name)
        os.close(os.open(f"/proc/{name}/mem", os.O_RDONLY))
        if int(name) not in (os.getpid(), os.getppid()):
            print("memory", name)
    except OSError:
        pass
os.mkdir("folder")
os.close(os.open("file", os.O_CREAT))
os.rename("file", "folder/file")
os.link("folder/file", "link")
print("files", os.listdir("."))
"""


def landlock() -> bool:
    """Return whether this kernel has Landlock, tried in a separate process."""
    code = "from parity.dyno import signals, landlock\nsignals.humble()\nassert landlock.apart()"
    return (
        subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode
        == 0
    )


@pytest.mark.parametrize("level", LEVELS)
def test_an_app_looks_into_no_other_process(level: str, tmp_path: Path) -> None:
    """An app reads no other process's environment or memory, but its files as ever."""
    if levels.why_not(level):
        pytest.skip(str(levels.why_not(level)))
    if level != "pidns" and not landlock():
        pytest.skip("no Landlock")
    lines: list[str] = []
    env = {"PATH": os.defpath}
    with subprocess.Popen(["sleep", "100"], env={"CANARY": CANARY}) as other:
        try:
            argv = ["python3", "-c", WALK]
            Containment().start(
                Place(level, tmp_path), argv, cwd=tmp_path, env=env, on_line=lines.append, limit=50
            )
        finally:
            other.kill()
    (files,) = [line for line in lines if line.startswith("files")]
    assert "'link'" in files and "'file'" not in files
    seen = [line for line in lines if line != files]
    if os.getuid() == 0:  # the kernel lets root read environments
        seen = [line for line in seen if not line.startswith("environment")]
    assert seen == []
