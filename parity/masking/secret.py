"""The secret parts of a config var: its value, and the parts that a program uses on their own.

A part is secret by its name (that of a variable, a JSON key or a URL parameter), by its place (a
URL's password), or by its shape: it looks random, or begins like a well-known kind of key.
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from json import loads
from typing import Any, Literal, TypeAlias
from urllib.parse import unquote_plus, urlsplit

Why: TypeAlias = Literal["named", "kept", "shape"]
"""Why a part is masked.

named: its name or place says that it is secret; kept: it contains secrets and little else; shape:
only if it looks like a secret.
"""

DEEPEST = 6
"""Levels of nested parts: a PEM key in JSON in base64 has four."""

KEY = 12
"""Number of characters from which a part may be secret by its shape."""

_QUALIFIERS = frozenset(
    """BASE BASE64 B64 HEX JSON PEM VALUE RAW OLD NEW CURRENT PREVIOUS PRIMARY SECONDARY DEFAULT
    PROD PRODUCTION DEV DEVELOPMENT TEST STAGING LIVE LOCAL""".split()
)
_NAMED = re.compile(
    r".*(SECRET|TOKEN|PASSWORD|CREDENTIAL|APIKEY|ACCESSKEY|PRIVATEKEY|SECRETKEY)S?"
    r"|.*(PASSWD|PASSPHRASE|PASSCODE|PASS|PWD)|KEYS?|PINS?|CREDS?|PW|AUTH|AUTHORIZATION|SALT"
    r"|PEPPER|SIG|SIGNATURE|JWT|OTP|PSK"
)
_OPEN = frozenset({"PUBLIC", "CACHE", "SORT", "PARTITION", "FOREIGN"})
"""Words before KEY in the name of a key that is not secret."""

_KNOWN = re.compile(
    r"(sk|pk|rk|whsec|ghp|gho|ghs|ghu|ghr|github_pat|glpat|xox[a-z]|xapp|npm|pypi|hf|shpat|dop_v1"
    r"|AKIA|ASIA|AIza|ya29|SG|key|eyJ)[-_.A-Za-z0-9][\w.~+/=-]{10,}",
    re.ASCII,
)
"""Prefixes of well-known keys, as secret scanners use them (observed: gitleaks' rules)."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{16,}", re.IGNORECASE)
_TURN = re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])|(?<=[a-z])(?=[A-Z])")
_PLAIN = re.compile(r"[a-z]{1,14}|[A-Z][a-z]{1,13}|[A-Z]{1,14}|[+-]?\d{1,9}([.,]\d{1,9})?[A-Za-z]?")
_TOKEN = re.compile(r"[\w.+/=:~@%!$*^-]{3,}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_HEADER = re.compile(r"(?:bearer|basic|token|apikey)\s+(\S+)", re.IGNORECASE)
_FIELD = re.compile(r"""["']?([\w.-]{1,40})["']?\s*:\s+["']?(.+?)["']?,?""")
_PAIRS = {
    sep: re.compile(rf"""([^={sep}]{{1,60}})=\s*("[^"]*"|'[^']*'|[^{sep}]*)""") for sep in ";&,"
} | {" ": re.compile(r"""([^=\s]{1,60})\s*=\s*("[^"]*"|'[^']*'|\S*)""")}
Piece: TypeAlias = tuple[str, Why]


def parts(name: str, value: str) -> dict[str, tuple[bool, bool]]:
    """Return, by part, whether its name or place makes it secret, and whether it has no parts."""
    by_part: dict[str, tuple[bool, bool]] = {}
    visited: set[Piece] = set()

    def take(text: str, why: Why, depth: int) -> None:
        text = text.strip()
        if not text or (text, why) in visited:
            return
        visited.add((text, why))
        inner = list(_pieces(text, why)) if depth < DEEPEST else []
        if why != "shape" or random(text):
            named, whole = by_part.get(text, (False, True))
            by_part[text] = (named or why == "named", whole and not inner)
        for piece, reason in inner:
            take(piece, reason, depth + 1)

    take(value, "named" if secret_name(name) else "kept", 0)
    if value.strip() in by_part:
        by_part[value] = by_part[value.strip()]
    return by_part


def secret_name(name: str) -> bool:
    """Return whether a name is that of a secret: PASSWORD and KEY are, TOKEN_TTL is not.

    >>> [secret_name(n) for n in ("API_KEYS", "SECRET_KEY_BASE", "AccountKey", "TOKEN_TTL")]
    [True, True, True, False]
    """
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    words = [word.upper() for word in words]
    while len(words) > 1 and (words[-1].isdigit() or words[-1] in _QUALIFIERS):
        words.pop()
    if not words or (words[-1] == "KEY" and len(words) > 1 and words[-2] in _OPEN):
        return False
    return _NAMED.fullmatch(words[-1]) is not None


def plain(text: str) -> bool:
    """Return whether `text` is one word or number, which may occur with another meaning."""
    return _PLAIN.fullmatch(text) is not None


def random(text: str) -> bool:
    """Return whether `text` looks like a key: letters, digits and capitals mixed as in no word."""
    if len(text) < KEY or re.search(r"\s|://", text):
        return False
    if _KNOWN.fullmatch(text) or _UUID.fullmatch(text) or _HEX.fullmatch(text):
        return True
    turns = len(_TURN.findall(text))
    return turns >= 4 and turns >= 0.2 * sum(c.isalnum() for c in text)


def _pieces(text: str, why: Why) -> Iterator[Piece]:
    """Yield the parts of `text`, by the first notation that matches."""
    inherited: Why = "named" if why == "named" else "shape"
    if (tree := _json(text)) is not None:
        yield from _leaves(tree, inherited)
    elif inner := _decoded(text):
        yield inner, why
    elif "-----BEGIN" in text or "\n" in text:
        yield from _lines(text.replace("\\n", "\n"), inherited)
    elif _SCHEME.fullmatch(text) and "," not in text.partition("://")[2].partition("://")[0]:
        yield from _url(text)
    else:
        yield from _written(text, inherited)


def _written(text: str, inherited: Why) -> Iterator[Piece]:
    """Yield parts of a line that is not a URL: fields, pairs, items, user and password, words."""
    if _SCHEME.fullmatch(text) and text.count("://") == 1:
        yield from _url(text)
    if header := _HEADER.fullmatch(text):
        yield header[1], "named"
    elif field := _FIELD.fullmatch(text):
        yield field[2], "named" if secret_name(field[1]) else "shape"
    yield from _assigned(text)
    items = [item for item in re.split(r"[,;|]", text) if item]
    listed = len(items) > 1 and all(_TOKEN.fullmatch(item.strip()) for item in items)
    for item in items if len(items) > 1 else ():
        yield item, inherited if listed and "=" not in item.rstrip("=") else "shape"
    user, colon, password = text.partition(":")
    if colon and password and not re.search(r"\s|://", text):
        yield password, inherited
        yield user, "shape"
    words = re.split(r"[\s;&|<>(),]+", text)
    for word in words if len(words) > 1 else ():
        yield word.strip("\"'"), "shape"


def _json(text: str) -> Any:
    """Return the JSON object, list or string that `text` holds, else None."""
    if text[0] not in '{["':
        return None
    try:
        return loads(text)
    except (ValueError, RecursionError):
        return None


def _leaves(tree: Any, inherited: Why) -> Iterator[Piece]:
    """Yield the strings and numbers of a JSON value; list items are as secret as the list."""
    waiting: list[tuple[Any, Why]] = [(tree, inherited)]
    while waiting:
        value, why = waiting.pop()
        if isinstance(value, dict):
            named = ((v, secret_name(key)) for key, v in value.items())
            waiting += [(v, "named" if secret else "shape") for v, secret in named]
        elif isinstance(value, list):
            waiting += [(item, why) for item in value]
        elif isinstance(value, str) or (isinstance(value, int) and why == "named"):
            yield str(value), why


def _decoded(text: str) -> str:
    """Return the text that `text` holds in base64, if that is readable."""
    if not _BASE64.fullmatch(text):
        return ""
    try:
        data = b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=None)
        decoded = data.decode()
    except ValueError:
        return ""
    return decoded if decoded.replace("\n", "").replace("\t", "").isprintable() else ""


