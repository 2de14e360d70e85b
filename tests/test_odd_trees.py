"""Trees that can be pushed, with something odd in them: `parity check` of real repositories."""

import filecmp
import os
import tracemalloc
from collections.abc import Mapping
from pathlib import Path

import pytest

from parity.push.config import read
from parity.push.source import lay_out
from parity.push.source import read as source_of
from parity.rehearsal.pipeline import check
from tests.test_receive import by_id, git, repository

pytestmark = pytest.mark.real

MB = 1024 * 1024
GOOD = {
    "requirements.txt": "",
    "Procfile": "web: python app.py\n",
    "app.py": "",
    ".python-version": "3.13\n",
}
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 12345678\n"


def node(asked: str | None) -> dict[str, str]:
    """Return a Node.js app that requests a version."""
    engines = f', "engines": {{"node": "{asked}"}}' if asked else ""
    return {"package.json": f'{{"name": "shop"{engines}}}', "server.js": ""}


ODD: list[tuple[str, Mapping[str, str], str, str]] = [
    ("lfs-pointer", {**GOOD, "model.bin": POINTER}, "warn", "model.bin"),
    ("case-collision", {**GOOD, "Static/a.css": "", "static/a.css": ""}, "warn", "static/a.css"),
    ("several-buildpacks", {**GOOD, "composer.json": "{}"}, "note", "heroku/php"),
    ("node-version-eol", node("16.x"), "warn", "16"),
    ("node-wide-range", node(">=18"), "note", ">=18"),
    ("node-version-unspecified", node(None), "note", "package.json"),
]


@pytest.mark.parametrize(("id", "files", "effect", "word"), ODD, ids=[odd[0] for odd in ODD])
def test_an_odd_tree(
    id: str, files: Mapping[str, str], effect: str, word: str, tmp_path: Path
) -> None:
    """It is named, with the file or the requested version."""
    finding = by_id(check(repository(tmp_path / "shop", files)))[id]
    evidence = " ".join(f"{e.file} {e.seen}" for e in finding.evidence)
    assert (finding.effect, word in f"{finding.title} {evidence}") == (effect, True), finding


def test_a_link_that_leaves_the_tree(tmp_path: Path) -> None:
    """git keeps the link, and on Heroku its target does not exist."""
    app = repository(tmp_path / "shop", GOOD)
    (app / "data.csv").symlink_to("/srv/data.csv")
    git(app, "add", "data.csv")
    git(app, "commit", "-qm", "link")
    finding = by_id(check(app))["symlink-leaves-tree"]
    assert (finding.effect, "/srv/data.csv" in finding.cause) == ("warn", True)


def test_a_part_of_a_repository(tmp_path: Path) -> None:
    """Only the folder is tested; pushing it takes another command."""
    whole = repository(tmp_path / "all", {f"shop/{path}": text for path, text in GOOD.items()})
    finding = by_id(check(whole / "shop"))["sub-tree"]
    assert "git subtree push --prefix shop" in finding.fix


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    """Its content may be decisive, so nothing is claimed."""
    app = repository(tmp_path / "shop", GOOD)
    (app / "requirements.txt").write_text("flask\n")
    (app / "requirements.txt").chmod(0)
    assert by_id(check(app))["unreadable-file"].effect == "unknown"


@pytest.mark.parametrize(
    ("id", "env", "seen"),
    [
        ("config-var-name", "SHOP-KEY=x\n", "SHOP-KEY"),
        ("config-vars-too-large", f"KEY={'x' * 40_000}\n", "40"),
        ("env-file-unreadable", 'A=1\nKEY="x\n', "2"),
    ],
)
def test_config_vars_that_heroku_does_not_take(
    id: str, env: str, seen: str, tmp_path: Path
) -> None:
    """They are reported by `parity check --env FILE`."""
    (tmp_path / "vars").write_text(env)
    config = read([tmp_path / "vars"], [], None)
    finding = by_id(check(repository(tmp_path / "shop", GOOD), config=config))[id]
    assert finding.effect == "warn"
    assert seen in " ".join(f"{e.seen} {e.line}" for e in finding.evidence)


