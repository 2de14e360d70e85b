"""`tests/apps/<outcome>/` is the specification: every app is really pushed, booted and requested.

`expected.toml` says what Heroku does with it: `push`, `first_request`, `code`, the `reason` of a
rejected push, `findings` in order, those that appear `after` a repair, lines that are `said`, which
causes get a diff (`fixes`), and optionally `[git]` state, `[options]` and shortened `[limits]`.
"""

import shutil
import subprocess
import tomllib
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from parity import rehearse
from parity.facts.limits import LIMITS
from parity.masking.mask import Mask
from parity.records import Config
from parity.records.options import Options
from parity.records.verdict import Verdict
from parity.report import KINDS, render
from parity.report.diffs import diffs
from parity.router.scenario import read
from tests.decisions import disagreeing

pytestmark = pytest.mark.net

APPS = Path(__file__).parent / "apps"
GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "core.autocrlf=false"]


def materialise(app: Path, git: dict[str, Any], to: Path) -> None:
    """Copy an app (`dot.x` is `.x`) and commit it, except for what `[git]` leaves out."""
    for path in app.rglob("*"):
        if path.is_dir() or path.name == "expected.toml":
            continue
        parts = [f".{p[4:]}" if p.startswith("dot.") else p for p in path.relative_to(app).parts]
        target = to.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    for name in git.get("executable", []):
        (to / name).chmod(0o755)
    if git.get("repository", True):
        commit(to, git)


def commit(folder: Path, git: dict[str, Any]) -> None:
    """Make `folder` a repository with one commit; `untracked` stay out, `after` are added later."""
    later = {name: (folder / name).read_bytes() for name in git.get("untracked", [])}
    for name in later:
        (folder / name).unlink()
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "app"]):
        subprocess.run([*GIT, *arguments], cwd=folder, check=True, capture_output=True)
    for name, data in later.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    for name, text in git.get("after", {}).items():
        (folder / name).write_text(text)


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


def grouped(app: Path) -> Any:
    """Return the app as a parameter; apps with a fixed port of their own run one at a time."""
    fixed = app.name.startswith("r10-")
    marks = [pytest.mark.xdist_group("fixed ports")] if fixed else []
    return pytest.param(app, id=app.name, marks=marks)


def mended(app: Path, expected: dict[str, Any], diff: str, to: Path) -> Path:
    """Return the app after git itself has applied a diff."""
    to.mkdir()
    materialise(app, expected.get("git", {}), to)
    tracked = ["--index"] if expected.get("git", {}).get("repository", True) else []
    done = subprocess.run(
        [*GIT, "apply", *tracked, "-"],
        cwd=to,
        input=diff.encode(),
        check=False,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    return to


@pytest.mark.parametrize(
    "app", [grouped(path.parent) for path in sorted(APPS.glob("*/expected.toml"))]
)
def test_app(app: Path, tmp_path: Path) -> None:
    """The name of the app's folder says what Heroku does with it."""
    expected = tomllib.loads((app / "expected.toml").read_text())
    folder = tmp_path / "app"
    folder.mkdir()
    materialise(app, expected.get("git", {}), folder)
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    canary = token_hex(16)
    values = {**expected.get("config", {}), "CANARY": canary}
    options = {
        k: tuple(v) if isinstance(v, list) else v for k, v in expected.get("options", {}).items()
    }
    if "scenario" in options:
        options["scenario"] = read(app / options["scenario"])
    config = Config(values, dict.fromkeys(values, "--config"))
    facts = LIMITS.shortened(**expected.get("limits", {}))
    verdict = rehearse(folder, config=config, options=Options(**options), facts=facts)
    assert [*disagreeing(verdict)] == []
    story = "\n".join(f"{line.source}: {line.text}" for line in verdict.log)
    expected.setdefault("fixes", [])
    plain = {
        k: v for k, v in expected.items() if not isinstance(v, dict) and k not in ("said", "blame")
    }
    assert outcome(verdict, expected) == plain, story
    for text in expected.get("said", []):
        assert text in story
    hidden = Mask(config, verdict.source).verdict(verdict)
    assert [kind for kind in KINDS if canary in render(kind, hidden)] == []
    places = {
        f"{e.file}:{e.line}" if e.line else e.file for f in verdict.findings for e in f.evidence
    }
    assert not expected.get("blame") or expected["blame"] in places, places
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    diff = diffs(verdict)
    assert bool(diff) == bool(verdict.fixes)
    if diff:
        (tmp_path / "mended").mkdir()
        again = mended(app, expected, diff, tmp_path / "mended" / "app")
        second = rehearse(again, config=config, options=Options(**options), facts=facts)
        assert (second.verdict, second.repaired) == ("works", ())
