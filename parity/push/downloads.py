"""What the package managers have fetched, in folders of the cache that are theirs.

parity cannot know which of it is whole. It knows whether the folder is as the last run has left it;
where it is not, and the installation fails, it is tried again with an empty folder.
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
"""What no file's name starts with."""

_used: dict[str, bool] = {}
"""The folders that this process has used, and whether each was as it had been left."""


def folder(name: str) -> Path:
    """The folder of what `name` fetches, for use.

    There is no pipe in it for which a reader would wait, and no link that leads out of it.

    Raises `Trouble` as `cache.root` does.
    """
    place = cache.folder(name)
    if name not in _used:
        stamp = _stamp(place)
        _used[name] = stamp in (EMPTY, cache.noted(cache.root() / STAMPS / name))
    return place


def _stamp(place: Path) -> list[int] | None:
    """What is another one after any change; None where something cannot be read."""
    try:
        for path, found in contents.entries(place, 0, NONE):
            if not _usual(place, place / path, found.st_mode):
                (place / path).unlink()
        return list(contents.summed(place, 0, NONE))
    except OSError:
        return None


def _usual(place: Path, path: Path, mode: int) -> bool:
    """Whether it is a file, a folder, or a link that stays in `place`."""
    if stat.S_ISLNK(mode):
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(place))
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def left() -> None:
    """Note how the folders are left, if nothing but this process has changed them."""
    for name in [name for name, whole in _used.items() if whole]:
        with suppress(OSError):
            cache.note(cache.folder(STAMPS) / name, _stamp(cache.root() / name))


def emptied(*, offline: bool) -> list[str]:
    """Empty those folders that were not as they had been left; which these were.

    Raises `Trouble` if what they hold could not be fetched again.
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
