"""Changes of the pushed tree, in its record alone: none of the user's files is written."""

import posixpath
from collections.abc import Callable, Iterable, Iterator

from parity.facts.python import PACKAGE_FILES
from parity.facts.stacks import DEFAULT
from parity.push import submodules, worktree
from parity.push.receive import REFUSED
from parity.records import Entry, Pushed, Record, Source
from parity.records.verdict import Finding

_CHOICE = ("requirements.txt", *PACKAGE_FILES)
"""The package managers' files by preference: pip's first, as the most common one (ours)."""


def with_file(pushed: Pushed, path: str, text: str) -> Pushed:
    """Put `text` into the file `path`."""
    data = text.encode("utf-8", "surrogateescape")
    return with_entries(pushed, {path: Entry(worktree.FILE, len(data), None, data)})


def without(pushed: Pushed, drops: Callable[[str], bool]) -> Pushed:
    """Remove the paths for which `drops` returns True."""
    source = pushed.source
    left = {path: entry for path, entry in source.entries.items() if not drops(path)}
    return pushed._replace(source=source._replace(entries=left))


def with_entries(pushed: Pushed, more: dict[str, Entry]) -> Pushed:
    """Add entries, or replace those with the same path."""
    source = pushed.source
    absent = {path: rule for path, rule in source.absent.items() if path not in more}
    changed = source._replace(entries={**source.entries, **more}, absent=absent)
    return pushed._replace(source=changed)


def commit(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Commit files that are only on disk."""
    names = [e.names["file"] for e in finding.evidence if "file" in e.names]
    read = _read(pushed.source, (n for n in names if n in pushed.source.absent))
    return (f"{', '.join(read)} committed", with_entries(pushed, read)) if read else None


def added(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Commit the files and folders on disk that the finding names, as by `git add`."""
    absent = pushed.source.absent
    paths = [e.file for e in finding.evidence if e.file and e.file in absent]
    read = _read(pushed.source, _files(pushed.source, paths))
    return (
        (f"{', '.join(dict.fromkeys(paths))} committed", with_entries(pushed, read))
        if read
        else None
    )


def _files(source: Source, paths: Iterable[str]) -> Iterator[str]:
    """Yield the files of a folder for a path with a final `/`, and any other path as it is."""
    for path in paths:
        if not path.endswith("/"):
            yield path
            continue
        inside, _ = worktree.walk(source.root / path)
        yield from (f"{path}{name}" for name in inside)


def _read(source: Source, paths: Iterable[str]) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for path in paths:
        data = worktree.content(source.root / path, worktree.FILE)
        if data is not None:
            entries[path] = Entry(worktree.FILE, len(data), None, data)
    return entries


def commit_everything(
    pushed: Pushed, _record: Record, _finding: Finding
) -> tuple[str, Pushed] | None:
    """Commit everything, as by `git add .` and a first commit."""
    source = pushed.source
    ignored = frozenset(path for path, rule in source.absent.items() if rule)
    entries, unread = worktree.walk(source.root, without=ignored)
    whole = source._replace(entries=entries, unread=unread, absent={}, refusal=None)
    return "everything committed", pushed._replace(source=whole)


def commit_submodule(
    pushed: Pushed, _record: Record, _finding: Finding
) -> tuple[str, Pushed] | None:
    """Commit the files of repositories in the tree that Heroku does not fetch."""
    source, unfetched = pushed.source, (*REFUSED, "empty")
    entries, inner = submodules.committed(source.root, source.entries, source.submodules)
    if any(s.objects is None and s.trouble in unfetched for s in inner):
        return None
    names = ", ".join(s.path for s in inner if s.trouble in unfetched)
    whole = source._replace(entries=entries, submodules=inner, refusal=None)
    return f"the files of {names} committed", pushed._replace(source=whole)


def rename(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Give a file the name that Heroku looks for."""
    names = finding.evidence[0].names
    old, new = names["name"], names.get("right", "Procfile")
    entry = pushed.source.entries.get(old)
    if entry is None or len(finding.evidence) != 1:
        return None
    left = without(pushed, lambda path: path == old)
    return f"{old} renamed to {new}", with_entries(left, {new: entry})


def restore(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed]:
    """Remove the lines of .slugignore that are to blame."""
    lines = {e.line for e in finding.evidence}
    patterns = dict.fromkeys(e.names["pattern"] for e in finding.evidence)
    source = pushed.source
    back = {path: p.entry for path, p in source.pruned.items() if p.line in lines}
    left = {path: p for path, p in source.pruned.items() if path not in back}
    restored = with_entries(pushed._replace(source=source._replace(pruned=left)), back)
    return f"no `{'`, `'.join(patterns)}` in .slugignore", restored


def push_subfolder(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed] | None:
    """Push only a folder, as by `git subtree push --prefix FOLDER`."""
    folders = {e.names["folder"] for e in finding.evidence}
    if len(folders) != 1:
        return None
    source, (folder,) = pushed.source, folders
    inside = f"{folder}/"
    below = {p[len(inside) :]: e for p, e in source.entries.items() if p.startswith(inside)}
    absent = {p[len(inside) :]: r for p, r in source.absent.items() if p.startswith(inside)}
    whole = source._replace(
        root=source.root / folder,
        prefix=posixpath.join(source.prefix, folder),
        entries=below,
        absent=absent,
        pruned={},
    )
    return f"only {folder} pushed", pushed._replace(source=whole)


def remove_folder(pushed: Pushed, _record: Record, finding: Finding) -> tuple[str, Pushed]:
    """Remove a committed folder from git."""
    folder = finding.evidence[0].names["subject"]
    left = without(pushed, lambda path: path.startswith(f"{folder}/"))
    return f"{folder} taken out of git", left


def newest_stack(pushed: Pushed, _record: Record, _finding: Finding) -> tuple[str, Pushed]:
    """Use the default stack, as by `heroku stack:set`."""
    return f"the stack {DEFAULT}", pushed._replace(stack=DEFAULT)


def each_buildpack_once(pushed: Pushed, _record: Record, _finding: Finding) -> tuple[str, Pushed]:
    """Set each buildpack only once."""
    once = tuple(dict.fromkeys(pushed.buildpacks))
    return "each buildpack set once", pushed._replace(buildpacks=once)


def one_package_manager(pushed: Pushed, _record: Record, _finding: Finding) -> tuple[str, Pushed]:
    """Remove the files of all package managers but one."""
    chosen = next(name for name in _CHOICE if name in pushed.source.entries)
    others = {*PACKAGE_FILES, "Pipfile"} - {chosen, "Pipfile" if chosen == "Pipfile.lock" else ""}
    return f"only {chosen} kept", without(pushed, lambda path: path in others)


def no_pipfile(pushed: Pushed, _record: Record, _finding: Finding) -> tuple[str, Pushed] | None:
    """Delete a Pipfile beside another package manager's file."""
    if not any(name in pushed.source.entries for name in PACKAGE_FILES):
        return None
    return "no Pipfile", without(pushed, lambda path: path == "Pipfile")
