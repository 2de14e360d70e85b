"""The machine: the doctor's checks, and a cache that is cleared while others use it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from parity import doctor
from parity.push import cache, cache_contents, environment
from parity.push.buildpacks.python.checks import get_python

PARITY = [sys.executable, "-m", "parity"]


def typed(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run parity as typed, with some variables changed."""
    environ = {**os.environ, **variables}
    return subprocess.run(
        [*PARITY, *arguments], capture_output=True, text=True, env=environ, check=False, timeout=120
    )


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("PARITY_CACHE_DIR", str(folder))
    return folder


def made(name: str, *packages: str) -> Path:
    """Create a finished environment with some packages, the first of which was asked for."""

    def fill(place: Path) -> bool:
        site = place / "lib" / "python3.13" / "site-packages"
        site.mkdir(parents=True)
        for package in packages:
            (site / f"{package}-1.0.dist-info").mkdir()
            (site / f"{package}-1.0.dist-info" / "METADATA").write_text("x" * 1000)
        (site / f"{packages[0]}-1.0.dist-info" / "REQUESTED").touch()
        return True

    place, _ = environment.made(name, fill, spare=Path("/nowhere"))
    assert place
    return place


@pytest.mark.net
def test_the_doctor_says_what_it_sees(own_cache: Path) -> None:
    """Every line has a status, in 80 columns without colours; the exit code sums them up."""
    done = typed("doctor", "--offline", NO_COLOR="1")
    assert done.stderr == ""
    assert [x for x in done.stdout.splitlines() if len(x) > 80 and str(own_cache) not in x] == []
    assert "\x1b" not in done.stdout
    report = json.loads(typed("doctor", "--offline", "--format", "json").stdout)
    names = [check["name"] for check in report["checks"]]
    assert names[:5] == ["system", "isolation", "sockets", "git", "bash"]
    assert report["schema"] == "parity.doctor/1"
    well = all(check["status"] == "ok" for check in report["checks"])
    assert done.returncode == report["exit_code"] == (0 if well else 3)
    assert all(check["fix"] for check in report["checks"] if check["status"] != "ok")
    assert str(own_cache) in str(report)


@pytest.mark.net
def test_the_doctor_on_a_bare_machine(tmp_path: Path) -> None:
    """Without git, bash, node, an index and a cache folder: each with its fix."""
    (tmp_path / "file").write_text("")
    done = typed(
        "doctor",
        "--format",
        "json",
        PATH="/nowhere",
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_CONFIG_FILE=os.devnull,
        PARITY_CACHE_DIR=str(tmp_path / "file" / "cache"),
    )
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 3
    statuses = [checks[name]["status"] for name in ("git", "bash", "Node.js", "cache")]
    assert statuses == ["missing", "missing", "limited", "missing"]
    assert checks["package index"]["status"] == "missing"
    assert "PARITY_CACHE_DIR" in checks["cache"]["fix"]


@pytest.mark.net
def test_the_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with room, and one without; test_machines.py has one where nothing can start."""
    assert doctor.temporary_folder().status == "ok"
    monkeypatch.setattr(doctor, "ROOM", 1 << 60)
    assert doctor.temporary_folder().status == "limited"


@pytest.mark.parametrize(
    ("platform", "status"), [("linux", "ok"), ("darwin", "limited"), ("win32", "missing")]
)
def test_systems(platform: str, status: str) -> None:
    """Linux is what Heroku runs, macOS is close, Windows needs WSL."""
    assert doctor.system(platform).status == status


def test_how_to_get_a_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It depends on the installers on this machine."""
    commands = []
    for name in (None, "pyenv", "uv"):
        if name:
            (tmp_path / name).write_text("#!/bin/sh\n")
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        commands.append(get_python("3.14"))
    assert commands == [
        "Type `pip install uv && uv python install 3.14`.",
        "Type `pyenv install 3.14`.",
        "Type `uv python install 3.14`.",
    ]


@pytest.mark.net
def test_the_cache_tells_what_it_holds(own_cache: Path) -> None:
    """Each environment by its Python and requirements, the most recently used first."""
    made("aa" * 16, "flask", "werkzeug")
    made("bb" * 16, "django")
    os.utime(own_cache / "envs" / ("aa" * 16), (0, 0))
    (own_cache / "pip").mkdir()
    (own_cache / "pip" / "wheel").write_bytes(b"x" * 5000)
    told = typed("cache").stdout
    assert told.index("Python 3.13: django") < told.index("Python 3.13: flask\n")
    report = json.loads(typed("cache", "--format", "json").stdout)
    assert [entry["kind"] for entry in report["entries"]] == [
        "environment",
        "environment",
        "downloads",
    ]
    assert report["bytes"] == sum(entry["size"] for entry in report["entries"]) >= 8000


@pytest.mark.net
def test_clearing_leaves_what_is_in_use(own_cache: Path) -> None:
    """Another run's environment and installer stay, whatever is cleared."""
    used, unused = made("aa" * 16, "flask"), made("bb" * 16, "django")
    environment._held.pop(unused).release()
    tool = own_cache / "tools" / "pip-1.0-py3-none-any"
    tool.mkdir(parents=True)
    tool.with_name(f"{tool.name}.whl").write_text("")
    hold = cache.Hold(tool)
    assert hold.shared()
    done = typed("cache", "clear")
    assert done.stdout.startswith("removed 1 of 3")
    assert (used.exists(), unused.exists(), tool.exists()) == (True, False, True)
    environment._held.pop(used).release()
    hold.release()
    assert typed("cache", "clear").stdout.startswith("removed 2 of 2")
    assert not tool.exists() and not tool.with_name(f"{tool.name}.whl").exists()


@pytest.mark.net
@pytest.mark.usefixtures("own_cache")
def test_clearing_by_age() -> None:
    """`--older` days: only what was not used for that long."""
    old, new = made("aa" * 16, "flask"), made("bb" * 16, "django")
    for place in (old, new):
        environment._held.pop(place).release()
    os.utime(old, (0, 0))
    assert "removed 1 of 1" in typed("cache", "clear", "--older", "30").stdout
    assert (old.exists(), new.exists()) == (False, True)
    assert len(cache_contents.everything()) == 1
