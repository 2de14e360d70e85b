"""The manual: a page per rule and an index of all, made from the rules themselves. Offline."""

from difflib import get_close_matches

from parity.facts.codes import ARTICLE, CODES
from parity.report.page import Page
from parity.rules.engine import STAGES, Rule, manual
from parity.rules.loading import find, load, names

_DIGITS = str.maketrans("oil", "011")
"""Letters that are typed for the digits of a code."""

EFFECTS = {
    "reject": "the push is rejected, the old release runs on",
    "fail": "the deploy is released, the app does not work",
    "unknown": "this machine cannot decide it; parity's exit status is 3",
    "warn": "a warning: the deploy goes on",
    "note": "a note",
}


def known(id: str) -> bool:
    """Whether there is a page of that name."""
    return find(id) is not None or id.upper() in CODES


def page(id: str, width: int, colour: bool) -> str | None:
    """The manual page of a rule or a code, in upper or lower case; None if there is none."""
    rule = find(id)
    if rule is None:
        return _code(id.upper(), width, colour) if id.upper() in CODES else None
    shown, made = manual(rule), Page(width, colour)
    made.prose(shown.title, label=f"{shown.id}  ", style="strong")
    _facts(made, shown)
    _prints(made, shown)
    _paragraph(made, "What it means" if shown.symptom else "Cause", shown.cause)
    _told_apart(made, shown)
    if shown.browser:
        _paragraph(made, "What a browser says", shown.browser)
    if shown.laptop:
        _paragraph(made, "Why it worked on the laptop", shown.laptop)
    _paragraph(made, "Fix", fix(shown))
    _by_framework(made, shown)
    _causes(made, shown)
    made.blank()
    made.code(f"docs: {shown.docs}")
    return str(made)


def _code(id: str, width: int, colour: bool) -> str:
    """The page of a code that no rehearsal can end with."""
    made = Page(width, colour)
    made.prose(CODES[id].words, label=f"{id}  ", style="strong")
    _paragraph(made, "What it means", CODES[id].meaning)
    made.blank()
    made.code(f"docs: {ARTICLE}")
    return str(made)


def fix(shown: Rule) -> str:
    """The advice of a page; where it depends on the app all through, the symptom's."""
    if shown.fix:
        return shown.fix
    symptom = load().get(next(iter(shown.leads_to), ""))
    general = f"{manual(symptom).fix} " if symptom else ""
    return f"{general}`parity run` names the line, and what to write there."


def index(width: int) -> str:
    """Every id with its title, causes under the symptoms that they explain."""
    made, rules = Page(width, colour=False), [manual(rule) for rule in load().values()]
    for symptom in (rule for rule in rules if rule.symptom):
        own, others = causes(symptom)
        _block(made, f"{symptom.id}  ", symptom.title, own)
        for other in others:
            made.code(f"those of {other}", indent=2)
    _block(made, "", "On their own", [r for r in rules if not r.symptom and not r.leads_to])
    return str(made)


def nearest(id: str) -> list[str]:
    """The id that was meant, else at most five that look like it, the nearest first."""
    ids = {code.casefold(): code for code in CODES} | {
        name: rule.id for name, rule in names().items()
    }
    meant = id.casefold()[:1] + id.casefold()[1:].translate(_DIGITS)
    near = [meant] if meant in ids else get_close_matches(id.casefold(), ids, 5)
    return [*dict.fromkeys(ids[name] for name in near)]


def _block(made: Page, label: str, title: str, below: list[Rule]) -> None:
    made.blank()
    made.prose(title, label=label)
    width = max((len(rule.id) for rule in below), default=0)
    for rule in below:
        made.prose(rule.title, label=f"{rule.id:<{width}}  ", indent=2)


def _facts(made: Page, rule: Rule) -> None:
    """What kind of rule it is."""
    made.blank()
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
            made.prose(text, label=f"{label:<10}", style="dim")


def _paragraph(made: Page, head: str, text: str) -> None:
    made.blank()
    made.prose("", label=head, style="strong")
    made.prose(text, indent=2)


def _prints(made: Page, rule: Rule) -> None:
    if rule.prints:
        made.blank()
        made.prose("", label="What Heroku prints", style="strong")
    for line in rule.prints:
        made.verbatim(line, indent=2)


def _told_apart(made: Page, rule: Rule) -> None:
    if rule.apart:
        _paragraph(made, "How to tell it", rule.apart)


def _by_framework(made: Page, rule: Rule) -> None:
    """Each in its own lines; a command stays in one piece."""
    width = max(map(len, rule.by), default=0)
    for framework, fix in rule.by.items():
        made.prose(fix, label=f"{framework:<{width}}  ", indent=2)


def _causes(made: Page, symptom: Rule) -> None:
    """Its own causes; those that it has from another symptom stand on that one's page."""
    own, others = causes(symptom)
    if own or others:
        made.blank()
        made.prose("", label="Its causes (parity explain ID)", style="strong")
    width = max((len(rule.id) for rule in own), default=0)
    for cause in own:
        told = f"{cause.title}. Tell it by: {cause.apart}" if cause.apart else cause.title
        made.prose(told, label=f"{cause.id:<{width}}  ", indent=2)
    for other in others:
        made.prose(f"parity explain {other}", label=f"those of {other}: ", indent=2)


def causes(symptom: Rule) -> tuple[list[Rule], list[str]]:
    """The causes that are its own, and the ids of the symptoms whose causes it shares."""
    found = [manual(rule) for rule in load().values() if symptom.id in rule.leads_to]
    own = [cause for cause in found if cause.leads_to[0] == symptom.id]
    others = dict.fromkeys(cause.leads_to[0] for cause in found)
    return own, [other for other in others if other != symptom.id]
