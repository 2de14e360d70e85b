"""`tests/apps/<outcome>/` is the specification: every app is really pushed, booted and requested.

`expected.toml` says what Heroku does with it: `verdict`, `first_request`, `code`, the `reason` of a
rejected push, `findings` in order, those that appear `after` a repair, lines that are `said`, which
causes get a diff (`fixes`), and optionally `[git]` state, `[options]` and shortened `[limits]`.

An app that is recorded runs here only if it is `real = true`, or with `pytest --record`; its
recording is judged in `tests/test_recorded.py`.
"""

import os
import shutil
import subprocess
import tomllib
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from parity.facts.limits import LIMITS
from parity.masking.mask import Mask
from parity.records import Config
from parity.records.options import Options
from parity.records.verdict import Verdict
from parity.report import KINDS, render
from parity.report.diffs import diffs
from parity.router.scenario import read
from tests.decisions import disagreeing
from tests.recorded import Tape, digest, is_recorded

pytestmark = pytest.mark.net

APPS = Path(__file__).parent / "apps"
DATE = "2026-01-01T00:00:00Z"
DATED = {**os.environ, "GIT_AUTHOR_DATE": DATE, "GIT_COMMITTER_DATE": DATE}
"""The environment in which a commit has the same name every time."""

GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "core.autocrlf=false"]


def materialise(app: Path, git: dict[str, Any], to: Path) -> None:
    """Copy an app (`dot.x` is `.x`) and commit it, except for what `[git]` leaves out."""
    copy(app, git, to)
    if git.get("repository", True):
        commit(to, git)


def copy(app: Path, git: dict[str, Any], to: Path) -> None:
    """Copy an app (`dot.x` is `.x`)."""
    for path in app.rglob("*"):
        if path.is_dir() or path.name == "expected.toml":
            continue
        parts = [f".{p[4:]}" if p.startswith("dot.") else p for p in path.relative_to(app).parts]
        target = to.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    for name in git.get("executable", []):
        (to / name).chmod(0o755)


def commit(folder: Path, git: dict[str, Any]) -> None:
    """Make `folder` a repository with one commit; `untracked` stay out, `after` are added later."""
    later = {name: (folder / name).read_bytes() for name in git.get("untracked", [])}
    for name in later:
        (folder / name).unlink()
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "app"]):
        subprocess.run([*GIT, *arguments], cwd=folder, env=DATED, check=True, capture_output=True)
    for name, data in later.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    for name, text in git.get("after", {}).items():
        (folder / name).write_text(text)


class App:
    """An app of the specification: its `expected` outcome, and how it is rehearsed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self.expected = tomllib.loads((folder / "expected.toml").read_text())
        self.expected.setdefault("fixes", [])
        self.real = self.expected.pop("real", False)
        self.git: dict[str, Any] = self.expected.get("git", {})
        self.canary = sha256(self.name.encode()).hexdigest()[:32]
        values = {**self.expected.get("config", {}), "CANARY": self.canary}
        self.config = Config(values, dict.fromkeys(values, "--config"))
        self.facts = LIMITS.shortened(**self.expected.get("limits", {}))

    @property
    def options(self) -> Options:
        """The options of its rehearsal."""
        given = self.expected.get("options", {})
        options = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
        if "scenario" in options:
            options["scenario"] = read(self.folder / options["scenario"])
        return Options(**options)

    @property
    def files(self) -> dict[str, bytes]:
        """The contents of its files, by path."""
        paths = (p for p in self.folder.rglob("*") if p.is_file() and p.name != "expected.toml")
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}

    @property
    def digest(self) -> str:
        """The hash of all that its rehearsal depends on, which is not what is expected of it."""
        tables = {k: v for k, v in sorted(self.expected.items()) if isinstance(v, dict)}
        return digest(self.files, tables)

    @property
    def is_recorded(self) -> bool:
        """Whether there is a recording, if only an old one."""
        return is_recorded(f"apps/{self.name}")

    def check(self, verdict: Verdict) -> None:
        """Assert that a verdict is as expected, and that no report shows a config var's value."""
        assert [*disagreeing(verdict)] == []
        story = "\n".join(f"{line.source}: {line.text}" for line in verdict.log)
        own = ("said", "blame")
        plain = {k: v for k, v in self.expected.items() if not isinstance(v, dict) and k not in own}
        assert outcome(verdict, self.expected) == plain, story
        for text in self.expected.get("said", []):
            assert text in story
        hidden = Mask(self.config, verdict.source).verdict(verdict)
        assert [kind for kind in KINDS if self.canary in render(kind, hidden)] == []
        places = {
            f"{e.file}:{e.line}" if e.line else e.file for f in verdict.findings for e in f.evidence
        }
        assert not self.expected.get("blame") or self.expected["blame"] in places, places
        assert bool(diffs(verdict)) == bool(verdict.fixes)


EVERY = tuple(App(path.parent) for path in sorted(APPS.glob("*/expected.toml")))
"""All apps, by name."""


def outcome(verdict: Verdict, expected: dict[str, Any]) -> dict[str, Any]:
    """Return what happened, in the terms of `expected.toml`."""
    code = verdict.symptom
    decisive = [f.id for f in verdict.findings if f.effect != "note" and f.after is None]
    after = [f.id for f in verdict.findings if f.effect != "note" and f.after]
    notes = [f.id for f in verdict.findings if f.effect == "note"]
    answers = verdict.traffic.exchanges if verdict.traffic else ()
    refusal = (verdict.slug and verdict.slug.refusal) or (verdict.plan and verdict.plan.refusal)
    seen: dict[str, Any] = {
        "verdict": verdict.verdict,
        "code": code,
        "reason": refusal.reason if refusal else None,
        "findings": decisive,
        "after": after,
        "first_request": answers[0].status if answers else None,
        "fixes": [fix.finding for fix in verdict.fixes],
        "notes": [note for note in expected.get("notes", []) if note in notes],
    }
    return {key: seen[key] for key in expected if key in seen}


def parameter(app: App) -> Any:
    """Return the app as a parameter; apps with a fixed port of their own run one at a time."""
    fixed = app.name.startswith("r10-")
    marks = [pytest.mark.xdist_group("fixed ports")] if fixed else []
    skipped = app.is_recorded and not app.real
    return pytest.param(app, id=app.name, marks=[*marks, pytest.mark.recorded(skipped=skipped)])


def mended(app: App, diff: str, to: Path) -> Path:
    """Return the app after git itself has applied a diff."""
    to.mkdir()
    materialise(app.folder, app.git, to)
    tracked = ["--index"] if app.git.get("repository", True) else []
    done = subprocess.run(
        [*GIT, "apply", *tracked, "-"],
        cwd=to,
        input=diff.encode(),
        check=False,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    return to


@pytest.mark.parametrize("app", [*map(parameter, EVERY)])
def test_app(app: App, tmp_path: Path) -> None:
    """The name of the app's folder says what Heroku does with it."""
    folder = tmp_path / "app"
    folder.mkdir()
    materialise(app.folder, app.git, folder)
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    tape = Tape(f"apps/{app.name}", app.digest, app.files)
    how = {"config": app.config, "options": app.options, "facts": app.facts}
    verdict = tape.rehearse(folder, **how)
    app.check(verdict)
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    diff = diffs(verdict)
    if diff:
        (tmp_path / "mended").mkdir()
        again = mended(app, diff, tmp_path / "mended" / "app")
        second = tape.rehearse(again, **how)
        assert (second.verdict, second.repaired) == ("works", ())
    tape.save(folder, diff)
