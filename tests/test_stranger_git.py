"""Strangers' repositories: `parity check` runs nothing in them, fetches nothing, waits for none.

Every canary is a program that records its own name when it is started.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_receive import git, repository

pytestmark = pytest.mark.real

FILES = {
    "requirements.txt": "Flask\ngunicorn\n",
    "Procfile": "web: gunicorn app:app\n",
    "app.py": "app = 1\n",
    ".python-version": "3.13\n",
}
PROGRAMS = """
    core.alternateRefsCommand core.askPass core.editor core.fsmonitor core.gitProxy core.pager
    core.sshCommand credential.helper diff.external diff.x.command diff.x.textconv filter.x.clean
    filter.x.process filter.x.smudge gpg.program gpg.ssh.defaultKeyCommand interactive.diffFilter
    merge.x.driver pager.cat-file pager.config pager.ls-files pager.ls-tree pager.rev-parse
    remote.o.receivepack remote.o.uploadpack sequence.editor uploadpack.packObjectsHook
""".split()
"""Settings whose value is a program."""

SETTINGS = {
    "core.hooksPath": "hooks",
    "core.untrackedCache": "true",
    "core.repositoryFormatVersion": "1",
    "extensions.partialClone": "o",
    "filter.x.required": "true",
    "gc.auto": "1",
    "log.showSignature": "true",
    "protocol.allow": "always",
    "protocol.ext.allow": "always",
    "remote.o.promisor": "true",
}
ADDRESSES = ("ssh://host/x", "git://127.0.0.1:9/x", "http://127.0.0.1:9/x", "ext::canary x", "y::x")


class Case:
    """An app's repository, and a record of what runs in it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.ran = place / "ran"
        self.app = repository(place / "app", FILES)
        (place / "home").mkdir()
        self.canary = self.plant(place / "canary")

    def plant(self, file: Path) -> Path:
        """Put a program that records its name at `file`."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'#!/bin/sh\necho "$0" >> {self.ran}\nexit 1\n')
        file.chmod(0o755)
        return file

    def start(
        self, *arguments: str, path: str = os.defpath, cwd: Path | None = None
    ) -> "subprocess.Popen[str]":
        """Start parity with a separate HOME."""
        home = str(self.place / "home")
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "parity", *arguments],
            cwd=cwd or self.place,
            env={"HOME": home, "XDG_CACHE_HOME": f"{home}/cache", "PATH": path, "COLUMNS": "400"},
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def check(self, *arguments: str, path: str = os.defpath, cwd: Path | None = None) -> str:
        """Return the exit code and output of `parity check`; 30 seconds count as a hang."""
        with self.start("check", *(arguments or ("app",)), path=path, cwd=cwd) as process:
            try:
                out, _ = process.communicate(timeout=30)
            finally:
                process.kill()
        return f"{process.returncode}: {out}"

    def lose(self, name: str) -> None:
        """Remove an object from the repository."""
        oid = git(self.app, "rev-parse", name)
        (self.app / ".git" / "objects" / oid[:2] / oid[2:]).unlink()


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A good app that has been cloned."""
    return Case(tmp_path)


def spoil(case: Case, address: str) -> None:
    """Add everything that an unpacked archive can have in its `.git` to run a program."""
    for key, value in SETTINGS.items():
        git(case.app, "config", key, value)
    for key in PROGRAMS:
        git(case.app, "config", key, str(case.canary))
    git(case.app, "config", "remote.o.url", address.replace("canary", str(case.canary)))
    for hook in ("fsmonitor-watchman", "post-checkout", "post-index-change", "pre-auto-gc"):
        case.plant(case.app / ".git" / "hooks" / hook)
        case.plant(case.app / "hooks" / hook)
    (case.app / ".gitattributes").write_text("* filter=x diff=x merge=x text ident\n")
    (case.app / "app.py").write_text("app = 2\n")


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_object_that_is_missing_is_not_fetched(case: Case, address: str) -> None:
    """Neither the transport nor the configured programs for it are started."""
    spoil(case, address)
    case.lose("HEAD:Procfile")
    told = case.check()
    assert not case.ran.exists(), case.ran.read_text()
    assert told.startswith("3: could not tell")
    assert "is a partial clone" in told


