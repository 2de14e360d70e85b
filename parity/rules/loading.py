"""Imports the files of rules, and says which of them a record needs."""

from collections.abc import Mapping
from importlib import import_module

from parity.records import Boot, Plan, Record, Release, Slug, Source, Strays, Stuck, Traffic
from parity.rules.engine import ALIASES, Rule, ordered
from parity.rules.order import BUILD, FILES, STATIC, UP

_STAGES = {Source: STATIC, Plan: STATIC, Slug: BUILD, Release: BUILD}
_STAGES |= {Stuck: STATIC, Strays: STATIC}


def load(files: tuple[str, ...] = FILES) -> Mapping[str, Rule]:
    """The rules of `files` by id, by default all of them, registered by importing them."""
    for name in files:
        import_module(f"parity.rules.{name}")
    return {rule.id: rule for rule in ordered()}


def find(id: str) -> Rule | None:
    """The rule of that id, or that once had it, in upper or lower case."""
    return names().get(id.casefold())


def names() -> Mapping[str, Rule]:
    """All rules by every id that they have or had, in lower case."""
    return {id.casefold(): rule for id, rule in (*load().items(), *ALIASES.items())}


def needed(record: Record) -> tuple[str, ...]:
    """The files of rules for a record; a failure needs them all, whatever failed."""
    return FILES if _failed(record) else _STAGES.get(type(record), UP)


def _failed(record: Record) -> bool:
    """Whether something in it crashed, did not come up, or could not answer."""
    if isinstance(record, Boot) and record.state != "up":
        return True
    if isinstance(record, Traffic) and any(
        x.code or (x.status or 0) >= 500 for x in record.exchanges
    ):
        return True
    if isinstance(record, Slug | Release | Boot | Traffic):
        from parity.rules.views.python_traceback import crash

        return bool(crash(record))
    return False
