"""`.slugignore` takes time proportional to pattern times name, and matches as it always did."""

import re
import warnings
from pathlib import Path

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from parity.push import globs, source
from parity.push.slugignore import prune

# Patterns whose backtracking translation is quick: at most three repeating signs.
PLAIN = st.sampled_from(["a", "b", ".", "-", "/", "c", "ab", "\\", "^", "]", "}", ","])
SIGN = st.sampled_from(
    "* ? **/ ** [ab] [!a] [^b] [a-c] [a-] [-a] [] [a&&b] [[a] [+--b] {a,b} {a*,.b} {,a} {a [a"
    " {a,{b,c},d} {?,**/a} [a,b]".split()
)
PATTERNS = st.tuples(st.lists(st.one_of(PLAIN, SIGN), min_size=1, max_size=6)).map(
    lambda parts: "".join(parts[0])
)
PATHS = st.text("ab.-/c{[,]}^&\\", min_size=1, max_size=9)


def backtracking(glob: str) -> str:
    """Return a Ruby glob as a backtracking regular expression, the reference for the test."""
    found, position = "", 0
    for token in re.finditer(r"\*\*/|\*+|\?|\[[^]]*\]|\{[^}]*\}|[^*?\[{]|[\[{]", glob):
        text, start = token[0], position == 0 or glob[position - 1] == "/"
        position = token.end()
        found += (r"(?!\.)" if start and text[0] in "*?[" and text != "**/" else "") + sign(text)
    return found


def sign(text: str) -> str:
    """Return the translation of one sign."""
    if text == "**/":
        return r"(?:(?!\.)[^/]+/)*"
    if text.startswith("*"):
        return "[^/]*"
    if text == "?":
        return "[^/]"
    if len(text) > 2 and text[0] == "[":
        inside = text[1:-1].replace("\\", r"\\").replace("[", r"\[")
        return f"[{re.sub('^!', '^', inside)}]"
    if len(text) > 1 and text[0] == "{":
        return f"(?:{'|'.join(map(backtracking, text[1:-1].split(',')))})"
    return re.escape(text)


@given(PATTERNS, PATHS)
@settings(max_examples=3000, deadline=None)
def test_globs_mean_what_a_backtracking_translation_means(pattern: str, path: str) -> None:
    """Both ways of matching agree, on patterns of every kind of sign."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of the reference alone
        try:
            expected = re.compile(backtracking(pattern)).fullmatch(path) is not None
        except re.error:
            reject()  # it does not accept a range that ends before its beginning
    assert globs.glob(pattern)(path) is expected
    machine = globs._Machine(list(globs._tokens(pattern)))
    assert machine.matches(path) is expected


ODD = {
    "*a" * 20 + "b": ("a" * 80, False),
    "**/" * 60 + "x": ("a/" * 60 + "y", False),
    "{a,aa}" * 40 + "b": ("a" * 80, False),
    "{a*a,*a}" * 30: ("a" * 80 + "b", False),
    "[z-a]": ("z", False),
    "[!z-a]": ("z", True),
    "[!]": ("a", True),
    "[^]": ("^", True),
    "[a&&b]": ("&", True),
    "[[a]": ("[", True),
    "*" * 5000: ("a", True),
    "{" * 5000 + "a": ("a", False),
    "?" * 3000: ("a" * 3000, True),
}


@pytest.mark.parametrize("pattern", ODD, ids=lambda p: p[:12])
def test_odd_patterns_are_matched_as_any(pattern: str) -> None:
    """Nested repeats, empty and unclosed brackets: an answer, no warning, no error."""
    path, expected = ODD[pattern]
    assert globs.glob(pattern)(path) is expected


def test_a_tree_with_such_a_file_is_pruned(tmp_path: Path) -> None:
    """The hostile lines remove nothing, the plain ones what they name."""
    (tmp_path / ("a" * 80)).write_text("")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/x.md").write_text("")
    (tmp_path / ".slugignore").write_text("*a" * 20 + "b\n" + "**/" * 60 + "q\n[z-a]\ndocs\n")
    assert set(prune(source.read(tmp_path)).pruned) == {"docs/x.md"}
