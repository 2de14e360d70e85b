"""Real builds of small apps: pip itself, an index made of files, nothing from the network."""

import io
import sys
import tarfile
import time
import zipfile
from collections.abc import Mapping
from html import escape
from pathlib import Path

from parity.dyno.contained import run
from parity.push.build import build
from parity.push.detect import detect
from parity.push.source import lay_out
from parity.records import Config, Line, Slug, Source
from parity.rules import diagnose, load
from parity.verdict import Finding
from tests.trees import tree

HERE = f"3.{sys.version_info.minor}"
"""The Python that is surely on this machine: the one that runs the tests."""

APP = {"app.py": "", "Procfile": "web: python app.py\n", ".python-version": HERE}


def wheel(name: str, version: str, *, requires: str = "", python: str = "") -> tuple[str, bytes]:
    """A wheel with one empty module: file name and content."""
    about = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += f"Requires-Dist: {requires}\n" if requires else ""
    metadata += f"Requires-Python: {python}\n" if python else ""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(f"{name}.py", "")
        archive.writestr(f"{about}/METADATA", metadata)
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return f"{name}-{version}-py3-none-any.whl", data.getvalue()


def sdist(name: str, version: str, files: Mapping[str, str]) -> tuple[str, bytes]:
    """A source distribution: file name and content."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for path, text in files.items():
            info = tarfile.TarInfo(f"{name}-{version}/{path}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return f"{name}-{version}.tar.gz", data.getvalue()


def index(folder: Path, *files: tuple[str, bytes], python: str = "") -> str:
    """The address of a package index with these files; all of them require `python`."""
    for name, data in files:
        project = name.partition("-")[0].replace("_", "-").lower()
        place = folder / project
        place.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
        page = place / "index.html"
        known = page.read_text() if page.exists() else "<!DOCTYPE html><html><body>"
        asks = f' data-requires-python="{escape(python)}"' if python else ""
        page.write_text(f'{known}<a href="{name}"{asks}>{name}</a><br>')
    folder.mkdir(exist_ok=True)
    return folder.as_uri()


def pushed(
    files: Mapping[str, str | bytes] | Source,
    place: Path,
    *,
    config: Mapping[str, str] | None = None,
    offline: bool = False,
    limit: float = 60,
) -> tuple[Slug, list[str]]:
    """Build an app in the new folder `place`: the slug, and what git push prints."""
    source = files if isinstance(files, Source) else tree({**APP, **files})
    values = dict(config or {})
    plan = detect(
        source,
        Config(values, dict.fromkeys(values, "--config")),
        stack="heroku-26",
        buildpacks=(),
        say=lambda _: None,
        clock=time.time,
    )
    assert plan.refusal is None and plan.python
    said: list[Line] = []
    folder = place / "slug"
    folder.mkdir(parents=True)
    lay_out(source, folder)
    slug = build(
        plan, folder, run=run, say=said.append, clock=time.time, offline=offline, limit=limit
    )
    return slug, [line.text for line in said]


def found(slug: Slug) -> dict[str, Finding]:
    """What the rules find in a slug, by id."""
    load()
    return {finding.id: finding for finding in diagnose(slug)}
