"""What the source alone shows: `check` predicts with it, and says that it is static.

Only what every start of the web process executes counts, so that nothing is claimed of code that
may never run. A prediction uses the rule that would explain the failure, were it seen.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import NamedTuple, TypeAlias

from parity.records import Plan
from parity.rules.static.start import Start, start
from parity.verdict import Evidence

FILES = ("command", "imports", "variables", "opens", "listens")


class Prediction(NamedTuple):
    """`rule` is the id of the cause, `symptom` that of what Heroku would show."""

    symptom: str
    rule: str
    evidence: tuple[Evidence, ...]


Predictor: TypeAlias = Callable[[Start], Iterator[Prediction]]


def predictions(plan: Plan) -> list[Prediction]:
    """What will go wrong when the web process of `plan` starts, as far as its source tells."""
    begun = start(plan)
    if begun is None:
        return []
    found: list[Prediction] = []
    for name in FILES:
        predict: Predictor = import_module(f"parity.rules.static.{name}").predict
        found += predict(begun)
    return found
