"""The mechanism of the rules: a rule looks at one record and yields evidence, or nothing.

A *symptom* is what Heroku shows (`R10`, `push-rejected`); a *cause* names the symptoms it explains.
Texts may hold `{placeholders}`, filled from `Evidence.names`; in the manual they stand in capitals,
or as the general text of `{advice:general text}` (`-` for none).
A rule is its own manual page: `explain`, every report and the README's catalogue read it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, NamedTuple, TypeAlias, cast

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
from parity.rules.shell import COMMAND, WORDS, word

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
    precise one applies.
    `records` are the record types it looks at. `heroku` is Heroku's own name, verbatim.
    """

    id: str
    check: Check
    records: tuple[type, ...]
    effect: EffectName | None
    leads_to: tuple[str, ...]
    title: str
    cause: str
    fix: str
    docs: str
    heroku: str | None
    basis: Basis
    fallback: bool

    @property
    def symptom(self) -> bool:
        own_code = _CODE.fullmatch(self.id) is not None
        return not self.leads_to and (own_code or self.effect in ("fail", "reject"))


_CODE = re.compile(r"[HR]\d\d")
"""Heroku's own codes: those that only warn have causes, too."""

RULES: dict[str, Rule] = {}
"""Every rule so far by id."""

STATIC = (
    *(
        "machine",
        "push.plan",
        "push.source",
        "push.failure_reasons",
        "build.node.plan",
        "push.procfile",
        "push.procfile_lines",
    ),
    *("push.config", "push.slugignore", "push.app_json", "push.debugging", "build.python.hooks"),
)
"""The files of rules that `parity check` can need."""

BUILD = (
    *(
        *STATIC,
        "build.python.pip",
        "build.python.pip_addresses",
        "build.python.pip_conflicts",
        "build.python.pip_packages",
        "build.python.lock",
    ),
    *(
        "build.python.pip_versions",
        "build.python.pip_compiling",
        "build.python.collectstatic",
        "build.slug",
        "build.node.build",
        "build.node.scripts",
    ),
    *("build.release", "shutdown.ephemeral"),
)
"""And those that a rehearsal needs before it boots anything."""

UP = (
    *(
        *BUILD,
        "shutdown.memory",
        "boot.boot",
        "traffic.traffic",
        "traffic.workers",
        "traffic.visitors",
        "traffic.page_parts",
        "traffic.websockets",
    ),
    *("shutdown.stop", "shutdown.dynos"),
)
"""And those for a dyno that is up and answers."""

FILES = (
    *(*BUILD, "shutdown.memory", "boot.boot", "boot.silent", "traffic.traffic"),
    *(
        "crash.symptoms",
        "crash.node.start",
        "crash.node.modules",
        "crash.node.files",
        "crash.node.errors",
        "crash.node.services",
    ),
    *(
        "traffic.node_answers",
        "crash.shell",
        "crash.programs",
        "crash.subprocesses",
        "crash.options",
    ),
    *(
        "crash.target",
        "crash.object",
        "crash.started_programs",
        "crash.python.settings",
        "crash.python.modules",
    ),
    *(
        "crash.python.python",
        "crash.python.imports",
        "crash.python.versions",
        "crash.python.parts",
        "crash.python.config",
    ),
    *(
        "crash.python.services",
        "crash.port",
        "crash.stack",
        "crash.python.files",
        "crash.python.code",
        "crash.python.pages",
    ),
    *("crash.exit", "crash.slugignore", "traffic.workers"),
    *(
        "traffic.visitors",
        "traffic.page_parts",
        "traffic.websockets",
        "shutdown.stop",
        "shutdown.dynos",
    ),
)
"""The files of rules, in the order in which their causes are told: the more precise first."""

_PLACES = {f"parity.rules.{name}": place for place, name in enumerate(FILES)}


