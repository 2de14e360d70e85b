"""Every app that refuses to end, with every way of ending parity: nothing is left of it.

The fixed cases, and a hundred random ones (`PARITY_KILLS=1000 pytest tests/test_endings.py`).
"""

import os
import random
from pathlib import Path

import pytest

from parity.dyno import levels
from tests.misbehaving import APPS, ENDINGS, Outcome, parity, randomly, wrong

pytestmark = pytest.mark.real

KILLS = int(os.environ.get("PARITY_KILLS", "100"))
TWO = [ending for ending in ENDINGS if ending != "KILL all"]
needs_namespaces = pytest.mark.skipif(
    levels.why_not("pidns") is not None, reason=str(levels.why_not("pidns"))
)


def fixed(level: str, app: str, ending: str, folder: Path) -> Outcome:
    """Run one case, ended once the app says that it is ready."""
    run = parity(level, app, folder)
    run.ready()
    run.end(ending)
    return run.outcome()


@needs_namespaces
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("app", APPS)
def test_in_namespaces(app: str, ending: str, tmp_path: Path) -> None:
    """Whichever process is killed, the kernel ends the rest."""
    outcome = fixed("pidns", app, ending, tmp_path)
    assert outcome.left == (), outcome
    assert not wrong(app, ending, outcome)


@pytest.mark.parametrize(
    ("app", "ending"),
    [(a, e) for i, a in enumerate(APPS) for j, e in enumerate(TWO) if (i + j) % 3 == 0],
)
def test_between_two_guards(app: str, ending: str, tmp_path: Path) -> None:
    """The same without namespaces, as long as parity or one of its two guards is alive."""
    outcome = fixed("guard", app, ending, tmp_path)
    assert outcome.left == (), outcome
    assert not wrong(app, ending, outcome)


@pytest.mark.parametrize("app", ["behaves", "daemon beside", "own session, ignores TERM"])
@pytest.mark.parametrize("ending", ["TERM", "INT twice", "KILL parity"])
@pytest.mark.parametrize("level", ["subreaper", "basic"])
def test_lower_levels(level: str, app: str, ending: str, tmp_path: Path) -> None:
    """At these levels one live guard, and a cookie in the environment, are enough."""
    outcome = fixed(level, app, ending, tmp_path)
    assert outcome.left == (), outcome
    assert not wrong(app, ending, outcome)


@needs_namespaces
@pytest.mark.parametrize("seed", range(KILLS))
def test_at_any_moment(seed: int, tmp_path: Path) -> None:
    """A random app and ending, at a random moment after parity's start."""
    case, outcome = randomly(random.Random(seed), "pidns", tmp_path)
    assert outcome.left == (), (case, outcome)
    assert not case.wrong(outcome), case
