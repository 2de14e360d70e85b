"""Failures that this machine may have caused, so that the step might succeed on Heroku.

A reason counts only if it can explain the failure: one network error does not explain a line that
is not a valid requirement.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from parity.facts.build_image import REMOVED_HEADERS, TOOLS, absent_library
from parity.facts.network_failures import NETWORK
from parity.facts.pip_failures import platform_of, unbuilt
from parity.push.buildpacks.context import Undecided, saying
from parity.records import Interpreter, Runtime

_CERTAIN = (
    r"Invalid requirement|ResolutionImpossible|Could not open requirements file"
    r"|DO NOT MATCH THE HASHES|must have their versions pinned|Host key verification failed"
    r"|is not a valid editable requirement|due to an OSError: \[Errno 2\]|no such option"
    r"|changed significantly since poetry\.lock|needs to be updated, but `--locked`|is out of *$"
    r"|Failed to parse `|Pipfile not found|pyproject\.toml`? f|did not match any known checksums"
    r"|Hash mismatch for|MATCH THE HASHES"
)
"""Messages of failures that no network and no other interpreter would prevent."""

_NOT_FOUND = r"No matching distribution found|Could not find a version that satisfies"
_ANSWERED = r"Ignored the following versions|^\s*(?:Collecting|Processing|Using cached) "
_DISK = r"No space left on device|Disk quota exceeded|Read-only file system"
_COMMAND = (
    r"Cannot find command '([\w+-]+)'|unable to execute '?(?:\S*-)?([\w+]+)'?:"
    r"|(?<![\w+-])(?:([\w+-]+): (?:command )?not found|([\w+-]+) executable not found)"
    r"|env: [‘'`]?([\w+-]+)"
)
_LIBRARY = r"Can not find valid pkg-config name|mysql_config|libxml2 and libxslt development"
"""Messages about missing libraries that Heroku's build image has: MySQL's, libxml2's."""

_HEADER = r"fatal error: ['\"]?([\w./+-]+\.h(?:pp)?)['\"]?(?:: No such file| file not found)"

_NO_FILE = (
    r"doesn't have a source distribution or wheel|Unable to find installation candidates"
    r"|doesn't have a wheel for the current platform"
)
_OLDER = (
    rf"SyntaxError|{_NO_FILE}"
    r"|No module named '(?:compression|annotationlib|concurrent\.interpreters)\b"
)
"""Messages that a Python older than Heroku's may cause, besides unmet requirements."""

_NEWER = (
    rf"{_OLDER}|from versions:|Failed to build|metadata-generation-failed|No module named"
    r"|subprocess-exited-with-error"
)
"""Messages that a newer Python may cause: no wheels for it yet, modules that were removed."""

_BY_ADDRESS = r"Collecting \S+ @ (?:\w+\+)?https?://(?:[^/@\s]*@)?([\w.-]+)"
_HOST = r"(?:https?://(?:[^/@\s]*@)?|host=')([\w.-]+\.\w+)"
_GIT = r"unable to access '\w+://(?:[^/@']*@)?([\w.-]+)|^ssh: .*\bhost(?:name)? ([\w.-]+)"
_UNRESOLVED = r"Name or service not known|nodename nor servname|getaddrinfo failed|<urlopen error"
"""Messages of the C library and of Python, which name no host (observed)."""

_REQUIRES = (
    r"requires a different Python: \S+ not in '([^']+)'|Requires-Python ([^;]+)|"
    r"requires Python '([^']+)'|Python requirement: `([^`]+)`"
)


