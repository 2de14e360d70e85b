"""The pushed tree, the config vars, and one line of log."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from parity.records.manifest import Manifest

TEXT_LIMIT = 1024 * 1024
"""Bytes of a file up to which `Entry.data` keeps its content."""

LONGEST = 2000
"""Characters of a line that rules see (ours): the beginning of a line is enough for them."""


def shortened(line: str) -> str:
    """Return a line as rules see it."""
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def shortened_lines(text: str) -> str:
    """Return a text as rules see it: each line shortened, none removed."""
    if len(text) <= LONGEST:
        return text
    lines = text.splitlines(keepends=True)
    if len(max(lines, key=len)) <= LONGEST:
        return text
    return "".join(shortened(line) + _end(line) for line in lines)


def _end(line: str) -> str:
    """Return the line ending that `shortened` has cut off."""
    return line[len(line.rstrip("\r\n")) :] if len(line) > LONGEST else ""


class Line(NamedTuple):
    """One line of platform output; `source` as Heroku writes it: `heroku[web.1]`, `app[web.1]`.

    `remote` is the source of what `git push` prints.
    """

    at: float
    source: str
    text: str


Say: TypeAlias = Callable[[Line], None]


class Entry(NamedTuple):
    """One path of the tested tree. `mode` is git's; `oid` None: the bytes on disk."""

    mode: int
    size: int
    oid: str | None
    data: bytes | None


class Ignored(NamedTuple):
    """The ignore rule that keeps a path out of git."""

    file: str
    line: int
    pattern: str


class Refusal(NamedTuple):
    """Why Heroku rejects the push: its own `failure_reason` and lines, and the place to blame."""

    reason: str
    lines: tuple[str, ...]
    file: str | None = None
    line: int | None = None
    subject: str = ""


class Submodule(NamedTuple):
    """A repository inside the tree. `url` is shown without its password, `line` of .gitmodules.

    `trouble`: why Heroku cannot fetch it; `elsewhere`: only Heroku knows whether it can; `empty`:
    no .gitmodules is pushed, so Heroku fetches nothing and the folder arrives empty. With `objects`
    (its own git objects) the checkout on this disk stands in for what would be fetched. `holds` are
    the names in an `empty` one's folder on this disk.
    """

    path: str
    commit: str
    url: str
    line: int | None
    trouble: Literal["unmapped", "key", "local", "elsewhere", "empty"]
    objects: Path | None = None
    holds: tuple[str, ...] = ()


class Pruned(NamedTuple):
    """A path that .slugignore removes from the tree before the build, and the line that does so."""

    entry: Entry
    line: int
    pattern: str


class Source(NamedTuple):
    """The tree that would be pushed.

    `absent` are paths on disk that are not in it, with the ignore rule that keeps them out (None:
    merely untracked); a folder without tracked files ends in `/`. `refusal`: why Heroku rejects the
    push before it builds. `pruned` are the paths removed by .slugignore, `deleted` the number of
    files and whole folders. `staged` are those `uncommitted` paths that the next `git commit` takes
    as they were tested. `pushes`: git has a remote called heroku.
    """

    root: Path
    kind: Literal["commit", "worktree", "folder", "log"]
    commit: str | None
    branch: str | None
    prefix: str
    remote: str | None
    entries: Mapping[str, Entry]
    uncommitted: tuple[str, ...]
    absent: Mapping[str, Ignored | None]
    unread: Mapping[str, str]
    unmerged: tuple[str, ...] = ()
    submodules: tuple[Submodule, ...] = ()
    refusal: Refusal | None = None
    pruned: Mapping[str, Pruned] = {}
    deleted: int = 0
    manifest: Manifest | None = None
    staged: frozenset[str] = frozenset()
    pushes: bool = False

    @property
    def goes_on(self) -> bool:
        """True if Heroku takes the push and looks at the tree, as far as parity can tell."""
        if self.incomplete:
            return True
        blocked = self.refusal or self.unread or self.nothing_committed
        return not blocked and not (self.manifest and self.manifest.stops_setup)

    @property
    def partial(self) -> bool:
        """True if it is only what a log quotes: what is not in it may be in the app."""
        return self.kind == "log"

    @property
    def nothing_committed(self) -> bool:
        """True if git tracks none of the files in the folder: git push has nothing to send."""
        empty = self.kind == "worktree" and not self.entries and self.commit is None
        return empty and bool(self.absent)

    @property
    def empties(self) -> tuple[Submodule, ...]:
        """The repositories inside the tree whose folders are empty on Heroku."""
        return tuple(s for s in self.submodules if s.trouble == "empty" and not s.objects)

    @property
    def incomplete(self) -> bool:
        """True if only submodules are missing, whose contents no decision depends on."""
        missing = any(s.objects is None and s.trouble != "empty" for s in self.submodules)
        return missing and self.refusal is None and not self.unread

    def text(self, path: str) -> str | None:
        """Return the file's text as UTF-8, other bytes as escapes, its lines shortened for rules.

        None if it is not there or not kept.
        """
        whole = self.whole(path)
        return None if whole is None else shortened_lines(whole)

    def whole(self, path: str) -> str | None:
        """Return the same text with its full lines: for a parser, not for a pattern."""
        entry = self.entries.get(path)
        if entry is None or entry.data is None:
            return None
        return entry.data.decode("utf-8-sig", "backslashreplace")


class ConfigProblem(NamedTuple):
    """A config var that Heroku would reject or ignore; `seen` holds names, never values."""

    kind: Literal["line", "name", "size", "port"]
    seen: str
    file: str | None = None
    line: int | None = None


IN_COPY = "a repaired copy"
"""The origin of a config var that only a copy has, in which a repair is tried."""


class Config(NamedTuple):
    """The app's config vars. `origin`: the source of each, `--config`, a file or `IN_COPY`."""

    values: Mapping[str, str]
    origin: Mapping[str, str]
    problems: tuple[ConfigProblem, ...] = ()


class Pushed(NamedTuple):
    """A tree and the app that it is pushed to; without `buildpacks` Heroku detects one."""

    source: Source
    config: Config
    stack: str
    buildpacks: tuple[str, ...]
