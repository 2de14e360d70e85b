"""The mechanism of the rules: a rule looks at one record and yields evidence, or nothing.

A rule may ask for a *view* of a record by its annotation (`Crash`, `NodeCrash`, …), or for a fact
by one view per language (`views=`); it is not asked where the record has none.

A *symptom* is what Heroku shows (`R10`, `push-rejected`); a *cause* names the symptoms it explains.
Texts may hold `{placeholders}`, filled from `Evidence.names`, each with a general text for the
manual (`{advice:general text}`, `-` for none) unless it is one of `texts.NAMED` or `QUOTED`.
A rule is its own manual page: `explain`, every report and the README's catalogue read it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Required, TypeAlias, TypedDict, Unpack, cast

from parity.records import (
    Boot,
    Plan,
    Record,
    Release,
    Shutdown,
    Slug,
    Source,
    Strays,
    Stuck,
    Traffic,
)
from parity.records.verdict import UNEXPLAINED, Basis, EffectName, Evidence, Finding, Stage
from parity.rules.bounds import bounded
from parity.rules.order import PLACES
from parity.rules.texts import filled, general
from parity.rules.view import View, Views, asked_for, made_by, record_types

Check: TypeAlias = Callable[[Any], Iterator[Evidence]]

STAGES: Mapping[type, Stage] = {
    Source: "source",
    Plan: "detect",
    Slug: "build",
    Release: "release",
    Boot: "boot",
    Traffic: "route",
    Shutdown: "stop",
}


class Rule(NamedTuple):
    """One rule and its manual page.

    `leads_to` are the ids of the symptoms a cause explains (none: it stands on its own).
    `effect` of a cause with a symptom is the symptom's, unless it says `unknown` or `warn`: then
    the symptom decides nothing, or is only warned of. A `fallback` cause is dropped where a more
    precise one applies; those that a cause is told `instead_of` are dropped where it applies.
    `records` are the record types it looks at. `heroku` is Heroku's own name, verbatim.
    `aliases` are ids that it once had, or that one of its languages had: they go on working.
    For the manual alone: `prints`, Heroku's lines; `apart`, how to tell this cause from the
    symptom's others; `browser`, what a visitor's browser says; `laptop`, why it worked there; `by`,
    the fix for each framework.
    """

    id: str
    check: Check
    records: tuple[type, ...]
    leads_to: tuple[str, ...]
    views: tuple[View, ...]
    title: str
    cause: str
    fix: str
    docs: str
    effect: EffectName | None = None
    heroku: str | None = None
    basis: Basis = "observed"
    fallback: bool = False
    aliases: tuple[str, ...] = ()
    instead_of: tuple[str, ...] = ()
    prints: tuple[str, ...] = ()
    apart: str = ""
    browser: str = ""
    laptop: str = ""
    by: Mapping[str, str] = {}

    @property
    def symptom(self) -> bool:
        own_code = _CODE.fullmatch(self.id) is not None
        return not self.leads_to and (own_code or self.effect in ("fail", "reject"))


_CODE = re.compile(r"[HR]\d\d")
"""Heroku's own codes: those that only warn have causes, too."""

RULES: dict[str, Rule] = {}
"""Every rule so far by id."""

ALIASES: dict[str, Rule] = {}
"""And by the ids that it once had."""


class Page(TypedDict, total=False):
    """What a rule is declared with, besides what it looks at: the fields of `Rule`."""

    title: Required[str]
    cause: Required[str]
    fix: Required[str]
    docs: Required[str]
    effect: EffectName
    heroku: str | None
    basis: Basis
    fallback: bool
    aliases: tuple[str, ...]
    instead_of: tuple[str, ...]
    prints: tuple[str, ...]
    apart: str
    browser: str
    laptop: str
    by: Mapping[str, str]


def rule(
    id: str,
    *,
    leads_to: Rule | tuple[Rule, ...] = (),
    records: tuple[type, ...] = (),
    views: tuple[Callable[[Any], Any], ...] = (),
    **page: Unpack[Page],
) -> Callable[[Check], Rule]:
    """Make a rule of `(record) -> Iterator[Evidence]`; the annotation names its record types, or
    a view, or the fact that each of `views` makes. It is asked of those `records` alone (none: of
    all that it can look at)."""
    symptoms = (leads_to,) if isinstance(leads_to, Rule) else leads_to

    def register(check: Check) -> Rule:
        seen = tuple(map(made_by, views)) or asked_for(check)
        types = tuple(dict.fromkeys(t for one in seen for t in one.records)) or record_types(check)
        made = Rule(id, check, records or types, tuple(s.id for s in symptoms), seen, **page)
        _register(made)
        return made

    return register


