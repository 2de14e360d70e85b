"""What lies with this machine and says nothing about the app."""

from collections.abc import Iterator

from parity.records import Stuck
from parity.rules import rule
from parity.verdict import Evidence


@rule(
    "this-machine",
    effect="unknown",
    title="This machine stood in the way: {what}",
    cause="The rehearsal could not go on here. That says nothing about the app on Heroku.",
    fix="{fix}",
    docs="https://devcenter.heroku.com/articles/git",
)
def this_machine(stuck: Stuck) -> Iterator[Evidence]:
    yield Evidence(stuck.what, names={"what": stuck.what, "fix": stuck.fix})
