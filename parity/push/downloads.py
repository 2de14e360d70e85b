"""The package managers' downloads, each in its own folder of the cache.

parity cannot know which of the files are intact, only whether the folder is as the last run left
it. If it is not, and the installation fails, the installation is repeated with an empty folder.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

from parity.push import cache, contents
from parity.system.errors import Trouble

STAMPS = "stamps"
EMPTY = [0, 0, 0]
NONE = "\0"
"""A prefix that no file's name can have: `contents` then skips nothing."""

_used: dict[str, bool] = {}
"""The folders that this process uses, and whether each was unchanged since the last run."""


def folder(name: str) -> Path:
    """Return the folder for the downloads of `name`, and note that it is used.

    Pipes, which a reader would wait for, and links that lead out of it are removed. Raises
    `Trouble` as `cache.root` does.
    """
    place = cache.folder(name)
    if name not in _used:
        stamp = _stamp(place)
        _used[name] = stamp in (EMPTY, cache.noted(cache.root() / STAMPS / name))
    return place


def _stamp(place: Path) -> list[int] | None:
    """Return a fingerprint that any change alters; None if something cannot be read."""
    try:
        for path, status in contents.entries(place, 0, NONE):
            if not _usual(place, place / path, status.st_mode):
                (place / path).unlink()
        return list(contents.summed(place, 0, NONE))
    except OSError:
        return None


def _usual(place: Path, path: Path, mode: int) -> bool:
    """Return whether it is a file, a folder, or a link that stays in `place`."""
    if stat.S_ISLNK(mode):
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(place))
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def left() -> None:
    """Note the folders' fingerprints at the end of a run, unless other processes changed them."""
    for name in [name for name, whole in _used.items() if whole]:
        with suppress(OSError):
            cache.note(cache.folder(STAMPS) / name, _stamp(cache.root() / name))


def emptied(*, offline: bool) -> list[str]:
    """Empty the folders that had changed since the last run, and return them.

    Raises `Trouble` if `offline`, because their content could not be downloaded again.
    """
    names = [name for name, whole in _used.items() if not whole]
    if names and offline:
        what = ", ".join(str(cache.root() / name) for name in names)
        fix = "Type `parity cache clear`, and try again with a network."
        raise Trouble(f"what is in {what} may be damaged", fix)
    for name in names:
        cache.remove(cache.root() / name)
        _used[name] = True
    return [str(cache.root() / name) for name in names]
