"""One prediction: what every module of this folder yields."""

from typing import NamedTuple

from parity.records.verdict import Evidence


class Prediction(NamedTuple):
    """`rule` is the id of the cause, `symptom` that of what Heroku would show."""

    symptom: str
    rule: str
    evidence: tuple[Evidence, ...]
