"""Releases on the package index, and the Pythons that their files are for.

pip itself asks the index, with this machine's settings for it; nothing is downloaded but the
project's page, and no code of a package runs. File names:
https://packaging.python.org/en/latest/specifications/binary-distribution-format/ (documented).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from parity.facts.python import versions
from parity.push import cache
from parity.push.buildpacks.context import Job
from parity.push.buildpacks.python import requirements, tools
from parity.push.buildpacks.python.machine_faults import admits
from parity.records import Fit, Interpreter

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.tags import Tag
    from packaging.version import Version

LIMIT = 60.0
"""Seconds that all look-ups of one build may take (ours)."""

MOST = 150
"""The most requirements that are looked up (ours)."""

GLIBC = 39
"""The minor version of glibc 2 on heroku-24 (Ubuntu 24.04): a wheel may need no newer one."""

NOTE = "parity-fits"
"""The file in an environment with what was looked up when it was built."""

_SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from pip._internal.commands.index import IndexCommand
from pip._internal.index.package_finder import LinkType


class Files:
    def __init__(self, project):
        self.project_name = project

    def evaluate_link(self, link):
        if link.yanked_reason is None:
            print("file", self.project_name, link.filename, link.requires_python or "", sep="\\t")
        return LinkType.format_unsupported, ""


class Lookup(IndexCommand):
    def run(self, options, args):
        with self._build_session(options) as session:
            finder = self._build_package_finder(options, session)
            for project in args:
                finder.make_link_evaluator = Files
                finder.find_all_candidates(project)
        return 0


sys.exit(Lookup("index", "").main(sys.argv[2:]))
"""
"""Prints every file that the index has of the projects named as arguments."""


class ReleaseFile(NamedTuple):
    """One file of a release: its tags (none: not a wheel), and its `Requires-Python`."""

    tags: "frozenset[Tag]"
    requires: str


def looked_up(
    job: Job, interpreter: Interpreter, wanted: "Sequence[Requirement]", series: str
) -> tuple[Fit, ...]:
    """Return how the requirements fit Heroku's Pythons; those unknown to the index are left out.

    `series` is the app's Python, as `major.minor`. Raises `Trouble`, `OSError`,
    `interrupt.Interrupted`.
    """
    by_name = {requirement.name: requirement for requirement in wanted[:MOST]}
    if job.offline or not by_name:
        return ()
    pip = tools.tool(job, "pip", versions().installer["pip"], interpreter)
    said: list[str] = []
    command = [str(interpreter.path), "-I", "-c", _SCRIPT, str(pip.code), *by_name]
    job.run(command, cwd=job.work, env=tools.variables(job), on_line=said.append, limit=LIMIT)
    known = _by_version(said)
    return tuple(_fit(one, known[name], series) for name, one in by_name.items() if known.get(name))


def announce(job: Job, interpreter: Interpreter, file: str, series: str) -> None:
    """Say on stderr that a source distribution will be compiled, if its release has other wheels.

    Without any wheels there is nothing to compile as a rule, or no other Python to choose.
    """
    from packaging.requirements import Requirement
    from packaging.utils import InvalidSdistFilename, parse_sdist_filename

    try:
        name, version = parse_sdist_filename(file)
    except InvalidSdistFilename:
        return
    for fit in looked_up(job, interpreter, [Requirement(f"{name}=={version}")], series):
        if fit.compiled:
            other = f" Python {fit.series[-1]} has one." if fit.series else ""
            cache.tell(
                f"no wheel of {name} {version} for Python {series}: it is compiled, as on Heroku,"
                f" which may take minutes.{other}"
            )


def noted(place: Path) -> tuple[Fit, ...]:
    """Return what was looked up when an environment was built."""
    fits = cache.noted(place / NOTE)
    if not isinstance(fits, list):
        return ()
    return tuple(Fit(name, text, tuple(series), *more) for name, text, series, *more in fits)


def downloaded(output: Sequence[str], name: str) -> str:
    """Return the pin of the source distribution that pip downloaded for a package, or nothing."""
    stem = "[-_.]".join(map(re.escape, re.split(r"[-_.]+", name)))
    pattern = re.compile(rf"(?i)(?:Downloading|Using cached) \S*?{stem}-(\d[\w.+]*?)\.(?:tar|zip)")
    matches = (pattern.search(line) for line in output if name)
    return next((f"{name}=={match[1]}" for match in matches if match), "")


def bounded(files: Mapping[str, str], more: str = "") -> "list[Requirement]":
    """Return the requirements that do not admit every newer version: pins and upper bounds.

    `more` is one that a package requires: it is added if the files do not name it.
    """
    asked = [one for one in _requirements(files) if any(_bounds(one))]
    names = {one.name.lower() for one in asked}
    return asked + [x for x in _requirements({"": more}) if x.name.lower() not in names]


def _bounds(requirement: "Requirement") -> Iterator[bool]:
    return (one.operator in ("==", "===", "~=", "<", "<=") for one in requirement.specifier)


