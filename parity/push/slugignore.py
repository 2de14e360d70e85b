"""`.slugignore`: matching files are deleted from the pushed tree before any buildpack sees it.

https://devcenter.heroku.com/articles/slug-compiler#ignoring-files-with-slugignore (documented; no
negation). How a pattern matches: https://github.com/heroku/slug-compiler (observed, old): from the
root if it has a slash, otherwise at every depth, like Ruby's `Dir[]` globs, which skip hidden names
unless the pattern names them. There is no limit on patterns or files; a signal ends the matching
between two files.
"""

from collections.abc import Iterator
from typing import NamedTuple

from parity.push import globs, tree
from parity.records import Pruned, Source
from parity.system import interrupt

NAME = ".slugignore"


class _Pattern(NamedTuple):
    text: str
    line: int
    anchored: bool
    matches: globs.Matches


def prune(source: Source) -> Source:
    """Return the tree without the files that .slugignore matches."""
    entry = tree.file(source, NAME)
    if entry is None or entry.data is None:
        return source
    patterns = list(_patterns(entry.data.decode("utf-8-sig", "replace")))
    hits: dict[str, _Pattern | None] = {}
    pruned: dict[str, Pruned] = {}
    for path, known in source.entries.items():
        hit = _hit(path, patterns, hits)
        if hit:
            pruned[path] = Pruned(known, hit.line, hit.text)
    left = {path: known for path, known in source.entries.items() if path not in pruned}
    count = sum(hit is not None for hit in hits.values())
    unread = {path: why for path, why in source.unread.items() if path not in pruned}
    return source._replace(entries=left, unread=unread, pruned=pruned, deleted=count)


def _hit(path: str, patterns: list[_Pattern], hits: dict[str, _Pattern | None]) -> _Pattern | None:
    """Return the pattern that matches `path` or a folder around it; `hits` caches all answers.

    Raises `interrupt.Interrupted`.
    """
    parts = path.split("/")
    for count in range(1, len(parts) + 1):
        head = "/".join(parts[:count])
        if head not in hits:
            interrupt.check()
            hits[head] = next((p for p in patterns if _matches(p, parts[:count])), None)
        if hits[head]:
            return hits[head]
    return None


def _matches(pattern: _Pattern, parts: list[str]) -> bool:
    if pattern.anchored:
        return pattern.matches("/".join(parts))
    visible = not any(part.startswith(".") for part in parts[:-1])
    return visible and pattern.matches(parts[-1])


def _patterns(text: str) -> Iterator[_Pattern]:
    for number, line in enumerate(text.splitlines(), 1):
        for word in line.partition("#")[0].split():
            glob = word.strip("/")
            if glob:
                yield _Pattern(word, number, "/" in word, globs.glob(glob))
