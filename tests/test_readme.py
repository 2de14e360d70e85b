"""parity does what the README shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from parity.facts.codes import CODES
from parity.report import KINDS
from parity.report.manual_markdown import BEGIN, END, catalogue
from parity.rules.loading import load
from tests.test_apps import APPS, materialise

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def scrubbed(text: str) -> str:
    """Remove what differs from run to run, and the line breaks that it moves."""
    text = re.sub(r"\(pid \d+", "(pid N", " ".join(text.split()))
    return re.sub(r"\$PORT is \d+", "$PORT is N", text)


@pytest.mark.net
@pytest.mark.xdist_group("fixed ports")
def test_the_verdict_on_the_classic_failure(tmp_path: Path) -> None:
    """The README's verdict is the real one."""
    shown = re.search(r"```text\n(fails: .*?)\n```", README, re.DOTALL)
    assert shown
    app = tmp_path / "hello"
    app.mkdir()
    materialise(APPS / "r10-flask-run", {}, app)
    done = subprocess.run(
        [sys.executable, "-m", "parity", "run", "--quiet", "--network", "own"],
        cwd=app,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert scrubbed(done.stdout).startswith(scrubbed(shown[1]))


@pytest.mark.net
def test_the_options_of_the_readme_exist() -> None:
    """Every option in the README is one of run's, serve's, explain's or the plugin's."""
    parity = (["parity", name] for name in ("run", "serve", "explain"))
    commands = (*parity, ["pytest"])
    help_text = "".join(
        subprocess.run(
            [sys.executable, "-m", *command, "--help"], capture_output=True, text=True, check=True
        ).stdout
        for command in commands
    )
    options = set(re.findall(r"`(--[a-z-]+)", README))
    assert options
    assert {option for option in options if option not in help_text} == set()


def test_the_catalogue_is_the_rules() -> None:
    """The text between the marks is made from the rules; `PARITY_GOLDEN=write` writes it."""
    head, _, rest = README.partition(f"{BEGIN}\n")
    _, _, tail = rest.partition(END)
    made = f"{head}{BEGIN}\n\n{catalogue()}\n{END}{tail}"
    if os.environ.get("PARITY_GOLDEN") == "write":
        (ROOT / "README.md").write_text(made)
    assert made == (ROOT / "README.md").read_text()


@pytest.mark.net
def test_every_page_of_the_manual_is_in_the_whole() -> None:
    """`parity explain --all` has each rule and each code once, as a heading."""
    done = subprocess.run(
        [sys.executable, "-m", "parity", "explain", "--all"],
        capture_output=True,
        text=True,
        check=True,
    )
    heads = re.findall(r"^##+ ([\w-]+)[: ]", done.stdout, re.MULTILINE)
    assert sorted(heads) == sorted({*load(), *CODES})


@pytest.mark.parametrize("kind", KINDS)
def test_the_readme_names_every_format(kind: str) -> None:
    """The table of options has each kind of report."""
    assert f"`{kind}`" in README
