"""Environments by content: built once, shared by every run that would build the same.

An environment is named by everything that decides it. It is built under a lock beside its place and
moved there when it is complete, so an interrupted build leaves nothing that looks finished.
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from parity import interrupt
from parity.interrupt import Trouble

MANIFEST = "parity-manifest.json"
KEPT = 24
"""Environments that stay in the cache; the ones unused for longest go first (ours)."""


def root() -> Path:
    """The cache folder: `PARITY_CACHE_DIR`, else the user's own place for caches.

    Raises `interrupt.Trouble` if nothing can be written there.
    """
    import platformdirs

    chosen = os.environ.get("PARITY_CACHE_DIR") or platformdirs.user_cache_dir("parity")
    folder = Path(chosen)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Trouble(
            f"cannot write the cache folder {folder}: {error.strerror}",
            "Set PARITY_CACHE_DIR to a folder you can write to.",
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Trouble(
            f"cannot write the cache folder {folder}",
            "Set PARITY_CACHE_DIR to a folder you can write to.",
        )
    return folder


def key(*parts: str | bytes) -> str:
    """The name of what `parts` decide."""
    digest = sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()[:32]


def cached(name: str) -> Path | None:
    """The finished environment called `name`, if nobody has written into it since."""
    place = root() / "envs" / name
    if not (place / MANIFEST).exists():
        return None
    if not intact(place):
        discard(place)
        return None
    os.utime(place)
    return place


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`. Raises `interrupt.Interrupted` while it waits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                interrupt.check()
                time.sleep(0.05)
        yield


def made(name: str, build: Callable[[Path], bool]) -> tuple[Path | None, bool]:
    """The environment called `name`, and whether it was there; `build` fills a new folder.

    None if `build` says that it failed: then nothing is kept.
    """
    found = cached(name)
    if found:
        return found, True
    envs = root() / "envs"
    with locked(envs / f"{name}.lock"):
        found = cached(name)
        if found:
            return found, True
        place = envs / name
        shutil.rmtree(place, ignore_errors=True)
        return (_built(place, build), False)


def _built(place: Path, build: Callable[[Path], bool]) -> Path | None:
    """Build in place, for scripts name their own path; the manifest comes last."""
    done = False
    try:
        place.mkdir(parents=True)
        done = build(place)
        if done:
            seal(place)
            bound(place.parent)
    finally:
        if not done:
            shutil.rmtree(place, ignore_errors=True)
    return place if done else None


def seal(place: Path) -> None:
    """Note what the environment consists of: from then on it is finished."""
    temporary = place / f".{MANIFEST}"
    temporary.write_text(json.dumps(_listing(place)))
    temporary.rename(place / MANIFEST)


def intact(place: Path) -> bool:
    """Whether the environment is as it was when it was finished."""
    try:
        return bool(json.loads((place / MANIFEST).read_text()) == _listing(place))
    except (OSError, ValueError):
        return False


def discard(place: Path) -> None:
    """Forget an environment that somebody wrote into, or that is too old."""
    shutil.rmtree(place, ignore_errors=True)


def bound(envs: Path) -> None:
    """Drop the environments unused for longest, beyond the number that stays."""
    places = [p for p in envs.iterdir() if (p / MANIFEST).exists()]
    for place in sorted(places, key=lambda p: p.stat().st_mtime, reverse=True)[KEPT:]:
        discard(place)
        (envs / f"{place.name}.lock").unlink(missing_ok=True)


def _listing(place: Path) -> dict[str, list[int]]:
    """Every folder of the environment with its number of entries and their newest change.

    Compiled Python is left out: interpreters write it when they like.
    """
    found: dict[str, list[int]] = {}
    todo = [place]
    while todo:
        folder = todo.pop()
        count, newest = 0, 0
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name in ("__pycache__", MANIFEST, f".{MANIFEST}"):
                    continue
                count += 1
                if entry.is_dir(follow_symlinks=False):
                    todo.append(Path(entry.path))
                else:
                    newest = max(newest, entry.stat(follow_symlinks=False).st_mtime_ns)
        found[str(folder.relative_to(place))] = [count, newest]
    return found
