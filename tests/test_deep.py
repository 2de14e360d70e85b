"""Repositories with folders deeper than Python recurses, or longer than a path can be."""

import os
import subprocess
from pathlib import Path

import pytest

from parity.push import slug
from parity.push.source import lay_out, read
from parity.system import folders
from tests.test_folders import deep
from tests.test_receive import git, repository

pytestmark = pytest.mark.real

DEPTH = 3000


def same(root: Path, to: Path) -> None:
    """Lay out a tree, copy it as a slug, and find the file at its end in both."""
    to.mkdir()
    (to / "slug").mkdir(), (to / "dyno").mkdir()
    lay_out(read(root, "HEAD" if (root / ".git").exists() else None), to / "slug")
    slug.copy(to / "slug", to / "dyno")
    for name in ("slug", "dyno"):
        steps = [step for step in folders.walk(to / name) if step.name is not None]
        assert [entry.name for entry in steps[-1].files] == ["file"]
    assert folders.remove(to)


def test_a_repository_700_deep(tmp_path: Path) -> None:
    """It works for a commit, for files on disk, and without git."""
    app = repository(tmp_path / "app", {"a" + "/a" * 700 + "/file": "text"})
    same(app, tmp_path / "1")
    assert folders.remove(app / ".git")
    same(app, tmp_path / "2")
    assert folders.remove(app)


def test_a_commit_whose_paths_no_disk_takes(tmp_path: Path) -> None:
    """A commit can contain what cannot be checked out by its path."""
    app = tmp_path / "app"
    app.mkdir()
    git(app, "init", "-q")
    path = "a/" * DEPTH + "file"
    commit = (
        f"commit HEAD\ncommitter a <a@b> 0 +0000\ndata 1\nx\nM 100644 inline {path}\ndata 1\nx\n"
    )
    subprocess.run(["git", "fast-import", "--quiet"], input=commit.encode(), cwd=app, check=True)
    same(app, tmp_path / "made")


def test_a_folder_too_deep_to_read(tmp_path: Path) -> None:
    """Without git, what lies beyond is reported as unread, in a readable line."""
    app = deep(tmp_path / "app", DEPTH)
    (app / "Procfile").write_text("web: true\n")
    source = read(app)
    assert list(source.entries) == ["Procfile"]
    (told,) = source.unread
    assert len(told) < 300 and source.unread[told] == os.strerror(36)
    assert folders.remove(app)
