"""A verdict in one sentence, its findings in groups, and what to do next."""

import re
import signal
from collections.abc import Iterable
from typing import Literal, NamedTuple

from parity.records import Exchange, Traffic
from parity.records.verdict import UNEXPLAINED, EffectName, Finding, Verdict
from parity.system.text import oneline

Word = Literal["works", "fails", "could not tell", "check"]

_OWN_CODE = re.compile(r"[A-Z]\d\d")
_COMMON = r"(?:The|A|An|No|Nothing|There|This|That|It|Its|Some|Several|Your|One|Only|Two) "
NAMED = 3
"""Files that the first line names; it gives the number of the rest."""


DECIDING: tuple[EffectName, ...] = ("reject", "fail", "unknown")
"""Effects that make a verdict other than `works`, the strongest first."""

_ORDER: tuple[EffectName, ...] = (*DECIDING, "warn", "note")


class Group(NamedTuple):
    """A finding with the causes that explain it."""

    first: Finding
    causes: tuple[Finding, ...]

    @property
    def effect(self) -> EffectName:
        return self.first.effect


def groups(findings: Iterable[Finding]) -> list[Group]:
    """Group each symptom with its causes; any other finding is a group of one."""
    result: list[Group] = []
    for finding in findings:
        last = result[-1] if result else None
        if last and last.first.kind == "symptom" and _explains(finding, last.first):
            result[-1] = Group(last.first, (*last.causes, finding))
        else:
            result.append(Group(finding, ()))
    return result


def importance(group: Group) -> tuple[bool, int]:
    """Return the sort key of a group: decisive ones, then notes, then those after a repair."""
    return group.first.after is not None, _ORDER.index(group.effect)


def _explains(cause: Finding, symptom: Finding) -> bool:
    return (cause.kind, cause.symptom, cause.stage, cause.after) == (
        "cause",
        symptom.symptom,
        symptom.stage,
        symptom.after,
    )


def decisive(verdict: Verdict) -> Group | None:
    """Return the group that decided the verdict; None for one that works."""
    candidates = [g for g in groups(verdict.findings) if g.first.after is None]
    if verdict.verdict == "fails":
        right = [g for g in candidates if verdict.symptom in (g.first.symptom, g.first.id)]
    else:
        right = [g for g in candidates if g.effect == "unknown" and verdict.verdict == "unknown"]
    return right[0] if right else None


def spoken(verdict: Verdict) -> tuple[Word, str]:
    """Return the verdict in a word, and the sentence that continues it."""
    group = decisive(verdict)
    ended = signal.Signals(verdict.interrupted).name if verdict.interrupted else None
    if verdict.verdict == "fails":
        sentence = _blame(group) if group else verdict.symptom or "no reason given"
        sentence += _more(verdict)
        return "fails", sentence + (f" (then ended by {ended})" if ended else "")
    if ended:
        return "could not tell", f"ended by {ended} {_during(verdict)}"
    if verdict.verdict == "unknown":
        return "could not tell", _blame(group) if group else "no reason given"
    hidden = _silenced(verdict)
    if verdict.command == "check":
        result = _warnings(verdict) or f"no {'other ' if hidden else ''}problems found"
        return "check", f"{'; '.join(filter(None, (result, hidden)))} (the app was not run)"
    if hidden:
        return "works", f"nothing else fails; {hidden}"
    return "works", "; ".join(filter(None, (_works(verdict), _warnings(verdict))))


def _silenced(verdict: Verdict) -> str:
    """Return how many problems that would decide are ignored, and which; empty if none."""
    deciding = [f for f in verdict.silenced if f.effect in DECIDING and f.after is None]
    problems = groups(sorted(deciding, key=lambda f: (f.symptom or f.id, f.kind == "cause")))
    ids = dict.fromkeys(f.id for g in problems for f in (g.first, *g.causes))
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    return f"{count} ignored: {', '.join(ids)}" if problems else ""


def _more(verdict: Verdict) -> str:
    """Return how many more problems follow once that is repaired, as a clause."""
    later = groups(f for f in verdict.findings if f.after and f.effect in ("fail", "reject"))
    return f" (and {len(later)} more after that)" if later else ""


