"""A prediction, which every module of this package yields."""

from typing import NamedTuple

from parity.records.verdict import Evidence


class Prediction(NamedTuple):
    """A predicted failure: `rule` is the id of the cause, `symptom` of what Heroku would show."""

    symptom: str
    rule: str
    evidence: tuple[Evidence, ...]
