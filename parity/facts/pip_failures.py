"""How pip names a package that it could not build, and how a build says that it is not for Linux.

The output of pip (https://pip.pypa.io) and of packages' build scripts (observed).
"""

import re
from collections.abc import Iterable, Sequence

from parity.facts.packages import MACOS_ONLY, WINDOWS_ONLY

NO_BACKEND = "BackendUnavailable: Cannot import "
"""pip's last line if a package's build tool cannot even be imported: it names no package then."""

_UNBUILT = (
    r"Failed to build '([^']+)'",
    r"Failed building wheel for ([\w.-]+)",
    r"Failed to build installable wheels for .* \(?([\w.-]+)",
    r"^╰─> ([A-Za-z0-9][\w.-]*)$",
    r"[Ww]heel for ([\w.-]+) .*error",
)
"""Patterns of pip's message about a package that it could not build, the most specific first."""

_COLLECTED = r"Collecting ([\w.-]+)|Processing \S*/([\w.-]+?)-\d"
_NEEDS = r"(?:requires|only (?:for|on|(?:works|runs|builds|supported|available)(?: on| for)?))"
_PLATFORMS = (
    (
        "win32",
        rf"{_NEEDS} (?:Microsoft )?Windows\b|\bWindows[- ]only\b|error: (?:windows|winsock2?)\.h",
    ),
    ("darwin", rf"{_NEEDS} (?:macOS|Mac OS X|OS X)\b|\bmacOS[- ]only\b|error: (?:Cocoa|AppKit)/"),
)
"""What the build of a package for one platform alone prints on Linux."""


def unbuilt(lines: Sequence[str]) -> str:
    """Return the package that pip could not build, as pip writes it; empty if it names none."""
    for pattern in _UNBUILT:
        name = _first(pattern, lines)
        if name:
            return name
    if any(NO_BACKEND in line for line in lines):
        return _first(_COLLECTED, reversed(lines))
    return ""


def platform_of(name: str, lines: Iterable[str]) -> str:
    """Return the only platform of a package that was not built, as in `sys_platform`, or nothing.

    `name` is normalised; what its build printed decides for packages that are not well known.
    """
    if name in WINDOWS_ONLY:
        return "win32"
    if name in MACOS_ONLY or name.startswith("pyobjc-framework-"):
        return "darwin"
    text = "\n".join(lines)
    return next((x for x, said in _PLATFORMS if re.search(said, text, re.IGNORECASE)), "")


def _first(pattern: str, lines: Iterable[str]) -> str:
    matches = (re.search(pattern, line) for line in lines)
    match = next((match for match in matches if match), None)
    return next(group for group in match.groups() if group) if match else ""
