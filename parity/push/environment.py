"""Cached environments: built once, shared by every run that would build the same.

The name of an environment is a hash of all its inputs. It is built under a lock, in its final place
(scripts contain their own path), and counts only once its manifest is written, which comes last: an
interrupted build leaves nothing that looks finished. A run holds the environments it uses, so that
no other parity removes them meanwhile. Installers are cached in the same way.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from parity.push import cache, contents, slug

OWN = "parity-manifest"
MANIFEST = f"{OWN}.json"
BEGUN = f"{OWN}.begun"
"""A file that exists during the build; if it is missing, the folder was emptied meanwhile."""

NAME = re.compile(r"[0-9a-f]{32}")
KEPT = 24
"""Number of environments that stay in the cache; the least recently used go first (ours)."""

KEPT_BYTES = 6 * 1024**3
"""Limit on the environments' total size, and on the size of each installer's downloads (ours)."""

READ = 64 * slug.MB
"""Size in bytes up to which the content is always compared; larger ones only if changed (ours)."""

DOWNLOADS = ("pip", "poetry", "uv")


class EnvironmentManifest(NamedTuple):
    """The state of a finished environment.

    `sum` is a checksum of its files' names, modes, sizes and times, `digest` one of their content;
    `sealed` is when it was finished, in nanoseconds.
    """

    files: int
    sum: int
    size: slug.Size
    sealed: int
    digest: str


_held: dict[Path, cache.Hold] = {}
_used: ContextVar[dict[Path, None] | None] = ContextVar("used", default=None)
"""The environments of the current run; a long-lived process holds those of many runs."""

_lost: list[str] = []
"""Environments that were removed during their build."""


def key(*parts: str, folder: Path | None = None) -> str:
    """Return the name for the inputs `parts` in `folder` (by default the cache).

    The folder is an input, too, because scripts contain their own path. Raises `Trouble` as
    `cache.root` does.
    """
    digest, place = sha256(), str(folder or cache.root())
    for part in (os.uname().sysname, os.uname().machine, place, *parts):
        data = part.encode("utf-8", "surrogateescape")
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()[:32]


def made(name: str, fill: Callable[[Path], bool], *, spare: Path) -> tuple[Path | None, bool]:
    """Return the environment called `name`, and whether it was cached; `fill` fills a new folder.

    None if `fill` returns False: then nothing is kept. It is built in `spare` if the one in the
    cache is damaged while another run uses it, or if a stopped process is building it. Raises what
    `fill` raises, `OSError`, `interrupt.Interrupted`, `Trouble`.
    """
    place, there = sealed(cache.folder("envs") / name, fill, lock=name[:2], spare=spare)
    if place and not there:
        sweep(name)
    return place, there


def sealed(
    place: Path, fill: Callable[[Path], bool], *, lock: str, spare: Path
) -> tuple[Path | None, bool]:
    """Do the same as `made` for any place in the cache, under the lock called `lock`."""
    if _usable(place):
        return place, True
    with cache.locked(lock) as mine:
        if _usable(place):
            return place, True
        if not mine or not discard(place):
            place = spare
        if place == spare and intact(place):
            return place, False
        if place == spare:
            cache.remove(spare)
        if not _build(place, fill):
            return None, False
        if place != spare:
            _usable(place)
    return place, False


@contextmanager
def use() -> Iterator[None]:
    """Record the environments that are used within the block; a nested use adds to the outer."""
    if _used.get() is not None:
        yield
        return
    before = _used.set({})
    try:
        yield
    finally:
        _used.reset(before)


def _usable(place: Path) -> bool:
    """Return whether the environment is finished and unchanged; if so, hold it."""
    used = _used.get()
    if used is not None:
        used[place] = None
    if place in _held:
        return _held[place].there() and intact(place)
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


def _build(place: Path, fill: Callable[[Path], bool]) -> bool:
    done = False
    place.mkdir(parents=True)
    hold = cache.Hold(place)
    try:
        (place / BEGUN).touch()
        done = fill(place)
        if done and _still_whole(place, hold):
            seal(place)
    finally:
        if not _still_whole(place, hold):
            _lost.append(str(place))
            done = False
        if not done:
            cache.remove(place)
        hold.release()
    return done


def _still_whole(place: Path, hold: cache.Hold) -> bool:
    return hold.there() and (manifest(place) is not None or (place / BEGUN).exists())


def seal(place: Path) -> None:
    """Write the environment's manifest, which marks it as finished."""
    now = time.time_ns()
    files, total, _ = contents.summed(place, now, OWN)
    noted = EnvironmentManifest(
        files, total, slug.size(place), now, contents.digest(place, now, OWN)
    )
    cache.note(place / MANIFEST, noted)
    (place / BEGUN).unlink(missing_ok=True)


