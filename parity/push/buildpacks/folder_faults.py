"""Failures of a buildpack in a folder that this machine may have caused.

On Heroku it runs on the stack's build image, with a network: what fails for want of those may
succeed there.
"""

import re
from collections.abc import Iterator, Sequence

from parity.facts.build_image import ABSENT_TOOLS
from parity.facts.network_failures import NETWORK
from parity.push.buildpacks.context import Undecided, saying

_FETCHING = (
    rf"{NETWORK}|Temporary failure resolving|Could not (?:resolve|connect to) '?[\w.-]+"
    r"|curl: \((?:5|6|7|28|35|52|56|60)\)|wget: unable to resolve|Failed to fetch http|^Err:\d+ "
)
_RIGHTS = (
    r"are you root\?|Could not open lock file|Unable to lock|/var/(?:lib|cache)/\S+.*"
    r"Permission denied|Permission denied.*/var/(?:lib|cache)/|must be (?:run as )?root"
    r"|sudo: |Read-only file system|cannot create directory '?/app|/app/?\S*: (?:Permission denied"
    r"|No such file or directory)"
)
_OTHER_SYSTEM = (
    r"E: Unable to locate package|has no installation candidate|E: The repository|NO_PUBKEY"
    r"|version `GLIBC\w*_[\d.]+' not found|cannot open shared object file|Exec format error"
    r"|(?i:unsupported|unknown|not supported on).{0,20}(?:stack|distribution|architecture)"
    r"|/etc/apt/\S*: No such file|dpkg: error"
)
_COMMAND = re.compile(r"(?:: |^)(?:line \d+: |\d+: )?([\w+.-]+): (?:command )?not found$")
_NO_PROGRAM = re.compile(r"env: '?([\w+.-]+)'?: No such file or directory")


def undecided(lines: Sequence[str]) -> Undecided | None:
    """Return why bin/compile may succeed on Heroku, with the line that indicates it."""
    reasons = (
        ("the network did not answer", saying(lines, _FETCHING)),
        ("this machine does not allow a build to do that; Heroku's may", saying(lines, _RIGHTS)),
        ("this machine is not the stack's build image", saying(lines, _OTHER_SYSTEM)),
        ("a program is missing here that the stack may have", next(_missing(lines), None)),
    )
    return next((Undecided(f"{why}: {line}") for why, line in reasons if line), None)


def _missing(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines about programs that this machine lacks, unless Heroku does, too."""
    for line in lines:
        match = _COMMAND.search(line.strip()) or _NO_PROGRAM.search(line)
        if match and match[1] not in ABSENT_TOOLS:
            yield line.strip()