def rule(
    id: str,
    *,
    title: str,
    cause: str,
    fix: str,
    docs: str,
    effect: EffectName | None = None,
    leads_to: Rule | tuple[Rule, ...] = (),
    heroku: str | None = None,
    basis: Basis = "observed",
    fallback: bool = False,
) -> Callable[[Check], Rule]:
    """Make a rule of `(record) -> Iterator[Evidence]`; the annotation names its record types."""
    symptoms = (leads_to,) if isinstance(leads_to, Rule) else leads_to

    def register(check: Check) -> Rule:
        assert id not in RULES, f"two rules are called {id}"
        made = Rule(
            id,
            check,
            _records(check),
            effect,
            tuple(s.id for s in symptoms),
            title,
            cause,
            fix,
            docs,
            heroku,
            basis,
            fallback,
        )
        RULES[id] = made
        return made

    return register


def _records(check: Check) -> tuple[type, ...]:
    """The types of the first parameter's annotation: one record or a union of them."""
    annotation = next(iter(check.__annotations__.values()))
    return tuple(getattr(annotation, "__args__", None) or (annotation,))


def _nothing() -> None:
    """Between two rules, where nobody waits."""


def diagnose(record: Record, between: Callable[[], None] = _nothing) -> list[Finding]:
    """Every finding about `record`: symptoms, each with its causes, then what stands alone.

    Raises what `between` raises, which is called before each rule.
    """
    seen = bounded(record)
    told = [(r, _evidence(r, seen, between)) for r in _ordered() if type(record) in r.records]
    told = [(r, evidence) for r, evidence in told if evidence]
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


def _evidence(rule: Rule, record: Record, between: Callable[[], None]) -> tuple[Evidence, ...]:
    between()
    return tuple(rule.check(record))


def _ordered() -> list[Rule]:
    """The rules as their causes are told, whichever files were needed first."""
    return sorted(RULES.values(), key=lambda rule: _PLACES[rule.check.__module__])


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
        heroku=rule.heroku,
        title=_filled(rule.title, names),
        basis="predicted" if predicted and rule.basis == "observed" else rule.basis,
        after=None,
        evidence=evidence,
        cause=_filled(rule.cause, names),
        fix=_filled(rule.fix, names),
        diff=None,
        docs=rule.docs,
    )


def stage_of(record: Record) -> Stage:
    """The stage that left `record` behind."""
    if isinstance(record, Stuck | Strays):
        return cast(Stage, record.stage)
    return STAGES[type(record)]


class _Value(str):
    def __format__(self, _general: str) -> str:
        return str(self)


class _Absent(str):
    """A placeholder without a value."""

    def __format__(self, general: str) -> str:
        return "" if general == "-" else general or str(self)


class _Names(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return _Absent(key.upper())


def _filled(text: str, names: Mapping[str, str]) -> str:
    """`text` with its placeholders filled; without a value `{name:text}` says the general text
    (`-`: nothing), and `{name}` stands in capitals. In a command each is one word of a shell's."""
    plain = _Names({name: _Value(value) for name, value in names.items()})
    if "`" not in text:
        return text.format_map(plain)
    words = _Names({n: _Value(v if n == WORDS else word(v)) for n, v in names.items()})
    general = re.search(r"\{[^}]*`", text)  # a command in a general text: that holds no names
    parts = [text] if general else COMMAND.split(text)
    return "".join(part.format_map(words if at % 2 else plain) for at, part in enumerate(parts))


def manual(rule: Rule) -> Rule:
    """The rule as its manual page shows it: in general, or with placeholders in capitals."""
    return rule._replace(
        title=_filled(rule.title, {}), cause=_filled(rule.cause, {}), fix=_filled(rule.fix, {})
    )


def load(files: tuple[str, ...] = FILES) -> Mapping[str, Rule]:
    """The rules of `files`, by default all, registered by importing them."""
    for name in files:
        import_module(f"parity.rules.{name}")
    return {rule.id: rule for rule in _ordered()}
