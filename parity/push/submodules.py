"""Submodules, which Heroku's git installs before the build if there is a .gitmodules.

https://devcenter.heroku.com/articles/git-submodules (documented); the output of a failure, and that
without a .gitmodules the folder of a nested repository arrives empty: public deploy logs
(observed). Nothing is fetched here: a checkout on this disk is used instead.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from parity.push import git, listing, repository, worktree
from parity.push.worktree import SUBMODULE
from parity.records import Entry, Submodule

_SCP = r"[\w.-]+@[\w.-]+:|ssh://|git\+ssh://"
_ELSEWHERE = re.compile(r"https?://|git://|\.\.?/")
"""URLs that only an attempt can verify; one that starts with a dot is relative to the app's own."""

MOST_NAMES = 200
"""The most names of a nested repository's files that are noted (ours)."""


class _Address(NamedTuple):
    url: str
    line: int


def install(app: Path, entries: dict[str, Entry]) -> tuple[Submodule, ...]:
    """Add the files of submodules on this disk to `entries`; return all submodules.

    Raises `Trouble`.
    """
    links = [(path, entry) for path, entry in entries.items() if entry.mode == SUBMODULE]
    if ".gitmodules" not in entries:
        return tuple(_empty(app, path, entry) for path, entry in links)
    submodules: list[Submodule] = []
    todo = [""] if links else []
    while todo:
        base = todo.pop()
        named = _named(app, entries, base, submodules)
        below = [p for p, e in entries.items() if p.startswith(base) and e.mode == SUBMODULE]
        for path in below:
            if any(submodule.path == path for submodule in submodules):
                continue
            submodule = _submodule(path, entries[path], named.get(path))
            objects = (
                _stand_in(app, entries, submodule) if submodule.trouble == "elsewhere" else None
            )
            submodules.append(submodule._replace(objects=objects))
            todo += [f"{path}/"] if objects else []
    return tuple(submodules)


def committed(
    app: Path, entries: Mapping[str, Entry], known: tuple[Submodule, ...]
) -> tuple[dict[str, Entry], tuple[Submodule, ...]]:
    """Return the tree with the files of the submodules `known`, as far as this disk has them."""
    files = dict(entries)
    inner = tuple(s if s.objects else s._replace(objects=_stand_in(app, files, s)) for s in known)
    return files, inner


def stores(submodules: tuple[Submodule, ...]) -> tuple[Path, ...]:
    """Return the object folders of the checkouts that stand in."""
    return tuple(s.objects for s in submodules if s.objects)


def _named(
    app: Path, entries: dict[str, Entry], base: str, submodules: list[Submodule]
) -> dict[str, _Address]:
    """Return the submodules in the .gitmodules of the folder `base`, by path."""
    entry = entries.get(f"{base}.gitmodules")
    if entry is None:
        return {}
    data = entry.data
    if data is None and entry.oid:
        data = dict(git.blobs(app, [entry.oid], stores(tuple(submodules))))[entry.oid]
    elif data is None:
        data = worktree.content(app / f"{base}.gitmodules", entry.mode)
    return dict(_parsed((data or b"").decode("utf-8", "replace"), base))


def _parsed(text: str, base: str) -> Iterator[tuple[str, _Address]]:
    path, address = "", None
    for number, line in enumerate(text.splitlines(), 1):
        key, _, value = (part.strip() for part in line.partition("="))
        value = value.strip('"')
        if line.strip().startswith("["):
            path, address = "", None
        elif key == "path":
            path = value
        elif key == "url":
            address = _Address(_shown(value), number)
        if path and address:
            yield f"{base}{path}", address


def _shown(url: str) -> str:
    """Return a URL without its password."""
    return re.sub(r"(://)[^/@:]*:[^/@]*@", r"\1***@", url)


def _empty(app: Path, path: str, entry: Entry) -> Submodule:
    """Return a repository for which Heroku has no address at all, with what is on this disk."""
    holds: list[str] = []
    if worktree.reachable(app, path):
        with suppress(OSError):
            holds = sorted(os.listdir(app / path))[:MOST_NAMES]  # noqa: PTH208 - names alone
    return Submodule(path, entry.oid or "", "", None, "empty", holds=tuple(holds))


def _submodule(path: str, entry: Entry, address: _Address | None) -> Submodule:
    commit = entry.oid or ""
    if address is None:
        return Submodule(path, commit, "", None, "unmapped")
    if re.match(_SCP, address.url):
        return Submodule(path, commit, *address, "key")
    uncertain = _ELSEWHERE.match(address.url) is not None
    return Submodule(path, commit, *address, "elsewhere" if uncertain else "local")


def _stand_in(app: Path, entries: dict[str, Entry], submodule: Submodule) -> Path | None:
    """Add the files of the recorded commit to `entries` and return the checkout's object folder.

    None if the checkout on disk does not have that commit.
    """
    place = app / submodule.path
    if not submodule.commit or not worktree.reachable(app, submodule.path):
        return None
    inner = repository.at(place.resolve())
    if inner is None:
        return None
    (listed,) = git.ask(place, ("ls-tree", "-rlz", submodule.commit))
    tree = listing.tree(listed.out)
    if listed.code or len(tree) < listed.out.count(b"\0"):
        return None
    del entries[submodule.path]
    for path, (mode, oid, size) in tree.items():
        entries[f"{submodule.path}/{path}"] = Entry(mode, size, oid, None)
    return (inner.common / "objects").resolve()
