"""Packages that the Python here accepts but Heroku's would not, as checked with pip."""

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
    """Return whether Heroku's Python would refuse a pinned package that is installed in `place`.

    Both its metadata and a trial run of pip (`code`) for that Python must say so.
    """
    pins = dict(_pins(files))
    wanted = [
        f"{name}=={pins[name]}"
        for name, required in _asking(place)
        if name in pins and not admits(required, python.version)
    ]
    if not wanted:
        return False
    flags = ("--no-deps", "--ignore-installed", "--only-binary=:all:", "--dry-run")
    target = ("--python-version", python.version, "--target", str(job.work / "target"))
    command = [str(place / "bin" / "python"), str(code / "pip"), "install", *flags, *target]
    return job.call([*command, *wanted], tools.variables(job, place)).exit != 0


def _pins(files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the normalised name and version of every pin without conditions."""
    for text in files.values():
        for line in requirements.lines(text):
            match = re.match(_PIN, line)
            if match:
                yield site.normalised(match[1]), match[2]


def _asking(place: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and Requires-Python of every installed distribution that has one."""
    for path in site.site_packages(place).glob("*.dist-info/METADATA"):
        head = path.read_text("utf-8", "replace").partition("\n\n")[0]
        asks = _ASKS.search(head)
        if asks:
            name = path.parent.name.removesuffix(".dist-info").partition("-")[0]
            yield site.normalised(name), asks[1]
