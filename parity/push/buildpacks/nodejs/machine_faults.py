"""Failures that this machine may have caused, so that the step might succeed on Heroku."""

import re

from parity.facts import node_failures
from parity.facts.build_image import TOOLS
from parity.facts.buildpacks import NODE
from parity.push.buildpacks.context import Job, Undecided, saying
from parity.push.buildpacks.nodejs import settings

NETWORK = (
    r"\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ESOCKETTIMEDOUT|EPROTO|ENETUNREACH"
    r"|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_HAS_EXPIRED"
    r"|DEPTH_ZERO_SELF_SIGNED_CERT)\b|code E5\d\d|ENOTCACHED"
    r"|ERR_PNPM_(?:META_FETCH_FAIL|NO_OFFLINE)|RequestError|trouble with your network connection"
    r"|Could not resolve host"
)
_DISK = r"ENOSPC|no space left on device|EDQUOT|EROFS"
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
"""Messages that another major version of Node.js may cause."""


def killed(exit: int, lines: list[str]) -> bool:
    """Return whether a signal from outside ended a step.

    npm's own exit codes are above those of signals, and Node.js aborts itself without memory.
    """
    return 128 < exit < 160 and node_failures.reason(lines) is None


def undecided(job: Job, lines: list[str], *, killed: bool) -> Undecided | None:
    """Return why the step may succeed on Heroku, with the line that indicates it."""
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
    """Return the line of a network failure. A local address counts only for the registry."""
    host = re.sub(r"^\w+://|/.*$", "", settings.registry())
    far = [x for x in lines if host in x or not re.search(_LOCAL, x)]
    return saying(far, NETWORK)


def _other_registry(lines: list[str]) -> str | None:
    """Return the line about a package that is missing here, unless this is npm's own registry."""
    own = settings.registry().rstrip("/") == settings.REGISTRY.rstrip("/")
    return None if own else saying(lines, r"code E404|code ETARGET|notarget|404 Not Found")


def _tools(lines: list[str]) -> str | None:
    """Return the line about a missing compiler or Node.js header, which Heroku's build has."""
    for line in lines:
        command = re.search(_COMMAND, line)
        if command and command[1] in TOOLS:
            return line.strip()
    return saying(lines, _COMPILER) if saying(lines, r"gyp ERR!") else None


def stand_in(job: Job, lines: list[str]) -> Undecided | None:
    """Return the line of a failure that may be due to the Node.js that stands in for Heroku's."""
    node, here = job.plan.runtime(NODE), job.interpreter
    line = saying(lines, _STAND_IN)
    if node is None or here is None or here.exact or not line:
        return None
    why = f"Node.js {here.version} stood in for {node.version}, which may be why"
    return Undecided(f"{why}: {line}")
