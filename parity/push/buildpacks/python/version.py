"""The Python that the buildpack installs, and its messages about the requested version.

Source: https://github.com/heroku/heroku-buildpack-python/blob/main/lib/python_version.sh.
"""

import re
from typing import Literal, NamedTuple, TypeAlias

from parity.facts.phrases import message
from parity.facts.python import (
    MISSPELT_VERSION_FILES,
    NEVER_RELEASED,
    SPACE,
    VERSION,
    versions,
)
from parity.push import tree
from parity.records import Refusal, Source

Origin: TypeAlias = Literal["runtime.txt", ".python-version", "Pipfile.lock", "cached", "default"]
UNASKED = ("cached", "default")
"""The origins of a version that the app did not request."""

SHOWN = 200
"""Characters of an invalid version that a message repeats."""

_VERSION = re.compile(VERSION)
_RUNTIME = f"python-({VERSION})"


class Request(NamedTuple):
    """The requested version, with the file and the line of the request."""

    version: str
    origin: Origin
    line: int | None = None


def requested(source: Source, manager: str, last_series: str | None = None) -> Request | Refusal:
    """Return the request from the first file that has one, or a refusal if it is invalid.

    `last_series` is the `major.minor` of the last build (None: there was none). A file whose
    content was not stored (see `records.TEXT_LIMIT`) is skipped.
    """
    runtime = tree.file(source, "runtime.txt")
    if runtime and runtime.data is not None:
        return _runtime_txt(_text(runtime.data))
    for name in MISSPELT_VERSION_FILES:
        if tree.file(source, name):
            headline = "Error: Your .python-version file is spelled incorrectly."
            reason = "python-version-file::misspelled"
            return Refusal(reason, message(headline), name, subject=name)
    chosen = tree.file(source, ".python-version")
    if chosen and chosen.data is not None:
        return _version_file(chosen.data)
    lock = tree.file(source, "Pipfile.lock") if manager == "pipenv" else None
    locked = _pipfile_lock(lock.data) if lock and lock.data is not None else None
    if locked or not last_series:
        return locked or Request(versions().default, "default")
    return Request(last_series, "cached")


def _text(data: bytes) -> str:
    """Decode a file as bash does: NUL becomes a symbol, and invalid UTF-8 matches nothing."""
    return data.decode("utf-8", "replace").replace("\0", "␀")


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text)[:SHOWN]


def _runtime_txt(text: str) -> Request | Refusal:
    content = text.strip(SPACE)
    line = text[: len(text) - len(text.lstrip(SPACE))].count("\n") + 1
    match = re.fullmatch(_RUNTIME, content)
    if match:
        return Request(match[1], "runtime.txt", line)
    return Refusal(
        "runtime-txt::invalid-version",
        message("Error: Invalid Python version in runtime.txt."),
        "runtime.txt",
        line,
        _shown(" ".join(content.split("\n"))),
    )


def _version_file(data: bytes) -> Request | Refusal:
    lines = [(n, line.strip(SPACE)) for n, line in enumerate(_text(data).split("\n"), 1)]
    requests = [(n, line) for n, line in lines if line and not line.startswith("#")]
    for number, line in requests:
        if not _VERSION.fullmatch(line):
            return _invalid(data, number, line)
    if len(requests) == 1:
        return Request(requests[0][1], ".python-version", requests[0][0])
    if not requests:
        return _version_refusal("no-version", "No Python version found in .python-version.")
    headline = "Multiple Python versions found in .python-version."
    subject = ", ".join(line for _, line in requests)[:SHOWN]
    return _version_refusal("multiple-versions", headline, requests[1][0], subject)


def _version_refusal(
    reason: str, headline: str, line: int | None = None, subject: str = ""
) -> Refusal:
    lines = message(f"Error: {headline}")
    return Refusal(f"python-version-file::{reason}", lines, ".python-version", line, subject)


def _invalid(data: bytes, number: int, line: str) -> Refusal:
    encoding = _encoding(data)
    if encoding:
        headline = "Unable to read .python-version."
        return _version_refusal("invalid-encoding", headline, subject=encoding)
    headline = "Invalid Python version in .python-version."
    return _version_refusal("invalid-version", headline, number, _shown(line))


