"""What Heroku decided: limits, codes, sizes, versions, phrases, each with its source."""

from typing import Literal, NamedTuple

Basis = Literal["documented", "observed", "inferred", "ours"]


class Fact(NamedTuple):
    """One number of the platform: `basis` says how sure it is, `source` where it stands."""

    value: float
    unit: str
    basis: Basis
    source: str
