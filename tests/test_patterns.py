"""No pattern runs away, whatever a line contains."""

import pytest

from parity.records import LONGEST
from tests.patterns import Collection, Pattern
from tests.steps import growth

BUDGET = 1500
"""Steps per character of the longest line that rules see (about 10 ms for all of it)."""

UNFOLLOWED = {"parity.push.cache", "parity.rules.crash.stack"}
"""Modules with a pattern whose parts are not in the source: there, a number."""

RUNAWAYS = {
    r"\s*(?:npm (?:ERR!|error)|ERR_PNPM_|.*YN0028|error .*lockfile|gyp ERR!) ?": True,
    r"(?:^|\s)(?:-?bash|sh|[\w./-]+\.sh): ([^\s:]*/[^\s:]+): No such file or directory$": False,
    r"\bnode\b.*?([\w./-]+\.(?:js|mjs|cjs))\b": False,
    r"\s*(?:\w+\.)*([A-Z]\w*(?:Error|Exception)|error): ": False,
    r"\s*(?:\[[^]]*\])?\s*===?\s*(\d+(?:\.\d+)?)": True,
    r"(a|a)*b": True,
    r"\s*foo": False,
}
"""Patterns that must be detected; whether they only match at the beginning of a text."""


def runs_away(pattern: Pattern) -> bool:
    """Return whether a text of the longest line's size may take more steps than the budget."""
    most = BUDGET * LONGEST
    found = growth(pattern.text, pattern.flags, LONGEST, anchored=pattern.anchored, few_enough=most)
    return found.steps > most


@pytest.mark.parametrize("text", RUNAWAYS)
def test_runaways_are_found_out(text: str) -> None:
    """The measurement itself works."""
    asked = frozenset({"match"} if RUNAWAYS[text] else {"search"})
    assert runs_away(Pattern("", text, 0, asked))


@pytest.mark.real  # takes too long for the fast layer
def test_no_pattern_of_the_package_runs_away() -> None:
    """All patterns compiled anywhere in the package, measured at two lengths."""
    collection = Collection()
    patterns = {(p.text, p.flags, p.anchored): p for p in collection.patterns()}
    assert len(patterns) > 600
    assert {place.partition(":")[0] for place in collection.unknown} <= UNFOLLOWED
    assert [p.where for p in patterns.values() if runs_away(p)] == []