def headline(verdict: Verdict) -> str:
    """Return the verdict in one sentence, the first line of every report for people."""
    word, sentence = spoken(verdict)
    return f"{word}{joint(sentence)}{oneline(sentence)}"


def joint(sentence: str) -> str:
    """Return what comes between the verdict's word and its sentence."""
    return " " if sentence.startswith("once ") else ", " if sentence.startswith("but ") else ": "


def _blame(group: Group) -> str:
    first, subject = group.first, called(group.first)
    if group.causes:
        return f"{subject} — {_inside(group.causes[0].title)}"
    unknown = first.cause.endswith(UNEXPLAINED)
    return f"{subject} — no known cause found" if unknown else subject


def called(finding: Finding) -> str:
    """Return a finding's title, after Heroku's code if it has one: people search for it."""
    coded = _OWN_CODE.fullmatch(finding.id) and not finding.title.startswith(finding.id)
    return f"{finding.id} {finding.title}" if coded else finding.title


def _inside(title: str) -> str:
    """Return a title as it reads inside a sentence."""
    return title[0].lower() + title[1:] if re.match(_COMMON, title) else title


def _during(verdict: Verdict) -> str:
    """Return the stage that a signal ended: the last one that took any time."""
    begun = [s.name for s in verdict.stages if s.seconds or s.status != "not-reached"]
    return f"in the stage {begun[-1]}" if begun else "before the first stage"


def _warnings(verdict: Verdict) -> str:
    count = sum(g.effect == "warn" for g in groups(verdict.findings))
    return f"{count} warning{'s' if count > 1 else ''}" if count else ""


def _works(verdict: Verdict) -> str:
    source = verdict.source
    files = named(source.uncommitted) if source and source.uncommitted else ""
    but = _but(verdict.traffic) if verdict.traffic else ""
    commit = ", ".join(filter(None, (f"once you commit {files}" if files else "", but)))
    commit += ": " if commit else ""
    if verdict.traffic:
        return f"{commit}pushed, built, booted; {', '.join(requests(verdict.traffic))}"
    started = f"{verdict.boot.name} started" if verdict.boot else "nothing to start"
    return f"{commit}pushed and built; {started}, no web process"


def _but(traffic: Traffic) -> str:
    """Return that a visitor of the bare address sees an error, as a clause."""
    root = [e for e in traffic.exchanges if e.first == "/" and not e.scenario]
    refused = bool(root) and root[-1].code is None and 400 <= root[-1].status < 500
    return f"but / answers {root[-1].status}" if refused else ""


def named(paths: tuple[str, ...]) -> str:
    """Return a few paths by name, the others by number."""
    more = len(paths) - NAMED
    names = ", ".join(map(oneline, paths[:NAMED]))
    return f"{names} and {more} more file{'s' if more > 1 else ''}" if more > 0 else names


def requests(traffic: Traffic) -> list[str]:
    """Return one line per requested path: `GET / → 301 → 200`; scenarios by their number."""
    by_path: dict[str, list[Exchange]] = {}
    scenario = sum(exchange.scenario for exchange in traffic.exchanges)
    for exchange in traffic.exchanges:
        if not exchange.scenario:
            by_path.setdefault(exchange.first, []).append(exchange)
    chains = [
        f"{chain[0].method} {path} → {' → '.join(map(_answer, chain))}"
        for path, chain in by_path.items()
    ]
    more = f"{scenario} request{'s' if scenario > 1 else ''} of the scenario"
    return [*chains, more] if scenario else chains


def _answer(exchange: Exchange) -> str:
    return f"{exchange.code} ({exchange.status})" if exchange.code else str(exchange.status)


def at_stop(finding: Finding) -> bool:
    """Return whether only the dyno's stop revealed it."""
    return finding.stage == "stop"


def changed_by_stop(verdict: Verdict) -> bool:
    """Return whether the stop, or a signal during it, decided the verdict."""
    if verdict.interrupted:
        return True
    earlier = [f for f in verdict.findings if not at_stop(f) and f.after is None]
    if verdict.verdict == "fails":
        return verdict.symptom not in {name for f in earlier for name in (f.symptom, f.id)}
    return verdict.verdict == "unknown" and all(f.effect != "unknown" for f in earlier)
