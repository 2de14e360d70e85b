"""Records as the rules get them: with shortened log lines. The record itself keeps them whole."""

from typing import Any, TypeVar, cast

from parity.records import LONGEST, Boot, Ended, Line, Release, Shutdown, Slug, Traffic
from parity.records.tree import shortened

T = TypeVar("T")
_HOLDING = (Boot, Ended, Release, Shutdown, Slug, Traffic)
"""Records that hold log lines, or another record that does."""


def bounded(record: T) -> T:
    """Return the record with no log line longer than `LONGEST`, or the record itself."""
    if not isinstance(record, _HOLDING):
        return record
    names = record._fields
    new = {name: _value(value) for name, value in zip(names, record, strict=True)}
    changed: dict[str, Any] = {
        name: value for name, value in new.items() if value is not getattr(record, name)
    }
    return cast(T, record._replace(**changed)) if changed else record


def _value(value: object) -> object:
    if isinstance(value, _HOLDING):
        return bounded(value)
    if not isinstance(value, tuple) or hasattr(value, "_fields"):
        return value
    if any(len(_text(item)) > LONGEST for item in value):
        return tuple(_shortened(item) for item in value)
    return value


def _text(item: object) -> str:
    return item.text if isinstance(item, Line) else item if isinstance(item, str) else ""


def _shortened(item: object) -> object:
    if isinstance(item, Line):
        return item._replace(text=shortened(item.text))
    return shortened(item) if isinstance(item, str) else item
