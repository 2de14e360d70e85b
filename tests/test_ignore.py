"""`--ignore`: findings that the user knows about, silenced by their id."""

import json
from pathlib import Path

import pytest

from parity.cli.main import main
from parity.rehearsal.trial import Trial
from tests import verdicts

NO_WEB = {"requirements.txt": "", "Procfile": "worker: python bot.py\nwebb: python x.py\n"}


def observed(*ignored: str) -> Trial:
    """Return a trial that has seen a dyno that did not bind $PORT."""
    trial = Trial("run", None, None, strict=False, ignore=frozenset(ignored))
    plan = verdicts.plan(verdicts.source())
    boot = verdicts.boot(verdicts.slug(plan), state="timeout", listeners=(), reachable=None)
    for record in (plan.source, plan, boot.release.slug, boot):
        trial.observe(record)
    return trial


def test_a_silenced_failure_is_counted() -> None:
    """Neither the code nor its causes decide any more, and the first line says so."""
    from parity.report.terminal import headline

    (first, *_) = [f for f in observed().verdict().findings if f.effect == "fail"]
    assert first.id == "R10"
    verdict = observed("R10").verdict()
    assert (verdict.verdict, verdict.exit_code) == ("works", 0)
    assert headline(verdict).startswith("works: nothing else fails; 1 problem ignored: R10")
    assert [s.status for s in verdict.stages if s.name == "boot"] == ["fail"]


def test_a_symptom_goes_with_its_only_cause() -> None:
    """The cause is the problem; the code is how it shows."""
    causes = {f.id for f in observed().verdict().findings if f.symptom == "R10"} - {"R10"}
    assert causes
    assert observed(*causes).verdict().verdict == "works"
    assert observed("H12").verdict().verdict == "fails"


@pytest.mark.real
@pytest.mark.parametrize("id", ["not-a-repository", "NOT-A-REPOSITORY"])
def test_it_is_typed_or_in_the_table(
    id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In any case; a former name works, too."""
    for path, text in {"requirements.txt": "", "Procfile": "web: python a.py\n"}.items():
        (tmp_path / path).write_text(text)
    (tmp_path / "a.py").touch()
    assert main(["check", str(tmp_path), "--format", "json", "--ignore", id]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {"id": "not-a-repository", "effect": "note"} in document["ignored"]
    assert "not-a-repository" not in [f["id"] for f in document["findings"]]
    (tmp_path / "pyproject.toml").write_text(f'[tool.parity]\nignore = ["{id}"]\n')
    assert main(["check", str(tmp_path), "--format", "concise"]) == 0
    assert "not-a-repository" not in capsys.readouterr().out
