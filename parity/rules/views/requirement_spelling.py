"""The intended requirement in a line that pip cannot read."""

import re

LIBRARY_COMMAND = (
    r"(?:sudo )?(?:apt(?:-get)?|yum|dnf|apk|brew|pacman|choco)"
    r"\s+(?:-\S+ )*(?:install|add|-S)\s+(?:-\S+ )*(.+)"
)
"""The command of a system package manager, and what it would install."""

PIPFILE = (
    (r"\[\[?[\w.-]+\]?\]$", "a Pipfile or pyproject.toml"),
    (r"[\w-]+\s*=\s*[\"'{]", "a Pipfile or pyproject.toml"),
    (r"[{}\"].*[:{]\s*[\[{\"]?|[{}\]]+,?$", "JSON"),
    (r"(?:name|channels|dependencies|prefix):", "conda's environment.yml"),
    (r"Package\s+Version$|-{3,}\s+-{3,}$", "the output of `pip list`"),
    (r"(?:from \w[\w.]* )?import \w", "Python code"),
    (r"<(?:!DOCTYPE|html|head|body)", "a web page"),
)
"""Patterns of lines that belong to another kind of file, and that kind."""

_NAME = r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?(?:\[[\w,. -]*\])?"
_VERSION = r"v?(\d[\w.!+]*)"
_MOST = 4
"""Maximum number of requirements in one line; more are prose (ours)."""

_OPERATORS = {"=>": ">=", "=<": "<=", "~": "~=", "!": "!=", ":": "==", "@": "=="}


def corrected(text: str) -> str | None:
    """Return the intended requirement of `text`, in back quotes, or None if that is not clear."""
    bare = re.sub(r"^(?:(?:sudo )?(?:python3? -m )?pip3? install\s+|[-*+•]\s+)", "", text)
    bare = re.sub(r"^(?:--?[A-Za-z][\w-]*\s+)+", "", bare)
    bare = bare.strip("\"'`,; ")
    bare = re.sub(rf"^({_NAME})\s*(=>|=<|~|!|:|@)\s*(?=v?\d)", _operator, bare)
    bare = re.sub(rf"^({_NAME})\s+\(?{_VERSION}\)?$", r"\1==\2", bare)
    bare = re.sub(r"([<>]=?\s*\d[\w.]*?)\.\*", r"\1", bare)
    bare = re.sub(r"(\d)[-.,]+$", r"\1", bare)
    parts = re.split(r"(?:(?<!\s)\s+)?,\s*(?=[A-Za-z])|(?<!\s)\s+(?=[A-Za-z])", bare)
    prose = len(parts) > 1 and bare == text and not re.search("[=<>,]", text)
    if prose or len(parts) > _MOST or not all(_requirement(part) for part in parts):
        return None
    return " and, on a separate line, ".join(f"`{part}`" for part in parts)


def _operator(match: re.Match[str]) -> str:
    return f"{match[1]}{_OPERATORS[match[2]]}"


def _requirement(text: str) -> bool:
    clause = r"\s*(?:==|>=|<=|~=|!=|<|>)\s*\d[\w.*!+]*\s*"
    return re.fullmatch(rf"{_NAME}(?:{clause}(?:,{clause})*)?", text) is not None
