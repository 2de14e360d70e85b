"""Views: what rules can ask about a record besides the record itself, computed once per record.

A view may be made from another one. A fact that occurs in every language (`UnsetVariable`) has one
function per language that makes it; a rule names them, and runs once for each that returns a fact.
"""

from collections.abc import Callable, Iterator
from types import NoneType
from typing import Any, NamedTuple, TypeVar, get_args, get_type_hints

R = TypeVar("R")
V = TypeVar("V")


class View(NamedTuple):
    """How a view is made: `make` returns it, or None, for each of the types in `records`.

    Its argument is another view, `of`, or the record itself (None).
    """

    make: Callable[[Any], Any]
    records: tuple[type, ...]
    of: "View | None"


VIEWS: dict[type, View] = {}
"""Every view that a rule can name in its annotation."""


def view(make: Callable[[R], V | None]) -> Callable[[R], V | None]:
    """Register `(record or view) -> View | None` for rules with a parameter of that type."""
    (result,) = (t for t in get_args(get_type_hints(make)["return"]) if t is not NoneType)
    VIEWS[result] = made_by(make)
    return make


def made_by(make: Callable[[Any], Any]) -> View:
    """Return the view that a function makes."""
    of = VIEWS.get(_parameter(make))
    return View(make, of.records if of else record_types(make), of)


def asked_for(check: Callable[..., Any]) -> tuple[View, ...]:
    """Return the view in a rule's annotation; nothing if the rule takes the record itself."""
    known = VIEWS.get(_parameter(check))
    return (known,) if known else ()


def record_types(function: Callable[..., Any]) -> tuple[type, ...]:
    """Return the types in the first parameter's annotation: one record or a union of them."""
    annotation = _parameter(function)
    return tuple(getattr(annotation, "__args__", None) or (annotation,))


def _parameter(function: Callable[..., Any]) -> Any:
    """Return the annotation of a function's first parameter."""
    return next(iter(function.__annotations__.values()))


class Views:
    """The views of one record, each made when it is first asked for."""

    def __init__(self, record: Any) -> None:
        self._record = record
        self._values: dict[View, Any] = {}

    def of(self, views: tuple[View, ...]) -> Iterator[Any]:
        """Yield those of `views` that the record has; the record itself if there are no `views`."""
        if not views:
            yield self._record
        for one in views:
            value = self._get(one) if type(self._record) in one.records else None
            if value is not None:
                yield value

    def _get(self, one: View) -> Any:
        if one not in self._values:
            subject = self._record if one.of is None else self._get(one.of)
            self._values[one] = None if subject is None else one.make(subject)
        return self._values[one]