def _register(rule: Rule) -> None:
    for name in (rule.id, *rule.aliases):
        assert name not in RULES and name not in ALIASES, f"two rules are called {name}"
    RULES[rule.id] = rule
    ALIASES.update(dict.fromkeys(rule.aliases, rule))


def _nothing() -> None:
    """Between two rules, where nobody waits."""


def diagnose(record: Record, between: Callable[[], None] = _nothing) -> list[Finding]:
    """Every finding about `record`: symptoms, each with its causes, then what stands alone.

    Raises what `between` raises, which is called before each rule.
    """
    told = _applying(record, between)
    found: list[Finding] = []
    for symptom, evidence in told:
        if symptom.symptom:
            found += _explained(
                record, symptom, evidence, [t for t in told if symptom.id in t[0].leads_to]
            )
    alone = [
        _finding(record, r, e, None, r.effect or "note")
        for r, e in told
        if not r.symptom and not r.leads_to
    ]
    return found + alone


def _applying(
    record: Record, between: Callable[[], None]
) -> list[tuple[Rule, tuple[Evidence, ...]]]:
    """The rules that apply, each with its evidence, without those that another one replaces."""
    views = Views(bounded(record))
    told = [
        (rule, evidence)
        for rule in ordered()
        if type(record) in rule.records
        for evidence in _evidence(rule, views, between)
    ]
    replaced = {id for rule, _ in told for id in rule.instead_of}
    return [(rule, evidence) for rule, evidence in told if rule.id not in replaced]


def _evidence(
    rule: Rule, views: Views, between: Callable[[], None]
) -> Iterator[tuple[Evidence, ...]]:
    """What a rule says of a record, for each of its views that says something."""
    between()
    for seen in views.of(rule.views):
        evidence = tuple(rule.check(seen))
        if evidence:
            yield evidence


def ordered() -> list[Rule]:
    """The rules as their causes are told, whichever files were needed first."""
    return sorted(RULES.values(), key=lambda rule: PLACES[rule.check.__module__])


def predicted(
    record: Record, symptom: str, cause: str, evidence: tuple[Evidence, ...]
) -> list[Finding]:
    """A cause that the source alone shows, after the symptom that it would have."""
    shown, rule = RULES[symptom], RULES[cause]
    effect: EffectName = "unknown" if rule.effect == "unknown" else shown.effect or "fail"
    told = {"status": "other than 0", "headline": "Error: Unable to install dependencies."}
    seen = (Evidence("predicted from the source; nothing was run", names=told),)
    both = (
        _finding(record, shown, seen, symptom, effect),
        _finding(record, rule, evidence, symptom, effect),
    )
    return [finding._replace(basis="static") for finding in both]


def _explained(
    record: Record,
    symptom: Rule,
    evidence: tuple[Evidence, ...],
    causes: list[tuple[Rule, tuple[Evidence, ...]]],
) -> list[Finding]:
    precise = [c for c in causes if not c[0].fallback] or causes
    told = {r.effect for r, _ in precise}
    effect: EffectName = (
        "unknown" if "unknown" in told else "warn" if "warn" in told else symptom.effect or "fail"
    )
    first = _finding(record, symptom, evidence, symptom.id, effect)
    if not precise and any(symptom.id in r.leads_to for r in RULES.values()):
        first = first._replace(cause=f"{first.cause}{UNEXPLAINED}")
    return [first, *(_finding(record, r, e, symptom.id, effect) for r, e in precise)]


def _finding(
    record: Record,
    rule: Rule,
    evidence: tuple[Evidence, ...],
    symptom: str | None,
    effect: EffectName,
) -> Finding:
    names: dict[str, str] = {}
    for item in evidence:
        names = {**item.names, **names}
    predicted = isinstance(record, Boot) and record.predicted
    return Finding(
        id=rule.id,
        kind="symptom" if rule.symptom else "cause",
        symptom=symptom,
        effect=effect,
        stage=stage_of(record),
        heroku=names.get("heroku", rule.heroku),
        title=filled(rule.title, names),
        basis="predicted" if predicted and rule.basis == "observed" else rule.basis,
        after=None,
        evidence=evidence,
        cause=filled(rule.cause, names),
        fix=filled(rule.fix, names),
        diff=None,
        docs=filled(rule.docs, names),
    )


def stage_of(record: Record) -> Stage:
    """The stage that left `record` behind."""
    if isinstance(record, Stuck | Strays):
        return cast(Stage, record.stage)
    return STAGES[type(record)]


def manual(rule: Rule) -> Rule:
    """The rule as its manual page shows it: of no app in particular."""
    return rule._replace(
        title=general(rule.title),
        cause=general(rule.cause),
        fix=general(rule.fix),
        docs=general(rule.docs),
    )
