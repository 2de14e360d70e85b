"""The layers of tests are kept apart."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OUTCOME = re.compile(r"^(PASSED|FAILED) \S+::(\w+)", re.MULTILINE)
STARTS = """
import os, socket, subprocess
import pytest

def test_process():
    subprocess.run(["true"], check=True)

def test_socket():
    socket.create_server(("127.0.0.1", 0)).close()

@pytest.mark.real
def test_both():
    test_process()
    test_socket()

def test_neither():
    assert os.getpid()
"""


@pytest.mark.real
def test_a_fast_test_starts_nothing(tmp_path: Path) -> None:
    """Processes and sockets belong to the real layer: only what is marked may use them."""
    (tmp_path / "test_starts.py").write_text(STARTS)
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-n", "0"]
    command += ["-p", "no:cacheprovider", "-p", "tests.conftest", "-rfp", "--tb", "no"]
    env = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    done = subprocess.run(
        [*command, str(tmp_path)], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    names = {name: outcome for outcome, name in OUTCOME.findall(done.stdout)}
    assert names == {
        "test_process": "FAILED",
        "test_socket": "FAILED",
        "test_both": "PASSED",
        "test_neither": "PASSED",
    }
