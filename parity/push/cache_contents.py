"""The cache's content, and its removal while other runs may use it."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from parity.push import cache, environment
from parity.push.buildpacks import languages
from parity.records.machine import Cleared, Stored

SHOWN = 6
"""Number of packages in an environment's description."""

_APPS = "apps"
"""The folder with notes about the apps' last builds."""


def everything() -> tuple[Stored, ...]:
    """Return the cache's content: environments first, then by last use. Raises `Trouble`."""
    root = cache.root()
    entries = (*_environments(root / "envs"), *_installers(root / "tools"), *_downloads(root))
    return tuple(sorted(entries, key=lambda s: (s.kind != "environment", -s.used)))


def clear(chosen: Iterable[Stored]) -> Cleared:
    """Remove everything that no other run uses. Raises `interrupt.Interrupted`, `Trouble`."""
    removed: list[Stored] = []
    in_use: list[Stored] = []
    for one in chosen:
        (removed if _removed(one) else in_use).append(one)
    return Cleared(tuple(removed), tuple(in_use))


def _removed(one: Stored) -> bool:
    if one.kind == "environment":
        with cache.try_locked(one.path.name[:2]) as mine:
            return mine and environment.discard(one.path)
    if one.kind == "installer":
        with cache.try_locked(f"tool-{one.path.name.partition('-')[0]}") as mine:
            return mine and _installer_removed(one.path)
    return cache.remove(one.path)


def _installer_removed(place: Path) -> bool:
    if not environment.discard(place):
        return False
    name, _, _ = place.name.rpartition(".py")
    return cache.remove(place.with_name(f"{name or place.name}.whl"))


def _environments(folder: Path) -> Iterator[Stored]:
    for place in _folders(folder):
        noted = environment.manifest(place)
        what = _described(place) if noted else "not finished"
        size = noted.size.bytes if noted else environment.bytes_of(place)
        yield Stored("environment", place, what, size, _used(place))


def _installers(folder: Path) -> Iterator[Stored]:
    for place in _folders(folder):
        name, version = (*place.name.split("-"), "")[:2]
        yield Stored(
            "installer",
            place,
            f"{name} {version}".strip(),
            environment.bytes_of(place),
            _used(place),
        )


def _downloads(root: Path) -> Iterator[Stored]:
    ours = {_APPS, *(name for language in languages() for name in language.downloads)}
    for place in _folders(root):
        if place.name in ours:  # PARITY_CACHE_DIR may hold other people's folders, too
            size = environment.bytes_of(place)
            yield Stored("downloads", place, f"what {place.name} fetched", size, _used(place))


def _folders(folder: Path) -> list[Path]:
    try:
        return [
            path
            for path in folder.iterdir()
            if path.is_dir() and not path.is_symlink() and path.name[0] != "."
        ]
    except OSError:
        return []


def _used(place: Path) -> float:
    try:
        return place.stat().st_mtime
    except OSError:
        return 0.0


def _described(place: Path) -> str:
    """Describe an environment by its Python and the requested packages (PEP 376's REQUESTED)."""
    libraries = sorted((place / "lib").glob("python3*"))
    site = libraries[0] / "site-packages" if libraries else place
    requested = {p.parent.name.partition("-")[0] for p in site.glob("*.dist-info/REQUESTED")}
    names = sorted(requested or {p.name.partition("-")[0] for p in site.glob("*.dist-info")})
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    python = libraries[0].name.replace("python", "Python ") if libraries else "Python"
    return f"{python}: {', '.join(names[:SHOWN]) or 'no packages'}{more}"
