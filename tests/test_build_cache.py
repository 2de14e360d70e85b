"""The build cache of an app: when Heroku keeps it, why it is discarded, and what is printed."""

from pathlib import Path

import pytest

from parity.facts.python import versions
from parity.push import cache
from parity.push.buildpacks.python import previous_build
from parity.push.buildpacks.python.previous_build import PreviousBuild
from parity.records import Source
from tests.builds import APP, HERE, index, prepared, pushed, wheel
from tests.trees import planned, tree

pytestmark = pytest.mark.net

PIP = versions().installer["pip"]
BASE = PreviousBuild("heroku-24", "3.13.15", "pip", PIP, "a")


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tools: Path) -> None:
    """A small index, and an empty cache."""
    prepared(monkeypatch, tmp_path, tools)
    packages = (wheel("alpha", "1.0"), wheel("pip", "26.2.1"))
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path / "simple", *packages))


CHANGES = [
    ({}, []),
    ({"stack": "heroku-26"}, ["The stack has changed from heroku-24 to heroku-26"]),
    ({"python": "3.14.7"}, ["The Python version has changed from 3.13.15 to 3.14.7"]),
    (
        {"manager": "uv", "installer": "0.12.5", "content": ""},
        ["The package manager has changed from pip to uv"],
    ),
    ({"installer": "99.0"}, [f"The pip version has changed from {PIP} to 99.0"]),
    ({"content": "b"}, ["The contents of requirements.txt changed"]),
    (
        {"stack": "heroku-26", "python": "3.14.7", "content": "b"},
        [
            "The stack has changed from heroku-24 to heroku-26",
            "The Python version has changed from 3.13.15 to 3.14.7",
            "The contents of requirements.txt changed",
        ],
    ),
]


@pytest.mark.parametrize(("change", "reasons"), CHANGES)
def test_why_the_cache_is_discarded(change: dict[str, str], reasons: list[str]) -> None:
    """Every change that affects the cache empties it, with the buildpack's words and order."""
    now = BASE._replace(**change)
    said = previous_build.lines(BASE, now)
    if reasons:
        assert said == ("-----> Discarding cache since:", *(f"       - {r}" for r in reasons))
    else:
        assert said == ("-----> Restoring cache",)
    assert previous_build.lines(None, now) == ()


def test_what_each_package_manager_heeds() -> None:
    """Pipenv's cache depends on its lock file; Poetry and uv remove what is no longer locked."""
    for manager, name in (("pipenv", "Pipenv"), ("poetry", "Poetry"), ("uv", "uv")):
        last = PreviousBuild("heroku-26", "3.13.15", manager, "1", "a")
        changed = previous_build.changed(last, last._replace(installer="2", content="b"))
        lock = ["The contents of Pipfile.lock changed"] if manager == "pipenv" else []
        assert changed == [f"The {name} version has changed from 1 to 2", *lock]


def source(root: Path, remote: str | None, **files: str) -> Source:
    """Return a small pip app."""
    result = tree({**APP, "requirements.txt": "alpha\n", **files})
    return result._replace(root=root, remote=remote)


def steps(made: Source, place: Path) -> list[str]:
    """Return the first lines of a build; its files lie in `place`."""
    project = made.root
    _, log = pushed(made, place, root=project)
    return log[: 1 + next(n for n, line in enumerate(log) if "Python" in line)]


def test_a_second_push_finds_the_cache_of_the_first(tmp_path: Path) -> None:
    """An app on Heroku gets its cache back; a change of its dependencies empties it."""
    shop = source(tmp_path, "shop")
    exact = versions().newest[HERE]
    assert steps(shop, tmp_path / "1") == [f"-----> Installing Python {exact}"]
    assert steps(shop, tmp_path / "2") == [
        "-----> Restoring cache",
        f"-----> Using cached install of Python {exact}",
    ]
    changed = source(tmp_path, "shop", **{"requirements.txt": "# none\n"})
    assert steps(changed, tmp_path / "3") == [
        "-----> Discarding cache since:",
        "       - The contents of requirements.txt changed",
        f"-----> Installing Python {exact}",
    ]


def test_a_first_push_has_no_cache(tmp_path: Path) -> None:
    """Without a remote on Heroku, or for another app or folder, every push is the first."""
    steps(source(tmp_path, "shop"), tmp_path / "1")
    for number, (root, remote) in enumerate(
        ((tmp_path, None), (tmp_path, "other"), (tmp_path / "x", "shop"), (tmp_path, None))
    ):
        assert len(steps(source(root, remote), tmp_path / f"other-{number}")) == 1


def test_a_failed_build_saves_nothing(tmp_path: Path) -> None:
    """A push that Heroku rejects leaves the cache as it was."""
    broken = source(tmp_path, "shop", **{"requirements.txt": "no-such-thing-at-all\n"})
    assert len(steps(broken, tmp_path / "1")) == 1
    assert previous_build.last(broken) is None


def test_the_python_of_the_last_build_is_kept(tmp_path: Path) -> None:
    """An app that does not specify a Python keeps the series of its last build."""
    asks = source(tmp_path, "shop")
    made, said = planned(without(asks))
    assert made.runtimes[0].origin == "default"
    steps(asks, tmp_path / "1")
    made, said = planned(without(asks))
    newest = versions().newest[HERE]
    (python,) = made.runtimes
    assert (python.origin, python.version, python.requested) == ("cached", newest, None)
    assert (
        "-----> No Python version was specified. Using the same major version as the last build:"
        f" Python {HERE}"
    ) in said


def without(made: Source) -> Source:
    """Return the same app without a Python version."""
    entries = {path: e for path, e in made.entries.items() if path != ".python-version"}
    return made._replace(entries=entries)


@pytest.mark.parametrize(
    "content", ["", "{", "[1]", '["a", "b", "c", "d"]', "null", "[1, 2, 3, 4, 5]"]
)
def test_a_spoilt_memory_is_none(content: str, tmp_path: Path) -> None:
    """An unreadable record counts as no earlier build."""
    shop = source(tmp_path, "shop")
    steps(shop, tmp_path / "1")
    (memory,) = (cache.root() / "apps").iterdir()
    memory.write_text(content)
    assert previous_build.last(shop) is None
    assert len(steps(shop, tmp_path / "2")) == 1
    assert previous_build.last(shop)
