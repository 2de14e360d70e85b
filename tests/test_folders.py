"""Folders of any depth and with any permissions: copied, measured and removed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from parity.push import slug
from parity.system import folders
from tests.test_endings import needs_namespaces

DEEP = 5000


def deep(root: Path, depth: int = DEEP) -> Path:
    """Create a folder `depth` deep, with a file at its end."""
    root.mkdir()
    with folders.Cursor(root) as cursor:
        for _ in range(depth):
            cursor.down("a", make=True)
        os.close(os.open("file", folders.NEW, 0o640, dir_fd=cursor.fd))
    return root


@pytest.mark.real  # takes too long for the fast layer
def test_a_deep_folder_is_copied_and_removed(tmp_path: Path) -> None:
    """It works deeper than a path can be long, and than Python recurses."""
    made, copy = deep(tmp_path / "made"), tmp_path / "copy"
    copy.mkdir()
    slug.copy(made, copy)
    last = [step for step in folders.walk(copy) if step.name is not None][-1]
    assert last.depth == DEEP
    assert slug.size(copy).bytes == 0
    assert folders.remove(copy) and folders.remove(made)
    assert list(tmp_path.iterdir()) == []


def test_a_copy_is_the_same(tmp_path: Path) -> None:
    """A copy has content, permissions, times, links and empty folders, but no sockets or pipes."""
    made, copy = tmp_path / "made", tmp_path / "copy"
    (made / "bin" / "empty").mkdir(parents=True), copy.mkdir()
    (made / "bin" / "run").write_bytes(b"x" * 100_000)
    (made / "bin" / "run").chmod(0o750)
    (made / "link").symlink_to("/nowhere")
    os.mkfifo(made / "pipe")
    os.utime(made / "bin" / "run", ns=(10**18, 10**18 + 7))
    (made / "bin").chmod(0o555)
    os.utime(made / "bin", ns=(10**18, 10**18))
    slug.copy(made, copy)
    run, folder = (copy / "bin" / "run").stat(), (copy / "bin").stat()
    assert (copy / "bin" / "run").read_bytes() == b"x" * 100_000
    assert (run.st_mode & 0o7777, run.st_mtime_ns) == (0o750, 10**18 + 7)
    assert (folder.st_mode & 0o7777, folder.st_mtime_ns) == (0o555, 10**18)
    assert (copy / "link").readlink() == Path("/nowhere")
    assert sorted(p.name for p in copy.rglob("*")) == ["bin", "empty", "link", "run"]
    assert folders.remove(made)


def test_removal_needs_no_permission(tmp_path: Path) -> None:
    """Folders of mode 000 are removed, nested and at the top."""
    inner = tmp_path / "top" / "middle" / "inner"
    inner.mkdir(parents=True)
    (inner / "file").write_text("")
    for folder in (inner, inner.parent, inner.parent.parent):
        folder.chmod(0)
    assert folders.remove(tmp_path / "top")
    assert list(tmp_path.iterdir()) == []


def test_removal_follows_no_link(tmp_path: Path) -> None:
    """No link is followed, neither in the folder nor as its own name."""
    kept, top = tmp_path / "kept", tmp_path / "top"
    kept.mkdir(), top.mkdir()
    (kept / "file").write_text("")
    (top / "link").symlink_to(kept)
    (tmp_path / "name").symlink_to(kept)
    assert not folders.remove(tmp_path / "name")
    assert folders.remove(top)
    assert (kept / "file").exists()


def test_removal_can_be_stopped(tmp_path: Path) -> None:
    """The rest is removed the next time; the named file goes last."""
    top = deep(tmp_path / "top", 50)
    (top / "mark").write_text("")
    asked = iter([True] * 20)
    assert not folders.remove(top, lambda: next(asked, False), last="mark")
    assert (top / "mark").exists()
    assert folders.remove(top, last="mark")
    assert list(tmp_path.iterdir()) == []


MOUNTED = """
import sys
from pathlib import Path
from parity.system import folders
sys.exit(folders.remove(Path(sys.argv[1])))
"""


@pytest.mark.real
@needs_namespaces
def test_removal_stays_out_of_mounts(tmp_path: Path) -> None:
    """A mount inside a folder, from the same disk, is not touched; the rest goes."""
    kept, top = tmp_path / "kept", tmp_path / "top"
    kept.mkdir(), (top / "a" / "mount").mkdir(parents=True)
    (kept / "file").write_text(""), (top / "a" / "other").write_text("")
    mount = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
    unshare = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    python = [sys.executable, "-c", MOUNTED, str(top)]
    done = subprocess.run(
        [*unshare, str(kept), str(top / "a" / "mount"), *python],
        cwd=Path(__file__).parent.parent,
        check=False,
    )
    assert done.returncode == 0, "it said that all is gone, or raised"
    assert (kept / "file").exists() and not (top / "a" / "other").exists()
    assert folders.remove(top)


ANOTHER = """
import os, sys
from pathlib import Path
from parity.system import folders
os.chdir(sys.argv[1])
os.setuid(65534)
sys.exit(folders.remove(Path("top")))
"""


@pytest.mark.real
@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_removal_of_what_belongs_to_another(tmp_path: Path) -> None:
    """What this user may not remove stays, and nothing is raised."""
    top = tmp_path / "top"
    (top / "theirs" / "inner").mkdir(parents=True), (top / "mine").mkdir()
    tmp_path.chmod(0o755), os.chown(top, 65534, 65534), os.chown(top / "mine", 65534, 65534)
    (top / "theirs").chmod(0o700)
    done = subprocess.run(
        [sys.executable, "-c", ANOTHER, str(tmp_path)],
        cwd=Path(__file__).parent.parent,
        check=False,
    )
    assert done.returncode == 0
    assert (top / "theirs" / "inner").exists() and not (top / "mine").exists()
