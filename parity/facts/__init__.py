"""Facts about Heroku: limits, codes, sizes, versions, phrases, each with its source."""

from typing import Literal, NamedTuple

Basis = Literal["documented", "observed", "inferred", "ours"]


class Fact(NamedTuple):
    """One number of the platform; `basis` is how certain it is, `source` where it is published."""

    value: float
    unit: str
    basis: Basis
    source: str
