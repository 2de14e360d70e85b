"""Views: what rules see of a record besides the record itself, computed once per record.

A view may be made from another one. Facts that every language can have (`UnsetVariable`) have one
maker per language; a rule names them, and is asked once for each that has something to show.
"""

from collections.abc import Callable, Iterator
from types import NoneType
from typing import Any, NamedTuple, TypeVar, get_args, get_type_hints

R = TypeVar("R")
V = TypeVar("V")


class View(NamedTuple):
    """How a view is made: `make` gives it or None, for each of the `records`.

    It is made from another view, `of`, or from the record itself (None).
    """

    make: Callable[[Any], Any]
    records: tuple[type, ...]
    of: "View | None"


VIEWS: dict[type, View] = {}
"""Every view that a rule can ask for by its annotation."""


def view(make: Callable[[R], V | None]) -> Callable[[R], V | None]:
    """Register `(record or view) -> View | None`: rules whose parameter is of that type get it."""
    (result,) = (t for t in get_args(get_type_hints(make)["return"]) if t is not NoneType)
    VIEWS[result] = made_by(make)
    return make


def made_by(make: Callable[[Any], Any]) -> View:
    """The view that a function makes."""
    of = VIEWS.get(_parameter(make))
    return View(make, of.records if of else record_types(make), of)


def asked_for(check: Callable[..., Any]) -> tuple[View, ...]:
    """The view that a rule's annotation names; none where it looks at the record itself."""
    known = VIEWS.get(_parameter(check))
    return (known,) if known else ()


def record_types(function: Callable[..., Any]) -> tuple[type, ...]:
    """The types of the first parameter's annotation: one record or a union of them."""
    annotation = _parameter(function)
    return tuple(getattr(annotation, "__args__", None) or (annotation,))


def _parameter(function: Callable[..., Any]) -> Any:
    """The annotation of a function's first parameter."""
    return next(iter(function.__annotations__.values()))


class Views:
    """The views of one record, each made when it is first asked for."""

    def __init__(self, record: Any) -> None:
        self._record = record
        self._made: dict[View, Any] = {}

    def of(self, views: tuple[View, ...]) -> Iterator[Any]:
        """What there is of `views`; the record itself where a rule asks for none."""
        if not views:
            yield self._record
        for one in views:
            seen = self._get(one) if type(self._record) in one.records else None
            if seen is not None:
                yield seen

    def _get(self, one: View) -> Any:
        if one not in self._made:
            subject = self._record if one.of is None else self._get(one.of)
            self._made[one] = None if subject is None else one.make(subject)
        return self._made[one]
