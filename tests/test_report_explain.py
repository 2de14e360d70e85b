"""The manual: every rule has a page, and an almost correct id is understood."""

from string import Formatter

import pytest

from parity.facts.codes import CODES
from parity.report import explain
from parity.rules import engine
from parity.rules.loading import find, load
from parity.rules.texts import GAP, NAMED, QUOTED, Unfilled, filled
from parity.system.text import cells

load()
parse = Formatter().parse
IDS = sorted(engine.RULES)


def flat(text: str | None) -> str:
    """Return a text without its line breaks."""
    return " ".join((text or "").split())


def unlike(id: str) -> list[str]:
    """Return what the page of a rule lacks, and its rows that are too wide."""
    told, shown = explain.page(id, 80, False) or "", engine.manual(engine.RULES[id])
    texts = (id, shown.title, shown.cause, explain.fix(shown), shown.docs)
    wide = [r for r in told.splitlines() if cells(r) > 80 and "`" not in r and "://" not in r]
    return [f"{id}: {text}" for text in texts if flat(text) not in flat(told)] + wide


def test_every_rule_has_a_page() -> None:
    """A page has title, cause, fix and docs, fits its width, and has no open placeholder."""
    assert [wrong for id in IDS for wrong in unlike(id)] == []


def open_placeholders(rule: engine.Rule) -> set[str]:
    """Placeholders for which a page without evidence has no words."""
    parts = [part for text in (rule.title, rule.cause, rule.fix, rule.docs) for part in parse(text)]
    bare = {name for _, name, general, _ in parts if name and not general}
    return bare - NAMED - QUOTED


def test_every_placeholder_has_words_of_its_own() -> None:
    """What is neither a name nor a quotation has a general text, and no page says WHY or ADVICE."""
    assert [(id, names) for id in IDS if (names := open_placeholders(engine.RULES[id]))] == []
    titles = {id: engine.manual(engine.RULES[id]).title for id in IDS}
    assert [id for id, title in titles.items() if title.isupper() or title.startswith(GAP)] == []


def test_an_open_placeholder_is_an_error_here() -> None:
    """A user sees a gap, never capitals; a test fails."""
    with pytest.raises(Unfilled):
        filled("{file} is gone", {})
    assert filled("{why:Nobody knows why}.{also:-}", {}) == "Nobody knows why."


def test_a_symptom_tells_its_causes() -> None:
    """A symptom's page lists its causes, or names the symptom that lists them."""
    pages = {id: explain.page(id, 100, False) or "" for id in IDS}
    wrong = []
    for cause in engine.RULES.values():
        for id in cause.leads_to:
            first = cause.leads_to[0]
            others = f"  those of {first}: parity explain {first}"
            listed = f"  {cause.id} " if first == id else others
            if listed not in pages[id] or id not in pages[cause.id]:
                wrong.append(f"{id}: {cause.id}")
    assert wrong == []


def test_upper_and_lower_case_are_one() -> None:
    """`r10` is `R10`."""
    assert explain.page("r10", 80, False) == explain.page("R10", 80, False) is not None


def test_an_unknown_id_has_no_page() -> None:
    """There is no page for an unknown id; similar ids are suggested."""
    assert explain.page("R1O", 80, False) is None
    assert "R10" in explain.nearest("R1O")
    assert explain.nearest("H1O")[0] in CODES
    assert explain.nearest("BINDS-LOOPBAK")[0] == "binds-loopback"
    assert explain.nearest("?") == []


FORMER = """config-var-unset add-on-variable-unset node-service-on-localhost
module-file-in-other-case module-file-not-in-git module-file-missing dependency-not-saved
node-file-not-there js-syntax-error js-unhandled-error js-error-at-request node-ends-at-once
node-stands-in node-listens-twice tool-not-installed start-file-missing module-404
bad-version-for-dependency""".split()
"""Ids that Node.js had for itself, two of them Heroku's own names."""


def test_an_id_of_old_goes_on_working() -> None:
    """It leads to the page of the rule that took its place, which names it."""
    pages = {id: explain.page(id.upper(), 200, False) or "" for id in FORMER}
    assert [id for id in FORMER if not explain.known(id) or f" {id}" not in pages[id]] == []
    rule = find("config-var-unset")
    assert rule and rule.id == "missing-config-var"
    assert explain.nearest("confg-var-unset")[0] == rule.id
    assert find("no-such-id") is None


def test_what_a_cause_stands_for() -> None:
    """It is a cause of the same symptom, and none that stands for it in turn."""
    pairs = [(rule, engine.RULES[id]) for rule in engine.RULES.values() for id in rule.instead_of]
    assert pairs
    assert [(a.id, b.id) for a, b in pairs if not {*a.leads_to} & {*b.leads_to}] == []
    assert [(a.id, b.id) for a, b in pairs if a.id in b.instead_of] == []


def test_the_index_keeps_to_the_terminal() -> None:
    """At 80 columns nothing is broken by the edge, and in a pipe every id has one row."""
    assert [
        row for row in explain.index(80).splitlines() if cells(row) > 80 and "`" not in row
    ] == []
    rows = [row for row in explain.index(1000).splitlines() if row]
    assert len(rows) == len(IDS) + 1 + sum("those of" in row for row in rows)


def test_the_index_has_every_rule() -> None:
    """Every id is in the index, causes below each symptom that they explain."""
    rows = explain.index(1000).splitlines()
    listed = [row.split()[0] for row in rows if row]
    assert set(IDS) <= set(listed)
    block = f"\n{explain.index(1000)}".split("\nR10  ")[1].split("\n\n")[0]
    causes = [rule.id for rule in engine.RULES.values() if rule.leads_to[:1] == ("R10",)]
    assert [row.split()[0] for row in block.splitlines()[1:-1]] == causes
    assert block.splitlines()[-1] == "  those of H10"


def test_colour_marks_the_title() -> None:
    """With colour the headings stand out, and the words are the same."""
    coloured = explain.page("R10", 80, True) or ""
    assert coloured.startswith("\x1b[1mR10")


ELSEWHERE = {"nothing-to-push", "submodule-not-mapped", "app-setup-failed", "postdeploy-failed"}
"""Symptoms shown by git, or by the page from which an app is set up."""

OURS = {"unexpected-status"}
"""Symptoms that come from the user's own scenario."""


def test_a_symptom_says_what_heroku_prints_and_why_the_laptop_did_not() -> None:
    """The page of a symptom has Heroku's lines, and the difference to the laptop."""
    symptoms = {id for id in IDS if engine.RULES[id].symptom} - ELSEWHERE - OURS
    heads = ("What Heroku prints", "Why it worked on the laptop")
    pages = {id: explain.page(id, 80, False) or "" for id in symptoms}
    assert [(id, head) for id in pages for head in heads if head not in pages[id]] == []


@pytest.mark.parametrize(("id", "share"), [("R10", 0.7), ("H10", 0.25)])
def test_causes_are_told_apart(id: str, share: float) -> None:
    """The most common causes say which words of the log identify them; of R10's, most do."""
    causes = [rule for rule in engine.RULES.values() if rule.leads_to[:1] == (id,)]
    apart = [rule for rule in causes if rule.apart]
    assert len(apart) > share * len(causes)
    page = " ".join((explain.page(id, 100, False) or "").split())
    assert all(" ".join(rule.apart.split()) in page for rule in apart)
