"""Records as JSON that a person can read and compare, and back.

A record is an object with its kind under the empty key, without the fields that have their default.
One that was written before is `{"": "Boot 0"}`, the first Boot of the document; of one that differs
from the first, `{"": "Boot 0 but", …}`, only the differences are written. Lines of a log stand
together by their source, after the number of an earlier log with which they begin. The content of a
file that the test has anyway is only named.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha1
from itertools import groupby
from pathlib import Path
from typing import Any

from parity import records
from parity.records import Entry, Line, edits, machine, manifest, scenario, verdict

MODULES = (records, edits, manifest, scenario, verdict, machine)
TYPES: dict[str, Any] = {
    name: kind
    for module in MODULES
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")
}
"""Every record by its name."""

SHARED = (
    *("Source", "Plan", "Slug", "Release", "Boot", "Traffic", "Config"),
    *("ProcessType", "Exchange"),
)
"""Records to which others refer, or of which there are many."""

WIDTH = 140
"""Characters of a line up to which an object stays on it."""

DEEPEST = 4
"""The deepest indentation."""


class Writer:
    """Turns records into JSON; `files` are contents that need not be repeated, by path."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = {data: path for path, data in reversed(files.items()) if data}
        self._known: dict[str, list[Any]] = {name: [] for name in SHARED}
        self._logs: list[Sequence[Line]] = [()]

    def value(self, it: Any) -> Any:
        """Return a record, or a part of one, as JSON. Raises `TypeError` for anything else."""
        if it is None or isinstance(it, bool | int | float) or type(it) is str:
            return it
        if isinstance(it, bytes):
            return self._bytes(it)
        if isinstance(it, Path):
            return {"": "Path", "path": str(it)}
        if isinstance(it, frozenset):
            return {"": "set", "of": sorted(it)}
        if isinstance(it, Mapping) and "" not in it:
            return {key: self.value(value) for key, value in it.items()}
        if hasattr(it, "_fields"):
            return self._record(it)
        if isinstance(it, tuple):
            return self._lines(it) if it and isinstance(it[0], Line) else [*map(self.value, it)]
        raise TypeError(f"not part of a record: {it!r}")

    def _bytes(self, data: bytes) -> Any:
        if data in self._files:
            return {"": "file", "path": self._files[data]}
        try:
            return {"": "bytes", "text": data.decode()}
        except UnicodeDecodeError:
            return {"": "bytes", "base64": base64.b64encode(data).decode()}

    def _lines(self, lines: Sequence[Line]) -> Any:
        """Return lines by their sources; their times are all the same."""
        begins = [log for log in self._logs if lines[: len(log)] == log]
        begin = max(begins, key=len)
        groups = groupby(lines[len(begin) :], lambda line: line.source)
        written = [[source, *(line.text for line in group)] for source, group in groups]
        number = self._logs.index(begin)
        self._logs.append(lines)
        return {"": "lines", **({"begin": number} if number else {}), "lines": written}

    def _record(self, record: Any) -> Any:
        name = type(record).__name__
        known = self._known.get(name, [])
        if record in known:
            return {"": f"{name} {known.index(record)}"}
        usual = known[0]._asdict() if known else type(record)._field_defaults
        if isinstance(record, Entry) and record == _entry(record.mode, record.data):
            usual = {"size": record.size, "oid": record.oid, "mode": 0o100644}
        fields = {
            field: self.value(value)
            for field, value in record._asdict().items()
            if field not in usual or value != usual[field]
        }
        kind = f"{name} 0 but" if known else name
        known.append(record)
        return {"": kind, **fields}


class Reader:
    """Turns such JSON into records; `at` is the time of every line, `paths` replace others."""

    def __init__(self, files: Mapping[str, bytes], at: float, paths: Mapping[str, Path]) -> None:
        self._files, self._at, self._paths = files, at, paths
        self._known: dict[str, list[Any]] = {name: [] for name in SHARED}
        self._logs: list[tuple[Line, ...]] = [()]

    def value(self, it: Any) -> Any:
        """Return what `Writer.value` was given. Raises `KeyError` for an unknown kind or file."""
        if isinstance(it, list):
            return tuple(map(self.value, it))
        if not isinstance(it, dict):
            return it
        fields = {key: self.value(value) for key, value in it.items() if key}
        if "" not in it:
            return fields
        if it[""] == "lines":
            self._logs.append((*self._logs[it.get("begin", 0)], *self._lines(it["lines"])))
            return self._logs[-1]
        if it[""] == "Path":
            return self._paths.get(it["path"], Path(it["path"]))
        if it[""] == "set":
            return frozenset(it["of"])
        if it[""] == "file":
            return self._files[it["path"]]
        if it[""] == "bytes":
            return it["text"].encode() if "text" in it else base64.b64decode(it["base64"])
        return self._record(it[""], fields)

    def _lines(self, groups: list[list[str]]) -> Iterator[Line]:
        for source, *texts in groups:
            yield from (Line(self._at, source, text) for text in texts)

    def _record(self, kind: str, fields: dict[str, Any]) -> Any:
        name, _, number = kind.partition(" ")
        known = self._known.setdefault(name, [])
        if number and not number.endswith("but"):
            return known[int(number)]
        if name == "Entry" and "size" not in fields:
            record: Any = _entry(fields.get("mode", 0o100644), fields["data"])
        else:
            record = known[0]._replace(**fields) if number else TYPES[name](**fields)
        known.append(record)
        return record


def _entry(mode: int, data: bytes | None) -> Entry:
    """Return the entry of a file that git tracks with this content."""
    content = data or b""
    name = sha1(b"blob %d\0%s" % (len(content), content), usedforsecurity=False)
    return Entry(mode, len(content), name.hexdigest(), data)


def pretty(it: Any, indent: int = 0) -> str:
    """Return JSON in which what is short stands on one line, and all else a line each."""
    flat = json.dumps(it)
    if len(flat) + indent <= WIDTH or not isinstance(it, dict | list) or not it:
        return flat
    begin, end = " " * min(indent + 1, DEEPEST), "\n" + " " * min(indent, DEEPEST)
    if isinstance(it, dict):
        inner = [f"{begin}{json.dumps(k)}: {pretty(v, indent + 1)}" for k, v in it.items()]
        return "{\n" + ",\n".join(inner) + end + "}"
    return "[\n" + ",\n".join(begin + pretty(v, indent + 1) for v in it) + end + "]"
