"""Recordings that stay the same from run to run: places, ports, pids, times and sizes are set.

What is not known to change is kept. `numbers=False` keeps the numbers as well, for an app whose
causes depend on the very number.
"""

import re
import sys
from pathlib import Path
from typing import Any

from parity.push import cache

APP = "/recorded/app"
"""The app's own folder, in a recording."""

PORT = 23817
"""The port of the first dyno; others get the next numbers."""

WORKSPACE = re.compile(r"(?:/var|/usr)?/tmp/parity-[0-9a-f]{8}(?:[0-9a-f]{4})?\b")
CHANGING = (
    (WORKSPACE, "/tmp/parity-recorded"),
    (re.compile(r"\benvs/[0-9a-f]{32}\b"), "envs/recorded"),
    (re.compile(r"\b\d{4}-\d\d-\d\d([ T])\d\d:\d\d:\d\d([.,]\d+)?"), r"2026-01-01\g<1>00:00:00"),
    (re.compile(r"\b\d\d/\w{3}/\d{4}([ :])\d\d:\d\d:\d\d"), r"01/Jan/2026\g<1>00:00:00"),
    (re.compile(r"\b\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"), "Thu, 01 Jan 2026 00:00:00 GMT"),
    (re.compile(r"\b(connect|service)=\d+ms"), r"\1=0ms"),
    (re.compile(r"\brequest_id=[0-9a-f-]{36}"), "request_id=00000000-0000-0000-0000-000000000000"),
    (
        re.compile(r"(\('127\.0\.0\.1', |127\.0\.0\.1:)(?:3[3-9]|[45]\d|6[0-5])\d{3}\b"),
        r"\g<1>50000",
    ),
    (re.compile(r"\b(added|audited) (.* in) \d+\w+$"), r"\1 \2 1s"),
    (re.compile(r" at 0x[0-9a-f]{6,}"), " at 0x0"),
)
"""Texts that change from run to run, and what stands there instead."""

LEAST = {"seconds": 10, "connect_ms": 1000, "service_ms": 1000, "tasks": 10}
"""Numbers that change from run to run: below these they become 0, others keep their first digit."""

SIZES = ("peak", "grown", "packed")
STEP = 10_000_000
"""Bytes of memory are rounded to a multiple of this, from ten times as many on to one digit."""


class Steady:
    """Sets what changes in the JSON of a recording; `folder` is the app's."""

    def __init__(self, folder: Path, *, numbers: bool) -> None:
        self._numbers = numbers
        places = {
            folder: APP,
            folder.parent: "/recorded",
            cache.root(): "/recorded/cache",
            Path(sys.prefix): "/recorded/python",
        }
        places |= {Path(sys.base_prefix): "/recorded/python", Path.home(): "/recorded/home"}
        self._places = {str(place): name for place, name in places.items() if len(place.parts) > 2}
        self._ports: dict[str, int] = {}
        self._pids: dict[int, int] = {}

    def document(self, it: Any) -> Any:
        """Return the whole JSON, with the ports and pids that it mentions numbered anew."""
        self._collect(it)
        ports = "|".join(self._ports)
        self._port = re.compile(rf"(?<![\d.])(?:{ports})(?![\d.])") if ports else None
        return self._value(it, "")

    def _collect(self, it: Any) -> None:
        """Number the ports of all dynos and the pids of their processes, in their order."""
        if isinstance(it, list):
            for inner in it:
                self._collect(inner)
        if not isinstance(it, dict):
            return
        if str(it.get("", "")).startswith(("Boot", "Bind")) and it.get("port", 0) > 9999:
            self._ports.setdefault(str(it["port"]), PORT + len(self._ports))
        pid = it.get("pid")
        if isinstance(pid, int):
            self._pids.setdefault(pid, 101 + len(self._pids))
        for inner in it.values():
            self._collect(inner)

    def _value(self, it: Any, key: str) -> Any:
        if isinstance(it, str):
            return self._text(it)
        if isinstance(it, list) and key == "samples":
            return []
        if isinstance(it, list):
            return [self._value(inner, key) for inner in it]
        if isinstance(it, dict):
            size = {"bytes": "peak"} if it.get("") == "Share" else {}
            return {self._text(k): self._value(v, size.get(k, k) or key) for k, v in it.items()}
        if isinstance(it, bool) or it is None:
            return it if key != "cached" else False
        return self._number(it, key)

    def _number(self, it: int | float, key: str) -> int | float:
        if key in ("port", "front"):
            return self._ports.get(str(it), it)
        if key == "pid":
            return self._pids.get(int(it), it)
        if not self._numbers:
            return it
        if key in SIZES:
            return round(it / STEP) * STEP if it < 10 * STEP else _coarse(it)
        return it if key not in LEAST else _coarse(it) if it >= LEAST[key] else 0

    def _text(self, text: str) -> str:
        for place, name in self._places.items():
            text = text.replace(place, name)
        for pattern, instead in CHANGING:
            text = pattern.sub(instead, text)
        if self._port:
            text = self._port.sub(lambda match: str(self._ports[match[0]]), text)
        return text


def _coarse(number: int | float) -> int | float:
    """Return a number with only its first digit."""
    unit = 10 ** (len(str(int(number))) - 1)
    return type(number)(int(number) // unit * unit)
