"""Values of config vars become `[NAME]` before anything is shown.

A value is looked for as it is, as URLs, JSON, Python, HTML and base64 write it, and across line
breaks. What names a file or a module of the app, or is a common word of configuration, is no
secret: masking it would only make the report unreadable.
"""

import re
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from json import dumps
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

from parity.records import Config, Line, Source
from parity.verdict import Evidence, Finding, Verdict

SHORTEST = 6
"""Characters from which on a value is masked: shorter ones stand in too many other words."""

CUT = 8
"""Characters of a value that are masked where a text breaks off in the middle of it."""

KEY = 12
"""Characters from which on a word of a value is masked alone, if it has letters and digits."""

_HARMLESS = """production development staging testing debug default enabled disabled verbose warning
    critical notset localhost 127.0.0.1 0.0.0.0 postgres postgresql sqlite sqlite3 python python3
    gunicorn uvicorn hypercorn waitress daphne uvicorn.workers.uvicornworker gthread gevent
    eventlet memory simple console heroku public private static /static/ /media/ utf-8 en_us.utf-8
    c.utf-8 america/new_york europe/london europe/berlin asia/kolkata http:// https:// postgres://
    redis:// sqlite:// session cookie filesystem unbuffered"""
HARMLESS = frozenset(_HARMLESS.split())
"""Compared in lower case."""

_KEPT = """after basis branch buildpack commit detected docs effect encoding file finding heroku
    host id kind manager name origin outcome prefix reason remote requested size source stack stage
    state status symptom uncommitted verdict version"""
KEPT = frozenset(_KEPT.split())
"""Fields that hold parity's own words, names of files, versions or addresses: never masked."""

_GAP = "[\r\n]*"
_DOTTED = re.compile(r"([A-Za-z_]\w*)(\.[A-Za-z_]\w*)*(:[A-Za-z_]\w*)?(\(\))?", re.ASCII)


class Mask:
    """Hides the values of `config`; `source` tells which of them are paths and modules."""

    def __init__(self, config: Config, source: Source | None) -> None:
        self._paths = _paths(source)
        found: dict[str, str] = {}
        for name, value in config.values.items():
            for part in self._parts(value):
                for text in _spellings(part):
                    found.setdefault(text, name)
        self._texts = dict(sorted(found.items(), key=lambda item: -len(item[0])))

    def text(self, s: str) -> str:
        """`s` with every value replaced by `[NAME]`, also where a line break cuts one."""
        flat = s.replace("\n", "").replace("\r", "")
        present = [text for text in self._texts if text in flat]
        if not present:
            return s
        names = [self._texts[text] for text in present]
        pattern = "|".join(f"({_GAP.join(map(re.escape, text))})" for text in present)
        return re.sub(
            pattern, lambda m: f"[{names[(m.lastindex or 1) - 1]}]" + "\n" * m[0].count("\n"), s
        )

    def lines(self, lines: Sequence[str]) -> tuple[str, ...]:
        """Consecutive lines of one output, masked together."""
        if any("\n" in line for line in lines):
            return tuple(map(self.text, lines))
        return tuple(self.text("\n".join(lines)).split("\n")) if lines else ()

    def log(self, log: Sequence[Line]) -> tuple[Line, ...]:
        """A log: lines of one source belong together, whatever stands between them."""
        masked = list(log)
        for source in dict.fromkeys(line.source for line in log):
            at = [n for n, line in enumerate(log) if line.source == source]
            for n, text in zip(at, self.lines([log[n].text for n in at]), strict=True):
                masked[n] = log[n]._replace(text=text)
        return tuple(masked)

    def excerpt(self, s: str) -> str:
        """A text that may be part of a longer one: a value cut off at either end is masked too."""
        s = self.text(s)
        for text, name in self._texts.items():
            start, end = s.rfind(text[:CUT]), s.find(text[-CUT:])
            if start >= 0 and len(text) > CUT and self._cut(text, s[start:].rstrip("….")):
                s = f"{s[:start]}[{name}]"
            elif end >= 0 and len(text) > CUT and self._cut(text, s[: end + CUT].lstrip("….")):
                s = f"[{name}]{s[end + CUT :]}"
        return s

    def _cut(self, text: str, part: str) -> bool:
        whole = text.startswith(part) or text.endswith(part)
        common = part.endswith("://") or self._harmless(part)
        return len(part) >= CUT and whole and not common

    def verdict(self, verdict: Verdict) -> Verdict:
        """All of `verdict`, records included: the only thing a report may be made from."""
        files = {e.file for f in verdict.findings for e in f.evidence if e.file}
        return Verdict(*_Walk(self, files).fields(verdict))

    def _parts(self, value: str) -> Iterator[str]:
        """What of a value is secret: all of it, its lines and words, a URL's user and password."""
        lines = (line.strip() for line in value.splitlines())
        parts = [value, *lines, *_credentials(value), *_words(value)]
        for part in dict.fromkeys(parts):
            if len(part) >= SHORTEST and not self._harmless(part):
                yield part

    def _harmless(self, value: str) -> bool:
        path = value.removeprefix("/app/").removeprefix("./").rstrip("/")
        if value.lower() in HARMLESS or path in self._paths:
            return True
        dotted = _DOTTED.fullmatch(value)
        return dotted is not None and self._module(dotted[1])

    def _module(self, name: str) -> bool:
        """Whether `name` is a top-level module: Python's own, or the app's."""
        return (
            name in sys.stdlib_module_names
            or f"{name}.py" in self._paths
            or any(p.startswith(f"{name}/") and p.endswith(".py") for p in self._paths)
        )


