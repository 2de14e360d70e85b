"""The manual as Markdown, made from the rules: the README's catalogue, and a page per id."""

from collections.abc import Iterator

from parity.facts.codes import ARTICLE, CODES
from parity.report.explain import EFFECTS, causes, fix
from parity.report.markdown import prose
from parity.rules.engine import Rule, manual
from parity.rules.loading import load

BEGIN = "<!-- catalogue: parity explain --all -->"
END = "<!-- /catalogue -->"
"""The marks around `catalogue()` in the README."""


def catalogue() -> str:
    """Return a table of every symptom with its causes, for the README; each cause appears once."""
    rows = ["| what Heroku shows | causes that parity names |", "|---|---|"]
    rows += [f"| `{s.id}` {prose(s.title)} | {' · '.join(_listed(s))} |" for s in _symptoms()]
    alone = " · ".join(f"`{rule.id}`" for rule in _alone())
    return "\n".join((*rows, f"| on their own | {alone} |")) + "\n"


def _listed(symptom: Rule) -> Iterator[str]:
    """Yield the symptom's causes; shared ones are named by the other symptom."""
    own, others = causes(symptom)
    yield from (f"`{cause.id}`" for cause in own)
    yield from (f"those of `{other}`" for other in others)


def everything() -> str:
    """Return the whole manual: symptoms with their causes, other findings, then other codes."""
    blocks = ["# What parity explains", catalogue()]
    for symptom in _symptoms():
        blocks += [_page(symptom, 2), *(_page(cause, 3) for cause in causes(symptom)[0])]
    blocks += [_page(rule, 2) for rule in _alone()]
    blocks += [
        f"## {code} {known.words}\n\n{prose(known.meaning)}\n\nDocs: <{ARTICLE}>"
        for code, known in CODES.items()
        if code not in load()
    ]
    return "\n\n".join(block.strip() for block in blocks) + "\n"


def _symptoms() -> list[Rule]:
    return [manual(rule) for rule in load().values() if rule.symptom]


def _alone() -> list[Rule]:
    return [manual(r) for r in load().values() if not r.symptom and not r.leads_to]


def _page(rule: Rule, level: int) -> str:
    return "\n\n".join((f"{'#' * level} {rule.id}: {prose(rule.title)}", *_parts(rule)))


def _parts(rule: Rule) -> Iterator[str]:
    effect = EFFECTS.get(rule.effect or "")
    if rule.leads_to:
        yield f"Leads to {', '.join(f'`{id}`' for id in rule.leads_to)}."
    elif effect:
        yield f"*{effect[0].upper()}{effect[1:]}.*"
    if rule.prints:
        yield "```text\n" + "\n".join(rule.prints) + "\n```"
    yield prose(rule.cause)
    if rule.apart:
        yield f"**How to tell it:** {prose(rule.apart)}"
    if rule.browser:
        yield f"**What a browser says:** {prose(rule.browser)}"
    if rule.laptop:
        yield f"**Why it worked on the laptop:** {prose(rule.laptop)}"
    yield f"**Fix:** {prose(fix(rule))}"
    if rule.by:
        yield "\n".join(f"- {name}: {prose(advice)}" for name, advice in rule.by.items())
    yield f"Docs: <{rule.docs}>"
