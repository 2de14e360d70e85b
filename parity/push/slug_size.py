"""The size of the compressed slug, compared with Heroku's limits, and its largest parts.

https://devcenter.heroku.com/articles/slug-compiler#slug-size (documented).
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from parity.facts import phrases
from parity.facts.slug import ERROR, HARD, SOFT
from parity.push import environment
from parity.push import slug as folders
from parity.push.buildpacks import emulated, languages
from parity.records import Part, Refusal, Slug

MB = 1024 * 1024
LARGEST = 5
"""Number of the largest parts that are listed."""


def weighed(slug: Slug) -> Slug:
    """Return the slug with its compressed size, refused if that exceeds the hard limit.

    Raises `interrupt.Interrupted`, `OSError`.
    """
    if slug.refusal or slug.unknown:
        return slug
    place = slug.environment
    noted = environment.manifest(place) if place else None
    python = noted.size if noted else folders.size(place) if place else folders.Size(0, 0)
    if python.bytes + folders.size(slug.root).bytes <= folders.SMALL:
        return slug
    parts = _parts(slug)
    packed = sum(parts.values())
    if abs(packed / MB - HARD.value) <= 2 * ERROR.value * HARD.value:
        parts = _parts(slug, whole=True)
        packed = sum(parts.values())
    largest = tuple(Part(name, size) for name, size in parts.most_common(LARGEST))
    slug = slug._replace(packed=packed, largest=largest)
    return slug._replace(refusal=_too_large(packed)) if packed > HARD.value * MB else slug


def soft_limit(slug: Slug) -> tuple[str, ...]:
    """Return Heroku's warning about a large slug, empty if it is small enough."""
    if slug.packed is None or slug.packed <= SOFT.value * MB:
        return ()
    return phrases.message(
        f"Warning: Your slug size ({slug.packed // MB} MB) exceeds our soft limit"
        f" ({SOFT.value:.0f} MB) which may affect boot time."
    )


def _too_large(packed: int) -> Refusal:
    lines = phrases.message(
        f"Compiled slug size: {packed / MB:.1f}M is too large (max is {HARD.value:.0f}M).",
        "See: http://devcenter.heroku.com/articles/slug-size",
    )
    return Refusal("slug-too-large", lines)


def _parts(slug: Slug, *, whole: bool = False) -> Counter[str]:
    """Return the compressed bytes of each package, and of each other file or folder in the root."""
    sizes: Counter[str] = Counter()
    holders = [folder for language in languages() for folder in language.package_folders]
    for root in (slug.root, slug.environment):
        if root:
            for path, size in folders.packed_files(root, whole=whole):
                sizes[_part(path, root, holders)] += size
    for language in filter(None, map(emulated, slug.interpreters)):
        sizes.update({part.name: part.packed for part in language.beside})
    return sizes


def _part(path: str, root: Path, holders: Iterable[str]) -> str:
    """Return the part a file belongs to: a package in one of `holders`, or an entry of the root."""
    parts = path[len(str(root)) + 1 :].split("/")
    for folder in holders:
        if folder in parts[:-1]:
            name = parts[parts.index(folder) + 1]
            scoped = name.startswith("@") and len(parts) > parts.index(folder) + 2
            return f"{name}/{parts[parts.index(folder) + 2]}" if scoped else _package(name)
    return parts[0] if len(parts) == 1 else f"{parts[0]}/"


def _package(name: str) -> str:
    """Return the package for a folder, counting its libraries (`NAME.libs`) and metadata to it."""
    return name.removesuffix(".libs").removesuffix(".py").partition("-")[0]
