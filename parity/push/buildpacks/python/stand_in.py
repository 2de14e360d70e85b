"""What the Python that stands in took, and Heroku's would not: pip itself is asked."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from parity.push.buildpacks.context import Job
from parity.push.buildpacks.python import requirements, site, tools
from parity.push.buildpacks.python.machine_faults import admits
from parity.records import Runtime

_PIN = r"([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?\s*===?\s*([\w.!+]+)\s*\\?$"
_ASKS = re.compile(r"^Requires-Python:\s*(.+)$", re.MULTILINE)


def refused(job: Job, python: Runtime, place: Path, code: Path, files: Mapping[str, str]) -> bool:
    """Whether a pinned package that was installed in `place` is refused on Heroku's Python.

    Its metadata says so, and pip (`code`), told to install for that Python, agrees.
    """
    pins = dict(_pins(files))
    wanted = [
        f"{name}=={pins[name]}"
        for name, asked in _asking(place)
        if name in pins and not admits(asked, python.version)
    ]
    if not wanted:
        return False
    flags = ("--no-deps", "--ignore-installed", "--only-binary=:all:", "--dry-run")
    target = ("--python-version", python.version, "--target", str(job.work / "target"))
    command = [str(place / "bin" / "python"), str(code / "pip"), "install", *flags, *target]
    return job.call([*command, *wanted], tools.variables(job, place)).exit != 0


def _pins(files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Normalised name and version of every pin that holds on all platforms."""
    for text in files.values():
        for line in requirements.lines(text):
            match = re.match(_PIN, line)
            if match:
                yield site.normalised(match[1]), match[2]


def _asking(place: Path) -> Iterator[tuple[str, str]]:
    """The installed distributions that ask for certain Pythons: name and what they ask for."""
    for path in site.site_packages(place).glob("*.dist-info/METADATA"):
        head = path.read_text("utf-8", "replace").partition("\n\n")[0]
        asks = _ASKS.search(head)
        if asks:
            name = path.parent.name.removesuffix(".dist-info").partition("-")[0]
            yield site.normalised(name), asks[1]
