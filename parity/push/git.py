"""Queries to git about a repository, with plumbing that runs none of the user's programs.

`status`, `diff`, `archive`, `checkout` and `ls-files -m` start fsmonitor, external diffs, filters
or hooks from the repository's configuration (tried for each); the commands here do not. The
repository is chosen before git starts: git would accept any folder that holds `HEAD`, `objects`
and `refs`, with a configuration that came with the tree.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from parity.push import repository
from parity.push.repository import Repository
from parity.system import programs
from parity.system.errors import Trouble

if TYPE_CHECKING:
    import subprocess

SAFE = (
    *("--no-optional-locks", "--no-pager"),
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "protocol.allow=never"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.untrackedCache=false"),
    *("-c", "core.pager=cat"),
)
"""Options of every command, so that git starts, writes and fetches nothing."""

OWN = {
    "GIT_ALLOW_PROTOCOL": "none",  # objects missing from a partial clone are not fetched,
    "GIT_NO_LAZY_FETCH": "1",  # newer versions (2.39.4, 2.45) do not even try,
    "GIT_SSH_COMMAND": "false",  # and a variable overrides core.sshCommand
    "GIT_NO_REPLACE_OBJECTS": "1",  # a push sends the objects themselves
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C",
}
KEPT = (
    *("HOME", "XDG_CONFIG_HOME", "SUDO_UID", "TMPDIR"),
    *("LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "DEVELOPER_DIR", "SDKROOT"),
)
"""Variables of this process that git gets: for its user's settings, and to be able to start."""


BUFFER = 1 << 20
"""Bytes that are read at once: there may be thousands of small files."""

_DUBIOUS = "dubious ownership"


class Answer(NamedTuple):
    """The exit code and the output of one git command."""

    code: int
    out: bytes
    error: str


class Outside(Exception):
    """The folder is not in a repository."""


class MissingGit(Trouble):
    """git is not installed on this machine."""

    def __init__(self) -> None:
        super().__init__(
            "git is not on this machine, and git alone knows which files would be pushed",
            "Install git, then run parity again.",
        )


def ask(folder: Path, *commands: Sequence[str], stdin: bytes | None = None) -> list[Answer]:
    """Run git commands in `folder` in parallel, each with `stdin`.

    Raises `Outside`, `interrupt.Interrupted`, and `Trouble` for what git must not read.
    """
    return _answers(folder, environment(of(folder)), commands, stdin)


def _answers(
    folder: Path,
    env: Mapping[str, str],
    commands: Sequence[Sequence[str]],
    stdin: bytes | None = None,
) -> list[Answer]:
    import subprocess

    from parity.push.watch import GitWatch

    streams = (subprocess.DEVNULL if stdin is None else subprocess.PIPE, subprocess.PIPE)
    answers = []
    with GitWatch(
        folder, [_start(folder, command, env, *streams) for command in commands]
    ) as watch:
        for process in watch.running:
            out, errors = watch.answer(process, stdin)
            text = errors.decode("utf-8", "backslashreplace")
            answers.append(Answer(process.returncode, out, text))
    watch.check()
    return answers


def _start(
    folder: Path, command: Sequence[str], env: Mapping[str, str], stdin: int, stderr: int
) -> "subprocess.Popen[bytes]":
    import subprocess

    program = programs.find("git")
    if program is None:
        raise MissingGit
    return subprocess.Popen(
        [program, *SAFE, *command],
        cwd=folder,
        env=env,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        bufsize=BUFFER,
    )


def of(folder: Path) -> Repository:
    """Return the repository that `folder` is in. Raises `Outside`, `Trouble`.

    A bare one counts unless a repository around it tracks its files.
    """
    around, bare = repository.find(folder)
    for each in (around, bare):
        if each:
            programs.distrust(each.top or each.git_dir)
    chosen = bare if around is None or (bare and not _tracked(around, bare)) else around
    if chosen is None:
        raise Outside
    if repository.foreign(chosen):
        _check_owner(chosen)
    return chosen


def _tracked(around: Repository, bare: Repository) -> bool:
    command = ("ls-files", "-z", "HEAD")
    (answer,) = _answers(bare.git_dir, environment(around), [command])
    return bool(answer.out)


@cache
def _check_owner(chosen: Repository) -> None:
    """Ask git whether its user trusts another user's repository. Raises `Trouble`."""
    where = chosen.top or chosen.git_dir
    options = () if chosen.top else ("-c", "safe.bareRepository=all")
    (answer,) = _answers(where, environment(None), [(*options, "rev-parse", "--git-dir")])
    if _DUBIOUS in answer.error:
        raise refused(where, answer)


