"""pip at the buildpack's version, and what one `pip install -r requirements.txt` depends on.

Flags and config vars: https://github.com/heroku/heroku-buildpack-python lib/pip.sh (observed).
"""

import re
import shutil
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

from parity.interrupt import Trouble
from parity.push.buildpacks.python import environment, settings
from parity.records import Interpreter, Run, Source

INSTALL = (
    *("--disable-pip-version-check", "--no-input", "--progress-bar", "off"),
    "--exists-action=w",
)
DOWNLOAD_LIMIT = 300.0
"""Seconds to fetch one installer (ours)."""

_INCLUDE = re.compile(r"^\s*(?:-r|--requirement|-c|--constraint)(?:\s+|=)?(\S+)")
_LOCAL = re.compile(r"^\s*(?:(?:-e|--editable)\b|\.{0,2}/|file:|\S+\s*@\s*file:)")
_SCRIPT = """#!{python}
import sys
from pip._internal.cli.main import main
sys.exit(main())
"""


def included(source: Source, path: str = "requirements.txt") -> dict[str, str]:
    """The requirements file and all that it includes within the tree, by path."""
    found: dict[str, str] = {}
    todo = [path]
    while todo:
        name = todo.pop()
        text = source.text(name)
        if name in found or text is None:
            continue
        found[name] = decoded(source, name)
        folder = name.rpartition("/")[0]
        for line in found[name].splitlines():
            match = _INCLUDE.match(line)
            if match:
                todo.append(_joined(folder, match[1]))
    return found


def decoded(source: Source, path: str) -> str:
    """A requirements file as pip reads it: a byte order mark decides, else UTF-8."""
    entry = source.entries.get(path)
    data = (entry.data if entry else None) or b""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def _joined(folder: str, name: str) -> str:
    import posixpath

    return posixpath.normpath(posixpath.join(folder, name))


def tied_to_tree(files: dict[str, str]) -> bool:
    """Whether what is installed depends on more of the tree than the requirements files."""
    return any(_LOCAL.match(line) for text in files.values() for line in text.splitlines())


def wheel(name: str, version: str, python: Path, run: Run) -> Path:
    """A pure wheel of `name` in the cache, fetched once. Raises `interrupt.Trouble`.

    Fetched with the pip that came with the interpreter, else with the one beside parity.
    """
    tools = environment.root() / "tools"
    with environment.locked(tools / f"{name}-{version}.lock"):
        for found in tools.glob(f"{name}-{version}-*.whl"):
            return found
        told: list[str] = []
        ended = run(
            [*_bundled(python), "download", "--no-deps", "-d", str(tools), f"{name}=={version}"],
            cwd=tools,
            env=variables(tools),
            on_line=told.append,
            limit=DOWNLOAD_LIMIT,
        )
        for found in tools.glob(f"{name}-{version}-*.whl"):
            return found
    last = next((line for line in reversed(told) if line.startswith("ERROR")), f"{ended.exit}")
    raise Trouble(
        f"cannot fetch {name} {version}: {last}",
        "Check the network and pip's index settings (pip config list), then try again.",
    )


def _bundled(python: Path) -> list[str]:
    """A pip to begin with: ensurepip's own wheel."""
    import sys

    for folder in (python.parent.parent / "lib").glob("python3*/ensurepip/_bundled"):
        for found in folder.glob("pip-*.whl"):
            return [str(python), f"{found}/pip"]
    return [sys.executable, "-m", "pip"]


def variables(home: Path, extra_index: str | None = None) -> dict[str, str]:
    """pip's environment: this machine's way to the index, and nothing else of it."""
    found = {
        **settings.variables(),
        "HOME": str(home),
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "en_US.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PIP_CACHE_DIR": str(environment.root() / "pip"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
    }
    if extra_index:
        both = (found.get("PIP_EXTRA_INDEX_URL", ""), extra_index)
        found["PIP_EXTRA_INDEX_URL"] = " ".join(both).strip()
    return found


def bare(place: Path, interpreter: Interpreter, run: Run) -> None:
    """A virtual environment without pip. Raises `interrupt.Trouble`."""
    told: list[str] = []
    ended = run(
        [str(interpreter.path), "-I", "-m", "venv", "--without-pip", str(place)],
        cwd=place,
        env={"PATH": "/usr/bin:/bin", "HOME": str(place)},
        on_line=told.append,
        limit=60.0,
    )
    if ended.exit:
        raise Trouble(
            f"{interpreter.path} makes no virtual environment: {' '.join(told[-1:])}",
            "Install its venv module (Debian: apt install python3-venv).",
        )


def unpack(wheels: list[Path], place: Path) -> None:
    """Install pure wheels by unpacking them, with a `pip` that belongs to the environment."""
    site = next((place / "lib").glob("python3*/site-packages"))
    for path in wheels:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(site)
    for name in ("pip", "pip3"):
        script = place / "bin" / name
        script.write_text(_SCRIPT.format(python=place / "bin" / "python"))
        script.chmod(script.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def named_like(version: str, place: Path) -> None:
    """Call the interpreter as on Heroku: `python3.14`, whatever stands in for it here."""
    folder = place / "bin"
    real = (folder / "python").resolve()
    for path in folder.glob("python*"):
        path.unlink()
    (folder / "python").symlink_to(real)
    for name in ("python3", f"python{version.rpartition('.')[0]}"):
        (folder / name).symlink_to("python")


def distributions(place: Path) -> dict[str, str]:
    """Installed distributions: normalised name → version, read off their metadata folders."""
    return dict(_distributions(place))


def _distributions(place: Path) -> Iterator[tuple[str, str]]:
    for path in (place / "lib").glob("python3*/site-packages/*.dist-info"):
        name, _, version = path.name.removesuffix(".dist-info").partition("-")
        yield re.sub(r"[-_.]+", "-", name).lower(), version


def remove(folder: Path) -> None:
    """Remove a temporary folder, whatever is in it."""
    shutil.rmtree(folder, ignore_errors=True)
