"""Quoting of the app's names in commands that a person copies into a shell."""

import re
import shlex

COMMAND = re.compile(r"(`(?:cd|chmod|git|heroku|npm|parity|pip|uv) [^`]*`)")
"""A command between backticks."""

WORDS = frozenset({"others", "paths", "under"})
"""Placeholders for several words, which are already quoted."""


def word(text: str) -> str:
    r"""Return `text` as one word of a command line; `$'…'` escapes unprintable characters.

    bash, zsh, ksh and POSIX.1-2024 have that form.
    """
    if text.isprintable():
        return shlex.quote(text)
    return f"$'{''.join(map(_escaped, text))}'"


def _escaped(letter: str) -> str:
    if letter in "\\'":
        return f"\\{letter}"
    if letter == "\n":
        return "\\n"
    if letter.isprintable():
        return letter
    raw = "\udc80" <= letter <= "\udcff"  # a byte of a file name that is not UTF-8
    data = letter.encode("utf-8", "surrogateescape" if raw else "surrogatepass")
    return "".join(f"\\{byte:03o}" for byte in data)