def test_a_whole_repository_with_a_program_behind_every_setting(case: Case) -> None:
    """It is read like any other; git's own `status` would start some of these programs."""
    spoil(case, ADDRESSES[0])
    assert case.check().startswith("0: ")
    assert not case.ran.exists(), case.ran.read_text()
    shutil.copy(case.app / "app.py", case.app / "Procfile")
    subprocess.run(["git", "status"], cwd=case.app, capture_output=True, check=False, timeout=60)
    assert str(case.canary) in case.ran.read_text()


def test_a_tracked_folder_that_looks_like_a_repository(case: Case) -> None:
    """Heroku gets the files of the surrounding repository, so these are tested."""
    inner = case.app / "inner"
    shutil.copytree(case.app / ".git", inner, ignore=shutil.ignore_patterns("hooks", "logs"))
    for name, text in FILES.items():
        (inner / name).write_text(text)
    for key, value in {**SETTINGS, "core.worktree": ".", "core.bare": "false"}.items():
        git(case.app, "config", "-f", "inner/config", key, value)
    git(case.app, "config", "-f", "inner/config", "core.sshCommand", str(case.canary))
    git(case.app, "config", "-f", "inner/config", "remote.o.url", ADDRESSES[0])
    oid = git(case.app, "rev-parse", "HEAD:Procfile")
    (inner / "objects" / oid[:2] / oid[2:]).unlink()
    git(case.app, "add", "-A", "-f")
    git(case.app, "commit", "-qm", "inner")
    git(case.place, "clone", "-q", "app", "clone")
    for arguments in (("clone/inner",), ("clone/inner", "--ref", "HEAD")):
        told = case.check(*arguments)
        assert not case.ran.exists(), case.ran.read_text()
        assert told.startswith("0: "), told
    told = case.check(".", cwd=case.place / "clone" / "inner")
    assert (told[0], case.ran.exists()) == ("0", False)


NAMES = ("git", "ssh", "sh", "bash", "python3", "python3.13", "node", "npm", "uv", "pyenv", "cat")


@pytest.mark.parametrize("entry", ["", ".", "bin", "{app}", "{app}/bin", "{place}/link"])
def test_a_program_of_the_tree_is_none_of_this_machine(case: Case, entry: str) -> None:
    """PATH may contain the tree: as an empty entry, relative, in full, through a link."""
    for name in NAMES:
        case.plant(case.app / name)
        case.plant(case.app / "bin" / name)
    (case.place / "link").symlink_to(case.app)
    git(case.app, "add", "-A")
    git(case.app, "commit", "-qm", "programs")
    path = f"{entry.format(app=case.app, place=case.place)}:{os.defpath}"
    for arguments in (("check", "."), ("doctor", "--offline")):
        with case.start(*arguments, path=path, cwd=case.app) as process:
            out, _ = process.communicate(timeout=60)
        assert process.returncode in (0, 3), out
        assert not case.ran.exists(), case.ran.read_text()


PIPES = """
    .git/HEAD .git/config .git/config.worktree .git/index .git/packed-refs .git/shallow
    .git/commondir .git/info/attributes .git/info/exclude .git/info/grafts .git/refs/heads/main
    .git/refs/heads/HEAD .git/refs/tags/main .git/objects/info/alternates
    .git/objects/info/commit-graph .git/objects/info/commit-graphs/commit-graph-chain
    .git/objects/pack/multi-pack-index .gitignore .gitattributes included alternate/info/alternates
""".split()


@pytest.mark.parametrize("place", PIPES)
def test_a_named_pipe_where_git_reads(case: Case, place: str) -> None:
    """It is reported in one line and not waited for."""
    pipe = case.app / place
    git(case.app, "config", "include.path", str(case.app / "included"))
    (case.app / ".git" / "objects" / "info" / "alternates").write_text(f"{case.app}/alternate\n")
    (case.app / "app.py").write_text("app = 2\n")
    (case.app / "untracked").write_text("")
    pipe.parent.mkdir(parents=True, exist_ok=True)
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    told = case.check()
    assert told.startswith("3: could not tell"), told
    assert "is no plain file" in told or "waits for a named pipe" in told