def _paths(source: Source | None) -> frozenset[str]:
    """The tracked files and the folders they are in."""
    found = set(source.entries if source else ())
    for path in tuple(found):
        while "/" in path and (path := path.rpartition("/")[0]) not in found:
            found.add(path)
    return frozenset(found)


def _credentials(value: str) -> Iterator[str]:
    """The secret parts of a URL: what follows the scheme, user and password, the password."""
    try:
        url = urlsplit(value)
        password = url.password
    except ValueError:
        return
    if password:
        userinfo = url.netloc.rpartition("@")[0]
        yield from (value.partition("://")[2], userinfo, password, unquote(password))
        yield unquote(userinfo)


def _words(value: str) -> Iterator[str]:
    """The pieces that a shell makes of a value without quotes; only what looks like a key."""
    for word in re.split(r"[\s;&|<>()]+", value):
        if len(word) >= KEY and re.search(r"\d", word) and re.search(r"[A-Za-z]", word):
            yield word


def _spellings(value: str) -> Iterator[str]:
    """How `value` may be written; without its line breaks, which may stand anywhere."""
    quoted = (quote(value), quote(value, safe=""), quote_plus(value))
    yield from quoted
    yield from (re.sub("%..", lambda m: m[0].lower(), text) for text in quoted)
    yield from (dumps(value)[1:-1], dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1])
    data = value.encode("utf-8", "surrogateescape")
    yield b64encode(data).decode().rstrip("=")
    yield data.decode("utf-8", "backslashreplace")
    yield escape(value)
    yield value.replace("\n", "").replace("\r", "")


class _Walk:
    """Masks records all through; each is done once, so that they still share their past."""

    def __init__(self, mask: Mask, files: set[str]) -> None:
        self._mask = mask
        self._files = files
        self._done: dict[int, Any] = {}

    def fields(self, record: Any) -> list[Any]:
        """The masked fields of a named tuple."""
        pairs = zip(record._fields, record, strict=True)
        return [
            value if name in KEPT and _plain(value) else self.any(value) for name, value in pairs
        ]

    def any(self, value: Any) -> Any:
        """One value of a record, whatever it is."""
        if isinstance(value, str):
            return self._mask.text(value)
        if isinstance(value, bytes):
            text = self._mask.text(value.decode("utf-8", "surrogateescape"))
            return text.encode("utf-8", "surrogateescape")
        if isinstance(value, Mapping):
            return {key: self.any(inner) for key, inner in value.items()}
        if isinstance(value, tuple):
            return self._once(value)
        return value

    def _once(self, value: tuple[Any, ...]) -> Any:
        if id(value) not in self._done:
            self._done[id(value)] = self._tuple(value)
        return self._done[id(value)]

    def _tuple(self, value: tuple[Any, ...]) -> Any:
        if isinstance(value, Config):
            return value._replace(values={name: f"[{name}]" for name in value.values})
        if isinstance(value, Source):
            return self._source(value)
        if isinstance(value, Evidence):
            value = value._replace(seen=self._mask.excerpt(value.seen))
        if isinstance(value, Finding) and self.any(value.diff) != value.diff:
            value = value._replace(diff=None)  # with a name in place of the value it would be wrong
        if hasattr(value, "_fields"):
            return type(value)(*self.fields(value))
        if value and all(isinstance(item, Line) for item in value):
            return self._mask.log(value)
        if value and all(isinstance(item, str) for item in value):
            return self._mask.lines(value)
        return tuple(map(self.any, value))

    def _source(self, source: Source) -> Source:
        """The tree: only files that the report quotes need it."""
        quoted = {f: source.entries[f] for f in self._files if f in source.entries}
        shown = {path: entry._replace(data=self.any(entry.data)) for path, entry in quoted.items()}
        return source._replace(entries={**source.entries, **shown})


def _plain(value: Any) -> bool:
    """Whether a value is text: a kept field may be named like one that holds a record."""
    return isinstance(value, str) or (
        isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    )
