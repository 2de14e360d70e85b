"""The watch on the tree that would be pushed: it looks for changes once a second."""

import os
import threading
from pathlib import Path
from typing import Self

from parity.push.source import read
from parity.serving.events import Events
from parity.system.errors import Trouble, Usage

EVERY = 1.0
Stamp = tuple[int, int, int]


class TreeWatch:
    """Posts `rebuild` with the changed files, from its own thread, while entered.

    Stamps of files are cheap, so they are compared each second; git is called only if one has
    changed. A change counts once two looks agree, because an editor may write in steps.
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
        except BaseException as error:  # a signal, too: the main thread must handle it
            self._events.failed_in_thread(error)

    def _look(self) -> None:
        known = self._tree()
        stamps = before = self._stamps(known)
        while not self._over.wait(self._every):
            now = self._stamps(known)
            if now == stamps or now != before:
                before = now  # nothing new, or still changing
                continue
            tree = self._tree()
            stamps = before = self._stamps(tree)
            if tree != known and tree:
                names = sorted(p for p in {*tree, *known} if tree.get(p) != known.get(p))
                known = tree
                self._events.post_from_thread("rebuild", _named(names))

    def _tree(self) -> dict[str, object]:
        """Return the paths that would be pushed, each with its content's mark; empty if unknown."""
        try:
            source = read(self._app)
        except (Usage, Trouble, OSError):
            return {}
        return {
            path: (entry.mode, entry.size, entry.oid or _stamp(self._app / path))
            for path, entry in source.entries.items()
        }

    def _stamps(self, tree: dict[str, object]) -> dict[str, Stamp | None]:
        """Return the stamps of all that shows a change of `_tree`: files, folders, index, HEAD."""
        git = self._app / ".git"
        stamps = {str(path): _stamp(path) for path in (git / "index", git / "HEAD", self._app)}
        folders = {os.path.dirname(path) for path in tree}  # noqa: PTH120
        for path in (*tree, *folders):
            stamps[path] = _stamp(self._app / path)
        return stamps


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _named(names: list[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]} changed{more}"
