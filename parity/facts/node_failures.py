"""The Node.js buildpack's names for a failed build, recognised by its output.

https://github.com/heroku/heroku-buildpack-nodejs lib/failures.sh (observed).
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

_MEMORY = r"JavaScript heap out of memory|Allocation failed - JavaScript heap"


class Known(NamedTuple):
    """A failure that the buildpack recognises: its name, and the headline it prints."""

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


def known(lines: Sequence[str]) -> Known | None:
    """Return the first failure whose pattern matches, in the buildpack's order."""
    text = "\n".join(lines)
    return next((k for k in KNOWN if re.search(k.pattern, text)), None)


def reason(lines: Sequence[str]) -> str | None:
    """Return Heroku's name for the failure."""
    failure = known(lines)
    return failure.reason if failure else None


def headline(lines: Sequence[str], otherwise: str) -> str:
    """Return the first line of the buildpack's message."""
    failure = known(lines)
    return failure.headline if failure else otherwise
