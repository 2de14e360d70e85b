"""Comparison of the findings with what the records themselves decide."""

from collections.abc import Iterator

from parity.records import Plan, Source
from parity.records.verdict import Verdict

STOPS = ("unknown", "fail", "reject")
GOES_ON = {"H14"}
"""Symptoms that only affect requests: Heroku builds and releases regardless."""

DECIDING = {"source": "source", "plan": "detect", "slug": "build", "release": "release"}
"""The records that decide whether Heroku goes on, each with its stage."""


def disagreeing(verdict: Verdict) -> Iterator[str]:
    """Yield the records whose `goes_on` contradicts the findings about them."""
    for name, stage in DECIDING.items():
        record = getattr(verdict, name)
        stopping = [
            f.id
            for f in verdict.findings
            if f.stage == stage and f.effect in STOPS and f.after is None
            if f.symptom not in GOES_ON and f.id != "this-machine"
        ]
        if record is None:
            continue
        source = record if isinstance(record, Source) else None
        missing = isinstance(record, Plan) and record.source.incomplete
        goes_on = not (stopping or missing) or bool(source and source.incomplete)
        if record.goes_on != goes_on:
            yield f"{name}.goes_on is {record.goes_on}, and the rules find {stopping}"
