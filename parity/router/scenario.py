"""The file of `--scenario FILE.toml`: the user's own requests, strictly parsed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parity.records.scenario import Step
from parity.system.errors import Usage

MOST_CLIENTS = 200

OURS = frozenset(
    ("host", "connection", "content-length", "transfer-encoding", "upgrade", "x-request-id")
)
"""Headers that follow from the request, or by which parity identifies it."""

_TEXT, _WHOLE, _NUMBER = (
    ((str,), "a string"),
    ((int,), "a whole number"),
    ((int, float), "a number"),
)
_TYPES: Mapping[str, tuple[tuple[type, ...], str]] = {
    "path": _TEXT,
    "method": _TEXT,
    "headers": ((dict,), "a table"),
    "body": _TEXT,
    "bytes": _WHOLE,
    "expect": _WHOLE,
    "clients": _WHOLE,
    "seconds": _NUMBER,
    "leave": _NUMBER,
    "websocket": ((list,), "a list"),
}
"""For each key, the types of its value, and TOML's name for them."""


def read(file: Path) -> tuple[Step, ...]:
    """Read the steps in `file`. Raises `Usage` with the place and what to write."""
    import tomllib

    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Usage(f"--scenario {file}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # also for a number of 5,000 digits
        raise Usage(f"--scenario {file}: not TOML: {error}") from None
    requests = content.get("request")
    if not isinstance(requests, list) or not requests or set(content) != {"request"}:
        raise Usage(f"--scenario {file}: it takes [[request]] sections, and nothing else")
    return tuple(_step(file, n, section) for n, section in enumerate(requests, 1))


def _step(file: Path, number: int, section: Mapping[str, Any]) -> Step:
    def wrong(what: str) -> Usage:
        return Usage(f"--scenario {file}: [[request]] number {number}: {what}")

    for key, value in section.items():
        if key not in _TYPES:
            raise wrong(f"unknown key {key}; it takes {', '.join(_TYPES)}")
        types, called = _TYPES[key]
        if not isinstance(value, types) or isinstance(value, bool):
            raise wrong(f"{key} must be {called}")
    trouble = _trouble(section)
    if trouble:
        raise wrong(trouble)
    return _step_of(section)


def _trouble(section: Mapping[str, Any]) -> str:
    """Return what is wrong with the values, empty if nothing is."""
    if not str(section.get("path", "")).startswith("/"):
        return "path is required and must start with /"
    if not str(section.get("method", "GET")).isalpha():
        return "method must be letters, such as POST"
    if not 1 <= section.get("clients", 1) <= MOST_CLIENTS:
        return f"clients must be from 1 to {MOST_CLIENTS}"
    if not 100 <= section.get("expect", 200) <= 599:
        return "expect must be a status, from 100 to 599"
    if any(section.get(key, 0) < 0 for key in ("seconds", "leave", "bytes")):
        return "seconds, leave and bytes must not be negative"
    fixed = [name for name in section.get("headers", {}) if name.lower() in OURS]
    if fixed:
        return f"{fixed[0]} is set by parity (--host sets the Host)"
    lines = [f"{name}: {value}" for name, value in section.get("headers", {}).items()]
    texts = (*lines, section.get("path", ""))
    if any(ord(letter) < 32 or ord(letter) > 126 for text in texts for letter in text):
        return "path and headers must be printable ASCII"
    return "" if "body" not in section or "bytes" not in section else "body or bytes, not both"


def _step_of(section: Mapping[str, Any]) -> Step:
    body = section.get("body", "").encode() or b"x" * section.get("bytes", 0)
    websocket = tuple(str(text) for text in section.get("websocket", ()))
    leave = section.get("leave")
    return Step(
        path=section["path"],
        method=section.get("method", "POST" if body else "GET").upper(),
        headers={name: str(value) for name, value in section.get("headers", {}).items()},
        body=body,
        expect=section.get("expect", 101 if websocket else None),
        clients=section.get("clients", 1),
        seconds=float(section.get("seconds", 0)),
        leave=None if leave is None else float(leave),
        websocket=websocket,
    )
