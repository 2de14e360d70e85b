"""What the README shows is what parity does."""

import re
import subprocess
import sys
from pathlib import Path

from tests.test_apps import APPS, materialise

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def scrubbed(text: str) -> str:
    """Without what differs from run to run, and without the line breaks that it moves."""
    text = re.sub(r"\(pid \d+", "(pid N", text)
    text = re.sub(r"\$PORT is \d+", "$PORT is N", text)
    return " ".join(text.split())


def test_the_verdict_on_the_classic_failure(tmp_path: Path) -> None:
    """The README's verdict is the real one."""
    shown = re.search(r"```text\n(fails: .*?)\n```", README, re.DOTALL)
    assert shown
    app = tmp_path / "hello"
    app.mkdir()
    materialise(APPS / "r10-flask-run", {}, app)
    done = subprocess.run(
        [sys.executable, "-m", "parity", "run", str(app), "--quiet"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert scrubbed(done.stdout).startswith(scrubbed(shown[1]))


def test_the_options_of_the_readme_exist() -> None:
    """Every option that the README names is one of `parity run`."""
    help_text = subprocess.run(
        [sys.executable, "-m", "parity", "run", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    options = set(re.findall(r"`(--[a-z-]+)", README))
    assert options
    assert {option for option in options if option not in help_text} == set()
