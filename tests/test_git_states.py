"""Repositories in unusual states: what would be pushed nevertheless."""

import sys
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from parity.push.source import read
from parity.rehearsal.pipeline import check
from parity.system.errors import Usage
from tests.test_receive import by_id, git, repository

pytestmark = pytest.mark.real

FILES = {"requirements.txt": "", "Procfile": "web: python a/x.py\n", "a/x.py": "x", "b/y.py": "y"}


def test_a_sparse_checkout_pushes_everything(tmp_path: Path) -> None:
    """A file that is not checked out is not deleted."""
    app = repository(tmp_path / "app", FILES)
    git(app, "sparse-checkout", "set", "a")
    source = read(app)
    assert not (app / "b").exists()
    assert source.text("b/y.py") == "y"
    assert source.uncommitted == ()


def test_a_file_that_git_was_told_not_to_look_at(tmp_path: Path) -> None:
    """`git commit -a` leaves such a file as it was."""
    app = repository(tmp_path / "app", FILES)
    git(app, "update-index", "--assume-unchanged", "a/x.py")
    (app / "a/x.py").write_text("local settings")
    assert read(app).text("a/x.py") == "x"


def test_a_bare_repository_needs_a_commit(tmp_path: Path) -> None:
    """It has no files on disk; a commit of it can be tested."""
    app = repository(tmp_path / "app", FILES)
    git(app, "clone", "-q", "--bare", ".", "../bare.git")
    for folder in (tmp_path / "bare.git", app / ".git"):
        with pytest.raises(Usage, match="--ref HEAD"):
            read(folder)
        assert read(folder, "HEAD").text("b/y.py") == "y"


def test_another_branch_is_not_deployed(tmp_path: Path) -> None:
    """Heroku accepts a push to another branch, but builds nothing: a note with what to type."""
    app = repository(tmp_path / "app", FILES)
    git(app, "switch", "-q", "-c", "feature")
    note = by_id(check(app))["branch-not-deployed"]
    assert (note.effect, "git push heroku feature:main" in note.fix) == ("note", True)
    assert "Pushed to branch other than [main, master], skipping build." in note.cause


@pytest.mark.parametrize("committing", [["-m", "x"], ["-a", "-m", "x"], ["a/x.py", "-m", "x"]])
def test_what_is_staged_is_about_to_be_committed(committing: list[str], tmp_path: Path) -> None:
    """In a pre-commit hook, `--strict` takes what the commit takes, however it is typed."""
    app = repository(tmp_path / "app", FILES)
    (app / "a/x.py").write_text("other")
    hook = app / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{sys.executable} -m parity check --strict >seen 2>&1\n")
    hook.chmod(0o755)
    with pytest.raises(CalledProcessError):
        git(app, "commit", "-q", "--allow-empty", "-m", "not staged")
    if committing[0] == "-m":
        git(app, "add", "a/x.py")
        assert by_id(check(app))["not-committed-yet"].effect == "note"
    git(app, "commit", "-q", *committing)
    told = " ".join((app / "seen").read_text().split())
    assert "note[not-committed-yet]" in told and "a/x.py" in told


def test_another_change_of_a_staged_file_is_not_committed(tmp_path: Path) -> None:
    """The file that was tested is not the one in the index."""
    app = repository(tmp_path / "app", FILES)
    (app / "a/x.py").write_text("staged")
    git(app, "add", "a/x.py")
    (app / "a/x.py").write_text("not staged")
    findings = by_id(check(app))
    assert "not-committed" in findings and "not-committed-yet" not in findings


def test_an_unfinished_merge(tmp_path: Path) -> None:
    """git would commit nothing; the tree on disk is tested, and a note says so."""
    app = repository(tmp_path / "app", FILES)
    for branch, text in (("other", "theirs"), ("main", "ours")):
        git(app, "switch", "-q", *(["-c"] if branch == "other" else []), branch)
        (app / "a/x.py").write_text(text)
        git(app, "commit", "-qam", text)
    with pytest.raises(CalledProcessError):
        git(app, "merge", "-q", "other")
    verdict = check(app)
    finding = by_id(verdict)["merge-unfinished"]
    assert (finding.effect, finding.evidence[0].file) == ("warn", "a/x.py")
    assert verdict.source and "<<<<<<<" in (verdict.source.text("a/x.py") or "")


def test_a_repository_on_a_machine_without_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is unknown which files are pushed; of a folder that is not a repository, all are."""
    app = repository(tmp_path / "app", FILES)
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "requirements.txt").write_text("")
    monkeypatch.setenv("PATH", str(tmp_path))
    for folder in (app, app / "a"):
        verdict = check(folder)
        assert verdict.exit_code == 3
        assert "Install git" in verdict.findings[0].fix
    assert read(tmp_path / "plain").kind == "folder"


def test_an_index_that_leads_through_a_link(tmp_path: Path) -> None:
    """git does not follow a link to a tracked file: the file behind it is deleted on commit."""
    app = repository(tmp_path / "app", FILES)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.py").write_text("secret = 1")
    (app / "link").symlink_to("../outside")
    blob = git(app, "rev-parse", "HEAD:a/x.py")
    for path in ("link/secret.py", "link/gone.py"):
        git(app, "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    source = read(app)
    assert "link/secret.py" not in source.entries
    assert source.text("a/x.py") == "x"
