"""What rules see of a record: log lines of bounded length. The record itself keeps them whole."""

from typing import Any, TypeVar, cast

from parity.records import LONGEST, Boot, Ended, Line, Release, Shutdown, Slug, Traffic
from parity.records.tree import shortened

T = TypeVar("T")
_HOLDING = (Boot, Ended, Release, Shutdown, Slug, Traffic)
"""Records with lines of a log in them, or with such a record."""


def bounded(record: T) -> T:
    """The record with no line of a log longer than `LONGEST`; itself if none was."""
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