@pytest.mark.parametrize("changed", [False, True])
def test_a_file_larger_than_memory(changed: bool, tmp_path: Path) -> None:
    """git's version is written, and compared, in pieces."""
    app = repository(tmp_path / "shop", GOOD)
    big = app / "model.bin"
    with big.open("wb") as file:
        file.truncate(64 * MB)
        file.write(b"model")
    git(app, "-c", "core.compression=0", "add", "model.bin")
    os.utime(big, ns=(1, 1))  # so that git's index does not match
    if changed:
        with big.open("ab") as file:
            file.write(b"!")
    tracemalloc.start()
    try:
        source = source_of(app)
        if not changed:
            (folder := tmp_path / "slug").mkdir()
            lay_out(source, folder)
            assert filecmp.cmp(big, folder / "model.bin", shallow=False)
        assert tracemalloc.get_traced_memory()[1] < 48 * MB
    finally:
        tracemalloc.stop()
    assert (source.entries["model.bin"].oid is None) == changed


DIGITS = "9" * 5000
"""More digits than Python parses into an integer by default."""

DEEP = 100_000
NODE = {"package.json": '{"scripts": {"start": "node a.js"}}', "a.js": "", "Procfile": "web: a\n"}
BOMBS: dict[str, Mapping[str, str]] = {
    "engines": {**NODE, "package.json": f'{{"engines": {{"node": "{DIGITS}"}}}}'},
    "engines, number": {**NODE, "package.json": f'{{"engines": {{"node": {DIGITS}}}}}'},
    "engines, not known": {**NODE, "package.json": f'{{"engines": {{"node": ">{DIGITS} <1"}}}}'},
    "package.json": {**NODE, "package.json": "[" * DEEP},
    "package-lock.json": {**NODE, "package-lock.json": f'{{"lockfileVersion": {DIGITS}}}'},
    "app.json": {**GOOD, "app.json": f'{{"formation": {{"web": {{"quantity": {DIGITS}}}}}}}'},
    "app.json, deep": {**GOOD, "app.json": "[" * DEEP},
    ".python-version": {**GOOD, ".python-version": f"3.{DIGITS}"},
    "runtime.txt": {**GOOD, ".python-version": "", "runtime.txt": f"python-3.1.{DIGITS}"},
    "requirements.txt": {**GOOD, "requirements.txt": f"flask=={DIGITS}.{DIGITS}\n"},
    "pyproject.toml": {**GOOD, "pyproject.toml": f"a = {'[' * DEEP}"},
    "uv.lock": {"uv.lock": f"version = {DIGITS}", "pyproject.toml": f"a = {DIGITS}"},
    "poetry.lock": {"poetry.lock": "a = {b =" * DEEP, "pyproject.toml": ""},
    "Pipfile.lock": {"Pipfile": "", "Pipfile.lock": "[" * DEEP},
    "Procfile": {**GOOD, "Procfile": f"web: gunicorn -b 127.0.0.1:{DIGITS} -w {DIGITS} app:app"},
    "brackets": {**GOOD, "app.py": f"a = {'(' * DEEP}"},
    "attributes": {**GOOD, "app.py": f"a = b{'.c' * DEEP}"},
    "signs": {**GOOD, "app.py": f"a = {'-' * DEEP}1"},
    "port": {**GOOD, "app.py": f"app.run(host='127.0.0.1', port={DIGITS})"},
    "NUL": {**GOOD, "app.py": "\0", "Procfile": "web: a\0b", "requirements.txt": "a\0"},
}


@pytest.mark.parametrize("name", BOMBS)
def test_numbers_and_nesting(name: str, tmp_path: Path) -> None:
    """However long or deep, it is the app's mistake or none: nothing is raised, nothing guessed."""
    found = check(repository(tmp_path / "shop", BOMBS[name]))
    assert not [f for f in found.findings if f.id == "this-machine"]