def manifest(place: Path) -> EnvironmentManifest | None:
    """Return the environment's manifest; None if it was never finished."""
    noted = cache.noted(place / MANIFEST)
    if not isinstance(noted, list) or len(noted) != len(EnvironmentManifest._fields):
        return None
    files, total, size, when, digest = noted
    return EnvironmentManifest(files, total, slug.Size(*size), when, digest)


def intact(place: Path) -> bool:
    """Return whether the environment is finished and unchanged, judged by sizes and times."""
    noted = manifest(place)
    try:
        return noted is not None and noted[:2] == contents.summed(place, noted.sealed, OWN)[:2]
    except OSError:
        return False


def spoilt() -> list[str]:
    """Return and drop the environments in use that are damaged, judged by content."""
    used = _used.get()
    places = [place for place in list(_held) if used is None or place in used]
    damaged = [*_lost, *(str(place) for place in places if _damaged(place))]
    _lost.clear()
    return damaged


def _damaged(place: Path) -> bool:
    """Return whether an environment is damaged; if so, the next use builds it again."""
    noted = manifest(place)
    try:
        if noted and _held[place].there() and _as_sealed(place, noted):
            younger = contents.younger(place, noted.sealed)
            for path in younger:
                path.unlink()
            return bool(younger)
    except OSError:
        pass
    cache.remove(place / MANIFEST)
    _held.pop(place).release()
    return True


def _as_sealed(place: Path, noted: EnvironmentManifest) -> bool:
    """Return whether the content is as the manifest says."""
    files, total, changed = contents.summed(place, noted.sealed, OWN)
    if (files, total) != noted[:2]:
        return False
    if noted.size.bytes > READ and changed <= noted.sealed:
        return True
    return contents.digest(place, noted.sealed, OWN) == noted.digest


def discard(place: Path) -> bool:
    """Remove an environment, or whatever else is at that path; False if another run uses it."""
    held = _held.pop(place, None)
    if held:
        held.release()
    try:
        hold = cache.Hold(place)
    except OSError:
        return cache.remove(place)
    try:
        if not hold.alone():
            return False
        cache.remove(place / MANIFEST)
        return cache.remove(place)
    except OSError:
        return False
    finally:
        hold.release()


def sweep(newest: str) -> None:
    """Remove unfinished environments of ended builds, and the least recently used ones."""
    left = KEPT_BYTES
    places = [p for p in cache.folder("envs").iterdir() if NAME.fullmatch(p.name)]
    for number, place in enumerate(sorted(places, key=_age)):
        noted = manifest(place)
        left -= noted.size.bytes if noted else 0
        if place.name == newest or (noted and number < KEPT and left >= 0):
            continue
        with cache.try_locked(place.name[:2]) as nobody_builds:
            if nobody_builds:
                discard(place)
    for folder in (cache.root() / name for name in DOWNLOADS):
        if bytes_of(folder) > KEPT_BYTES:
            cache.remove(folder)


def bytes_of(folder: Path) -> int:
    """Return the size of a folder, 0 if it is gone or cannot be read."""
    try:
        return slug.size(folder).bytes
    except OSError:
        return 0


def _age(place: Path) -> float:
    try:
        return -place.stat().st_mtime
    except OSError:
        return 0.0
