"""Real builds of small apps, with real pip and a package index of files, without a network."""

import http.server
import io
import os
import re
import shutil
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape
from pathlib import Path

import pytest

from parity.dyno.containment import Containment
from parity.push import cache
from parity.push.build import build
from parity.push.detect import detect
from parity.push.source import lay_out
from parity.records import Config, Line, Slug, Source
from parity.records.verdict import Finding
from parity.rules.engine import diagnose
from parity.rules.loading import load
from tests.trees import tree

HERE = f"3.{sys.version_info.minor}"
"""The Python series that runs the tests, which is certainly on this machine."""

APP = {"app.py": "", "Procfile": "web: python app.py\n", ".python-version": HERE}


def wheel(
    name: str,
    version: str,
    *,
    requires: str = "",
    python: str = "",
    modules: Mapping[str, str] | None = None,
) -> tuple[str, bytes]:
    """Return a wheel's file name and reproducible content, by default with one empty module."""
    about = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += f"Requires-Dist: {requires}\n" if requires else ""
    metadata += f"Requires-Python: {python}\n" if python else ""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for path, text in {
            **(modules or {f"{name}.py": ""}),
            f"{about}/METADATA": metadata,
            f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{about}/RECORD": "",
        }.items():
            # A fixed date: the same wheel has the same hash in every process.
            archive.writestr(zipfile.ZipInfo(path), text)
    return f"{name}-{version}-py3-none-any.whl", data.getvalue()


def sdist(name: str, version: str, files: Mapping[str, str]) -> tuple[str, bytes]:
    """Return a source distribution's file name and content."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for path, text in files.items():
            info = tarfile.TarInfo(f"{name}-{version}/{path}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return f"{name}-{version}.tar.gz", data.getvalue()


def backend(code: str, name: str = "omega") -> tuple[str, bytes]:
    """Return a source distribution whose build runs `code`."""
    project = (
        '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'
        f'[project]\nname = "{name}"\nversion = "1.0"\n'
    )
    lines = "".join(f"    {line}\n" for line in code.splitlines())
    own = f"def build_wheel(*_, **__):\n{lines}\nprepare_metadata_for_build_wheel = build_wheel\n"
    return sdist(name, "1.0", {"pyproject.toml": project, "own.py": own, "PKG-INFO": ""})


def index(folder: Path, *files: tuple[str, bytes], python: str = "") -> str:
    """Return the URL of a package index with these files, all of which require `python`."""
    for name, data in files:
        project = re.sub("[._]", "-", name.partition("-")[0]).lower()
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
    root: Path | None = None,
) -> tuple[Slug, list[str]]:
    """Build an app in the new folder `place`; return the slug and the output of git push.

    `root` is the project's own folder, which identifies its last build.
    """
    source = files if isinstance(files, Source) else tree({**APP, **files})
    source = source._replace(root=root or place)  # not another test's project and its last build
    values = dict(config or {})
    plan = detect(
        source,
        Config(values, dict.fromkeys(values, "--config")),
        stack="heroku-26",
        buildpacks=(),
        say=lambda _: None,
        clock=time.time,
    )
    assert plan.refusal is None
    output: list[Line] = []
    folder = place / "slug"
    folder.mkdir(parents=True)
    lay_out(source, folder)
    slug = build(
        *(plan, folder),
        run=Containment().run,
        say=output.append,
        clock=time.time,
        offline=offline,
        limit=limit,
    )
    return slug, [line.text for line in output]


def findings_of(slug: Slug) -> dict[str, Finding]:
    """Return the findings about a slug, by id."""
    load()
    return {finding.id: finding for finding in diagnose(slug)}


def prepared(monkeypatch: pytest.MonkeyPatch, tmp: Path, tools: Path) -> None:
    """Use a separate cache that contains the installers, and no pip settings of this machine."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")
    own = tmp / "cache"
    own.mkdir()
    (own / "tools").symlink_to(tools)
    monkeypatch.setenv("PARITY_CACHE_DIR", str(own))


def fetched(folder: Path) -> Path:
    """Return a folder with the installers, copied from parity's cache or downloaded."""
    (folder / "cache" / "tools").mkdir(parents=True)
    for known in (cache.root() / "tools").glob("*.whl"):
        shutil.copy(known, folder / "cache" / "tools")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARITY_CACHE_DIR", str(folder / "cache"))
        slug, _ = pushed({"requirements.txt": ""}, folder / "app")
    assert slug.environment, slug.output
    return folder / "cache" / "tools"


@contextmanager
def refusing(status: int) -> Iterator[str]:
    """Start a server that answers every request with `status`; yield its URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("WWW-Authenticate", 'Basic realm="private"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
