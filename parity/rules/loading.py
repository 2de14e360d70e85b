"""The loader of the files of rules, and which of them a record needs."""

from collections.abc import Mapping
from importlib import import_module

from parity.records import Boot, Plan, Record, Release, Slug, Source, Strays, Stuck, Traffic
from parity.rules.engine import ALIASES, Rule, ordered
from parity.rules.order import BUILD, FILES, STATIC, UP

_STAGES = {Source: STATIC, Plan: STATIC, Slug: BUILD, Release: BUILD}
_STAGES |= {Stuck: STATIC, Strays: STATIC}


def load(files: tuple[str, ...] = FILES) -> Mapping[str, Rule]:
    """Import `files`, by default all of them, and return the registered rules by id."""
    for name in files:
        import_module(f"parity.rules.{name}")
    return {rule.id: rule for rule in ordered()}


def find(id: str) -> Rule | None:
    """Return the rule with this current or former id, in upper or lower case."""
    return names().get(id.casefold())


def names() -> Mapping[str, Rule]:
    """Return all rules by their current and former ids, in lower case."""
    return {id.casefold(): rule for id, rule in (*load().items(), *ALIASES.items())}


def needed(record: Record) -> tuple[str, ...]:
    """Return the files of rules for a record; any failure needs them all."""
    return FILES if _failed(record) else _STAGES.get(type(record), UP)


def _failed(record: Record) -> bool:
    """Return whether something in the record failed, did not come up, or could not answer."""
    if isinstance(record, Slug) and record.refusal:
        return True
    if isinstance(record, Boot) and record.state != "up":
        return True
    if isinstance(record, Traffic) and any(
        x.code or (x.status or 0) >= 500 for x in record.exchanges
    ):
        return True
    if isinstance(record, Traffic) and record.needs_dotenv:
        return True
    if isinstance(record, Slug | Release | Boot | Traffic):
        from parity.rules.views.python_traceback import crash

        return bool(crash(record))
    return False