def undecided(
    output: list[str],
    interpreter: Interpreter,
    python: Runtime,
    *,
    offline: bool,
    killed: bool,
    answers: Callable[[], bool],
) -> Undecided | None:
    """Return why the installation may succeed on Heroku, with the line that indicates it.

    `answers` returns whether the package index has a package that every index has: pip reports
    nothing about an index that refuses everything.
    """
    name = re.sub(r"[-_.]+", "-", unbuilt(output)).lower()
    if saying(output, _CERTAIN) or (name and platform_of(name, ())):
        return None
    not_found = saying(output, _NOT_FOUND)
    reasons = (
        ("without a network nothing can be looked up", not_found if offline else None),
        *_elsewhere(output),
        ("the package index did not answer", _network(output, not_found)),
        ("this machine's disk is in the way", saying(output, _DISK)),
        ("the installer was killed here", "exit 137" if killed else None),
        *_not_here(output),
    )
    for why, line in reasons:
        if line:
            return Undecided(f"{why}: {line}")
    nothing = saying(output, r"\(from versions: none\)")
    if nothing and not saying(output, _ANSWERED) and not answers():
        return Undecided(f"the package index did not answer, not even for pip: {nothing}")
    return stand_in(output, interpreter, python)


def _network(output: list[str], not_found: str | None) -> str | None:
    """Return the line of a network failure that can explain the package that was not found."""
    lines = [line.strip() for line in output if re.search(NETWORK, line)]
    name = re.search(r"found for ([\w.-]+)|requirement ([A-Za-z0-9][\w.-]*)", not_found or "")
    if not not_found or not name:
        return lines[0] if lines else None
    project = re.sub(r"[-_.]+", "-", name[1] or name[2]).lower()
    return next((x for x in lines if f"/{project}/" in x or "/" not in x), None)


def _elsewhere(output: list[str]) -> Iterator[tuple[str, str | None]]:
    """Yield the lines about hosts that did not answer and are not the package index."""
    asked = {match[1] for line in output if (match := re.match(_BY_ADDRESS, line.strip()))}
    last, building = "", False
    for text in output:
        line = text.strip(" │")
        building = (building or "lines of output]" in line) and "[end of output]" not in line
        host = re.search(_HOST, line)
        away = re.search(NETWORK, line)
        git = re.search(_GIT, line) if away else None
        if git:
            yield f"the git host {git[1] or git[2]} did not answer", line
        elif away and host and host[1] in asked:
            yield f"the host {host[1]} did not answer", line
        elif building and last and re.search(_UNRESOLVED, line):
            yield f"the host {last}, which a package's build contacts, did not answer", line
        last = host[1] if building and host else last


def _not_here(output: list[str]) -> Iterator[tuple[str, str | None]]:
    """Yield the lines about build tools that this machine lacks and Heroku's build image has."""
    for line in output:
        header, command = re.search(_HEADER, line), re.search(_COMMAND, line)
        name = next((group for group in command.groups() if group), "") if command else ""
        if header and not re.fullmatch(REMOVED_HEADERS, header[1].rpartition("/")[2]):
            absent = absent_library(header[1])
            yield "a header is missing here", None if absent else line.strip()
        elif name in TOOLS:
            yield f"{name} is missing here, and Heroku has it", line.strip()
        elif re.search(_LIBRARY, line):
            yield "a library is missing here, and Heroku has it", line.strip()


def stand_in(output: Iterable[str], interpreter: Interpreter, python: Runtime) -> Undecided | None:
    """Return the line of a failure that may be due to the Python that stands in for Heroku's."""
    lines = list(output)
    refused = next((x.strip() for x in lines if _differs(x, interpreter, python)), None)
    blamed = None
    if not interpreter.exact:
        newer = _minor(interpreter.version) > _minor(python.version)
        blamed = saying(lines, _NEWER if newer else _OLDER)
        blamed = None if blamed and "Missing parentheses in call to" in blamed else blamed
    line = refused or blamed
    if not line:
        return None
    stood = f"Python {interpreter.version} stood in for {python.version}"
    return Undecided(f"{stood}, which may be why: {line}")


def _differs(line: str, interpreter: Interpreter, python: Runtime) -> bool:
    """Return whether a package requires a Python that matches Heroku's but not the one here."""
    for match in re.finditer(_REQUIRES, line):
        required = next(group for group in match.groups() if group)
        if admits(required, python.version) and not admits(required, interpreter.version):
            return True
    return False


def admits(required: str, version: str) -> bool:
    """Return whether `Requires-Python` admits a version; an invalid one admits all."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(required.strip()).contains(version, prereleases=True)
    except InvalidSpecifier:
        return True


def _minor(version: str) -> int:
    return int(version.split(".")[1])
