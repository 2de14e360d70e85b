"""Environments by content: built once, shared by every run that would build the same.

An environment is named by everything that decides it. It is built under a lock, in its final place
(scripts name their own path), and counts only once its manifest is written, which comes last: an
interrupted build leaves nothing that looks finished. Whoever uses one holds it, so that no other
parity removes it meanwhile. Installers are kept alike.
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
"""A file that is there as long as the environment is built: gone, somebody has emptied it."""

NAME = re.compile(r"[0-9a-f]{32}")
KEPT = 24
"""Environments that stay in the cache; the ones unused for longest go first (ours)."""

KEPT_BYTES = 6 * 1024**3
"""Their size together, and that of each installer's downloads (ours)."""

READ = 64 * slug.MB
"""Bytes up to which the content is always looked at; of more, if anything was changed (ours)."""

DOWNLOADS = ("pip", "poetry", "uv")


class Manifest(NamedTuple):
    """What an environment consists of.

    `sum` is a checksum over its files' names, modes, sizes and times, `digest` one over their
    content; `sealed` is when it was finished, in nanoseconds.
    """

    files: int
    sum: int
    size: slug.Size
    sealed: int
    digest: str


_held: dict[Path, cache.Hold] = {}
_used: ContextVar[dict[Path, None] | None] = ContextVar("used", default=None)
"""The environments of the run at hand: a long-lived process holds those of many others."""

_lost: list[str] = []
"""What somebody else has removed while it was built."""


def key(*parts: str, folder: Path | None = None) -> str:
    """The name of what `parts` decide in `folder` (by default the cache): scripts name their own
    path, so what was moved is another.

    Raises `Trouble` as `cache.root` does.
    """
    digest, place = sha256(), str(folder or cache.root())
    for part in (os.uname().sysname, os.uname().machine, place, *parts):
        data = part.encode("utf-8", "surrogateescape")
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()[:32]


def made(name: str, fill: Callable[[Path], bool], *, spare: Path) -> tuple[Path | None, bool]:
    """The environment called `name`, and whether it was there; `fill` fills a new folder.

    None if `fill` says that it failed: then nothing is kept. It goes to `spare` where the one in
    the cache is spoilt and another run still uses it, or a run that was stopped builds it. Raises
    what `fill` raises, `OSError`, `interrupt.Interrupted`, `Trouble`.
    """
    place, there = sealed(cache.folder("envs") / name, fill, lock=name[:2], spare=spare)
    if place and not there:
        sweep(name)
    return place, there


def sealed(
    place: Path, fill: Callable[[Path], bool], *, lock: str, spare: Path
) -> tuple[Path | None, bool]:
    """The same for any place in the cache, under its own lock."""
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
        if not _built(place, fill):
            return None, False
        if place != spare:
            _usable(place)
    return place, False


@contextmanager
def use() -> Iterator[None]:
    """Note which environments are used from here on; a use within another one adds to that."""
    if _used.get() is not None:
        yield
        return
    before = _used.set({})
    try:
        yield
    finally:
        _used.reset(before)


def _usable(place: Path) -> bool:
    """Return whether the environment is finished and unchanged; then it is held, and in use."""
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


def _built(place: Path, fill: Callable[[Path], bool]) -> bool:
    done = False
    place.mkdir(parents=True)
    hold = cache.Hold(place)
    try:
        (place / BEGUN).touch()
        done = fill(place)
        if done and _whole_still(place, hold):
            seal(place)
    finally:
        if not _whole_still(place, hold):
            _lost.append(str(place))
            done = False
        if not done:
            cache.remove(place)
        hold.release()
    return done


def _whole_still(place: Path, hold: cache.Hold) -> bool:
    return hold.there() and (manifest(place) is not None or (place / BEGUN).exists())


def seal(place: Path) -> None:
    """Note what the environment consists of: from then on it is finished."""
    now = time.time_ns()
    files, total, _ = contents.summed(place, now, OWN)
    noted = Manifest(files, total, slug.size(place), now, contents.digest(place, now, OWN))
    cache.note(place / MANIFEST, noted)
    (place / BEGUN).unlink(missing_ok=True)


def manifest(place: Path) -> Manifest | None:
    """What was noted when the environment was finished; None if it never was."""
    noted = cache.noted(place / MANIFEST)
    if not isinstance(noted, list) or len(noted) != len(Manifest._fields):
        return None
    files, total, size, when, digest = noted
    return Manifest(files, total, slug.Size(*size), when, digest)


def intact(place: Path) -> bool:
    """Whether the environment is finished, and as it was then, by sizes and times."""
    noted = manifest(place)
    try:
        return noted is not None and noted[:2] == contents.summed(place, noted.sealed, OWN)[:2]
    except OSError:
        return False


def spoilt() -> list[str]:
    """Return the damaged environments among those in use, compared by content; they are dropped."""
    used = _used.get()
    places = [place for place in list(_held) if used is None or place in used]
    found = [*_lost, *(str(place) for place in places if _damaged(place))]
    _lost.clear()
    return found


def _damaged(place: Path) -> bool:
    """Whether an environment is not whole; then the next use builds it again."""
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


def _as_sealed(place: Path, noted: Manifest) -> bool:
    """Whether the content is as it was."""
    files, total, changed = contents.summed(place, noted.sealed, OWN)
    if (files, total) != noted[:2]:
        return False
    if noted.size.bytes > READ and changed <= noted.sealed:
        return True
    return contents.digest(place, noted.sealed, OWN) == noted.digest


def discard(place: Path) -> bool:
    """Forget an environment, or whatever is in its place; False if another run uses it."""
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
    """Drop what an ended build left half made, and what was unused for longest."""
    left = KEPT_BYTES
    found = [p for p in cache.folder("envs").iterdir() if NAME.fullmatch(p.name)]
    for number, place in enumerate(sorted(found, key=_age)):
        noted = manifest(place)
        left -= noted.size.bytes if noted else 0
        if place.name == newest or (noted and number < KEPT and left >= 0):
            continue
        with cache.try_locked(place.name[:2]) as nobody_builds:
            if nobody_builds:
                discard(place)
    for kept in (cache.root() / name for name in DOWNLOADS):
        if bytes_of(kept) > KEPT_BYTES:
            cache.remove(kept)


def bytes_of(folder: Path) -> int:
    """The size of what may be gone by now, or closed."""
    try:
        return slug.size(folder).bytes
    except OSError:
        return 0


def _age(place: Path) -> float:
    try:
        return -place.stat().st_mtime
    except OSError:
        return 0.0
