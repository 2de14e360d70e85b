"""What lies in an environment: the interpreter's names, the packages."""

import re
from collections.abc import Iterator
from errno import ENOENT
from pathlib import Path


def named_like(version: str, place: Path) -> None:
    """Call the interpreter as on Heroku: `python3.14`, whatever stands in for it here."""
    folder = place / "bin"
    real = (folder / "python").resolve()
    for path in folder.glob("python*"):
        path.unlink()
    (folder / "python").symlink_to(real)
    for name in ("python3", f"python{version.rpartition('.')[0]}"):
        (folder / name).symlink_to("python")


def site_packages(place: Path) -> Path:
    """Where the environment has its packages. Raises `OSError` if somebody has removed them."""
    found = next((place / "lib").glob("python3*/site-packages"), None)
    if found is None:
        raise FileNotFoundError(ENOENT, "it has gone", str(place / "lib"))
    return found


def distributions(place: Path) -> dict[str, str]:
    """Installed distributions: normalised name → version, read off their metadata folders."""
    return dict(_distributions(place))


def _distributions(place: Path) -> Iterator[tuple[str, str]]:
    for path in site_packages(place).glob("*.dist-info"):
        name, _, version = path.name.removesuffix(".dist-info").partition("-")
        yield normalised(name), version


def normalised(name: str) -> str:
    """A distribution's name as indexes compare it (https://peps.python.org/pep-0503/)."""
    return re.sub(r"[-_.]+", "-", name).lower()
