"""The mask that replaces the values of config vars by `[NAME]` in everything that is shown.

A value is recognised as it is and as URLs, JSON, Python, HTML, shells and base64 write it, even
across line breaks. So are its secret parts (`parity.masking.secret`). Names of files and
modules of the app are not masked, nor are words and numbers unless the variable's name says that it
is secret: masking them would only make the report unreadable. A secret that is short, or one plain
word, is masked only as a whole word.

What no search can find stays visible: what a program computes from a secret (a digest, another
encoding, other case, a reversed or padded text), pieces of fewer than eight characters, secrets of
fewer than three, and common words even where they are passwords (`admin`).
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from parity.masking.finder import Finder, Span, Text
from parity.masking.secret import parts, plain
from parity.masking.spelling import spellings
from parity.records import Config, Line, Source
from parity.records.verdict import Evidence, Finding, Verdict

SHORTEST = 6
"""Number of characters from which a value is masked wherever it occurs."""

SHORTEST_WORD, SHORTEST_MIXED = 4, 3
"""Characters from which a secret is masked as a whole word, and the same if it has digits too."""

LINE = 10_000
"""Bytes of a log line after which it continues in the next one (documented:
https://devcenter.heroku.com/articles/limits#logging).
"""

_HARMLESS = """production development staging testing debug default enabled disabled verbose warning
    critical notset localhost 127.0.0.1 0.0.0.0 postgres postgresql sqlite sqlite3 python python3
    gunicorn uvicorn hypercorn waitress daphne uvicorn.workers.uvicornworker gthread gevent
    eventlet memory simple console heroku public private static /static/ /media/ utf-8 en_us.utf-8
    c.utf-8 america/new_york europe/london europe/berlin asia/kolkata http:// https:// postgres://
    redis:// sqlite:// session cookie filesystem unbuffered true false none null yes no on off info
    warn error trace admin administrator root user username guest test tests testing pass password
    passwd secret changeme default example web app api http https main master dev prod stage local
    django flask redis mysql mariadb mongo mongodb rabbitmq celery node npm pip auth token key"""
HARMLESS = frozenset(_HARMLESS.split())
"""Values, in lower case, that are never secret, whatever the variable's name is."""

_SHOWN = """after basis branch buildpack commit detected docs effect encoding file finding heroku
    host id kind language manager name origin outcome prefix reason remote requested size source
    stack stage state status symptom uncommitted verdict version"""
SHOWN = frozenset(_SHOWN.split())
"""Fields that hold parity's own words, names of files, versions or addresses: never masked."""

_DOTTED = re.compile(r"([A-Za-z_]\w*)(\.[A-Za-z_]\w*)*(:[A-Za-z_]\w*)?(\(\))?", re.ASCII)
_ENV = re.compile(r"(^|/)\.env(?!.*(example|sample|template|dist)$)[^/]*$")
_ASSIGNED = re.compile(r"(\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*)\S")
_LOCAL = re.compile(
    r"([a-z+]+://)?(localhost|\d{1,3}(\.\d{1,3}){3}|\[::1?\])(:\d{1,5})?(/\w{0,12})?"
    r"|(Africa|America|Asia|Atlantic|Australia|Etc|Europe|Indian|Pacific)/[A-Z][A-Za-z_]{1,20}"
)
"""Local addresses, IP addresses, and time zones."""

_CUT = re.compile(r"(?<=…)|(?<=\]: )")
"""Places after which an excerpt may begin inside a value: a mark, or a log line's source."""

_MARKS = re.compile(r"(\[\w+\])…|…(\[\w+\])", re.ASCII)


class Mask:
    """A mask for the values of `config`; `source` shows which of them are paths and modules."""

    def __init__(self, config: Config, source: Source | None) -> None:
        self._paths = _paths(source)
        self._files = frozenset(config.origin.values())
        texts: dict[bytes, Text] = {}
        for name, value in config.values.items():
            for text in self._texts(name, value):
                texts.setdefault(text.data, text)
        self._finder = Finder(tuple(texts.values()))

    def text(self, s: str, *, cut: bool = False) -> str:
        """Return `s` with every secret replaced by `[NAME]`, even across line breaks.

        At its end, 8 characters of a secret are enough; with `cut`, because `s` is truncated, 4.
        """
        data = _bytes(s)
        spans = self._finder.spans(data, cut=cut)
        return _replaced(data, spans) if spans else s

    def lines(self, lines: Sequence[str]) -> tuple[str, ...]:
        """Mask consecutive lines of one output together."""
        if any("\n" in line for line in lines):
            return tuple(map(self.text, lines))
        return tuple(self.text("\n".join(lines)).split("\n")) if lines else ()

    def log(self, log: Sequence[Line]) -> tuple[Line, ...]:
        """Mask a log: lines of one source belong together, even with others between them."""
        masked = list(log)
        for source in dict.fromkeys(line.source for line in log):
            at = [n for n, line in enumerate(log) if line.source == source]
            for n, text in zip(at, self.lines([log[n].text for n in at]), strict=True):
                masked[n] = log[n]._replace(text=text)
        return tuple(masked)

    def excerpt(self, s: str) -> str:
        """Mask a text that may be truncated inside a value at either end."""
        pieces = s.split("…")
        last = len(pieces) - 1
        s = self._begun("…".join(self.text(p, cut=n < last) for n, p in enumerate(pieces)))
        return _MARKS.sub(lambda m: m[1] or m[2], s) if last else s

    def file(self, path: str, data: bytes | None) -> bytes | None:
        """Mask a file's content; a file of config vars is reduced to their names.

        A malformed line of such a file may hold a value, too.
        """
        if data is None:
            return None
        text = data.decode("utf-8", "surrogateescape")
        if path in self._files or _ENV.search(path):
            text = "\n".join(_named(line) for line in text.split("\n"))
        return self.text(text).encode("utf-8", "surrogateescape")

    def opened(self, s: str, *, cut: bool) -> str:
        """Return the end of `s` if it may be the beginning of a value, else an empty string."""
        data = _bytes(s.replace("\n", ""))
        at = self._finder.opened(data, cut=cut)
        return "" if at is None else _text(data[at:])

    def _begun(self, s: str) -> str:
        """Mask the ends of values at the places where `s` may begin inside one."""
        for at in (0, *(m.start() for m in _CUT.finditer(s))):
            start = len(_bytes(s[:at]))
            if end := self._finder.ends(_bytes(s), start):
                return self._begun(_replaced(_bytes(s), [end]))
        return s

    def verdict(self, verdict: Verdict) -> Verdict:
        """Mask all of `verdict`, records included; reports may be made only from the result."""
        files = {e.file for f in verdict.findings for e in f.evidence if e.file}
        return Verdict(*_Walk(self, files).fields(verdict))

    def _texts(self, name: str, value: str) -> Iterator[Text]:
        """Yield every text that is masked because of one config var."""
        for part, (named, whole) in parts(name, value).items():
            if (word := self._word(part, named=named)) is None:
                continue
            for text in spellings(part):
                data = _bytes(text).translate(None, b"\r\n")
                if word or len(data) >= SHORTEST:
                    yield Text(data, name, word, whole)

    def _word(self, text: str, *, named: bool) -> bool | None:
        """Return whether `text` is masked only as a whole word, or None if it is not masked."""
        if self._harmless(text):
            return None
        if len(text) >= SHORTEST and not plain(text):
            return False
        mixed = re.search(r"\d", text) and re.search(r"[A-Za-z]", text)
        long = len(text) >= (SHORTEST_MIXED if mixed else SHORTEST_WORD)
        return True if named and long else None

    def _harmless(self, value: str) -> bool:
        path = value.removeprefix("/app/").removeprefix("./").rstrip("/")
        if value.lower() in HARMLESS or path in self._paths or _LOCAL.fullmatch(value):
            return True
        dotted = _DOTTED.fullmatch(value)
        return dotted is not None and self._module(dotted[1])

    def _module(self, name: str) -> bool:
        """Return whether `name` is a top-level module of Python or of the app."""
        return (
            name in sys.stdlib_module_names
            or f"{name}.py" in self._paths
            or any(p.startswith(f"{name}/") and p.endswith(".py") for p in self._paths)
        )


def _paths(source: Source | None) -> frozenset[str]:
    """Return the tracked files and the folders that contain them."""
    paths = set(source.entries if source else ())
    for path in tuple(paths):
        while "/" in path and (path := path.rpartition("/")[0]) not in paths:
            paths.add(path)
    return frozenset(paths)


def _named(line: str) -> str:
    """Return a line of a file of config vars, without the value."""
    match = _ASSIGNED.match(line)
    return f"{match[1]}[{match[2]}]" if match else "[…]" if line.strip() else line


def _bytes(s: str) -> bytes:
    return s.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def _replaced(data: bytes, spans: Sequence[Span]) -> str:
    """Return `data` with names in place of the spans; line breaks within them stay."""
    pieces: list[bytes] = []
    at = 0
    for span in spans:
        breaks = data.count(b"\n", span.start, span.end)
        pieces += (data[at : span.start], b"[%b]" % span.name.encode(), b"\n" * breaks)
        at = span.end
    return _text(b"".join((*pieces, data[at:])))


def hidden(verdict: Verdict) -> Verdict:
    """Return `verdict` without the values of the config vars behind it."""
    config = verdict.plan.config if verdict.plan else None
    return Mask(config, verdict.source).verdict(verdict) if config else verdict


class Flow:
    """A mask for a log as it comes, including values that continue in the source's next line."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._open: dict[str, str] = {}

    def text(self, line: Line) -> str:
        """Return the masked text of the next line."""
        before = self._open.get(line.source, "")
        text = f"{before}\n{line.text}" if before else line.text
        cut = len(line.text) >= LINE or len(_bytes(line.text)) >= LINE
        self._open[line.source] = self._mask.opened(text, cut=cut)
        masked = self._mask.text(text, cut=cut)
        return masked.partition("\n")[2] if before else masked


class _Walk:
    """A recursive walk that masks each record only once, so that records still share history."""

    def __init__(self, mask: Mask, files: set[str]) -> None:
        self._mask = mask
        self._files = files
        self._done: dict[int, Any] = {}

    def fields(self, record: Any) -> list[Any]:
        """Return the masked fields of a named tuple."""
        pairs = zip(record._fields, record, strict=True)
        return [
            value if name in SHOWN and _plain(value) else self.any(value) for name, value in pairs
        ]

    def any(self, value: Any) -> Any:
        """Return the masked value, whatever its type."""
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
            value = value._replace(diff=None)  # a name instead of the value would be wrong
        if hasattr(value, "_fields"):
            return type(value)(*self.fields(value))
        if value and all(isinstance(item, Line) for item in value):
            return self._mask.log(value)
        if value and all(isinstance(item, str) for item in value):
            return self._mask.lines(value)
        return tuple(map(self.any, value))

    def _source(self, source: Source) -> Source:
        """Mask the tree, in which only files quoted by the report matter."""
        quoted = {f: source.entries[f] for f in self._files if f in source.entries}
        shown = {
            path: entry._replace(data=self._mask.file(path, entry.data))
            for path, entry in quoted.items()
        }
        return source._replace(entries={**source.entries, **shown})


def _plain(value: Any) -> bool:
    """Return whether a value is text: a field of the same name may hold a record."""
    return isinstance(value, str) or (
        isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    )