@pytest.mark.parametrize("key", ["core.attributesFile", "core.excludesFile"])
@pytest.mark.parametrize("kind", ["pipe", "/dev/zero"])
def test_a_repository_names_no_file_outside(case: Case, key: str, kind: str) -> None:
    """The files for attributes and ignore rules are the user's own, or in the repository."""
    named = case.place / "named"
    if kind == "pipe":
        os.mkfifo(named)
    else:
        named.symlink_to(kind)
    git(case.app, "config", key, str(named))
    (case.app / "app.py").write_text("app = 2\n")
    (case.app / "untracked").write_text("")
    assert case.check().startswith("0: ")


def test_the_users_own_file_of_what_is_ignored(case: Case) -> None:
    """It applies if the repository names none, or one that does not count."""
    git(case.app, "config", "core.excludesFile", "/dev/zero")
    own = case.place / "home" / ".config" / "git" / "ignore"
    own.parent.mkdir(parents=True)
    own.write_text("Pipfile.lock\n")
    (case.app / "Procfile").unlink()
    git(case.app, "commit", "-qam", "no Procfile")
    (case.app / "Procfile").write_text(FILES["Procfile"])
    assert ".config/git/ignore" not in case.check()
    own.write_text("Procfile\n")
    assert ".config/git/ignore" in case.check()


def test_ctrl_c_ends_git_at_once(case: Case) -> None:
    """Even a git that does not answer: no git is left."""
    folder, begun = case.place / "bin", case.place / "begun"
    folder.mkdir()
    os.mkfifo(begun)
    slow = folder / "git"
    slow.write_text(f"#!/bin/sh\necho $$ > {begun}\nexec sleep 1000\n")
    slow.chmod(0o755)
    with case.start("check", "app", path=f"{folder}:{os.defpath}") as process:
        pid = int(begun.read_text().split()[0])
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 130, out
    assert not Path(f"/proc/{pid}").exists()


def test_the_files_of_another_folder_are_not_read(case: Case) -> None:
    """`core.worktree`, and a `.git` that names another repository, are reported in one line."""
    other = repository(case.place / "other", {"secret.txt": "x", **FILES})
    git(case.app, "config", "core.worktree", str(other))
    told = case.check()
    assert told.startswith("3: could not tell")
    assert "--unset core.worktree" in told
    marker = case.app / ".git"
    shutil.rmtree(marker)
    marker.write_text(f"gitdir: {other}/.git\n")
    assert "does not say that" in case.check()
    marker.unlink()
    marker.symlink_to(other / ".git")
    assert "does not say that" in case.check()


def test_a_linked_worktree(case: Case) -> None:
    """It is read where it is; after a move, git's own command is named, and is enough."""
    git(case.app, "worktree", "add", "-q", "../linked")
    assert case.check("linked").startswith("0: ")
    (case.place / "linked").rename(case.place / "moved")
    told = case.check("moved")
    assert told.startswith("3: could not tell")
    assert f"git -C {case.place}/moved worktree repair" in told
    git(case.place / "moved", "worktree", "repair")
    assert case.check("moved").startswith("0: ")


def test_a_git_file_that_leads_nowhere(case: Case) -> None:
    """A copied checkout of a submodule is a folder without a repository."""
    shutil.rmtree(case.app / ".git")
    (case.app / ".git").write_text("gitdir: ../.git/modules/app\n")
    assert case.check().startswith("0: ")


def test_a_partial_clone_of_the_users_own(case: Case) -> None:
    """Missing objects are reported, with what to type; after that it is read."""
    git(case.app, "config", "uploadpack.allowFilter", "true")
    own = case.place / "own"
    url = f"file://{case.app}"
    git(case.place, "clone", "-q", "--filter=blob:none", "--no-checkout", url, str(own))
    told = case.check("own", "--ref", "HEAD")
    assert told.startswith("3: could not tell"), told
    assert "git -C own fetch --refetch --no-filter" in told
    git(own, "fetch", "-q", "--refetch", "--no-filter")
    assert case.check("own", "--ref", "HEAD").startswith("0: ")