def _encoding(data: bytes) -> str | None:
    """Return file(1)'s name of an encoding that is refused; None for ASCII, UTF-8 and data."""
    if data.startswith(b"\xef\xbb\xbf"):
        return "Unicode text, UTF-8 (with BOM) text"
    if data.startswith(b"\xff\xfe"):
        return "Unicode text, UTF-16, little-endian text"
    if data.startswith(b"\xfe\xff"):
        return "Unicode text, UTF-16, big-endian text"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return None if b"\0" in data else "ISO-8859 text"
    return None


def _pipfile_lock(data: bytes) -> Request | Refusal | None:
    """Read the version that the buildpack's jq expression selects.

    `._meta.requires.python_full_version // ._meta.requires.python_version`
    """
    if not data.strip():
        return _lock_refusal("invalid-version", "Invalid Python version in Pipfile.lock.", "")
    import json

    try:
        value = json.loads(data.decode("utf-8-sig"), parse_float=str, parse_int=str)
        for key in ("_meta", "requires"):
            value = None if value is None else _member(value, key)
        full, short = (_member(value, f"python_{k}version") for k in ("full_", ""))
    except (ValueError, TypeError, RecursionError):
        return _lock_refusal("invalid-json", "Can't parse Pipfile.lock.", "")
    version = short if full in (None, False) else full
    if version is None:
        return None
    if isinstance(version, str) and _VERSION.fullmatch(version):
        return Request(version, "Pipfile.lock")
    subject = _shown(version if isinstance(version, str) else json.dumps(version))
    return _lock_refusal("invalid-version", "Invalid Python version in Pipfile.lock.", subject)


def _member(value: object, key: str) -> object:
    """Return `value[key]` as jq does: null for null. Raises `TypeError` for a non-object."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise TypeError(f"no object: {key}")
    return value.get(key)


def _lock_refusal(reason: str, headline: str, subject: str) -> Refusal:
    lines = message(f"Error: {headline}")
    return Refusal(f"pipfile-lock::{reason}", lines, "Pipfile.lock", None, subject)


def resolve(request: Request) -> str | Refusal:
    """Return the exact version, or the refusal if the buildpack does not have it."""
    known = versions()
    major, minor, *patch = (int(part[:9]) for part in request.version.split("."))
    series = f"{major}.{minor}"
    if (major, minor) < _pair(known.oldest):
        return _refused("eol", "The {} Python version has reached end-of-life.", request)
    if series not in known.newest:
        return _refused("unknown-major", "The {} Python version isn't recognised.", request)
    if patch and patch[0] > newest_patch(series) + NEVER_RELEASED:
        headline = "The requested Python version isn't available."
        return _refused("unknown-patch", headline, request)
    return request.version if patch else known.newest[series]


def newest_patch(series: str) -> int:
    """Return the patch number of the newest version of `major.minor` that parity knows."""
    return int(versions().newest[series].rpartition(".")[2])


def _pair(series: str) -> tuple[int, int]:
    major, _, minor = series.partition(".")
    return int(major), int(minor)


def _refused(reason: str, headline: str, request: Request) -> Refusal:
    file = None if request.origin in UNASKED else request.origin
    which = "cached" if request.origin == "cached" else "requested"
    lines = message(f"Error: {headline.format(which)}")
    return Refusal(f"python-version::{reason}", lines, file, request.line, request.version)


def unfit(request: Request, manager: str) -> Refusal | None:
    """Return the refusal for a request that uv does not support but the other managers do."""
    if manager == "uv" and request.origin == "runtime.txt":
        headline = "Error: The runtime.txt file isn't supported when using uv."
        return Refusal("runtime-txt::not-supported", message(headline), "runtime.txt", request.line)
    if manager == "uv" and request.origin in UNASKED:
        headline = "Error: No Python version was specified."
        return Refusal("python-version-file::not-found", message(headline))
    return None


def warnings(request: Request, version: str) -> tuple[Refusal, ...]:
    """Return the buildpack's warnings, in its order."""
    series, _, patch = version.rpartition(".")
    file = None if request.origin in UNASKED else request.origin
    said = (
        (request.origin in UNASKED, "unspecified", "No Python version was specified."),
        (request.origin == "runtime.txt", "runtime-txt", "The runtime.txt file is deprecated."),
        (
            series == versions().deprecated,
            "deprecated",
            f"Support for Python {series} is deprecated!",
        ),
        (
            int(patch) < newest_patch(series),
            "outdated-patch",
            "A Python patch update is available!",
        ),
    )
    return tuple(
        Refusal(reason, message(f"Warning: {text}"), file, request.line, version)
        for applies, reason, text in said
        if applies
    )
