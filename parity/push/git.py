"""Asks git about a repository, with plumbing that runs nothing of the user's.

`status`, `diff`, `archive`, `checkout` and `ls-files -m` start fsmonitor, external diffs, filters
or hooks from the repository's configuration (tried for each); what stands here does not.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from parity import interrupt
from parity.interrupt import Trouble

SAFE = (
    "git",
    "--no-optional-locks",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.untrackedCache=false"),
    *("-c", "core.pager=cat"),
)


_ENTRY = re.compile(
    rb"(\d{6}) ([0-9a-f]+) (\d)\t([^\0]+)\0  ctime: [^\n]*\n  mtime: (\d+):(\d+)\n"
    rb"[^\n]*\n[^\n]*\n  size: (\d+)\tflags: ([0-9a-f]+)\n"
)


NOT_LOOKED_AT = 0x4000_8000
"""CE_SKIP_WORKTREE and CE_VALID of an index entry (git's read-cache.h)."""

BUFFER = 1 << 20
"""Bytes that are read at once: small files come by the thousand."""

_LISTED = re.compile(rb"(\d{6}) \w+ ([0-9a-f]+)(?: +(?:(\d+)|-))?\t([^\0]+)\0")


class Answer(NamedTuple):
    """What one git command printed, and its exit code."""

    code: int
    out: bytes
    error: str


class Missing(Exception):
    """There is no git on this machine."""


def ask(folder: Path, *commands: Sequence[str], given: bytes | None = None) -> list[Answer]:
    """Run git commands in `folder` side by side. Raises `Missing`, `interrupt.Interrupted`."""
    import subprocess

    env = environment()
    try:
        running = [
            subprocess.Popen(
                [*SAFE, *command],
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for command in commands
        ]
    except FileNotFoundError as missing:
        raise Missing from missing
    answers = []
    for process in running:
        out, told = process.communicate(given)
        answers.append(Answer(process.returncode, out, told.decode("utf-8", "backslashreplace")))
    interrupt.check()  # Ctrl-C ends git, too: then it has refused nothing
    return answers


def environment(stores: Sequence[Path] = ()) -> dict[str, str]:
    """This process's environment without GIT_*: a hook that runs parity sets them for its own.

    `stores` are folders of other repositories' objects that git may read from, too.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    if stores:
        kept["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = os.pathsep.join(map(str, stores))
    return {**kept, "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}


def refused(folder: Path, answer: Answer) -> Trouble:
    """Why git does not answer about `folder`, as trouble with this machine."""
    text = answer.error.strip().splitlines()
    if "dubious ownership" in answer.error:
        return Trouble(
            f"git does not trust {folder}: it belongs to another user",
            f"git config --global --add safe.directory {folder.resolve()}",
        )
    reason = text[-1] if text else f"exit {answer.code}"
    return Trouble(f"git cannot read {folder}: {reason}", "Try `git fsck` in that folder.")


def names(out: bytes) -> list[str]:
    """The NUL-separated paths of `out`."""
    return [os.fsdecode(name) for name in out.split(b"\0") if name]


class Stat(NamedTuple):
    """A tracked path of the index, with what git remembers of the file on disk.

    `kept`: git was told not to look at the disk (sparse checkout, assume-unchanged).
    """

    mode: int
    oid: str
    mtime: tuple[int, int]
    size: int
    kept: bool = False


def index(out: bytes) -> dict[str, Stat]:
    """The output of `ls-files -z -s --debug` by path; of an unmerged path, our side."""
    return {
        os.fsdecode(path): Stat(
            int(mode, 8),
            oid.decode(),
            (int(sec), int(nano)),
            int(size),
            int(flags, 16) & NOT_LOOKED_AT != 0,
        )
        for mode, oid, stage, path, sec, nano, size, flags in _ENTRY.findall(out)
        if stage in (b"0", b"2")
    }


def unmerged(out: bytes) -> tuple[str, ...]:
    """The paths of `ls-files -z -s --debug` that a merge has left with several versions."""
    found = {os.fsdecode(entry[3]) for entry in _ENTRY.findall(out) if entry[2] != b"0"}
    return tuple(sorted(found))


def tree(out: bytes) -> dict[str, tuple[int, str, int]]:
    """The output of `ls-tree -rlz`: mode, object and size in bytes (0 without -l) by path."""
    return {
        os.fsdecode(path): (int(mode, 8), oid.decode(), int(size or 0))
        for mode, oid, size, path in _LISTED.findall(out)
    }


def blobs(
    folder: Path, oids: Iterable[str], stores: Sequence[Path] = ()
) -> Iterator[tuple[str, bytes]]:
    """Each of `oids` with its content, through one `cat-file --batch`. Raises `Trouble`."""
    import subprocess
    import threading

    wanted = list(oids)
    with subprocess.Popen(
        [*SAFE, "cat-file", "--batch"],
        cwd=folder,
        env=environment(stores),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=BUFFER,
    ) as process:
        assert process.stdin and process.stdout
        source, sink = process.stdout, process.stdin

        def feed() -> None:
            with sink:
                sink.write("".join(f"{oid}\n" for oid in wanted).encode())

        thread = threading.Thread(target=feed, daemon=True)
        thread.start()
        for oid in wanted:
            header = source.readline().split()
            if len(header) != 3:
                interrupt.check()
                raise Trouble(f"git has lost the object {oid}", "Try `git fsck`.")
            yield oid, source.read(int(header[2]) + 1)[:-1]
        thread.join()


def save(folder: Path, oid: str, to: int, stores: Sequence[Path] = ()) -> None:
    """Write an object of any size into an open file. Raises `Trouble`, `interrupt.Interrupted`."""
    import subprocess

    done = subprocess.run(
        [*SAFE, "cat-file", "blob", oid],
        cwd=folder,
        env=environment(stores),
        stdin=subprocess.DEVNULL,
        stdout=to,
        stderr=subprocess.PIPE,
        check=False,
    )
    interrupt.check()
    if done.returncode:
        reason = done.stderr.decode("utf-8", "backslashreplace").strip() or "no reason told"
        raise Trouble(f"git does not give the object {oid}: {reason}", "Try `git fsck`, and `df`.")
