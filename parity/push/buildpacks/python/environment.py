"""Environments by content: built once, shared by every run that would build the same.

An environment is named by everything that decides it. It is built under a lock, in its final place
(scripts name their own path), and counts only once its manifest is written, which comes last: an
interrupted build leaves nothing that looks finished. Whoever uses one holds it, so that no other
parity removes it meanwhile.
"""

import json
import os
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from parity.push import cache, slug

MANIFEST = "parity-manifest.json"
KEPT = 24
"""Environments that stay in the cache; the ones unused for longest go first (ours)."""

KEPT_BYTES = 6 * 1024**3
"""Their size together, and that of each installer's downloads (ours)."""

DOWNLOADS = ("pip", "poetry", "uv")


class Manifest(NamedTuple):
    """What an environment consists of: `sum` is a checksum over its files' names, sizes, times."""

    files: int
    sum: int
    size: slug.Size


_held: dict[Path, cache.Hold] = {}


def key(*parts: str, folder: Path | None = None) -> str:
    """The name of what `parts` decide in `folder` (by default the cache): scripts name their own
    path, so what was moved is another.

    Raises `interrupt.Trouble` as `cache.root` does.
    """
    digest, place = sha256(), str(folder or cache.root())
    for part in (os.uname().sysname, os.uname().machine, place, *parts):
        data = part.encode("utf-8", "surrogateescape")
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()[:32]


def made(name: str, fill: Callable[[Path], bool], *, spare: Path) -> tuple[Path | None, bool]:
    """The environment called `name`, and whether it was there; `fill` fills a new folder.

    None if `fill` says that it failed: then nothing is kept. It goes to `spare` where the one in
    the cache is spoilt and another run still uses it. Raises what `fill` raises, `OSError`,
    `interrupt.Interrupted`, `interrupt.Trouble`.
    """
    place = cache.root() / "envs" / name
    if _usable(place):
        return place, True
    place.parent.mkdir(exist_ok=True)
    with cache.locked(name[:2]):
        if _usable(place):
            return place, True
        if not discard(place):
            place = spare
        if not _built(place, fill):
            return None, False
        if place != spare:
            _usable(place)
    sweep(name)
    return place, False


def _usable(place: Path) -> bool:
    """Whether the environment is finished and nobody has written into it; then it is held."""
    if place in _held:
        return intact(place)
    try:
        hold = cache.Hold(place)
    except OSError:
        return False
    if hold.shared() and intact(place):
        os.utime(place)
        _held[place] = hold
        return True
    hold.release()
    return False


def _built(place: Path, fill: Callable[[Path], bool]) -> bool:
    done = False
    try:
        place.mkdir(parents=True)
        done = fill(place)
        if done:
            seal(place)
    finally:
        if not done:
            shutil.rmtree(place, ignore_errors=True)
    return done


def seal(place: Path) -> None:
    """Note what the environment consists of: from then on it is finished."""
    files, total = _summed(place)
    temporary = place / f".{MANIFEST}"
    temporary.write_text(json.dumps(Manifest(files, total, slug.size(place))))
    temporary.rename(place / MANIFEST)


def manifest(place: Path) -> Manifest | None:
    """What was noted when the environment was finished; None if it never was."""
    try:
        files, total, size = json.loads((place / MANIFEST).read_text())
        return Manifest(files, total, slug.Size(*size))
    except (OSError, ValueError, TypeError):
        return None


def intact(place: Path) -> bool:
    """Whether the environment is finished, and as it was then."""
    noted = manifest(place)
    try:
        return noted is not None and (noted.files, noted.sum) == _summed(place)
    except OSError:
        return False


def discard(place: Path) -> bool:
    """Forget an environment; False if another run uses it."""
    held = _held.pop(place, None)
    if held:
        held.release()
    try:
        hold = cache.Hold(place)
    except OSError:
        return True
    try:
        if not hold.alone():
            return False
        (place / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(place, ignore_errors=True)
        return True
    finally:
        hold.release()


def sweep(newest: str) -> None:
    """Drop what an ended build left half made, and what was unused for longest."""
    left = KEPT_BYTES
    places = sorted((cache.root() / "envs").iterdir(), key=_age)
    for number, place in enumerate(places):
        noted = manifest(place)
        left -= noted.size.bytes if noted else 0
        if place.name == newest or (noted and number < KEPT and left >= 0):
            continue
        with cache.try_locked(place.name[:2]) as nobody_builds:
            if nobody_builds:
                discard(place)
    for downloads in (cache.root() / name for name in DOWNLOADS):
        if downloads.exists() and slug.size(downloads).bytes > KEPT_BYTES:
            shutil.rmtree(downloads, ignore_errors=True)


def _age(place: Path) -> float:
    try:
        return -place.stat().st_mtime
    except OSError:
        return 0.0


def _summed(place: Path) -> tuple[int, int]:
    """Number and checksum of the files, without the compiled Python that any run may write."""
    count = total = 0
    todo = [""]
    while todo:
        prefix = todo.pop()
        with os.scandir(place / prefix) as entries:
            for entry in entries:
                if entry.name in ("__pycache__", MANIFEST, f".{MANIFEST}"):
                    continue
                path = f"{prefix}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    todo.append(f"{path}/")
                found = entry.stat(follow_symlinks=False)
                told = f"{path}\0{found.st_mode}"
                if not entry.is_dir(follow_symlinks=False):
                    told += f"\0{found.st_size}\0{found.st_mtime_ns}"
                count += 1
                total += crc32(os.fsencode(told))
    return count, total
