"""The manual: a page per rule and an index of all, generated from the rules themselves. Offline."""

from difflib import get_close_matches

from parity.facts.codes import ARTICLE, CODES
from parity.report.page import Page
from parity.rules.engine import STAGES, Rule, manual
from parity.rules.loading import find, load, names

_DIGITS = str.maketrans("oil", "011")
"""Letters that people type for the digits of a code."""

EFFECTS = {
    "reject": "the push is rejected, the old release runs on",
    "fail": "the deploy is released, the app does not work",
    "unknown": "this machine cannot decide it; parity's exit status is 3",
    "warn": "a warning: the deploy goes on",
    "note": "a note",
}


def known(id: str) -> bool:
    """Return whether there is a page with that name."""
    return find(id) is not None or id.upper() in CODES


def page(id: str, width: int, colour: bool) -> str | None:
    """Return the page of a rule or a code, in upper or lower case; None if there is none."""
    rule = find(id)
    if rule is None:
        return _code(id.upper(), width, colour) if id.upper() in CODES else None
    shown, out = manual(rule), Page(width, colour)
    out.prose(shown.title, label=f"{shown.id}  ", style="strong")
    _facts(out, shown)
    _prints(out, shown)
    _paragraph(out, "What it means" if shown.symptom else "Cause", shown.cause)
    _distinction(out, shown)
    if shown.browser:
        _paragraph(out, "What a browser says", shown.browser)
    if shown.laptop:
        _paragraph(out, "Why it worked on the laptop", shown.laptop)
    _paragraph(out, "Fix", fix(shown))
    _by_framework(out, shown)
    _causes(out, shown)
    out.blank()
    out.code(f"docs: {shown.docs}")
    return str(out)


def _code(id: str, width: int, colour: bool) -> str:
    """Return the page of a code that no rehearsal can end with."""
    out = Page(width, colour)
    out.prose(CODES[id].words, label=f"{id}  ", style="strong")
    _paragraph(out, "What it means", CODES[id].meaning)
    out.blank()
    out.code(f"docs: {ARTICLE}")
    return str(out)


def fix(shown: Rule) -> str:
    """Return the advice of a page, or the symptom's if it depends on the app entirely."""
    if shown.fix:
        return shown.fix
    symptom = load().get(next(iter(shown.leads_to), ""))
    general = f"{manual(symptom).fix} " if symptom else ""
    return f"{general}`parity run` names the line, and what to write there."


def index(width: int) -> str:
    """Return every id with its title, causes below the symptoms that they explain."""
    out, rules = Page(width, colour=False), [manual(rule) for rule in load().values()]
    for symptom in (rule for rule in rules if rule.symptom):
        own, others = causes(symptom)
        _block(out, f"{symptom.id}  ", symptom.title, own)
        for other in others:
            out.code(f"those of {other}", indent=2)
    _block(out, "", "On their own", [r for r in rules if not r.symptom and not r.leads_to])
    return str(out)


def nearest(id: str) -> list[str]:
    """Return the id that was meant, or else up to five similar ones, the nearest first."""
    ids = {code.casefold(): code for code in CODES} | {
        name: rule.id for name, rule in names().items()
    }
    meant = id.casefold()[:1] + id.casefold()[1:].translate(_DIGITS)
    near = [meant] if meant in ids else get_close_matches(id.casefold(), ids, 5)
    return [*dict.fromkeys(ids[name] for name in near)]


def _block(out: Page, label: str, title: str, below: list[Rule]) -> None:
    out.blank()
    out.prose(title, label=label)
    width = max((len(rule.id) for rule in below), default=0)
    for rule in below:
        out.prose(rule.title, label=f"{rule.id:<{width}}  ", indent=2)


def _facts(out: Page, rule: Rule) -> None:
    """Print what kind of rule it is."""
    out.blank()
    rows = {
        "Heroku": rule.heroku or (rule.id if rule.symptom and rule.id[-1].isdigit() else ""),
        "leads to": ", ".join(rule.leads_to),
        "effect": EFFECTS.get(rule.effect or "", ""),
        "stage": ", ".join(STAGES[record] for record in rule.records if record in STAGES),
        "formerly": ", ".join(rule.aliases),
        "basis": "read from the source alone" if rule.basis == "static" else "",
    }
    for label, text in rows.items():
        if text:
            out.prose(text, label=f"{label:<10}", style="dim")


def _paragraph(out: Page, head: str, text: str) -> None:
    out.blank()
    out.prose("", label=head, style="strong")
    out.prose(text, indent=2)


def _prints(out: Page, rule: Rule) -> None:
    if rule.prints:
        out.blank()
        out.prose("", label="What Heroku prints", style="strong")
    for line in rule.prints:
        out.verbatim(line, indent=2)


def _distinction(out: Page, rule: Rule) -> None:
    if rule.apart:
        _paragraph(out, "How to tell it", rule.apart)


def _by_framework(out: Page, rule: Rule) -> None:
    """Print the fix for each framework on its own line; a command stays in one piece."""
    width = max(map(len, rule.by), default=0)
    for framework, fix in rule.by.items():
        out.prose(fix, label=f"{framework:<{width}}  ", indent=2)


def _causes(out: Page, symptom: Rule) -> None:
    """Print the symptom's own causes; shared ones are on the page of another symptom."""
    own, others = causes(symptom)
    if own or others:
        out.blank()
        out.prose("", label="Its causes (parity explain ID)", style="strong")
    width = max((len(rule.id) for rule in own), default=0)
    for cause in own:
        text = f"{cause.title}. Tell it by: {cause.apart}" if cause.apart else cause.title
        out.prose(text, label=f"{cause.id:<{width}}  ", indent=2)
    for other in others:
        out.prose(f"parity explain {other}", label=f"those of {other}: ", indent=2)


def causes(symptom: Rule) -> tuple[list[Rule], list[str]]:
    """Return the symptom's own causes, and the ids of the symptoms whose causes it shares."""
    explaining = [manual(rule) for rule in load().values() if symptom.id in rule.leads_to]
    own = [cause for cause in explaining if cause.leads_to[0] == symptom.id]
    others = dict.fromkeys(cause.leads_to[0] for cause in explaining)
    return own, [other for other in others if other != symptom.id]