def environment(inside: Repository | None, stores: Sequence[Path] = ()) -> dict[str, str]:
    """Return git's environment, with its user's settings and the repository to read.

    `stores` are the object folders of other repositories that it may read, too.
    """
    env = {name: os.environ[name] for name in KEPT if name in os.environ}
    env |= {**OWN, "PATH": os.pathsep.join(programs.folders())}
    if inside is None:
        return env
    env["GIT_DIR"] = str(inside.git_dir)
    if index := _index(inside):
        env["GIT_INDEX_FILE"] = index
    if inside.top:
        env["GIT_WORK_TREE"] = str(inside.top)
    else:
        env["GIT_IMPLICIT_WORK_TREE"] = "0"
    if stores:
        env["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = os.pathsep.join(map(str, stores))
    return env


def _index(inside: Repository) -> str | None:
    """Return the index of the commit that is being made, if a hook of this repository runs parity.

    `git commit -a` and `git commit FILE` prepare one beside the usual one:
    https://git-scm.com/docs/githooks#_pre_commit, and GIT_INDEX_FILE in git(1).
    """
    named = os.path.realpath(os.environ.get("GIT_INDEX_FILE") or os.devnull)
    own = os.path.dirname(named) == os.path.realpath(inside.git_dir)  # noqa: PTH120
    return named if own and os.path.isfile(named) else None  # noqa: PTH113


def refused(folder: Path, answer: Answer) -> Trouble:
    """Return the `Trouble` for a git command that failed in `folder`."""
    text = answer.error.strip().splitlines()
    if _DUBIOUS in answer.error:
        return Trouble(
            f"git does not trust {folder}: it belongs to another user",
            f"git config --global --add safe.directory {folder.resolve()}",
        )
    if repository.partial(of(folder)):
        return lost(folder)
    reason = text[-1] if text else f"exit {answer.code}"
    return Trouble(f"git cannot read {folder}: {reason}", "Try `git fsck` in that folder.")


def lost(folder: Path, oid: str = "") -> Trouble:
    """Return the `Trouble` for a missing object."""
    if repository.partial(of(folder)):
        import shlex

        return Trouble(
            f"{folder} is a partial clone, and not all of the files are on this disk",
            f"Type `git -C {shlex.quote(str(folder))} fetch --refetch --no-filter`, then run parity"
            " again.",
        )
    return Trouble(f"git has lost the object {oid}".rstrip(), "Try `git fsck`.")


def blobs(
    folder: Path, oids: Iterable[str], stores: Sequence[Path] = (), *, most: int | None = None
) -> Iterator[tuple[str, bytes]]:
    """Yield each of `oids` with its content, read by one `cat-file --batch`.

    Objects of more than `most` bytes are skipped. Raises `Trouble`, `interrupt.Interrupted`.
    """
    import subprocess
    import threading

    from parity.push.watch import GitWatch

    wanted = list(oids)
    env, streams = environment(of(folder), stores), (subprocess.PIPE, subprocess.DEVNULL)
    process = _start(folder, ("cat-file", "--batch"), env, *streams)
    assert process.stdin and process.stdout
    source, sink = process.stdout, process.stdin

    def feed() -> None:
        with suppress(OSError), sink:
            sink.write("".join(f"{oid}\n" for oid in wanted).encode())

    with GitWatch(folder, [process]) as watch, source:
        watch.begin()
        thread = threading.Thread(target=feed, daemon=True)
        thread.start()
        for oid in wanted:
            header = source.readline().split()
            size = int(header[2]) if len(header) == 3 else -1
            data = _read_object(source, size, most) if size >= 0 else None
            if data is None:
                watch.check()
                raise lost(folder, oid)
            watch.alive()
            if most is None or size <= most:
                yield oid, data
        thread.join()


def _read_object(source: IO[bytes], size: int, most: int | None) -> bytes | None:
    """Read one object: empty if larger than `most`, None if incomplete."""
    left = size + 1
    if most is None or size <= most:
        data = source.read(left)
        return data[:-1] if len(data) == left else None
    while left and (read := len(source.read(min(left, BUFFER)))):
        left -= read
    return None if left else b""


def save(folder: Path, oid: str, to: IO[bytes], stores: Sequence[Path] = ()) -> None:
    """Write an object of any size into a file. Raises `Trouble`, `interrupt.Interrupted`."""
    import subprocess

    from parity.push.watch import GitWatch

    env, nothing = environment(of(folder), stores), subprocess.DEVNULL
    process = _start(folder, ("cat-file", "blob", oid), env, nothing, nothing)
    assert process.stdout
    with GitWatch(folder, [process]) as watch, process.stdout as source:
        watch.begin()
        while data := source.read(BUFFER):
            to.write(data)
            watch.alive()
    watch.check()
    if process.returncode:
        raise lost(folder, oid)
