"""What the source alone shows: `check` predicts with it, and says that it is static.

Only what every start of the web process executes counts, so that nothing is claimed of code that
may never run. A prediction uses the rule that would explain the failure, were it seen.
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
    """What will go wrong in the build, and when the web process of `plan` starts.

    What the build refuses comes first, and alone: nothing starts then.
    """
    found = list(requirements.predict(plan))
    begun = None if found else start(plan)
    if begun is None:
        return found
    for name in FILES:
        predict: Predictor = import_module(f"parity.rules.predict.{name}").predict
        found += predict(begun)
    return found
