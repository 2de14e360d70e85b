"""Builds in bad circumstances: include loops, failing indexes, full disks, kills.

Twenty kills by default; `PARITY_KILLS=100 pytest tests/test_bad_builds.py` for more.
"""

import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from parity.push import cache, environment
from parity.push.buildpacks.python.requirements import read
from tests.builds import findings_of, index, prepared, pushed, refusing, wheel
from tests.test_environment import builder
from tests.test_leftovers import gone

pytestmark = pytest.mark.net

KILLS = int(os.environ.get("PARITY_KILLS", "6"))
PACKAGES = (wheel("alpha", "1.0"), wheel("beta", "1.0", requires="alpha"), wheel("pip", "26.2.1"))


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tools: Path) -> None:
    """A small index, a separate cache, and nothing else."""
    prepared(monkeypatch, tmp_path, tools)
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path / "simple", *PACKAGES))


ASTRAY = [
    ({"requirements.txt": "-r a.txt\n", "a.txt": "-r b.txt\n", "b.txt": "alpha\n-r a.txt\n"}, "b"),
    ({"requirements.txt": "alpha\n-r requirements.txt\n"}, "requirements"),
]


@pytest.mark.parametrize(("files", "name"), ASTRAY)
def test_includes_that_loop(files: dict[str, str], name: str, tmp_path: Path) -> None:
    """A file that includes itself, directly or not, is reported with the offending line."""
    slug, _ = pushed(files, tmp_path)
    finding = findings_of(slug)["requirements-include-themselves"]
    assert (finding.evidence[0].file, finding.evidence[0].line) in (
        (f"{name}.txt", 2),
        (f"{name}.txt", 1),
    )
    assert slug.refusal and finding.effect == "reject"


@pytest.mark.parametrize("flag", ["-r", "-c", "--requirement"])
def test_includes_that_leave_the_tree(flag: str, tmp_path: Path) -> None:
    """A file elsewhere on this disk does not exist on Heroku, though pip would find it here."""
    (tmp_path / "base.txt").write_text("alpha\n")
    for number, path in enumerate((tmp_path / "base.txt", "../../base.txt", "../nowhere.txt")):
        slug, log = pushed({"requirements.txt": f"beta\n{flag} {path}\n"}, tmp_path / str(number))
        assert slug.refusal and slug.refusal.reason == "install-dependencies::pip"
        findings = findings_of(slug)
        assert [f.id for f in findings.values() if f.effect != "note"] == [
            "push-rejected",
            "included-file-outside",
        ]
        assert findings["included-file-outside"].evidence[0].line == 2
        assert not any("Successfully" in line for line in log)


def test_ten_thousand_lines(tmp_path: Path) -> None:
    """A long file takes no longer than pip needs for it; the one wrong line is found."""
    text = "".join(f"# {n}\nalpha>=0.{n}\n" for n in range(5000)) + "beta=1.0\n"
    began = time.monotonic()
    slug, _ = pushed({"requirements.txt": text}, tmp_path)
    finding = findings_of(slug)["single-equals"]
    assert finding.evidence[0].line == 10_001
    assert time.monotonic() - began < 60


def test_includes_without_end(tmp_path: Path) -> None:
    """A thousand files that include one another are each read once."""
    for number in range(1000):
        (tmp_path / f"{number}.txt").write_text("".join(f"-r {n}.txt\n" for n in range(0, 1000, 7)))
    assert len(read(tmp_path, "0.txt")) <= 1000


def test_a_private_index_without_credentials(tmp_path: Path) -> None:
    """The app's own index that asks for a password fails as on Heroku, and is named."""
    with refusing(401) as address:
        text = f"--index-url {address}/simple\nshop-models==1.0\n"
        slug, _ = pushed({"requirements.txt": text}, tmp_path)
    assert slug.refusal and slug.refusal.reason == "install-dependencies::pip"
    finding = findings_of(slug)["index-needs-password"]
    assert (finding.evidence[0].file, finding.evidence[0].line) == ("requirements.txt", 1)
    assert "PIP_EXTRA_INDEX_URL" in finding.fix


