"""The manual: a page per rule and an index of all, made from the rules themselves. Offline."""

from difflib import get_close_matches

from parity.report.page import Page
from parity.rules import STAGES, Rule, load, manual

EFFECTS = {
    "reject": "the push is rejected, the old release runs on",
    "fail": "the deploy is released, the app does not work",
    "unknown": "this machine cannot decide it; parity's exit status is 3",
    "warn": "a warning: the deploy goes on",
    "note": "a note",
}


def page(id: str, width: int, colour: bool) -> str | None:
    """The manual page of a rule, in upper or lower case; None if there is no such rule."""
    rule = _named().get(id.casefold())
    if rule is None:
        return None
    shown, made = manual(rule), Page(width, colour)
    made.prose(shown.title, label=f"{shown.id}  ", style="strong")
    _facts(made, shown)
    _paragraph(made, "Cause", shown.cause)
    _paragraph(made, "Fix", shown.fix)
    _causes(made, shown)
    made.blank()
    made.code(f"docs: {shown.docs}")
    return str(made)


def index() -> str:
    """Every id with its title, causes under the symptoms that they explain."""
    rules = [manual(rule) for rule in load().values()]
    blocks = [
        _block(f"{rule.id}  {rule.title}", [r for r in rules if rule.id in r.leads_to])
        for rule in rules
        if rule.symptom
    ]
    alone = [r for r in rules if not r.symptom and not r.leads_to]
    return "\n".join([*blocks, _block("On their own", alone)])


def nearest(id: str) -> list[str]:
    """At most five ids that look like `id`, the nearest first."""
    known = _named()
    return [known[name].id for name in get_close_matches(id.casefold(), known, 5)]


def _named() -> dict[str, Rule]:
    return {name.casefold(): rule for name, rule in load().items()}


def _block(head: str, below: list[Rule]) -> str:
    width = max((len(rule.id) for rule in below), default=0)
    rows = [f"  {rule.id:<{width}}  {rule.title}" for rule in below]
    return "".join(f"{row}\n" for row in (head, *rows))


def _facts(made: Page, rule: Rule) -> None:
    """What kind of rule it is."""
    made.blank()
    rows = {
        "Heroku": rule.heroku or (rule.id if rule.symptom and rule.id[-1].isdigit() else ""),
        "leads to": ", ".join(rule.leads_to),
        "effect": EFFECTS.get(rule.effect or "", ""),
        "stage": ", ".join(STAGES[record] for record in rule.records if record in STAGES),
        "basis": "read from the source alone" if rule.basis == "static" else "",
    }
    for label, text in rows.items():
        if text:
            made.prose(text, label=f"{label:<10}", style="dim")


def _paragraph(made: Page, head: str, text: str) -> None:
    made.blank()
    made.prose("", label=head, style="strong")
    made.prose(text, indent=2)


def _causes(made: Page, symptom: Rule) -> None:
    causes = [manual(rule) for rule in load().values() if symptom.id in rule.leads_to]
    if causes:
        made.blank()
        made.prose("", label="Its causes (parity explain ID)", style="strong")
    width = max((len(rule.id) for rule in causes), default=0)
    for cause in causes:
        made.prose(cause.title, label=f"{cause.id:<{width}}  ", indent=2)
