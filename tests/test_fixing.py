"""`--fix` on real repositories: what it writes, and what makes it write nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from parity.cli.fix import FixRefused, apply
from parity.push.source import read
from parity.records import Entry
from parity.records.verdict import Fix
from tests.test_receive import git, repository

pytestmark = pytest.mark.net

SERVER = (Path(__file__).parent / "apps/works-stdlib-server/app.py").read_text()
FILES = {"requirements.txt": "", "Procfile": "Web: python app.py\n", "app.py": SERVER}


def parity(*arguments: str, code: int = 1) -> tuple[str, str]:
    """Return the output of `parity run`, which must end with `code`."""
    done = subprocess.run(
        [sys.executable, "-m", "parity", "run", "--quiet", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def fix(app: Path, old: bytes | None, new: bytes | None, path: str = "Procfile") -> Fix:
    """Return an edit of one file, as it was tested."""
    mode = (app / path).stat().st_mode if (app / path).exists() else 0o100644
    kind = 0o100755 if mode & 0o100 else 0o100644
    pair = [None if d is None else Entry(kind, len(d), None, d) for d in (old, new)]
    return Fix("x", "x", {path: (pair[0], pair[1])})


def test_a_clean_repository(tmp_path: Path) -> None:
    """The fix is written, the exit code stays, git shows it, and the next run works."""
    app = repository(tmp_path / "app", FILES)
    (app / "Procfile").chmod(0o664)
    out, _ = parity(str(app), "--fix")
    assert "fixed[procfile-type-name]: `web: python app.py` in the Procfile" in out
    assert out.rstrip().splitlines()[-1] == (
        f'next: git -C {app} add -A -- Procfile && git -C {app} commit -m "Fix the deploy"'
    )
    assert (app / "Procfile").read_text() == "web: python app.py\n"
    assert (app / "Procfile").stat().st_mode & 0o777 == 0o664
    assert git(app, "status", "--porcelain") == "M Procfile"
    git(app, "commit", "-qam", "fixed")
    assert sorted(p.name for p in app.iterdir()) == [
        ".git",
        "Procfile",
        "app.py",
        "requirements.txt",
    ]
    out, _ = parity(str(app), "--fix", code=0)
    assert "nothing changed: nothing to fix" in out


def test_the_diff_alone(tmp_path: Path) -> None:
    """`--diff` changes nothing, and `git apply` accepts its output."""
    app = repository(tmp_path / "app", FILES)
    out, _ = parity(str(app), "--diff")
    assert git(app, "status", "--porcelain") == ""
    subprocess.run(["git", "apply"], input=out, text=True, cwd=app, check=True)
    assert (app / "Procfile").read_text() == "web: python app.py\n"
    out, error = parity(str(app), "--diff", "--format", "json", code=0)
    assert out.startswith("{") and error == "parity: no diff: no edit was both certain and proved\n"


@pytest.mark.parametrize(("here", "path"), [("web", "."), (".", "web"), ("..", "top/web")])
def test_the_diff_from_where_the_user_stands(here: str, path: str, tmp_path: Path) -> None:
    """`git apply` finds the files from a subfolder, and for a PATH argument."""
    top = repository(tmp_path / "top", {f"web/{name}": text for name, text in FILES.items()})
    typed = f"{sys.executable} -m parity run {path} --quiet --diff 2>/dev/null | git apply"
    subprocess.run(typed, shell=True, cwd=top / here, check=True, timeout=300)
    assert (top / "web/Procfile").read_text() == "web: python app.py\n"


def test_the_diff_from_a_folder_that_git_cannot_apply_it_in(tmp_path: Path) -> None:
    """git ignores files above the current folder: the right command is named."""
    app = repository(tmp_path / "app", {**FILES, "static/a.css": ""})
    command = [sys.executable, "-m", "parity", "run", "..", "--quiet", "--diff"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=app / "static", check=False, timeout=300
    )
    assert "use `git -C .. apply`" in done.stderr
    command = ["git", "-C", "..", "apply"]
    subprocess.run(command, input=done.stdout, text=True, cwd=app / "static", check=True)
    assert (app / "Procfile").read_text() == "web: python app.py\n"


def test_a_dirty_file(tmp_path: Path) -> None:
    """Uncommitted changes could not be recovered; --force writes nevertheless."""
    app = repository(tmp_path / "app", {**FILES, "Procfile": "web: true\n"})
    (app / "Procfile").write_text(FILES["Procfile"])
    out, error = parity(str(app), "--fix", code=2)
    assert (out, error.count("\n")) == ("", 1), "before the rehearsal"
    assert "--fix: nothing changed: Procfile: not committed yet" in error
    assert (app / "Procfile").read_text() == FILES["Procfile"]
    parity(str(app), "--fix", "--force")
    assert (app / "Procfile").read_text() == "web: python app.py\n"


def test_without_git(tmp_path: Path) -> None:
    """A change could not be undone, so it is refused before anything runs."""
    for path, text in FILES.items():
        (tmp_path / path).write_text(text)
    out, error = parity(str(tmp_path), "--fix", code=2)
    assert "nothing changed: this folder is not in git, so a change could not be undone" in error
    assert (tmp_path / "Procfile").read_text() == FILES["Procfile"]
    out, _ = parity(str(tmp_path), "--fix", "--force")
    assert out.endswith(f"next: parity run {tmp_path}\n")
    assert (tmp_path / "Procfile").read_text() == "web: python app.py\n"


def test_carriage_returns(tmp_path: Path) -> None:
    """CRLF stays CRLF, even if git stores LF and the disk has CRLF."""
    app = repository(tmp_path / "app", FILES)
    git(app, "config", "core.autocrlf", "true")
    (app / "Procfile").unlink()
    git(app, "-c", "core.autocrlf=true", "checkout", "Procfile")
    (app / "Procfile").write_bytes(b"Web: python app.py\r\n")
    source = read(app)
    apply(source, (fix(app, b"Web: python app.py\n", b"web: python app.py\n"),), force=True)
    assert (app / "Procfile").read_bytes() == b"web: python app.py\r\n"
    other = repository(tmp_path / "other", {"Procfile": "\ufeffweb:x\r\n"})
    made = fix(other, b"\xef\xbb\xbfweb:x\r\n", b"\xef\xbb\xbfweb: x\r\n")
    apply(read(other), (made,), force=False)
    assert (other / "Procfile").read_bytes() == b"\xef\xbb\xbfweb: x\r\n"


@pytest.mark.parametrize("kind", ["file", "folder", "gone", "changed", "fifo"])
def test_what_is_not_as_it_was_tested(kind: str, tmp_path: Path) -> None:
    """No link is followed, and nothing untested is written, not even with --force."""
    app = repository(tmp_path / "app", {"sub/Procfile": "a\n", "b": "b\n"})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "Procfile").write_text("a\n")
    source = read(app)
    whole = (fix(app, b"b\n", b"c\n", "b"), fix(app, b"a\n", b"x\n", "sub/Procfile"))
    (app / "sub/Procfile").unlink()
    if kind == "file":
        (app / "sub/Procfile").symlink_to(outside / "Procfile")
    elif kind == "folder":
        (app / "sub").rmdir()
        (app / "sub").symlink_to(outside)
    elif kind == "changed":
        (app / "sub/Procfile").write_text("other\n")
    elif kind == "fifo":
        os.mkfifo(app / "sub/Procfile")
    with pytest.raises(FixRefused):
        apply(source, whole, force=True)
    assert ((outside / "Procfile").read_text(), (app / "b").read_text()) == ("a\n", "b\n")


def test_new_deleted_and_executable_files(tmp_path: Path) -> None:
    """A new file does not replace one that git does not know."""
    app = repository(tmp_path / "app", {"Procfile.txt": "web: x\n", "run.sh": "#!/bin/sh\n"})
    script = Entry(0o100644, 10, None, b"#!/bin/sh\n")
    made = (
        Fix("a", "a", {"run.sh": (script, script._replace(mode=0o100755))}),
        fix(app, b"web: x\n", None, "Procfile.txt"),
        fix(app, None, b"web: x\n"),
    )
    (app / "Procfile").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FixRefused, match=r"Procfile"):
        apply(read(app), made, force=True)
    (app / "Procfile").unlink()
    apply(read(app), made, force=False)
    assert sorted(p.name for p in app.iterdir()) == [".git", "Procfile", "run.sh"]
    assert (app / "run.sh").stat().st_mode & 0o111 and not (tmp_path / "elsewhere").exists()
    bad = (fix(app, None, b"x", "../outside"),)
    with pytest.raises(FixRefused):
        apply(read(app), bad, force=True)
    assert not (tmp_path / "outside").exists()


def test_a_disk_that_refuses(tmp_path: Path) -> None:
    """Earlier writes are undone: all of them or none."""
    app = repository(tmp_path / "app", {"a": "a\n", "c": "c\n"})
    (app / "a").chmod(0o640)
    made = (
        fix(app, b"a\n", b"x\n", "a"),
        fix(app, None, b"new\n", "new"),
        fix(app, b"c\n", None, "c"),
        fix(app, None, b"x\n", "no-such-folder/b"),
    )
    with pytest.raises(FixRefused, match="No such file or directory"):
        apply(read(app), made, force=True)
    assert git(app, "status", "--porcelain") == ""
    assert (app / "a").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--fix", "--ref", "HEAD"], "--ref tests a commit"),
        (["--fix", "--first-only"], "--first-only leaves out"),
        (["--diff", "--first-only"], "--first-only leaves out"),
        (["--force"], "--force goes with --fix"),
    ],
)
def test_options_that_do_not_go_together(arguments: list[str], why: str, tmp_path: Path) -> None:
    """Such options get one clear line, before anything runs."""
    _, error = parity(str(tmp_path), *arguments, code=2)
    assert why in error and error.count("\n") == 1


def test_a_diff_with_a_secret(tmp_path: Path) -> None:
    """A config var's value reaches no output; with its name instead, a diff would be wrong."""
    line = "python app.py sWordfish-0815-secret"
    app = repository(tmp_path / "app", {**FILES, "Procfile": f"Web: {line}\n"})
    secret = ("--config", "KEY=sWordfish-0815-secret")
    out, error = parity(str(app), "--fix", "--diff", *secret, "--format", "json")
    assert "sWordfish" not in out + error
    assert '"diff": "' not in out and "no diff" in error
    assert "fixed[procfile-type-name]: `web: python app.py [KEY]` in the Procfile" in error
    assert (app / "Procfile").read_text() == f"web: {line}\n"