def test_a_password_of_this_machine_s_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password that this machine's own index asks for is not the app's fault."""
    with refusing(401) as address:
        monkeypatch.setenv("PIP_INDEX_URL", f"{address}/simple")
        slug, _ = pushed({"requirements.txt": "alpha\n"}, tmp_path)
    assert slug.refusal is None and slug.unknown


def test_an_index_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that accepts connections and never answers decides nothing, and leaves nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.getsockname()[1]}/simple")
        monkeypatch.setenv("PIP_TIMEOUT", "1")
        slug, _ = pushed({"requirements.txt": "alpha\n"}, tmp_path / "1")
        assert slug.refusal is None and slug.unknown and "did not answer" in slug.unknown
        monkeypatch.setenv("PIP_TIMEOUT", "600")
        slug, _ = pushed({"requirements.txt": "alpha\n"}, tmp_path / "2", limit=3)
        assert slug.refusal is None and slug.unknown and "15 minutes" in slug.unknown
    assert list((cache.root() / "envs").iterdir()) == []
    assert gone(str(tmp_path / "2")) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of four megabytes."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "parity-test", str(place)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk(
    small_disk: Path, tmp_path: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is reported as this machine's trouble; with more room the same cache works."""
    (small_disk / "tools").symlink_to(tools)
    monkeypatch.setenv("PARITY_CACHE_DIR", str(small_disk))
    files = {"requirements.txt": "beta\n"}
    try:
        slug, _ = pushed(files, tmp_path / "1")
        assert slug.refusal is None and slug.unknown and slug.environment is None
        assert "disk" in slug.unknown
    except OSError as error:
        assert "No space left" in str(error)
    assert [p for p in small_disk.glob("envs/*") if environment.intact(p)] == []
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    slug, _ = pushed(files, tmp_path / "2")
    assert slug.refusal is None and slug.unknown is None and slug.packages["beta"] == "1.0"


def test_builds_that_are_killed(tmp_path: Path) -> None:
    """A build killed at a random moment leaves a cache with which the next run succeeds."""
    rng = random.Random(7)
    files = {"requirements.txt": "beta\nalpha==1.0\n"}
    began = time.monotonic()
    with builder(tmp_path / "whole", files) as process:
        process.wait()
    longest = time.monotonic() - began
    finished = 0
    for number in range(KILLS):
        shutil.rmtree(cache.root() / "envs", ignore_errors=True)
        place = tmp_path / f"killed-{number}"
        with builder(place, files) as process:
            time.sleep(rng.random() * longest)  # the random moment is the point of the test
            process.kill()
        assert gone(str(place)) == []
        finished += any(map(environment.intact, (cache.root() / "envs").glob("*")))
        slug, log = pushed(files, tmp_path / f"next-{number}")
        assert slug.refusal is None and slug.unknown is None, log
        assert slug.environment and environment.intact(slug.environment)
        assert {"alpha", "beta", "pip"} <= slug.packages.keys()
        python = slug.environment / "bin" / "python"
        subprocess.run([python, "-c", "import alpha, beta"], check=True, env={})
        left = set((cache.root() / "envs").iterdir())
        assert left == {slug.environment}
        environment.discard(slug.environment)
    assert finished < KILLS, "no kill came before the build was done"


def test_an_installer_that_was_half_fetched(
    tmp_path: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run killed while downloading pip does not spoil the next one, which downloads it again."""
    own = tmp_path / "own"
    shutil.copytree(tools, own / "tools", symlinks=True)
    monkeypatch.setenv("PARITY_CACHE_DIR", str(own))
    (wheel_file,) = (own / "tools").glob("pip-26.*.whl")
    whole = wheel_file.read_bytes()
    unpacked = [*(own / "tools").glob(f"{wheel_file.stem}.py*")]
    assert unpacked
    for folder in unpacked:
        shutil.rmtree(folder)
    (own / "tools" / f".{wheel_file.name}").write_bytes(whole[: len(whole) // 2])
    (own / "tools" / f".{wheel_file.stem}" / "code").mkdir(parents=True)
    slug, _ = pushed({"requirements.txt": "alpha\n"}, tmp_path / "app")
    assert slug.refusal is None and slug.packages["alpha"] == "1.0"
    assert any((folder / "code" / "pip" / "__init__.py").exists() for folder in unpacked)
