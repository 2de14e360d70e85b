"""Why a step failed: Heroku's own name for it, or this machine's doing.

Patterns and names: https://github.com/heroku/heroku-buildpack-nodejs lib/failures.sh (observed).
"""

import re
from typing import NamedTuple

from parity.facts.build_image import TOOLS
from parity.push.buildpacks.job import Job, Undecided, saying
from parity.push.buildpacks.nodejs import settings

NETWORK = (
    r"\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ESOCKETTIMEDOUT|EPROTO|ENETUNREACH"
    r"|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_HAS_EXPIRED"
    r"|DEPTH_ZERO_SELF_SIGNED_CERT)\b|code E5\d\d|ENOTCACHED"
    r"|ERR_PNPM_(?:META_FETCH_FAIL|NO_OFFLINE)|RequestError|trouble with your network connection"
    r"|Could not resolve host"
)
_DISK = r"ENOSPC|no space left on device|EDQUOT|EROFS"
_MEMORY = r"JavaScript heap out of memory|Allocation failed - JavaScript heap"
_COMMAND = (
    r"(?:sh: (?:line )?\d+: |bash: (?:line \d+: )?|/bin/sh: )([\w+-]+): (?:command )?not found"
)
_COMPILER = (
    r"gyp ERR! (?:find Python|stack Error: not found: )|not found: (?:make|g\+\+|cc)"
    r"|http \d+ https://nodejs\.org|getaddrinfo \w+ nodejs\.org"
)
_LOCAL = r"\b127\.0\.0\.1\b|\blocalhost\b|::1"

_STAND_IN = (
    r"Unsupported engine|engine \"node\" is incompatible|EBADENGINE|ERR_PNPM_UNSUPPORTED_ENGINE"
    r"|SyntaxError|ERR_REQUIRE_ESM|ERR_UNKNOWN_BUILTIN_MODULE|No such built-in module: node:"
    r"|ERR_UNKNOWN_FILE_EXTENSION|is not a function|NODE_MODULE_VERSION|bad option|gyp ERR!"
    r"|does not provide an export named|requires a minimum Node|requires Node(?:\.js)?"
)
"""What another major version of Node.js may be to blame for."""


class Known(NamedTuple):
    """A failure that the buildpack knows: its name, and the headline it prints."""

    pattern: str
    reason: str
    headline: str


_UNABLE = "Unable to install dependencies using npm."
KNOWN = (
    Known(r"npm (?:ERR!|error) code EBADPLATFORM", "npm-ebadplatform", _UNABLE),
    Known(r"npm (?:ERR!|error) code EINVALIDPACKAGENAME", "npm-package-name-typo", _UNABLE),
    Known(
        r"code E404.*|Request failed \"404 Not Found\"|ERR_PNPM_FETCH_404", "module-404", _UNABLE
    ),
    Known(r"code ESTRICTALLOWSCRIPTS", "npm-strict-allow-scripts", _UNABLE),
    Known(r"code EALLOWGIT", "npm-allow-git-blocked", _UNABLE),
    Known(r"code EALLOWREMOTE", "npm-allow-remote-blocked", _UNABLE),
    Known(r"code ERESOLVE", "npm-peer-dependency-conflict", "npm peer dependency conflict."),
    Known(r"code EUSAGE", "npm-lockfile-out-of-sync", "npm lockfile is not in sync."),
    Known(
        r"ERR_PNPM_OUTDATED_LOCKFILE",
        "pnpm-lockfile-out-of-sync",
        "pnpm lockfile is not in sync.",
    ),
    Known(r"YN0028", "yarn-lockfile-out-of-sync", "Yarn lockfile is not in sync."),
    Known(
        r"Your lockfile needs to be updated", "outdated-yarn-lockfile", "Outdated Yarn lockfile."
    ),
    Known(
        r"notarget No matching version found|Couldn't find any versions for|code ETARGET"
        r"|ERR_PNPM_NO_MATCHING_VERSION",
        "bad-version-for-dependency",
        "No matching version found for a dependency.",
    ),
    Known(
        r"Host key verification failed|could not read Username|Permission denied \(publickey\)",
        "private-git-dependency-without-auth",
        "Private git dependency without authentication.",
    ),
    Known(r"ERR_OSSL_EVP_UNSUPPORTED", "openssl-unsupported-algorithm", "Unsupported algorithm."),
    Known(r"version `GLIBC_[\d.]+' not found", "libc6-incompatibility", "libc6 incompatibility."),
    Known(_MEMORY, "node-out-of-memory", "Node.js ran out of memory."),
    Known(r"enoent ENOENT: no such file", "npm-enoent", _UNABLE),
    Known(
        r"Failed at the \S+ (?:pre|post)?install script|npm (?:ERR!|error) path .*/node_modules/"
        r"|gyp ERR! build error|error .*/node_modules/\S+: Command failed",
        "dependency-failed-to-build",
        "A dependency failed to build.",
    ),
)


def known(lines: list[str]) -> Known | None:
    """The failure by the buildpack's own patterns, in its order."""
    text = "\n".join(lines)
    return next((k for k in KNOWN if re.search(k.pattern, text)), None)


def killed(exit: int, lines: list[str]) -> bool:
    """Whether a signal from outside ended a step. npm's own statuses lie above those of signals,
    and Node.js aborts itself when it has no memory left.
    """
    return 128 < exit < 160 and known(lines) is None


def reason(lines: list[str]) -> str | None:
    """Heroku's name for the failure."""
    found = known(lines)
    return found.reason if found else None


def headline(lines: list[str], otherwise: str) -> str:
    """The first line of the buildpack's message."""
    found = known(lines)
    return found.headline if found else otherwise


def undecided(job: Job, lines: list[str], *, killed: bool) -> Undecided | None:
    """Why the step may succeed on Heroku, with the line that says so."""
    reasons = (
        ("the package registry did not answer", _network(lines)),
        ("the registry of this machine is not npm's own", _other_registry(lines)),
        ("this machine's disk is in the way", saying(lines, _DISK)),
        ("the step was killed here", "exit 137" if killed else None),
        ("what a package compiles with is missing here", _tools(lines)),
    )
    for why, line in reasons:
        if line:
            return Undecided(f"{why}: {line}")
    return stand_in(job, lines)


def _network(lines: list[str]) -> str | None:
    """The line of a network failure; an address of this machine is the registry's, or none."""
    host = re.sub(r"^\w+://|/.*$", "", settings.registry())
    far = [x for x in lines if host in x or not re.search(_LOCAL, x)]
    return saying(far, NETWORK)


def _other_registry(lines: list[str]) -> str | None:
    """What a registry of this machine's does not have, npm's own may have."""
    own = settings.registry().rstrip("/") == settings.REGISTRY.rstrip("/")
    return None if own else saying(lines, r"code E404|code ETARGET|notarget|404 Not Found")


def _tools(lines: list[str]) -> str | None:
    """A compiler, or Node.js's own headers from its website, that Heroku's build has."""
    for line in lines:
        command = re.search(_COMMAND, line)
        if command and command[1] in TOOLS:
            return line.strip()
    return saying(lines, _COMPILER) if saying(lines, r"gyp ERR!") else None


def stand_in(job: Job, lines: list[str]) -> Undecided | None:
    """The line that says that Heroku's Node.js might do what the one here did not."""
    node, here = job.plan.node, job.node
    line = saying(lines, _STAND_IN)
    if node is None or here is None or here.exact or not line:
        return None
    why = f"Node.js {here.version} stood in for {node.version}, which may be why"
    return Undecided(f"{why}: {line}")
