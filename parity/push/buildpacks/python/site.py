"""The content of an environment: the interpreter's names and the packages."""

import re
from collections.abc import Iterator
from errno import ENOENT
from pathlib import Path


def named_like(version: str, place: Path) -> None:
    """Name the interpreter as on Heroku, such as `python3.14`, whatever stands in for it here."""
    folder = place / "bin"
    real = (folder / "python").resolve()
    for path in folder.glob("python*"):
        path.unlink()
    (folder / "python").symlink_to(real)
    for name in ("python3", f"python{version.rpartition('.')[0]}"):
        (folder / name).symlink_to("python")


def site_packages(place: Path) -> Path:
    """Return the environment's folder of packages. Raises `OSError` if it was removed."""
    folder = next((place / "lib").glob("python3*/site-packages"), None)
    if folder is None:
        raise FileNotFoundError(ENOENT, "it has gone", str(place / "lib"))
    return folder


def distributions(place: Path) -> dict[str, str]:
    """Return the installed distributions, normalised name → version, from the metadata folders."""
    return dict(_distributions(place))


def _distributions(place: Path) -> Iterator[tuple[str, str]]:
    for path in site_packages(place).glob("*.dist-info"):
        name, _, version = path.name.removesuffix(".dist-info").partition("-")
        yield normalised(name), version


def normalised(name: str) -> str:
    """Return a distribution's name as indexes compare it (https://peps.python.org/pep-0503/)."""
    return re.sub(r"[-_.]+", "-", name).lower()