def _requirements(files: Mapping[str, str]) -> "Iterator[Requirement]":
    from packaging.requirements import InvalidRequirement, Requirement

    for text in files.values():
        for line in requirements.lines(text):
            bare = line.partition(" --hash")[0].rstrip("\\ ")
            try:
                requirement = Requirement(bare)
            except InvalidRequirement:
                continue
            if requirement.url is None:
                yield requirement


def _by_version(said: Sequence[str]) -> "dict[str, dict[Version, list[ReleaseFile]]]":
    """Return the files that the look-up printed, by project and version."""
    from packaging.utils import InvalidSdistFilename, InvalidWheelFilename
    from packaging.version import InvalidVersion

    projects: dict[str, dict[Version, list[ReleaseFile]]] = {}
    for line in said:
        kind, _, rest = line.partition("\t")
        project, file, requires = (*rest.split("\t"), "", "")[:3]
        if kind == "file":
            try:
                version, tags = _parsed(file)
            except (InvalidSdistFilename, InvalidWheelFilename, InvalidVersion):
                continue
            releases = projects.setdefault(project, {})
            releases.setdefault(version, []).append(ReleaseFile(tags, requires))
    return projects


def _parsed(file: str) -> "tuple[Version, frozenset[Tag]]":
    from packaging.utils import parse_sdist_filename, parse_wheel_filename

    if file.endswith(".whl"):
        _, version, _, tags = parse_wheel_filename(file)
        return version, tags
    return parse_sdist_filename(file)[1], frozenset()


def _fit(
    requirement: "Requirement", releases: "dict[Version, list[ReleaseFile]]", series: str
) -> Fit:
    admitted = sorted(requirement.specifier.filter(releases), reverse=True)
    fitting = tuple(
        one
        for one in versions().newest
        if not _applies(requirement, one) or _runs(_chosen(releases, admitted, one), one)
    )
    finals = sorted(v for v in releases if not v.is_prerelease)
    later = (v for v in finals if admitted and v > admitted[0] and _runs(releases[v], series))
    compiled = series not in fitting and _binary(_chosen(releases, admitted, series))
    newer = next(later, None)
    return Fit(requirement.name, str(requirement), fitting, str(newer or ""), compiled)


def _chosen(
    releases: "dict[Version, list[ReleaseFile]]", admitted: "Sequence[Version]", series: str
) -> Sequence[ReleaseFile]:
    """Return the files of the version that pip chooses: the newest that it can install or build."""
    for version in admitted:
        files = [f for f in releases[version] if _admitted(f, series)]
        if any(not file.tags or file.tags & _tags(series) for file in files):
            return releases[version]
    return ()


def _applies(requirement: "Requirement", series: str) -> bool:
    """Return whether a requirement's marker is true on Heroku with this Python."""
    linux = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
    python = {"python_version": series, "python_full_version": versions().newest[series]}
    marker = requirement.marker
    return marker is None or marker.evaluate({**linux, **python, "platform_machine": "x86_64"})


def _runs(files: Sequence[ReleaseFile], series: str) -> bool:
    """Return whether a release has a wheel for this Python on Heroku, or needs none.

    It needs none if it has no compiled parts. If it has some, but wheels for other systems only,
    those tell which Pythons it was made for.
    """
    admitted = [file for file in files if _admitted(file, series)]
    if any(file.tags & _tags(series) for file in admitted):
        return True
    own = {tag.interpreter for f in files for tag in f.tags if _is_binary(tag)}
    if not own:
        return bool(admitted)
    linux = any("linux" in tag.platform for f in files for tag in f.tags)
    return bool(admitted) and not linux and f"cp{series.replace('.', '')}" in own


def _admitted(file: ReleaseFile, series: str) -> bool:
    """Return whether a file's `Requires-Python` admits a Python."""
    return not file.requires or admits(file.requires, versions().newest[series])


def _binary(files: Sequence[ReleaseFile]) -> bool:
    """Return whether a release has wheels with compiled parts for Linux."""
    return any(_is_binary(t) and "linux" in t.platform for file in files for t in file.tags)


def _is_binary(tag: "Tag") -> bool:
    return tag.platform != "any" and tag.interpreter.startswith("cp")


@lru_cache
def _tags(series: str) -> "frozenset[Tag]":
    """Return the tags of wheels that Heroku's pip installs for a Python, on its Linux."""
    from packaging.tags import compatible_tags, cpython_tags

    python = tuple(map(int, series.split(".")))
    name = f"cp{series.replace('.', '')}"
    new = (f"manylinux_2_{minor}_x86_64" for minor in range(5, GLIBC + 1))
    platforms = [*new, "manylinux1_x86_64", "manylinux2010_x86_64", "manylinux2014_x86_64"]
    platforms.append("linux_x86_64")
    own = cpython_tags(python, abis=[name], platforms=platforms)
    return frozenset((*own, *compatible_tags(python, name, platforms)))