def _lines(text: str, inherited: Why) -> Iterator[Piece]:
    """Yield the lines of a text; those of a PEM key between its marks are secret."""
    pem = "-----BEGIN" in text
    if pem:
        yield text, "kept"
    for line in (line.strip() for line in text.splitlines()):
        if pem and "-----" not in line and len(line) >= KEY:
            yield line, "named"
        elif "-----" not in line:
            listed = _TOKEN.fullmatch(line) and "=" not in line.rstrip("=")
            yield line, inherited if listed else "kept" if len(line) >= KEY else "shape"


def _assigned(text: str) -> Iterator[Piece]:
    """Yield the values of `name=value` pairs, quoted or not."""
    sep = next((sep for sep in ";&, " if sep in text), ";")
    for name, value in _PAIRS[sep].findall(text):
        quoted = value[:1] in ("'", '"') and value[-1:] == value[:1] and len(value) > 1
        yield value[1:-1] if quoted else value, "named" if secret_name(name.strip()) else "shape"


def _url(text: str) -> Iterator[Piece]:
    """Yield a URL's credentials, and what looks like a key in its path and its query."""
    scheme, _, rest = text.partition("://")
    userinfo = _userinfo(rest)
    user, colon, password = userinfo.partition(":")
    if password:
        yield from ((rest, "kept"), (userinfo, "kept"))
        yield from _both(password, "named")
    token = not colon and scheme.lower().startswith("http")
    yield from _both(user, "named" if token else "shape")
    try:
        url = urlsplit(f"x://{rest[len(userinfo) :].removeprefix('@')}")
    except ValueError:
        return
    yield from _path(url.path, url.query)
    for query in (url.query, url.fragment):
        yield from _both(query, "shape")
        for name, value in _PAIRS["&"].findall(query):
            yield from _both(value, "named" if secret_name(name) else "shape")


def _userinfo(rest: str) -> str:
    """Return the part before a URL's host; a password may have unquoted `/`, `?` and `#`."""
    netloc = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in netloc:
        return netloc.rpartition("@")[0]
    port = netloc.rpartition(":")[2]
    broken = ":" in netloc and "@" in rest and not port.isdigit() and not netloc.endswith("]")
    return rest.rpartition("@")[0] if broken else ""


def _path(path: str, query: str) -> Iterator[Piece]:
    """Yield a path with a key in it, and the key: https://hooks.slack.com/services/T/B/KEY."""
    keys = [part for part in path.split("/") if random(part)]
    if keys:
        yield path, "kept"
        yield f"{path}?{query}", "kept"
    for key in keys:
        yield from _both(key, "shape")
    if any(random(value) or secret_name(name) for name, value in _PAIRS["&"].findall(query)):
        yield query, "kept"


def _both(text: str, why: Why) -> Iterator[Piece]:
    """Yield a part of a URL as it is written, and as a program decodes it."""
    yield text, why
    if "%" in text or "+" in text:
        yield unquote_plus(text), why
        yield unquote_plus(text.replace("+", "%2B")), why
