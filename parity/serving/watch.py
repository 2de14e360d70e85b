"""Notices that the tree which would be pushed is another one: it looks once a second."""

import os
import threading
from pathlib import Path
from typing import Self

from parity.push.source import read
from parity.serving.events import Events
from parity.system.errors import Trouble, Usage

EVERY = 1.0
Stamp = tuple[int, int, int]


class Watching:
    """Posts `rebuild` with what differs, from a thread of its own, while it is entered.

    Stamps of files are cheap, so they are looked at each second; git is asked only when one has
    changed. A change counts once two looks have found the same: an editor may write in steps.
    """

    def __init__(self, app: Path, events: Events, every: float = EVERY) -> None:
        self._app = app
        self._events = events
        self._every = every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="parity-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(self._every)

    def _run(self) -> None:
        try:
            self._look()
        except BaseException as error:  # a signal, too: the main thread is to act on it
            self._events.failed_in_thread(error)

    def _look(self) -> None:
        known = self._tree()
        stamps = before = self._stamps(known)
        while not self._over.wait(self._every):
            now = self._stamps(known)
            if now == stamps or now != before:
                before = now  # nothing new, or not at rest yet
                continue
            tree = self._tree()
            stamps = before = self._stamps(tree)
            if tree != known and tree:
                names = sorted(p for p in {*tree, *known} if tree.get(p) != known.get(p))
                known = tree
                self._events.post_from_thread("rebuild", _named(names))

    def _tree(self) -> dict[str, object]:
        """What would be pushed: each path with what tells its content; empty: who knows."""
        try:
            source = read(self._app)
        except (Usage, Trouble, OSError):
            return {}
        return {
            path: (entry.mode, entry.size, entry.oid or _stamp(self._app / path))
            for path, entry in source.entries.items()
        }

    def _stamps(self, tree: dict[str, object]) -> dict[str, Stamp | None]:
        """The files, their folders, and git's index and HEAD: what says that `_tree` may differ."""
        git = self._app / ".git"
        found = {str(path): _stamp(path) for path in (git / "index", git / "HEAD", self._app)}
        folders = {os.path.dirname(path) for path in tree}  # noqa: PTH120
        for path in (*tree, *folders):
            found[path] = _stamp(self._app / path)
        return found


def _stamp(path: Path) -> Stamp | None:
    try:
        at = path.lstat()
    except OSError:
        return None
    return at.st_mtime_ns, at.st_size, at.st_ino


def _named(names: list[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]} changed{more}"
