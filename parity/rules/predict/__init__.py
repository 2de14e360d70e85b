"""Predictions from the source alone, which `check` makes and marks as static.

Only code that every start of the web process executes counts, so that nothing is claimed about code
that may never run. A prediction uses the rule that would explain the failure if it occurred.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TypeAlias

from parity.records import Plan
from parity.rules.predict import requirements
from parity.rules.predict.prediction import Prediction
from parity.rules.predict.start import Start, start

FILES = ("command", "imports", "variables", "opens", "listens")


Predictor: TypeAlias = Callable[[Start], Iterator[Prediction]]


def predictions(plan: Plan) -> list[Prediction]:
    """Return what will go wrong in the build, or when the web process of `plan` starts.

    If the build fails, nothing starts, so nothing else is predicted.
    """
    predicted = list(requirements.predict(plan))
    web = None if predicted else start(plan)
    if web is None:
        return predicted
    for name in FILES:
        predict: Predictor = import_module(f"parity.rules.predict.{name}").predict
        predicted += predict(web)
    return predicted
