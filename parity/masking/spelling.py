"""The ways to write a text: in URLs, JSON, Python, HTML, shells and base64."""

import re
from base64 import b64encode
from collections.abc import Iterator
from html import escape
from json import dumps
from urllib.parse import quote, quote_plus

_CONTROL = {
    7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 27: "\\E",
    39: "\\'", 92: "\\\\",
}  # fmt: skip
"""Bash's escapes in $'…' (observed: bash 5.2, lib/sh/strtrans.c)."""

_SKIPPED = (0, 2, 3)
"""Characters of base64 that a value shares with the 0, 1 or 2 bytes before it."""

SHORTEST_BASE64 = 6
"""Number of bytes from which a value is searched for within longer base64."""


def spellings(value: str) -> set[str]:
    """Return all ways to write `value`, including the plain one."""
    return {text for text in _all(value) if text}


def _all(value: str) -> Iterator[str]:
    data = value.encode("utf-8", "surrogateescape")
    yield value
    yield from _base64(data)
    if value.isascii() and value.replace("-", "").replace("_", "").isalnum():
        return  # no other notation changes it
    quoted = (quote(data), quote(data, safe=""), quote_plus(data))
    yield from quoted
    yield from (re.sub("%..", lambda m: m[0].lower(), text) for text in quoted)
    yield from _literals(value, data)
    yield from _html(value)
    yield from _shell(value, data)


def _literals(value: str, data: bytes) -> Iterator[str]:
    """Yield the value as JSON and Python write it, also JSON in JSON and in a page's script."""
    for text in (dumps(value)[1:-1], dumps(value, ensure_ascii=False)[1:-1]):
        yield from (text, dumps(text)[1:-1], text.replace("/", "\\/"))
        yield re.sub("[<>&']", lambda m: f"\\u{ord(m[0]):04x}", text)
    for written in (repr(value), ascii(value), repr(data).removeprefix("b")):
        yield written[1:-1]
        yield written[1:-1].replace("'", "\\'") if "\\'" not in written else written[1:-1]
    yield data.decode("utf-8", "backslashreplace")


def _html(value: str) -> Iterator[str]:
    yield from (escape(value), escape(value, quote=False))
    yield escape(value).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")


def _shell(value: str, data: bytes) -> Iterator[str]:
    r"""Yield the value as `bash -x`, `dash -x`, `declare -p` and `printf %q` write it."""
    yield from (value.replace("'", quote) for quote in ("'\\''", "'\"'\"'"))
    yield re.sub(r'(["\\$`])', r"\\\1", value)
    yield re.sub(r"([^\w@%+=:,./-])", r"\\\1", value)
    yield "".join(_ansi(ord(c)) if ord(c) < 128 else c for c in value)
    yield "".join(map(_ansi, data))


def _ansi(code: int) -> str:
    if code in _CONTROL:
        return _CONTROL[code]
    return chr(code) if 32 <= code < 127 else f"\\{code:03o}"


def _base64(data: bytes) -> Iterator[str]:
    """Yield the base64 of `data`, and the part of it within any longer text: `Basic user:VALUE`."""
    yield from _both(b64encode(data).decode().rstrip("="))
    if len(data) < SHORTEST_BASE64:
        return
    for before, skipped in enumerate(_SKIPPED):
        text = b64encode(b"\0" * before + data).decode().rstrip("=")
        shared = (before + len(data)) % 3 > 0
        yield from (*_both(text[skipped:]), *_both(text[skipped : len(text) - shared]))


def _both(text: str) -> tuple[str, str]:
    """Return base64 text in the ordinary and in the URL alphabet."""
    return text, text.replace("+", "-").replace("/", "_")
