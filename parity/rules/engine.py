"""The engine that runs the rules: a rule looks at one record and yields evidence, or nothing.

A rule may ask for a *view* of a record by its annotation (`Crash`, `NodeCrash`, …), or for a fact
by one view per language (`views=`); it does not run where the record has none.

A *symptom* is what Heroku shows (`R10`, `push-rejected`); a *cause* names the symptoms it explains.
Texts may hold `{placeholders}`, which `Evidence.names` fills. Each has a general text for the
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

    `leads_to` are the ids of the symptoms that a cause explains (none: it stands alone). `effect`
    of a cause with a symptom is the symptom's, unless it is `unknown` or `warn`: then the symptom
    decides nothing, or is only a warning. A `fallback` cause is dropped where a more precise one
    applies; the causes in `instead_of` are dropped where this one applies, and all others where one
    that is `alone` does: what they advise would not help then. `records` are the record
    types that it looks at. `heroku` is Heroku's own name, verbatim. `aliases` are former ids of the
    rule, or of its variant for one language: they still work. For the manual alone: `prints`,
    Heroku's lines; `apart`, how to tell this cause from the symptom's other causes; `browser`, what
    a visitor's browser says; `laptop`, why it worked there; `by`, the fix for each framework.
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
    alone: bool = False
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
"""Heroku's own codes: even those that only warn have causes."""

RULES: dict[str, Rule] = {}
"""Every rule that is registered so far, by id."""

ALIASES: dict[str, Rule] = {}
"""The same rules by their former ids."""


class RuleFields(TypedDict, total=False):
    """The texts and options with which a rule is declared: fields of `Rule`."""

    title: Required[str]
    cause: Required[str]
    fix: Required[str]
    docs: Required[str]
    effect: EffectName
    heroku: str | None
    basis: Basis
    fallback: bool
    alone: bool
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
    **page: Unpack[RuleFields],
) -> Callable[[Check], Rule]:
    """Register a function `(record) -> Iterator[Evidence]` as a rule.

    Its annotation names the record types, or a view, or the fact that each of `views` yields. The
    rule runs only for `records` (empty: for every type that it can look at).
    """
    symptoms = (leads_to,) if isinstance(leads_to, Rule) else leads_to

    def register(check: Check) -> Rule:
        needed = tuple(map(made_by, views)) or asked_for(check)
        types = tuple(dict.fromkeys(t for one in needed for t in one.records)) or record_types(
            check
        )
        registered = Rule(
            id, check, records or types, tuple(s.id for s in symptoms), needed, **page
        )
        _register(registered)
        return registered

    return register


def _register(rule: Rule) -> None:
    for name in (rule.id, *rule.aliases):
        assert name not in RULES and name not in ALIASES, f"two rules are called {name}"
    RULES[rule.id] = rule
    ALIASES.update(dict.fromkeys(rule.aliases, rule))


def _nothing() -> None:
    """Do nothing between two rules."""


def diagnose(record: Record, between: Callable[[], None] = _nothing) -> list[Finding]:
    """Return every finding about `record`: symptoms, each with its causes, then the rest.

    `between` is called before each rule; raises what it raises.
    """
    applying = _applying(record, between)
    findings: list[Finding] = []
    for symptom, evidence in applying:
        if symptom.symptom:
            findings += _explained(
                record, symptom, evidence, [t for t in applying if symptom.id in t[0].leads_to]
            )
    alone = [
        _finding(record, r, e, None, r.effect or "note")
        for r, e in applying
        if not r.symptom and not r.leads_to
    ]
    return findings + alone


def _applying(
    record: Record, between: Callable[[], None]
) -> list[tuple[Rule, tuple[Evidence, ...]]]:
    """Return the rules that apply, with their evidence, except those that another one replaces."""
    views = Views(bounded(record))
    applying = [
        (rule, evidence)
        for rule in ordered()
        if type(record) in rule.records
        for evidence in _evidence(rule, views, between)
    ]
    replaced = {id for rule, _ in applying for id in rule.instead_of}
    return [(rule, evidence) for rule, evidence in applying if rule.id not in replaced]


def _evidence(
    rule: Rule, views: Views, between: Callable[[], None]
) -> Iterator[tuple[Evidence, ...]]:
    """Yield a rule's evidence for each of its views that has any."""
    between()
    for subject in views.of(rule.views):
        evidence = tuple(rule.check(subject))
        if evidence:
            yield evidence


def ordered() -> list[Rule]:
    """Return the rules in the order in which causes are reported, however they were loaded."""
    return sorted(RULES.values(), key=lambda rule: PLACES[rule.check.__module__])


def predicted(
    record: Record, symptom: str, cause: str, evidence: tuple[Evidence, ...]
) -> list[Finding]:
    """Return the findings for a predicted cause: the symptom that it would have, then the cause."""
    shown, rule = RULES[symptom], RULES[cause]
    effect: EffectName = "unknown" if rule.effect == "unknown" else shown.effect or "fail"
    names = {"status": "other than 0", "headline": "Error: Unable to install dependencies."}
    names["how"] = " with a status other than 0"
    symptom_evidence = (Evidence("predicted from the source; nothing was run", names=names),)
    both = (
        _finding(record, shown, symptom_evidence, symptom, effect),
        _finding(record, rule, evidence, symptom, effect),
    )
    return [finding._replace(basis="static") for finding in both]


def _explained(
    record: Record,
    symptom: Rule,
    evidence: tuple[Evidence, ...],
    causes: list[tuple[Rule, tuple[Evidence, ...]]],
) -> list[Finding]:
    alone = [c for c in causes if c[0].alone]
    precise = alone or [c for c in causes if not c[0].fallback] or causes
    effects = {r.effect for r, _ in precise}
    effect: EffectName = (
        "unknown"
        if "unknown" in effects
        else "warn"
        if "warn" in effects
        else symptom.effect or "fail"
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
    """Return the stage that produced `record`."""
    if isinstance(record, Stuck | Strays):
        return cast(Stage, record.stage)
    return STAGES[type(record)]


def manual(rule: Rule) -> Rule:
    """Return the rule with general texts, as its manual page shows it."""
    return rule._replace(
        title=general(rule.title),
        cause=general(rule.cause),
        fix=general(rule.fix),
        docs=general(rule.docs),
    )
