"""The Pythons of a machine: real ones, where version managers put them."""

import subprocess
import sys
from pathlib import Path

import pytest

from parity.push.buildpacks.python import interpreters
from tests.builds import HERE, findings_of, pushed

pytestmark = pytest.mark.real

REAL = f"{HERE}.{sys.version_info.micro}"
PLACES = [
    (f".pyenv/versions/{REAL}", {}),
    (f"own/versions/{REAL}", {"PYENV_ROOT": "own"}),
    (f".local/share/uv/python/cpython-{REAL}-linux-x86_64-gnu", {}),
    (f"data/uv/python/cpython-{REAL}-macos-aarch64-none", {"XDG_DATA_HOME": "data"}),
    (f"uv/cpython-{REAL}-linux-x86_64-musl", {"UV_PYTHON_INSTALL_DIR": "uv"}),
    (f".asdf/installs/python/{REAL}", {}),
    (f".local/share/mise/installs/python/{REAL}", {}),
    (f"data/mise/installs/python/{REAL}", {"XDG_DATA_HOME": "data"}),
    ("opt/homebrew", {"PATH": "opt/homebrew/bin"}),
    ("usr", {"PATH": "usr/bin"}),
]


@pytest.mark.parametrize(("place", "variables"), PLACES, ids=[place for place, _ in PLACES])
def test_a_real_python_wherever_people_keep_it(
    place: str, variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests' interpreter, linked to where a manager would have put it, is found."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/nowhere")
    for name in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "ASDF_DATA_DIR", "MISE_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, str(tmp_path / value))
    monkeypatch.setattr(interpreters, "SYSTEM", ())
    monkeypatch.setattr(interpreters, "_own", lambda: iter(()))
    assert interpreters.find(f"{HERE}.0") is None
    target = tmp_path / place
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(sys.base_prefix)
    here = interpreters.find(f"{HERE}.0")
    assert here and (here.version, here.exact) == (REAL, True)
    asked = subprocess.run(
        [here.path, "-c", "import sys; print(sys.version_info[:3])"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout == f"{sys.version_info[:3]}\n"


def test_without_any_python_nothing_is_said_to_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an interpreter there is no build: could not tell, with the command to get one."""
    monkeypatch.setattr(interpreters, "_installed", lambda: iter(()))
    slug, log = pushed({"requirements.txt": "alpha\n", ".python-version": "3.14"}, tmp_path / "a")
    assert slug.refusal is None and slug.unknown
    finding = findings_of(slug)["build-undecided"]
    assert finding.effect == "unknown"
    assert "uv python install 3.14" in finding.fix and "pyenv install 3.14" in finding.fix
    assert not any("failed" in line for line in log)
